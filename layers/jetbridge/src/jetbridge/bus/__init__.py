"""The event bus on which finished runs are announced."""

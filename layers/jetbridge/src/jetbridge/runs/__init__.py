"""The runs table: what was asked for and how far it has come."""

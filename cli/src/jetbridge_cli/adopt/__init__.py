"""``jetbridge adopt``: what adoption would make of a folder of DAGs."""

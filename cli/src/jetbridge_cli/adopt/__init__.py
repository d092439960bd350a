"""``jetbridge adopt``: shows what adoption would do with a folder of DAGs."""

"""A package of a site beside its DAGs."""

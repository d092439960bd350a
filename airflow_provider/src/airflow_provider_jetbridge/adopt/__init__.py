"""Adoption: stock operators of chosen DAGs run through Jetbridge, and no DAG is edited.

`policy` is what Airflow calls for each task it parses, `choice` says which tasks are chosen,
`rules` which of them can't be adopted and why, `classes` makes the classes that the others get.
"""

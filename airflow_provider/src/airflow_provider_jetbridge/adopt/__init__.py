"""Adoption: chosen DAGs' stock operators run through Jetbridge, without an edit to any DAG.

Airflow calls `policy` for each task that it parses. `choice` decides which tasks are chosen.
`rules` decides which of those can't be adopted, and why. `classes` makes the classes for the rest.
"""

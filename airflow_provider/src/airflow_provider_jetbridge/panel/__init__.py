"""The tab "Jetbridge" on a task instance's page: its run's state, waits, launches, times and cost.

Airflow's API server serves it (`plugins.jetbridge`). Nothing is read until somebody opens the tab.
"""

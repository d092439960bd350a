"""The tab "Jetbridge" on a task instance's page. It shows the run's state, waits, launches, times
and cost.

Airflow's API server serves it (`plugins.jetbridge`). It reads nothing until somebody opens the tab.
"""

"""Tell Airflow what came of a run: a module for each way, and one for what a run's end begins."""

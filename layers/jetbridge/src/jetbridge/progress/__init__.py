"""What an Airflow task sees of its run before the end: its waits, and its launches."""

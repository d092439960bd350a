"""What an Airflow task learns about its run before the end: what it waits for, and its launches."""

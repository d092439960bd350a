"""notify_airflow: each way to notify Airflow of a run's end, and what the end starts there."""

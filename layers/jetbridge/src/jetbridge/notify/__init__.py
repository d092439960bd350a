"""notify_airflow: each way to notify Airflow of an end, and what an end begins there."""

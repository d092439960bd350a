"""The outcomes table: what Airflow reads."""

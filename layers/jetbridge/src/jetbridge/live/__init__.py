"""Live logs: whose the log streams are, and the pieces in which Airflow shows their lines."""

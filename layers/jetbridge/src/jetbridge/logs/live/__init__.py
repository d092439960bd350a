"""Live logs: a running container's lines, shown in Airflow before the complete copy exists."""

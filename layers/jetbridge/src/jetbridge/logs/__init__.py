"""Container logs: where they come from, and where Airflow reads them."""

"""Container logs: where they are, and how they are copied to where Airflow reads them."""

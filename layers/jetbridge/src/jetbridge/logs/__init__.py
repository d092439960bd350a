"""Container logs: where they are, and how they come to where Airflow reads them."""

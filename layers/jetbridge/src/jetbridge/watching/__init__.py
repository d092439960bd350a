"""watch_runs: how far runs are, and which Airflow tasks wait for them."""

"""watch_runs: reports the state of runs, and records which Airflow tasks wait for them."""

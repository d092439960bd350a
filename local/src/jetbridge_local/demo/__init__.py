"""The main job, shown: local cloud, `sam deploy`, Airflow, the example DAG, all of it read back."""

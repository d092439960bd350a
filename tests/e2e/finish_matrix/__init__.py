"""One Airflow and one local cloud for the whole suite of `test_finish_matrix`."""

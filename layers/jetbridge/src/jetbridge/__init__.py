"""Jetbridge runs containers on AWS for Apache Airflow, and nothing waits for them."""

"""Jetbridge: runs containers for Apache Airflow on AWS without anyone waiting for them."""

"""Jetbridge runs containers on AWS for Apache Airflow. No process waits while they run."""

"""Apache Airflow operators that run ECS and AWS Batch containers through Jetbridge."""

__version__ = "0.2.0"

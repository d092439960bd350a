"""Apache Airflow operators that run ECS and AWS Batch containers through Jetbridge."""

__version__ = "0.1.0"

"""A real Airflow on this machine, for the demo and for end-to-end tests."""

from jetbridge_local.airflow.client import AirflowClient, AirflowError
from jetbridge_local.airflow.environment import aws_connection, connection_variable
from jetbridge_local.airflow.launcher import AirflowFailed, LocalAirflow
from jetbridge_local.airflow.models import DagRun, ImportFailure, LogLine, Task, TaskTry
from jetbridge_local.airflow.users import User

__all__ = [
    "AirflowClient",
    "AirflowError",
    "AirflowFailed",
    "DagRun",
    "ImportFailure",
    "LocalAirflow",
    "LogLine",
    "Task",
    "TaskTry",
    "User",
    "aws_connection",
    "connection_variable",
]

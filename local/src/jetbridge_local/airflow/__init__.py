"""A real Airflow on this machine, for the demo and for end-to-end tests."""

from jetbridge_local.airflow.api import AirflowError
from jetbridge_local.airflow.celery import CeleryExecutor
from jetbridge_local.airflow.client import AirflowClient
from jetbridge_local.airflow.database import SqliteDatabase
from jetbridge_local.airflow.environment import UNHURRIED, aws_connection, connection_variable
from jetbridge_local.airflow.launcher import AirflowFailed, LocalAirflow
from jetbridge_local.airflow.models import DagRun, ImportFailure, LogLine, Task, TaskTry
from jetbridge_local.airflow.postgres import PostgresServer
from jetbridge_local.airflow.programs import ProgramMissing, redis_server
from jetbridge_local.airflow.users import User

__all__ = [
    "UNHURRIED",
    "AirflowClient",
    "AirflowError",
    "AirflowFailed",
    "CeleryExecutor",
    "DagRun",
    "ImportFailure",
    "LocalAirflow",
    "LogLine",
    "PostgresServer",
    "ProgramMissing",
    "SqliteDatabase",
    "Task",
    "TaskTry",
    "User",
    "aws_connection",
    "connection_variable",
    "redis_server",
]

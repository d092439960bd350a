"""Tasks for each way in which a waiting task is finished, and for each thing that goes wrong.

What a task's callbacks saw is written to JETBRIDGE_MATRIX_RECORD, a line for each.
"""

import json
import os
from datetime import timedelta

from airflow.providers.amazon.aws.hooks.lambda_function import LambdaHook
from airflow.sdk import Asset, BaseSensorOperator, dag

from airflow_provider_jetbridge.operators.ecs import EcsRunTaskOperator

NETWORK = {"awsvpcConfiguration": {"subnets": ["subnet-0example"]}}
DEFINITION = "jetbridge-example-matrix"
WITHOUT_FEED = "aws_without_feed"
"""A connection by which a triggerer can't read the outcomes table: the push or nothing."""


def record(kind: str):
    def callback(context) -> None:
        ti = context["ti"]
        line = [ti.dag_id, ti.run_id, ti.task_id, ti.try_number, kind]
        with open(os.environ["JETBRIDGE_MATRIX_RECORD"], "a") as file:
            file.write(json.dumps(line) + "\n")

    return callback


def common(task_id: str) -> dict:
    return {
        "task_id": task_id,
        "retry_delay": timedelta(0),
        "outlets": [Asset(f"x-jetbridge://finish-matrix/{task_id}")],
        "on_success_callback": record("success"),
        "on_failure_callback": record("failure"),
        "on_retry_callback": record("retry"),
        "on_skipped_callback": record("skipped"),
    }


def environment(exits: str, seconds: str) -> list[dict[str, str]]:
    variables = {"exits": exits, "seconds": seconds, "try_number": "{{ ti.try_number }}"}
    return [{"name": name, "value": value} for name, value in variables.items()]


def run(way: str, case: str, exits: str = "0", seconds: str = "2", **keywords):
    """A task that is finished the given way, and by no other unless ``aws_conn_id`` says so."""
    return EcsRunTaskOperator(
        **common(f"{way}-{case}"),
        **{
            "cluster": "jetbridge-example",
            "task_definition": DEFINITION,
            "launch_type": "FARGATE",
            "network_configuration": NETWORK,
            "overrides": {
                "containerOverrides": [{"name": "main", "environment": environment(exits, seconds)}]
            },
            "finish": way.split("_")[0],
            "aws_conn_id": "aws_default" if way == "feed" else WITHOUT_FEED,
            **keywords,
        },
    )


class RunSensor(BaseSensorOperator):
    """Stock Airflow: a sensor that starts a run and waits to be marked from outside."""

    template_fields = ("environment",)

    def __init__(self, *, exits: str = "0", seconds: str = "2", **keywords) -> None:
        super().__init__(mode="reschedule", poke_interval=3600, timeout=7200, **keywords)
        self.environment = environment(exits, seconds)

    def poke(self, context) -> bool:
        ti = context["ti"]
        names = ("dag_id", "run_id", "task_id", "map_index", "try_number", "max_tries")
        request = {
            "caller": {"kind": "airflow", "ti_id": str(ti.id)}
            | {name: getattr(ti, name) for name in names},
            "finish": "rest",
            "run_task": {
                "cluster": "jetbridge-example",
                "taskDefinition": DEFINITION,
                "launchType": "FARGATE",
                "networkConfiguration": NETWORK,
                "overrides": {
                    "containerOverrides": [{"name": "main", "environment": self.environment}]
                },
            },
        }
        answer = LambdaHook().invoke_lambda(
            function_name="jetbridge-start-run",
            qualifier="airflow",
            payload=json.dumps(request),
        )
        assert "FunctionError" not in answer, answer["Payload"].read()
        return False


@dag(schedule=None)
def finish_outcomes():
    for way in ("feed", "push"):
        run(way, "success")
        run(way, "retry", exits="3,0", retries=1)
        run(way, "failure", exits="3")
        run(way, "skip", exits="99", skip_on_exit_code=99)
    RunSensor(**common("rest-success"))
    RunSensor(**common("rest-retry"), exits="3,0", retries=1)
    RunSensor(**common("rest-failure"), exits="3")
    RunSensor(**common("rest-skip"), exits="99")
    run("rest_deferred", "success")
    run("rest_deferred", "retry", exits="3,0", retries=1)


@dag(schedule=None)
def finish_tries():
    for way in ("feed", "push", "rest"):
        run(way, "stale", exits="3,0", seconds="2,25", retries=1)
        run(way, "cleared", seconds="300,2")


@dag(schedule=None)
def finish_credentials():
    for way in ("push", "rest"):
        run(way, "wrong-password", airflow="wrong")
        run(way, "forbidden", airflow="viewer")
        run(way, "password-rotated", airflow="rotating")
    run("push", "net", airflow="wrong", aws_conn_id="aws_default")


@dag(schedule=None)
def finish_slow():
    for number in range(5):
        run("push", f"slow-{number}", seconds="16", airflow="slow")
    run("rest", "slow", seconds="16", airflow="slow")


@dag(schedule=None)
def finish_outage():
    for way in ("feed", "push", "rest"):
        run(way, "outage", seconds="25")


finish_outcomes()
finish_tries()
finish_credentials()
finish_slow()
finish_outage()

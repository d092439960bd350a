"""Start requests, sent as Airflow's workers send them."""

import json
import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any

from jetbridge_local.flood.errors import FloodFailed
from jetbridge_local.site.stack import Stack

FAMILY = "jetbridge-example-flood"
CLUSTER = "jetbridge-example"
_IMAGE = "jetbridge-benchmark/nothing:1"


@dataclass(frozen=True)
class Start:
    """One accepted start; times in seconds since the epoch."""

    run_id: str
    sent: float
    answered: float

    @property
    def seconds(self) -> float:
        return self.answered - self.sent


class Starts:
    """Invokes start_run for mapped tasks of DAGs, each start a run of its own.

    The containers end at once and log nothing: what is measured is how they are started.
    """

    def __init__(self, stack: Stack) -> None:
        self._functions = stack.client("lambda")
        self._name = stack.functions["start_run"]
        stack.client("ecs").register_task_definition(
            family=FAMILY,
            requiresCompatibilities=["FARGATE"],
            networkMode="awsvpc",
            cpu="256",
            memory="512",
            containerDefinitions=[{"name": "main", "image": _IMAGE}],
        )

    def one(self, dag: str, index: int) -> Start:
        """Raises FloodFailed if it isn't accepted as a new run."""
        sent = time.time()
        answer = self._functions.invoke(
            FunctionName=self._name, Payload=json.dumps(_request(dag, index))
        )
        payload: dict[str, Any] = json.loads(answer["Payload"].read())
        answered = time.time()
        if "FunctionError" in answer or payload["duplicate"]:
            raise FloodFailed(f"start {index} of {dag}: {payload}")
        return Start(payload["run_id"], sent, answered)

    def many(
        self, dag: str, count: int, in_flight: int, accepted: Callable[[Start], None]
    ) -> list[Start]:
        """Send all of a DAG's starts as fast as they are answered, ``in_flight`` at a time."""

        def start(index: int) -> Start:
            made = self.one(dag, index)
            accepted(made)
            return made

        with ThreadPoolExecutor(in_flight) as threads:
            return list(threads.map(start, range(count)))

    def at_the_same_time(self, dag: str, count: int) -> list[Start]:
        """Send starts that don't wait for each other: each has its own execution environment."""
        together = threading.Barrier(count)

        def start(index: int) -> Start:
            together.wait()
            return self.one(dag, index)

        with ThreadPoolExecutor(count) as threads:
            return list(threads.map(start, range(count)))


def _request(dag: str, index: int) -> dict[str, Any]:
    return {
        "version": 1,
        "caller": {
            "kind": "airflow",
            "dag_id": dag,
            "run_id": "manual__2026-03-01T00:00:00+00:00",
            "task_id": "mapped",
            "try_number": 1,
            "ti_id": "0195502b-9d80-7c7e-8f0a-3b1e5f7d2c11",
            "map_index": index,
        },
        "run_task": {
            "cluster": CLUSTER,
            "taskDefinition": FAMILY,
            "launchType": "FARGATE",
            "networkConfiguration": {"awsvpcConfiguration": {"subnets": ["subnet-0example"]}},
        },
    }

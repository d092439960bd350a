"""Airflow's interpreter runs this: it measures what one import, or one DAG file, costs.

It imports what a DAG processor has imported, and then makes each sample in a fork of its own, as
Airflow does with each file that it parses and each task that it runs. One line of JSON for each
sample: ``{"what", "side", "service", "round", "wall_ms", "cpu_ms", "modules"}``.
"""

# Only the environment that runs this has Airflow.
# mypy: disable-error-code="import-not-found"

import importlib
import json
import os
import sys
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

MODULES = {
    "ours": "airflow_provider_jetbridge.operators",
    "stock": "airflow.providers.amazon.aws.operators",
}
SERVICES = ("ecs", "batch")
DAGS = Path(__file__).parent / "dags"


def main(rounds: int) -> None:
    """One sample of each kind a round, the two sides taking turns at being first."""
    # Both as they are when a file's process is forked: airflow/dag_processing/processor.py.
    import airflow.dag_processing.processor
    import airflow.sdk  # noqa: F401
    from airflow.dag_processing.dagbag import BundleDagBag  # noqa: F401

    for number in range(rounds):
        for service in SERVICES:
            for what, (prepare, act) in _samples().items():
                for side in sorted(MODULES, reverse=bool(number % 2)):
                    cost = _in_a_fork(partial(prepare, side, service), partial(act, side, service))
                    head = {"what": what, "side": side, "service": service, "round": number}
                    print(json.dumps(head | cost), flush=True)


def _samples() -> dict[str, tuple[Callable[[str, str], None], Callable[[str, str], None]]]:
    """The preparation, which isn't measured, and the measured step of each sample, by name."""
    return {
        "import": (_nothing, _import),
        "parse": (_nothing, _parse),
        "parse_preimported": (_preimport, _parse),
    }


def _nothing(side: str, service: str) -> None:
    pass


def _import(side: str, service: str) -> None:
    importlib.import_module(f"{MODULES[side]}.{service}")


def _preimport(side: str, service: str) -> None:
    """What the DAG processor does before it forks ([dag_processor] parsing_pre_import_modules)."""
    from airflow.utils.file import iter_airflow_imports

    for module in iter_airflow_imports(str(_file(side, service))):
        importlib.import_module(module)


def _parse(side: str, service: str) -> None:
    """As a file's process and a task's process do (task-sdk, task_runner.py, ``parse``)."""
    from airflow.dag_processing.dagbag import BundleDagBag

    bag = BundleDagBag(
        dag_folder=str(_file(side, service)),
        bundle_path=DAGS,
        bundle_name="benchmark",
        safe_mode=False,
        load_op_links=False,
    )
    if bag.import_errors or set(bag.dags) != {"small"}:
        raise RuntimeError(f"{side} {service}: {bag.import_errors}")


def _file(side: str, service: str) -> Path:
    return DAGS / f"{side}_{service}.py"


def _in_a_fork(prepare: Callable[[], None], act: Callable[[], None]) -> dict[str, Any]:
    """Raises RuntimeError if the fork fails."""
    read_end, write_end = os.pipe()
    child = os.fork()
    if child == 0:
        status = 1
        try:
            prepare()
            os.write(write_end, json.dumps(_cost(act)).encode())
            status = 0
        except BaseException as error:
            print(repr(error), file=sys.stderr, flush=True)
        finally:
            os._exit(status)
    os.close(write_end)
    with os.fdopen(read_end, "rb") as pipe:
        answer = pipe.read()
    _, status = os.waitpid(child, 0)
    if status:
        raise RuntimeError("a sample failed; its error is above")
    cost: dict[str, Any] = json.loads(answer)
    return cost


def _cost(act: Callable[[], None]) -> dict[str, Any]:
    modules = len(sys.modules)
    wall, cpu = time.perf_counter(), time.process_time()
    act()
    return {
        "wall_ms": 1000 * (time.perf_counter() - wall),
        "cpu_ms": 1000 * (time.process_time() - cpu),
        "modules": len(sys.modules) - modules,
    }


if __name__ == "__main__":
    main(int(sys.argv[1]))

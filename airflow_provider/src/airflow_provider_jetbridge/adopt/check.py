"""``python -m airflow_provider_jetbridge.adopt.check DAGS_FOLDER --to FILE``.

Parses a folder's DAGs as Airflow does, and writes JSON that says for each ECS and Batch task what
adoption would do with it. It starts nothing. It needs no database and no AWS. ``jetbridge adopt
check`` calls it and shows the result.
"""

from __future__ import annotations

import argparse
import json
import os
import re
import sys
from collections.abc import Iterator, Mapping
from dataclasses import asdict
from importlib import import_module
from importlib.metadata import version
from pathlib import Path
from typing import Any

from airflow_provider_jetbridge.adopt import policy
from airflow_provider_jetbridge.adopt.choice import Choice
from airflow_provider_jetbridge.adopt.classes import expanded_of, is_mapped, stock_of
from airflow_provider_jetbridge.adopt.keywords import fates, given_keywords
from airflow_provider_jetbridge.adopt.needs import needs_of
from airflow_provider_jetbridge.adopt.tasks import class_of, values_of, why_it_stays
from airflow_provider_jetbridge.operators.run import JetbridgeRunOperator
from airflow_provider_jetbridge.settings import conf

BACKENDS = {"EcsRunTaskOperator": "ecs", "BatchOperator": "batch"}

_MAX_ACTIVE_TASKS = conf.getint("core", "max_active_tasks_per_dag")

DEFERRED = (
    (
        "pool",
        lambda task: task.pool != "default_pool",
        "a waiting task takes no slot, unless the pool has Include deferred; see concurrency_group",
    ),
    (
        "max_active_tasks",
        lambda task: task.dag.max_active_tasks != _MAX_ACTIVE_TASKS,
        "a limit of the DAG: a waiting task doesn't count; see concurrency_group",
    ),
    (
        "max_active_tis_per_dag",
        lambda task: task.max_active_tis_per_dag or task.max_active_tis_per_dagrun,
        "a waiting task counts on Airflow 3.2 and later; see concurrency_group",
    ),
    (
        "execution_timeout",
        lambda task: task.execution_timeout is not None,
        "is the run's own timeout: Jetbridge stops the container, and the task fails with "
        "AirflowTaskTimeout",
    ),
    (
        "on_execute_callback",
        lambda task: bool(task.on_execute_callback),
        "runs twice: at the start and again before the end",
    ),
    (
        "retries",
        lambda task: bool(task.retries),
        "a new try stops the run of the one before, unless reattach is true",
    ),
)
"""Airflow's own keywords that behave differently for a deferred task."""


_PREFIX = re.compile(r"^unusual_prefix_[0-9a-f]{40}_")
"""The prefix that Airflow gives to the module name of a DAG file."""


def report(folder: Path, choice: Choice, parsing: Path | None = None) -> dict[str, Any]:
    """Report what adoption would do with the DAGs in a folder.

    Args:
        parsing: gets the name of the DAG file that is being parsed. It still has it if that file
            ends this process.

    Returns:
        ``airflow`` and ``amazon_provider``: the versions. ``adopt`` and ``percent``: the options
        that chose the tasks. ``import_errors``: by file. ``tasks``: each with ``dag_id``,
        ``task_id``, ``file``, ``operator``, ``backend``, ``mapped``, ``verdict``, ``why``,
        ``same``, ``changes``, ``refused``, ``needs``, ``aws_conn_id`` and ``region_name``. A
        ``verdict`` is ``adopted``, ``stays`` (chosen, but can't be adopted), ``not chosen``, or
        ``jetbridge`` (the DAG uses Jetbridge's own operator).
    """
    bag = _parsed(folder, parsing)
    tasks = [
        _described(dag, task, choice, folder)
        for _, dag in sorted(bag.dags.items())
        for task in dag.tasks
        if _operator_of(task) is not None
    ]
    return {
        "airflow": version("apache-airflow"),
        "amazon_provider": version("apache-airflow-providers-amazon"),
        "adopt": ", ".join(choice.patterns),
        "percent": choice.percent,
        "import_errors": {str(file): str(error) for file, error in bag.import_errors.items()},
        "tasks": tasks,
    }


def _parsed(folder: Path, parsing: Path | None) -> Any:
    # The site's other policies still apply.
    policy.applies = False
    sys.path.insert(0, str(folder))
    bag: Any = _dag_bag()

    class Telling(bag):  # type: ignore[misc]
        """Tells which file it parses."""

        def process_file(self, filepath: Any, *args: Any, **keywords: Any) -> Any:
            if parsing:
                parsing.write_text(str(filepath))
            found = super().process_file(filepath, *args, **keywords)
            if parsing:
                parsing.write_text("")
            return found

    return Telling(dag_folder=str(folder))


def _dag_bag() -> Any:
    try:
        return import_module("airflow.dag_processing.dagbag").DagBag
    except ImportError:  # Airflow 3.0 and 3.1
        return import_module("airflow.models.dagbag").DagBag


def _operator_of(task: Any) -> str | None:
    """``EcsRunTaskOperator`` or ``BatchOperator``, stock or Jetbridge's own. None for any other."""
    operator = class_of(task)
    stock = stock_of(operator)
    if stock is None and issubclass(operator, JetbridgeRunOperator):
        stock = operator.stock_operator
    return stock and str(stock.__name__)


def _described(dag: Any, task: Any, choice: Choice, folder: Path) -> dict[str, Any]:
    operator, values = class_of(task), values_of(task)
    name = _operator_of(task) or ""
    stock = stock_of(operator)
    verdict, why, refused = _verdict(dag, task, choice)
    same, changed = fates(stock, given_keywords(task, stock)) if stock else ([], [])
    changes = [each._asdict() for each in changed]
    if stock:
        changes += [{"keyword": keyword, "here": here} for keyword, here in _deferred(task)]
    return {
        "dag_id": dag.dag_id,
        "task_id": task.task_id,
        "file": _relative(dag.fileloc, folder),
        "operator": f"{_PREFIX.sub('', operator.__module__)}.{operator.__qualname__}",
        "backend": BACKENDS[name],
        "mapped": is_mapped(task),
        "verdict": verdict,
        "why": why,
        "same": sorted(same),
        "changes": changes,
        "refused": refused,
        "needs": asdict(needs_of(name, values, expanded_of(task))),
        "aws_conn_id": values.get("aws_conn_id", "aws_default"),
        "region_name": values.get("region_name"),
    }


def _verdict(dag: Any, task: Any, choice: Choice) -> tuple[str, str, list[str]]:
    if issubclass(class_of(task), JetbridgeRunOperator):
        return "jetbridge", "it is written for Jetbridge's own operator", []
    problem = why_it_stays(task)
    refused = [problem] if problem else []
    chosen = choice.of_task(dag.dag_id, dag.tags, task.task_id, task.params)
    if not chosen.yes:
        return "not chosen", chosen.why, refused
    return ("stays", problem, refused) if problem else ("adopted", chosen.why, [])


def _deferred(task: Any) -> Iterator[tuple[str, str]]:
    return ((keyword, here) for keyword, is_set, here in DEFERRED if is_set(task))


def _relative(file: str, folder: Path) -> str:
    path = Path(file)
    return str(path.relative_to(folder)) if path.is_relative_to(folder) else str(path)


def _arguments(arguments: list[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="airflow_provider_jetbridge.adopt.check")
    parser.add_argument("folder", type=Path)
    parser.add_argument("--adopt", default="", help="overrides [jetbridge] adopt")
    parser.add_argument("--percent", type=float, help="overrides [jetbridge] adopt_percent")
    parser.add_argument(
        "--to",
        type=Path,
        required=True,
        help="the file that gets the JSON; beside it, .parsing has the file that is being parsed",
    )
    return parser.parse_args(arguments)


def main(arguments: list[str] | None = None) -> None:
    """Write a folder's report."""
    given = _arguments(arguments)
    os.environ["AIRFLOW__CORE__LOAD_EXAMPLES"] = "False"
    configured = Choice.configured()
    patterns = given.adopt or ",".join(configured.patterns) or "*"
    percent = configured.percent if given.percent is None else given.percent
    found: Mapping[str, Any] = report(
        given.folder.resolve(), Choice.of(patterns, percent), given.to.with_suffix(".parsing")
    )
    given.to.write_text(json.dumps(found, default=str))


if __name__ == "__main__":
    main()

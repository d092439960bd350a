"""A mapped task counts as finished once only if everything about it says so."""

from collections import Counter
from dataclasses import replace
from typing import Any

import pytest

from benchmarks.mapped import _ROWS, table
from benchmarks.mapped.database import Instance
from benchmarks.mapped.figures import Crowd, figures
from benchmarks.mapped.processors import Spent
from benchmarks.mapped.triggerers import Use
from benchmarks.mapped.workloads import Workload, workloads
from benchmarks.result import Result

PHASES = (Workload(seconds=1.5, exit_code=0), Workload(seconds=1.0, exit_code=0))


def instance(number: int, **others: Any) -> Instance:
    given: dict[str, Any] = {
        "ti_id": f"ti{number}",
        "task_id": "job",
        "map_index": number,
        "state": "success",
        "try_number": 1,
        "earlier_tries": 0,
        "start": 1010.0,
        "end": 1200.0 + number,
    }
    return Instance(**{**given, **others})


def crowd(**others: Any) -> Crowd:
    given: dict[str, Any] = {
        "tasks": 3,
        "waited": 3,
        "began": 1000.0,
        "released": 1150.0,
        "instances": [instance(number) for number in range(3)],
        "succeeded": 3,
        "workloads": {f"ti{number}": PHASES for number in range(3)},
        "launches": {0: 1, 1: 1, 2: 1},
        "idle": Use(1000.0, 5.0, 400_000_000),
        "before": Use(1080.0, 20.0, 402_000_000),
        "after": Use(1140.0, 23.0, 403_000_000),
        "last": Use(1210.0, 35.0, 420_000_000),
        "whole": Spent(200.0, {"tasks": 1.5, "supervisors": 0.6, "scheduler": 3.9}, 1.2),
        "ending": Spent(60.0, {"tasks": 0.6, "supervisors": 0.3, "scheduler": 0.6}, 0.9),
        "burst": Spent(50.0, {"tasks": 30.0, "supervisors": 5.0, "scheduler": 25.0}, 20.0),
        "steady_calls": Counter({"dynamodb:Query": 120, "dynamodb:BatchGetItem": 10}),
        "calls": Counter({"dynamodb:Query": 400, "lambda:Invoke": 3, "s3:PutObject": 9}),
        "throttled": 0,
        "stops": 0,
        "mismatches": 0,
        "heartbeat_gaps": [2.04, 2.5],
        "cold_heartbeat_gaps": [9.04, 3.0],
        "shares": [2, 1],
        "failovers": 0,
        "claimed_twice": 0,
        "s3_requests": 21,
    }
    return Crowd(**{**given, **others})


def test_the_figures_are_of_what_was_used_while_all_waited_and_in_all() -> None:
    found = figures(crowd())
    assert (found["tasks"], found["finished_once"], found["defects"]) == (3, 3, {})
    assert (found["seconds"], found["burst_seconds"]) == (202.0, 52.0)
    assert (found["triggerer_cpu_s"], found["triggerer_cpu_percent_waiting"]) == (30.0, 5.0)
    assert found["rss_mb_per_task"] == 1.0
    assert (found["aws_calls_while_running"], found["aws_calls_a_minute"]) == (130, 130)
    assert found["watching_calls_while_running"] == 0
    assert (found["aws_calls"], found["worker_s_per_task"]) == (412, 2.5)


def test_a_process_whose_end_airflow_noticed_late_changes_the_mean_and_not_the_median() -> None:
    late = (PHASES[0], Workload(seconds=6.0, exit_code=0))
    found = figures(crowd(workloads={**crowd().workloads, "ti1": late}))
    assert found["worker_s_of_each_process"] == [1.5, 2.67]
    assert found["worker_p50_s_of_each_process"] == [1.5, 1.0]


def test_cpu_time_is_given_per_task_and_the_clouds_apart_from_airflows() -> None:
    found = figures(crowd())
    assert (found["airflow_cpu_s_per_task"], found["burst_airflow_cpu_s_per_task"]) == (2.0, 0.5)
    assert (found["worker_cpu_s_per_task"], found["burst_worker_cpu_s_per_task"]) == (0.7, 0.3)
    assert (found["cloud_cpu_s_per_task"], found["burst_cloud_cpu_s_per_task"]) == (0.4, 0.3)
    parts = {"scheduler": 1.3, "supervisors": 0.2, "tasks": 0.5}
    assert found["airflow_cpu_s_per_task_by_component"] == parts
    assert (found["burst_s_per_task"], found["burst_processors"]) == (17.333, 1.6)


def test_processor_time_that_was_not_found_is_a_problem_and_no_zero() -> None:
    nothing = Spent(60.0, {"tasks": 0.0, "supervisors": 0.0, "scheduler": 0.6}, 0.9)
    found = figures(crowd(ending=nothing))
    assert found["burst_airflow_cpu_s_per_task"] == 0.2
    problems = Result(found, table({"ours": found}, [])).problems
    assert problems == ["burst_worker_cpu_s_per_task is None"]


def test_calls_to_ecs_and_logs_are_watching() -> None:
    calls = Counter({"ecs:DescribeTasks": 20, "logs:GetLogEvents": 19, "s3:PutObject": 5})
    assert figures(crowd(steady_calls=calls))["watching_calls_while_running"] == 39


@pytest.mark.parametrize(
    ("changed", "reason"),
    [
        ({"state": "failed"}, "failed"),
        ({"state": None}, "None"),
        ({"try_number": 2}, "2 tries"),
        ({"earlier_tries": 1}, "2 tries"),
    ],
)
def test_a_task_that_ended_otherwise_is_a_defect(changed: dict[str, Any], reason: str) -> None:
    instances = [instance(0), instance(1, **changed), instance(2)]
    found = figures(crowd(instances=instances), "stock_")
    assert (found["stock_finished_once"], found["stock_defects"]) == (2, {reason: 1})


@pytest.mark.parametrize(
    ("phases", "reason"),
    [
        (PHASES[:1], "1 processes"),
        ((*PHASES, PHASES[1]), "3 processes"),
        ((PHASES[0], replace(PHASES[1], exit_code=1)), "2 processes"),
    ],
)
def test_a_task_is_executed_once_and_completed_once(phases: Any, reason: str) -> None:
    held = {**crowd().workloads, "ti1": phases}
    assert crowd(workloads=held).defects() == {reason: 1}


def test_a_task_has_one_launch() -> None:
    doubtful = crowd(launches={0: 2, 1: 1})
    assert doubtful.defects() == {"2 launches": 1, "0 launches": 1}
    assert doubtful.finished_once() == 1
    assert figures(doubtful)["launched_twice"] == 1


def test_a_task_that_airflow_does_not_have_is_missing() -> None:
    assert crowd(tasks=5).defects() == {"missing": 2}


def test_the_executors_log_says_how_long_workers_were_held() -> None:
    lines = [
        "2026-03-01T00:00:00Z [info     ] Workload finished  [supervisor] duration=1.25 exit_code=0"
        " final_state=deferred workload_id=0195502b-9d80-7c7e-8f0a-3b1e5f7d2c11"
        " workload_type=ExecuteTask",
        "something else duration=3 exit_code=0 workload_id=0195502b",
        "Workload finished duration=0.75 exit_code=1 final_state=failed"
        " workload_id=0195502b-9d80-7c7e-8f0a-3b1e5f7d2c11",
    ]
    assert workloads(lines) == {
        "0195502b9d807c7e8f0a3b1e5f7d2c11": [
            Workload(seconds=1.25, exit_code=0),
            Workload(seconds=0.75, exit_code=1),
        ]
    }


def test_the_table_shows_every_side_and_what_was_given_up() -> None:
    shown = table({"ours, 3": figures(crowd()), "stock, 3": figures(crowd())}, ["stock, 300: no"])
    assert (shown.row_count, len(shown.columns)) == (len(_ROWS), 3)
    assert "stock, 300: no" in str(shown.caption)

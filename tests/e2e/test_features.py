"""Setup and teardown, mapped tasks, asset outlets, sensors and stops on a real Airflow.

The example DAGs are run as they are, beside DAGs in which containers fail.
"""

import pytest
from example_runs import DAG_RUN_SECONDS, Runs
from site_of_airflow import states


def test_a_failed_task_is_still_torn_down(runs: Runs) -> None:
    assert runs.ended("teardown_after_failure") == {
        "setup": "success",
        "fails": "failed",
        "never": "upstream_failed",
        "teardown": "success",
    }
    assert runs.xcom("teardown_after_failure", "fails", "exit_codes") == {"main": 5}
    assert runs.asset_events("teardown_after_failure", "fails") == 0


def test_of_mapped_tasks_only_the_failing_one_fails(runs: Runs) -> None:
    assert runs.ended("mapped_one_fails") == {
        "mapped[0]": "success",
        "mapped[1]": "success",
        "mapped[2]": "failed",
    }
    run_id = runs.ids["mapped_one_fails"]
    tries = [runs.client.tries("mapped_one_fails", run_id, "mapped", n) for n in range(3)]
    assert [[each.state for each in of_index] for of_index in tries] == [
        ["success"],
        ["failed", "success"],
        ["failed", "failed"],
    ]
    codes = [
        runs.client.xcom("mapped_one_fails", run_id, "mapped", "exit_codes", n) for n in range(3)
    ]
    assert codes == [{"main": 0}, {"main": 0}, {"main": 6}]


def test_only_success_creates_an_asset_event(runs: Runs) -> None:
    runs.ended("asset_on_second_try")
    assert runs.asset_events("asset_on_second_try", "makes") == 1


def test_the_example_maps_a_job_over_days(runs: Runs) -> None:
    runs.ended("jetbridge_mapped")
    assert runs.xcom("jetbridge_mapped", "total") == 3 * 500


def test_the_example_of_setup_and_teardown(runs: Runs) -> None:
    assert set(runs.ended("jetbridge_setup_teardown").values()) == {"success"}


def test_the_example_s_asset_starts_the_dag_that_reads_it(runs: Runs) -> None:
    runs.ended("jetbridge_makes_asset")
    [event] = runs.client.asset_events("jetbridge_makes_asset", "report")
    [started] = event["created_dagruns"]
    run = runs.client.wait_for_dag_run("jetbridge_reads_asset", started["run_id"], DAG_RUN_SECONDS)
    assert run.state == "success"
    assert runs.client.xcom("jetbridge_reads_asset", run.run_id, "read") == 1


def test_the_example_s_companion_is_stopped(runs: Runs) -> None:
    assert set(runs.ended("jetbridge_companion").values()) == {"success"}
    run_id = runs.xcom("jetbridge_companion", "companion", "run_id")
    assert runs.xcom("jetbridge_companion", "stop_companion")["stopping"] == [run_id]
    assert runs.outcome(run_id).outcome["state"] == "stopped"


def test_the_example_waits_for_what_a_schedule_started(runs: Runs) -> None:
    fired = runs.outcomes.wait(lambda run: run.caller["kind"] == "schedule", 240)
    assert fired.outcome["state"] == "succeeded", fired.outcome["reason"]
    firing = fired.caller
    dag_id = "jetbridge_waits_for_schedule"
    asked = runs.client.trigger(dag_id, logical_date=firing["scheduled_time"])
    run = runs.client.wait_for_dag_run(dag_id, asked.run_id, DAG_RUN_SECONDS)
    assert run.state == "success", states(runs.client, dag_id, run.run_id)
    assert runs.client.xcom(dag_id, run.run_id, "use_result") == 500


@pytest.mark.parametrize(
    "dag_id", ["jetbridge_mapped", "jetbridge_setup_teardown", "jetbridge_makes_asset"]
)
def test_the_examples_containers_are_read_in_airflow(runs: Runs, dag_id: str) -> None:
    """Each line of a report, in its order, in the log of the try that ran it."""
    runs.ended(dag_id)
    ran = [run.caller for run in runs.outcomes.all() if run.caller.get("dag_id") == dag_id]
    assert ran
    for caller in ran:
        runs.wait_for_lines(caller, [f"line {number} of 5" for number in range(1, 6)])

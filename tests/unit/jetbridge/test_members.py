"""Which children of an array job, and which nodes, failed: told in the outcome."""

from typing import Any

import pytest
from jetbridge_testing.copying import MemoryJobs
from jetbridge_testing.samples import ended_run
from msgspec.structs import replace

from jetbridge.contract import Cause, State
from jetbridge.failures import Verdict
from jetbridge.outcomes.members import TOLD, failed_members
from jetbridge.runs.run import Run

FAILED = Verdict(State.FAILED, Cause.APPLICATION_EXIT)
EXITED = "Essential container in task exited"


def array_run(size: int) -> Run:
    run = ended_run("batch_array_parent_failed")
    parameters = {**run.request.parameters, "arrayProperties": {"size": size}}
    return replace(run, request=replace(run.request, submit_job=parameters))


def multi_node_run(nodes: int) -> Run:
    run = ended_run("batch_failed_two_attempts")
    assert run.ending is not None
    return replace(run, ending=replace(run.ending, nodes=nodes))


def record(status: str, code: int | None, reason: str = EXITED) -> dict[str, Any]:
    container = {} if code is None else {"exitCode": code}
    attempt = {"container": container, "statusReason": reason}
    return {"status": status, "statusReason": reason, "attempts": [attempt]}


def test_failed_children_are_named_with_their_exit_codes() -> None:
    run = array_run(5)
    records = {f"{run.backend_id}:{n}": record("SUCCEEDED", 0) for n in range(5)}
    records[f"{run.backend_id}:3"] = record("FAILED", 3)
    found = failed_members(run, FAILED, MemoryJobs(records))
    assert found.exit_codes == {"child-0003": 3}
    assert found.reason == f"1 of 5 failed: child-0003: {EXITED}; exit code 3"


def test_a_child_without_an_exit_code_is_described_in_batchs_words() -> None:
    run = array_run(2)
    reason = "Host EC2 (instance i-0123) terminated."
    records = {f"{run.backend_id}:1": record("FAILED", None, reason)}
    found = failed_members(run, FAILED, MemoryJobs(records))
    assert (found.exit_codes, found.reason) == ({}, f"1 of 2 failed: child-0001: {reason}")


def test_of_many_failed_children_the_first_are_named() -> None:
    run = array_run(10_000)
    records: dict[str, Any] = {
        f"{run.backend_id}:{n}": record("FAILED", n % 200 + 1) for n in range(300)
    }
    summary = {"arrayProperties": {"statusSummary": {"FAILED": 300}}, "status": "FAILED"}
    records[str(run.backend_id)] = summary
    found = failed_members(run, FAILED, MemoryJobs(records))
    assert len(found.exit_codes) == TOLD
    assert found.reason.startswith("300 of 10000 failed (the first 20 of them): child-0000")


def test_failed_nodes_are_named() -> None:
    run = multi_node_run(3)
    records = {
        f"{run.backend_id}#0": record("SUCCEEDED", 0),
        f"{run.backend_id}#1": record("FAILED", 137),
        f"{run.backend_id}#2": record("FAILED", None, "Host EC2 (instance i-0) terminated."),
    }
    found = failed_members(run, FAILED, MemoryJobs(records))
    assert found.exit_codes == {"node-0001": 137}
    assert found.reason.startswith("2 of 3 failed: node-0001")
    assert "node-0002: Host EC2" in found.reason


def test_a_failed_child_on_eks_is_described_by_container() -> None:
    run = array_run(2)
    containers = [{"name": "train", "exitCode": 3}, {"name": "side", "exitCode": 0}]
    failed = {"status": "FAILED", "attempts": [], "eksAttempts": [{"containers": containers}]}
    found = failed_members(run, FAILED, MemoryJobs({f"{run.backend_id}:0": failed}))
    assert found.exit_codes == {"child-0000 train": 3, "child-0000 side": 0}


def test_what_cant_be_read_is_said_and_holds_nothing_up() -> None:
    class Broken(MemoryJobs):
        def failed_children(self, job_id: str, most: int) -> list[str]:
            raise OSError("throttled")

    found = failed_members(array_run(2), FAILED, Broken())
    assert found.reason == "which children failed could not be read: throttled"


@pytest.mark.parametrize("state", [State.SUCCEEDED, State.STOPPED])
def test_nothing_is_asked_of_a_run_that_did_not_fail(state: State) -> None:
    jobs = MemoryJobs({})
    for run in (array_run(2), ended_run("ecs_stopped_exit_3"), ended_run("batch_terminated")):
        assert failed_members(run, Verdict(state, Cause.COMPLETED), jobs).reason == ""
    assert failed_members(ended_run("batch_failed_two_attempts"), FAILED, jobs).reason == ""
    assert jobs.asked == []


def test_records_that_batch_has_forgotten_name_nobody() -> None:
    assert failed_members(multi_node_run(2), FAILED, MemoryJobs({})).exit_codes == {}

"""State changes out of AWS's records: every sample, and what AWS may add or leave out."""

from datetime import UTC, datetime
from typing import Any

import pytest
from jetbridge_testing.samples import STACK_KEY, STATE_CHANGES, change, event

from jetbridge.aws.records import RecordError
from jetbridge.backends.changes import from_event, from_job, from_task
from jetbridge.runs.reports import ContainerEnd, LogName

TASK = "478f3a4c51824ad23cb50c1c60670c0f"
EXITED = "Essential container in task exited"


@pytest.mark.parametrize(
    ("name", "status", "order", "code", "exits"),
    [
        ("ecs_running", "RUNNING", 4, None, {}),
        ("ecs_stopped_exit_0", "STOPPED", 7, "EssentialContainerExited", {"main": 0}),
        ("ecs_stopped_exit_3", "STOPPED", 7, "EssentialContainerExited", {"main": 3}),
        ("ecs_cannot_pull_container", "STOPPED", 5, "TaskFailedToStart", {"main": None}),
        ("ecs_stopped_by_user", "STOPPED", 7, "UserInitiated", {"main": 143}),
        ("ecs_spot_interruption", "STOPPED", 8, "SpotInterruption", {"main": 143}),
        (
            "ecs_two_containers",
            "STOPPED",
            8,
            "EssentialContainerExited",
            {"main": 0, "proxy": 143},
        ),
    ],
)
def test_ecs_samples(
    name: str, status: str, order: int, code: str | None, exits: dict[str, int | None]
) -> None:
    found = change(name)
    assert (found.backend, found.status, found.order) == ("ecs", status, order)
    assert found.place == "reports"
    assert found.definition.endswith(":task-definition/report:12")
    assert found.backend_id.endswith(f"task/reports/{TASK}")
    if code is None:
        assert found.ending is None
        return
    assert found.ending is not None
    assert found.ending.code == code
    assert found.ending.succeeded is None
    assert {end.name: end.exit_code for end in found.ending.containers} == exits
    assert found.ending.stopped_at == "2026-03-01T00:02:04.713Z"


@pytest.mark.parametrize(
    ("name", "status", "order", "succeeded", "exit_code", "reason", "attempts"),
    [
        ("batch_runnable", "RUNNABLE", 2, None, None, "", 0),
        ("batch_running", "RUNNING", 5, None, None, "", 0),
        ("batch_succeeded", "SUCCEEDED", 1_000_000, True, 0, EXITED, 1),
        ("batch_runnable_second_attempt", "RUNNABLE", 12, None, None, "", 0),
        ("batch_running_second_attempt", "RUNNING", 15, None, None, "", 0),
        ("batch_failed_two_attempts", "FAILED", 1_000_000, False, 3, EXITED, 2),
        (
            "batch_failed_timeout",
            "FAILED",
            1_000_000,
            False,
            137,
            "Job attempt duration exceeded timeout",
            1,
        ),
        ("batch_terminated", "FAILED", 1_000_000, False, 143, "The DAG run was cleared", 1),
    ],
)
def test_batch_samples(
    name: str,
    status: str,
    order: int,
    succeeded: bool | None,
    exit_code: int | None,
    reason: str,
    attempts: int,
) -> None:
    found = change(name)
    assert (found.backend, found.status, found.order) == ("batch", status, order)
    assert found.place == "loads"
    assert found.definition.endswith(":job-definition/load:7")
    if succeeded is None:
        assert found.ending is None
        return
    assert found.ending is not None
    assert found.ending.succeeded is succeeded
    assert found.ending.reason == reason
    assert found.ending.containers == [ContainerEnd(name="default", exit_code=exit_code)]
    assert [name.attempt for name in found.ending.log_names] == list(range(1, attempts + 1))
    assert len({name.name for name in found.ending.log_names}) == attempts


def test_array_parent_ends_the_run_without_an_exit_code() -> None:
    found = change("batch_array_parent_failed")
    assert found.ending is not None
    assert found.ending.succeeded is False
    assert [end.exit_code for end in found.ending.containers] == [None]
    assert found.ending.log_names == []
    assert found.ending.started_at is None


def test_array_child_is_not_the_run() -> None:
    assert from_event(event("batch_array_child_failed"), STACK_KEY) is None


def test_child_of_index_zero_is_a_child() -> None:
    child = event("batch_array_child_failed")
    child["detail"]["arrayProperties"]["index"] = 0
    assert from_event(child, STACK_KEY) is None


@pytest.mark.parametrize("name", STATE_CHANGES)
def test_other_stacks_events_are_not_ours(name: str) -> None:
    assert from_event(event(name), "ffffffff") is None


def test_other_events_are_not_ours() -> None:
    other = event("ecs_running") | {"detail-type": "ECS Deployment State Change"}
    assert from_event(other, STACK_KEY) is None
    service = event("ecs_running")
    service["detail"]["startedBy"] = "ecs-svc/2770844949256052681"
    assert from_event(service, STACK_KEY) is None
    del service["detail"]["startedBy"]
    assert from_event(service, STACK_KEY) is None


@pytest.mark.parametrize("name", [name for name in STATE_CHANGES if name.startswith("ecs")])
def test_unknown_fields_change_nothing(name: str) -> None:
    known, unknown = event(name), event(name)
    unknown["detail"] |= {"quantumState": "both", "containersV2": [1]}
    for container in unknown["detail"]["containers"]:
        container["mood"] = "good"
    assert from_event(unknown, STACK_KEY) == from_event(known, STACK_KEY)


@pytest.mark.parametrize("status", ["HELD_BACK", "", "running"])
def test_unknown_batch_status_is_no_end_and_overtakes_nothing(status: str) -> None:
    second = event("batch_runnable_second_attempt")
    second["detail"]["status"] = status
    found = from_event(second, STACK_KEY)
    assert found is not None
    assert (found.ending, found.status) == (None, status)
    assert change("batch_running").order < found.order
    assert found.order < change("batch_runnable_second_attempt").order


@pytest.mark.parametrize("status", ["HIBERNATING", "", "stopped"])
def test_unknown_ecs_status_is_no_end_and_keeps_its_version(status: str) -> None:
    running = event("ecs_running")
    running["detail"] |= {"lastStatus": status, "version": 6}
    found = from_event(running, STACK_KEY)
    assert found is not None
    assert (found.ending, found.status, found.order) == (None, status, 6)


def test_task_that_aws_is_about_to_forget_has_ended() -> None:
    deleted = event("ecs_stopped_exit_3")
    deleted["detail"]["lastStatus"] = "DELETED"
    found = from_event(deleted, STACK_KEY)
    assert found is not None
    assert found.ending == change("ecs_stopped_exit_3").ending


def test_history_of_two_attempts_rises() -> None:
    history = [
        "batch_runnable",
        "batch_running",
        "batch_runnable_second_attempt",
        "batch_running_second_attempt",
        "batch_failed_two_attempts",
    ]
    orders = [change(name).order for name in history]
    assert orders == sorted(set(orders))


@pytest.mark.parametrize("field", ["taskArn", "lastStatus", "clusterArn", "taskDefinitionArn"])
@pytest.mark.parametrize("value", [None, 5, ["a"], {}, "\ud800", "a\nb", "x" * 1025])
def test_event_without_what_aws_always_sends_is_an_error(field: str, value: object) -> None:
    broken = event("ecs_stopped_exit_0")
    broken["detail"][field] = value
    with pytest.raises(RecordError, match=field):
        from_event(broken, STACK_KEY)
    del broken["detail"][field]
    with pytest.raises(RecordError, match=f"{field}: is missing"):
        from_event(broken, STACK_KEY)


def test_stopped_task_without_containers() -> None:
    bare = event("ecs_stopped_exit_0")
    for field in ("containers", "stopCode", "stoppedReason", "startedAt"):
        del bare["detail"][field]
    found = from_event(bare, STACK_KEY)
    assert found is not None
    assert found.ending is not None
    assert (found.ending.code, found.ending.reason, found.ending.containers) == ("", "", [])


def _described(record: dict[str, Any]) -> dict[str, Any]:
    """As boto3 hands out DescribeTasks: times are datetimes."""
    return {
        name: datetime.fromisoformat(value) if name.endswith("At") else value
        for name, value in record.items()
        if name != "updatedAt"
    }


@pytest.mark.parametrize("name", [name for name in STATE_CHANGES if name.startswith("ecs")])
def test_described_task_tells_the_same_as_its_event(name: str) -> None:
    described = _described(event(name)["detail"])
    assert isinstance(described["createdAt"], datetime)
    assert from_task(described, STACK_KEY) == change(name)


def test_described_job_tells_the_same_as_its_event() -> None:
    assert from_job(event("batch_succeeded")["detail"], STACK_KEY) == change("batch_succeeded")


def test_times_are_iso_8601_in_utc() -> None:
    ending = change("batch_succeeded").ending
    assert ending is not None
    assert ending.started_at == "2026-03-01T00:00:41.200Z"
    offset = event("ecs_stopped_exit_0")
    offset["detail"]["stoppedAt"] = "2026-03-01T01:02:04.713+01:00"
    found = from_event(offset, STACK_KEY)
    assert found is not None
    assert found.ending is not None
    assert found.ending.stopped_at == "2026-03-01T00:02:04.713Z"
    assert datetime.fromisoformat(found.ending.stopped_at).tzinfo == UTC


def test_log_names_of_every_container_and_attempt() -> None:
    two = change("ecs_two_containers").ending
    assert two is not None
    assert two.log_names == [
        LogName(container="main", name=f"{TASK}-1527056392"),
        LogName(container="proxy", name=f"{TASK}-1527056399"),
    ]
    attempts = change("batch_failed_two_attempts").ending
    assert attempts is not None
    assert [(log.attempt, log.name[:13]) for log in attempts.log_names] == [
        (1, "load/default/"),
        (2, "load/default/"),
    ]


def test_containers_of_a_job_with_task_properties() -> None:
    job = event("batch_succeeded")
    [attempt] = job["detail"]["attempts"]
    del attempt["container"]
    attempt["taskProperties"] = [
        {
            "taskArn": "arn:aws:ecs:eu-central-1:123456789012:task/c/t",
            "containers": [
                {"name": "main", "exitCode": 0, "logStreamName": "load/main/1"},
                {"name": "proxy", "exitCode": 1, "reason": "sad", "logStreamName": "load/proxy/1"},
            ],
        }
    ]
    found = from_event(job, STACK_KEY)
    assert found is not None
    assert found.ending is not None
    assert found.ending.containers == [
        ContainerEnd(name="main", exit_code=0),
        ContainerEnd(name="proxy", exit_code=1, reason="sad"),
    ]
    assert [log.container for log in found.ending.log_names] == ["main", "proxy"]


def _pod_job(attempts: list[dict[str, Any]], **detail: Any) -> Any:
    """A Batch job on EKS: no ``attempts``, its containers by name (API reference, JobDetail)."""
    failed = event("batch_failed_timeout")
    del failed["detail"]["container"]
    failed["detail"] |= {"attempts": [], "eksAttempts": attempts} | detail
    found = from_event(failed, STACK_KEY)
    assert found is not None
    return found


def test_a_job_on_eks_ends_with_its_last_pods_containers() -> None:
    first = {"containers": [{"name": "train", "exitCode": 3, "reason": "Error"}]}
    last = {
        "containers": [{"name": "train", "exitCode": 137, "reason": "OOMKilled"}, {"exitCode": 0}],
        "initContainers": [{"name": "fetch", "exitCode": 0, "reason": "Completed"}],
        "podName": "aws-batch.b0aca953",
        "statusReason": "Pod failed",
    }
    found = _pod_job([first, last], statusReason=None)
    assert found.ending.containers == [
        ContainerEnd(name="fetch", exit_code=0, reason="Completed"),
        ContainerEnd(name="train", exit_code=137, reason="OOMKilled"),
        ContainerEnd(name="Default", exit_code=0),
    ]
    assert (found.ending.reason, found.ending.log_names) == ("Pod failed", [])


def test_pods_count_as_attempts_in_the_order_of_changes() -> None:
    second = _pod_job([{"containers": []}], status="RUNNING")
    first = _pod_job([], status="RUNNING")
    assert second.order > first.order


def test_a_pod_without_an_attempt_ends_with_its_properties() -> None:
    pod = {"containers": [{"name": "train", "reason": "ErrImagePull"}]}
    found = _pod_job([], eksProperties={"podProperties": pod})
    assert found.ending.containers == [ContainerEnd(name="train", reason="ErrImagePull")]


def test_a_multi_node_job_says_how_many_nodes_it_has() -> None:
    failed = event("batch_failed_timeout")
    failed["detail"]["nodeProperties"] = {"numNodes": 3, "mainNode": 0}
    found = from_event(failed, STACK_KEY)
    assert found is not None
    assert found.ending is not None
    assert found.ending.nodes == 3

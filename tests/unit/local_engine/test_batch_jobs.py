"""A Batch job's states, attempts, array, dependencies and end."""

import itertools
import time
from collections.abc import Callable
from typing import Any

import pytest

STUBBORN = "trap '' TERM; echo deaf; while :; do sleep 0.05; done"


def test_a_job_that_succeeds(cloud: Any) -> None:
    job_id = cloud.submit_script("echo hello; exit 0")
    job = cloud.wait_for_job(job_id)
    assert cloud.statuses(job_id) == ["RUNNABLE", "STARTING", "RUNNING", "SUCCEEDED"]
    assert job["status"] == "SUCCEEDED"
    assert job["statusReason"] == "Essential container in task exited"
    assert job["container"]["exitCode"] == 0
    assert cloud.job_log(job) == ["hello"]
    [attempt] = job["attempts"]
    assert attempt["container"]["exitCode"] == 0
    assert attempt["container"]["taskArn"] == job["container"]["taskArn"]
    assert attempt["container"]["logStreamName"] == job["container"]["logStreamName"]
    task_id = job["container"]["taskArn"].rsplit("/", 1)[-1]
    assert job["container"]["logStreamName"] == f"job/default/{task_id}"
    times = [job["createdAt"], job["startedAt"], attempt["stoppedAt"], job["stoppedAt"]]
    assert times == sorted(times)
    assert abs(times[0] - time.time() * 1000) < 60_000


def test_the_log_stream_s_name_is_there_from_running_on_the_task_s_from_starting(
    cloud: Any,
) -> None:
    job_id = cloud.submit_script("exit 0")
    cloud.wait_for_job(job_id)
    cloud.statuses(job_id)
    by_status = {d["status"]: d["container"] for d in cloud.details(cloud.job(job_id)["jobArn"])}
    assert "taskArn" not in by_status["RUNNABLE"]
    assert "taskArn" in by_status["STARTING"]
    assert "logStreamName" not in by_status["STARTING"]
    assert "logStreamName" in by_status["RUNNING"]
    assert "exitCode" not in by_status["RUNNING"]


def test_a_job_that_fails_is_tried_again_as_often_as_its_strategy_says(cloud: Any) -> None:
    script = "echo attempt $AWS_BATCH_JOB_ATTEMPT; exit 4"
    job_id = cloud.submit_script(script, retryStrategy={"attempts": 3})
    job = cloud.wait_for_job(job_id)
    assert cloud.statuses(job_id) == ["RUNNABLE", "STARTING", "RUNNING"] * 3 + ["FAILED"]
    assert [a["container"]["exitCode"] for a in job["attempts"]] == [4, 4, 4]
    streams = [a["container"]["logStreamName"] for a in job["attempts"]]
    logs = [cloud.around.messages("/aws/batch/job", stream) for stream in streams]
    assert logs == [["attempt 1"], ["attempt 2"], ["attempt 3"]]
    assert len({a["container"]["taskArn"] for a in job["attempts"]}) == 3


def test_a_job_that_succeeds_at_last_has_succeeded(cloud: Any) -> None:
    script = "test $AWS_BATCH_JOB_ATTEMPT = 2"
    job = cloud.wait_for_job(cloud.submit_script(script, retryStrategy={"attempts": 5}))
    assert job["status"] == "SUCCEEDED"
    assert [a["container"]["exitCode"] for a in job["attempts"]] == [1, 0]


@pytest.mark.parametrize(
    ("conditions", "attempts"),
    [
        ([{"onExitCode": "4", "action": "EXIT"}], 1),
        ([{"onExitCode": "4*", "action": "exit"}], 1),
        ([{"onExitCode": "5", "action": "EXIT"}], 3),
        ([{"onExitCode": "4", "action": "RETRY"}, {"onStatusReason": "*", "action": "EXIT"}], 3),
        ([{"onStatusReason": "Essential*", "action": "EXIT"}], 1),
        ([{"onReason": "CannotPull*", "action": "EXIT"}], 3),
        ([{"onExitCode": "4", "onReason": "OutOfMemory*", "action": "EXIT"}], 3),
    ],
)
def test_evaluate_on_exit(cloud: Any, conditions: list[dict[str, str]], attempts: int) -> None:
    strategy = {"attempts": 3, "evaluateOnExit": conditions}
    job = cloud.wait_for_job(cloud.submit_script("exit 4", retryStrategy=strategy))
    assert job["status"] == "FAILED"
    assert len(job["attempts"]) == attempts


def test_an_attempt_that_could_not_start_has_a_reason_and_no_exit_code(cloud: Any) -> None:
    cloud.define_job(container={"image": "nobody/has:this"})
    conditions = [{"onReason": "CannotPullContainer*", "action": "EXIT"}]
    strategy = {"attempts": 3, "evaluateOnExit": conditions}
    job = cloud.wait_for_job(cloud.submit(retryStrategy=strategy))
    assert job["status"] == "FAILED"
    [attempt] = job["attempts"]
    assert attempt["container"]["reason"].startswith("CannotPullContainerError: ")
    assert "exitCode" not in attempt["container"]
    assert "startedAt" not in attempt
    assert job["container"]["reason"] == attempt["container"]["reason"]


def test_a_log_group_that_is_not_there(cloud: Any) -> None:
    log = {"logDriver": "awslogs", "options": {"awslogs-group": "/missing"}}
    cloud.define_job(script="exit 0", container={"logConfiguration": log})
    job = cloud.wait_for_job(cloud.submit())
    assert job["status"] == "FAILED"
    assert job["statusReason"].startswith("ResourceInitializationError: ")
    assert "exitCode" not in job["container"]
    assert "logStreamName" not in job["container"]


def test_a_command_that_is_not_there(cloud: Any) -> None:
    cloud.define_job(container={"command": ["no-such-program"]})
    job = cloud.wait_for_job(cloud.submit())
    assert (job["status"], job["statusReason"]) == ("FAILED", "Task failed to start")
    assert job["container"]["reason"].startswith("CannotStartContainerError: ")


def test_a_time_out_ends_the_attempt_and_is_not_retried(make_cloud: Callable[..., Any]) -> None:
    cloud = make_cloud(time_scale=0.005)
    job_id = cloud.submit_script(
        "sleep 30", timeout={"attemptDurationSeconds": 60}, retryStrategy={"attempts": 3}
    )
    job = cloud.wait_for_job(job_id)
    assert (job["status"], job["statusReason"]) == (
        "FAILED",
        "Job attempt duration exceeded timeout",
    )
    [attempt] = job["attempts"]
    assert attempt["container"]["exitCode"] == 143
    assert attempt["stoppedAt"] - attempt["startedAt"] >= 300


def test_a_job_within_its_time_out_succeeds(make_cloud: Callable[..., Any]) -> None:
    cloud = make_cloud(time_scale=0.1)
    timeout = {"attemptDurationSeconds": 60}
    assert cloud.wait_for_job(cloud.submit_script("exit 0", timeout=timeout))["status"] == (
        "SUCCEEDED"
    )


def test_terminate_a_running_job(make_cloud: Callable[..., Any]) -> None:
    cloud = make_cloud(time_scale=0.01)
    job_id = cloud.submit_script(STUBBORN, retryStrategy={"attempts": 3})
    job = cloud.wait_for_job(job_id, "RUNNING")
    cloud.wait(lambda: cloud.job_log(job))
    cloud.batch("TerminateJob", jobId=job_id, reason="not needed")
    job = cloud.wait_for_job(job_id)
    assert (job["status"], job["statusReason"]) == ("FAILED", "not needed")
    assert job["container"]["exitCode"] == 137
    assert len(job["attempts"]) == 1
    assert job["isTerminated"] is True


def test_a_job_that_ends_well_when_terminated_has_failed_all_the_same(cloud: Any) -> None:
    job_id = cloud.submit_script("trap 'exit 0' TERM; echo up; while :; do sleep 0.05; done")
    job = cloud.wait_for_job(job_id, "RUNNING")
    cloud.wait(lambda: cloud.job_log(job))
    cloud.batch("TerminateJob", jobId=job_id, reason="not needed")
    job = cloud.wait_for_job(job_id)
    assert (job["status"], job["container"]["exitCode"]) == ("FAILED", 0)


def test_terminate_several_jobs_at_once(cloud: Any) -> None:
    """Those that aren't there count as terminated (API reference, TerminateJobs)."""
    running = cloud.submit_script("sleep 30")
    waiting = cloud.submit(dependsOn=[{"jobId": running}])
    cloud.wait_for_job(running, "RUNNING")
    asked = [running, waiting, "none"]
    answer = cloud.batch("TerminateJobs", jobs=asked, reason="not needed")
    assert answer == {"successful": asked, "errors": []}
    for job_id in (running, waiting):
        job = cloud.wait_for_job(job_id)
        assert (job["status"], job["statusReason"]) == ("FAILED", "not needed")


@pytest.mark.parametrize("operation", ["TerminateJob", "CancelJob"])
def test_a_job_that_has_not_started_never_starts(cloud: Any, operation: str) -> None:
    first = cloud.submit_script("sleep 30")
    second = cloud.submit(dependsOn=[{"jobId": first}])
    cloud.wait_for_job(second, "PENDING")
    cloud.batch(operation, jobId=second, reason="not needed")
    job = cloud.wait_for_job(second)
    assert (job["status"], job["statusReason"], job["attempts"]) == ("FAILED", "not needed", [])
    assert "startedAt" not in job


def test_cancel_leaves_a_running_job_alone(cloud: Any) -> None:
    job_id = cloud.submit_script("sleep 0.5")
    cloud.wait_for_job(job_id, "RUNNING")
    cloud.batch("CancelJob", jobId=job_id, reason="not needed")
    job = cloud.wait_for_job(job_id)
    assert job["status"] == "SUCCEEDED"
    assert "isCancelled" not in job


def test_a_job_waits_for_those_that_it_depends_on(cloud: Any) -> None:
    first = cloud.submit_script("sleep 0.2")
    second = cloud.submit(cloud.define_job("second", "exit 0"), dependsOn=[{"jobId": first}])
    assert cloud.wait_for_job(second, "PENDING", "RUNNABLE")["status"] == "PENDING"
    job = cloud.wait_for_job(second)
    assert cloud.statuses(second) == ["PENDING", "RUNNABLE", "STARTING", "RUNNING", "SUCCEEDED"]
    assert job["startedAt"] >= cloud.job(first)["stoppedAt"]


def test_a_job_whose_dependency_failed_fails(cloud: Any) -> None:
    first = cloud.submit_script("exit 1")
    second = cloud.submit(dependsOn=[{"jobId": first}])
    third = cloud.submit(dependsOn=[{"jobId": second}])
    for job_id in (second, third):
        job = cloud.wait_for_job(job_id)
        assert (job["status"], job["statusReason"]) == ("FAILED", "Dependent Job failed")
        assert job["attempts"] == []


def test_an_array_runs_its_children_with_their_index(cloud: Any) -> None:
    job_id = cloud.submit_script(
        "echo $AWS_BATCH_JOB_ARRAY_INDEX of $AWS_BATCH_JOB_ID", arrayProperties={"size": 3}
    )
    parent = cloud.wait_for_job(job_id)
    assert parent["status"] == "SUCCEEDED"
    assert cloud.statuses(job_id) == ["PENDING", "SUCCEEDED"]
    summary = parent["arrayProperties"]["statusSummary"]
    assert parent["arrayProperties"]["size"] == 3
    assert {name: count for name, count in summary.items() if count} == {"SUCCEEDED": 3}
    for index in range(3):
        child = cloud.job(f"{job_id}:{index}")
        assert child["arrayProperties"]["index"] == index
        assert cloud.job_log(child) == [f"{index} of {job_id}:{index}"]
        assert cloud.statuses(f"{job_id}:{index}")[-1] == "SUCCEEDED"


def test_an_array_fails_with_a_child_after_all_have_ended(cloud: Any) -> None:
    job_id = cloud.submit_script(
        "test $AWS_BATCH_JOB_ARRAY_INDEX != 0 && sleep 0.2", arrayProperties={"size": 3}
    )
    parent = cloud.wait_for_job(job_id)
    assert (parent["status"], parent["statusReason"]) == ("FAILED", "Array Child Job failed")
    statuses = [cloud.job(f"{job_id}:{index}")["status"] for index in range(3)]
    assert statuses == ["FAILED", "SUCCEEDED", "SUCCEEDED"]


def test_terminating_an_array_terminates_its_children(cloud: Any) -> None:
    job_id = cloud.submit_script("exec sleep 30", arrayProperties={"size": 3})
    cloud.wait_for_job(f"{job_id}:1", "RUNNING")
    cloud.batch("TerminateJob", jobId=job_id, reason="enough")
    parent = cloud.wait_for_job(job_id)
    assert (parent["status"], parent["statusReason"]) == ("FAILED", "enough")
    for index in range(3):
        child = cloud.job(f"{job_id}:{index}")
        assert (child["status"], child["statusReason"]) == ("FAILED", "enough")


def test_a_sequential_array_runs_one_child_after_the_other(cloud: Any) -> None:
    job_id = cloud.submit_script(
        "sleep 0.05", arrayProperties={"size": 3}, dependsOn=[{"type": "SEQUENTIAL"}]
    )
    assert cloud.wait_for_job(job_id)["status"] == "SUCCEEDED"
    children = [cloud.job(f"{job_id}:{index}") for index in range(3)]
    for earlier, later in itertools.pairwise(children):
        assert later["startedAt"] >= earlier["stoppedAt"]
        assert later["dependsOn"] == [{"jobId": earlier["jobId"]}]


def test_n_to_n_children_wait_for_their_counterparts(cloud: Any) -> None:
    first = cloud.submit_script(
        "test $AWS_BATCH_JOB_ARRAY_INDEX = 0 || exit 1", arrayProperties={"size": 2}
    )
    second = cloud.submit(
        cloud.define_job("second", "exit 0"),
        arrayProperties={"size": 2},
        dependsOn=[{"jobId": first, "type": "N_TO_N"}],
    )
    assert cloud.wait_for_job(second)["status"] == "FAILED"
    assert cloud.job(f"{second}:0")["status"] == "SUCCEEDED"
    assert cloud.job(f"{second}:0")["startedAt"] >= cloud.job(f"{first}:0")["stoppedAt"]
    assert cloud.job(f"{second}:1")["statusReason"] == "Dependent Job failed"


def test_an_array_whose_dependency_failed_fails_with_all_children(cloud: Any) -> None:
    first = cloud.submit_script("exit 1")
    second = cloud.submit(arrayProperties={"size": 2}, dependsOn=[{"jobId": first}])
    assert cloud.wait_for_job(second)["statusReason"] == "Dependent Job failed"
    assert cloud.job(f"{second}:1")["statusReason"] == "Dependent Job failed"
    assert cloud.job(f"{second}:1")["attempts"] == []


def test_parameters_overrides_and_batch_s_own_variables(cloud: Any) -> None:
    cloud.define_job(
        container={
            "command": ["sh", "-c", "echo Ref::greeting $1 Ref::unknown; env", "sh", "Ref::whom"],
            "environment": [{"name": "A", "value": "1"}, {"name": "B", "value": "2"}],
            "secrets": [{"name": "PASSWORD", "valueFrom": next(iter(cloud.around.secrets))}],
        },
        parameters={"greeting": "hello", "whom": "nobody"},
    )
    job_id = cloud.submit(
        parameters={"whom": "world"},
        containerOverrides={"environment": [{"name": "B", "value": "3"}]},
    )
    job = cloud.wait_for_job(job_id)
    first, *rest = cloud.job_log(job)
    assert first == "hello world Ref::unknown"
    environment = dict(line.split("=", 1) for line in rest)
    assert (environment["A"], environment["B"], environment["PASSWORD"]) == ("1", "3", "hidden")
    assert environment["AWS_BATCH_JOB_ID"] == job_id
    assert environment["AWS_BATCH_JOB_ATTEMPT"] == "1"
    assert environment["AWS_BATCH_JQ_NAME"] == "queue"
    assert environment["AWS_BATCH_CE_NAME"] == "environment"
    assert "AWS_BATCH_JOB_ARRAY_INDEX" not in environment
    assert job["parameters"] == {"greeting": "hello", "whom": "world"}
    assert job["container"]["command"][-1] == "world"
    assert {"name": "B", "value": "3"} in job["container"]["environment"]
    assert "hidden" not in str(job)


def test_the_command_and_the_size_may_be_overridden(cloud: Any) -> None:
    cloud.define_job(script="exit 1")
    size = [{"type": "VCPU", "value": "0.5"}, {"type": "MEMORY", "value": "1024"}]
    job = cloud.wait_for_job(
        cloud.submit(containerOverrides={"command": ["true"], "resourceRequirements": size})
    )
    assert job["status"] == "SUCCEEDED"
    assert job["container"]["resourceRequirements"] == size


def test_logs_go_where_the_options_say(cloud: Any) -> None:
    options = {"awslogs-group": "/jobs", "awslogs-stream-prefix": "mine"}
    log = {"logDriver": "awslogs", "options": options}
    cloud.define_job(script="echo hi", container={"logConfiguration": log})
    job = cloud.wait_for_job(cloud.submit())
    stream = job["container"]["logStreamName"]
    assert stream.startswith("mine/default/")
    assert cloud.around.messages("/jobs", stream) == ["hi"]


def test_a_compute_environment_has_so_much_room(cloud: Any) -> None:
    cloud.batch(
        "UpdateComputeEnvironment",
        computeEnvironment="environment",
        computeResources={"maxvCpus": 1},
    )
    big = {
        "resourceRequirements": [
            {"type": "VCPU", "value": "1"},
            {"type": "MEMORY", "value": "2048"},
        ]
    }
    cloud.define_job(script="sleep 0.2", container=big)
    first, second = cloud.submit(), cloud.submit()
    cloud.wait_for_job(first, "RUNNING")
    assert cloud.job(second)["status"] == "RUNNABLE"
    cloud.wait_for_job(second)
    assert cloud.job(second)["startedAt"] >= cloud.job(first)["attempts"][0]["stoppedAt"]


def test_a_job_waits_in_runnable_until_there_is_an_environment(cloud: Any) -> None:
    target = {"computeEnvironment": "environment"}
    cloud.batch("UpdateComputeEnvironment", **target, state="DISABLED")
    job_id = cloud.submit_script("exit 0")
    terminated = cloud.submit()
    cloud.wait_for_job(job_id, "RUNNABLE")
    cloud.wait_for_job(terminated, "RUNNABLE")
    cloud.batch("TerminateJob", jobId=terminated, reason="waited enough")
    assert cloud.wait_for_job(terminated)["attempts"] == []
    cloud.batch("UpdateComputeEnvironment", **target, state="ENABLED")
    assert cloud.wait_for_job(job_id)["status"] == "SUCCEEDED"


def test_an_ended_job_is_forgotten_after_a_while(make_cloud: Callable[..., Any]) -> None:
    cloud = make_cloud(ended_job_retention_seconds=1.0)
    job_id = cloud.submit_script("exit 0", arrayProperties={"size": 2})
    cloud.wait_for_job(job_id)
    cloud.wait(lambda: not cloud.batch("DescribeJobs", jobs=[job_id, f"{job_id}:0"])["jobs"])


def test_a_job_leaves_ecs_task_definition_of_its_definition_s_name(cloud: Any) -> None:
    definition = cloud.define_job("report", script="exit 0")
    assert cloud.ecs("ListTaskDefinitions")["taskDefinitionArns"] == []
    for _ in range(2):
        cloud.wait_for_job(cloud.submit(definition))
    [arn] = cloud.ecs("ListTaskDefinitions")["taskDefinitionArns"]
    assert arn.endswith(":task-definition/report:1")
    registered = cloud.ecs("DescribeTaskDefinition", taskDefinition="report:1")["taskDefinition"]
    assert registered["compatibilities"] == ["EC2", "FARGATE"]
    assert registered["containerDefinitions"][0]["command"] == ["sh", "-c", "exit 0"]


def test_a_job_leaves_somebody_elses_family_alone(cloud: Any) -> None:
    cloud.ecs(
        "RegisterTaskDefinition",
        family="report",
        containerDefinitions=[{"name": "report", "image": "x", "memory": 64}],
    )
    cloud.wait_for_job(cloud.submit(cloud.define_job("report", script="exit 0")))
    [arn] = cloud.ecs("ListTaskDefinitions")["taskDefinitionArns"]
    assert arn.endswith(":task-definition/report:1")

"""A task's states, its times, its containers and its end."""

import os
from collections.abc import Callable
from typing import Any

import pytest

ORDER = (
    "PROVISIONING",
    "PENDING",
    "ACTIVATING",
    "RUNNING",
    "DEACTIVATING",
    "STOPPING",
    "DEPROVISIONING",
    "STOPPED",
)


def test_a_task_passes_through_every_state_once_and_in_order(cloud: Any) -> None:
    arn = cloud.start("exit 0")
    cloud.wait_for_task(arn)
    cloud.wait(lambda: cloud.details(arn)[-1]["lastStatus"] == "STOPPED")
    details = cloud.details(arn)
    seen = [detail["lastStatus"] for detail in details]
    assert list(dict.fromkeys(seen)) == list(ORDER)
    assert seen == sorted(seen, key=ORDER.index)
    assert [d["version"] for d in details] == list(range(1, len(details) + 1))
    wanted = [d["desiredStatus"] for d in details]
    assert wanted == sorted(wanted), "desiredStatus goes from RUNNING to STOPPED and not back"


def test_a_task_that_has_run_tells_its_times_in_order(cloud: Any) -> None:
    arn = cloud.start("exit 0")
    task = cloud.wait_for_task(arn)
    times = [
        task[name]
        for name in (
            "createdAt",
            "connectivityAt",
            "pullStartedAt",
            "pullStoppedAt",
            "startedAt",
            "stoppingAt",
            "executionStoppedAt",
            "stoppedAt",
        )
    ]
    assert times == sorted(times)
    assert times[0] < times[-1]


@pytest.mark.parametrize("code", [0, 1, 42, 255])
def test_the_exit_code_is_the_command_s(cloud: Any, code: int) -> None:
    task = cloud.wait_for_task(cloud.start(f"exit {code}"))
    assert task["containers"][0]["exitCode"] == code
    assert task["stopCode"] == "EssentialContainerExited"
    assert task["stoppedReason"] == "Essential container in task exited"


def test_a_signal_gives_128_and_its_number(cloud: Any) -> None:
    task = cloud.wait_for_task(cloud.start("kill -SEGV $$"))
    assert task["containers"][0]["exitCode"] == 139


def test_there_is_no_exit_code_before_the_container_has_exited(cloud: Any) -> None:
    arn = cloud.start("sleep 30")
    task = cloud.wait_for_task(arn, "RUNNING")
    container = task["containers"][0]
    assert "exitCode" not in container
    assert container["lastStatus"] == "RUNNING"
    assert container["runtimeId"]
    assert "startedAt" in task
    assert "stoppedAt" not in task


def test_a_running_task_has_its_network_interface_attached(cloud: Any) -> None:
    arn = cloud.start("sleep 30")
    task = cloud.wait_for_task(arn, "RUNNING")
    attachment = task["attachments"][0]
    details = {d["name"]: d["value"] for d in attachment["details"]}
    assert attachment["type"] == "ElasticNetworkInterface"
    assert attachment["status"] == "ATTACHED"
    assert details["subnetId"] == "subnet-1"
    assert details["networkInterfaceId"].startswith("eni-")
    assert len(details["macAddress"].split(":")) == 6
    interface = task["containers"][0]["networkInterfaces"][0]
    assert interface == {
        "attachmentId": attachment["id"],
        "privateIpv4Address": details["privateIPv4Address"],
    }
    cloud.ecs("StopTask", task=arn)
    assert cloud.wait_for_task(arn)["attachments"][0]["status"] == "DELETED"


def test_stop_task_lets_the_container_end_itself(cloud: Any) -> None:
    arn = cloud.start("trap 'echo stopping; exit 7' TERM; echo ready; while :; do sleep 0.05; done")
    cloud.wait_for_task(arn, "RUNNING")
    cloud.wait(lambda: cloud.task_log(arn) == ["ready"])
    answer = cloud.ecs("StopTask", task=arn, reason="enough")
    assert answer["task"]["desiredStatus"] == "STOPPED"
    assert answer["task"]["lastStatus"] == "RUNNING"
    task = cloud.wait_for_task(arn)
    assert task["containers"][0]["exitCode"] == 7
    assert (task["stopCode"], task["stoppedReason"]) == ("UserInitiated", "enough")
    assert cloud.task_log(arn) == ["ready", "stopping"]


def test_a_container_that_minds_no_sigterm_gets_143(cloud: Any) -> None:
    arn = cloud.start("exec sleep 30")
    cloud.wait_for_task(arn, "RUNNING")
    cloud.ecs("StopTask", task=arn)
    assert cloud.wait_for_task(arn)["containers"][0]["exitCode"] == 143


def test_a_container_that_ignores_sigterm_is_killed_after_its_stop_timeout(
    make_cloud: Callable[..., Any],
) -> None:
    cloud = make_cloud(time_scale=0.1)
    arn = cloud.start("trap '' TERM; echo ready; while :; do sleep 0.05; done", stopTimeout=2)
    cloud.wait_for_task(arn, "RUNNING")
    cloud.wait(lambda: cloud.task_log(arn))
    cloud.ecs("StopTask", task=arn)
    task = cloud.wait_for_task(arn)
    assert task["containers"][0]["exitCode"] == 137
    assert task["executionStoppedAt"] - task["stoppingAt"] >= 0.2


def test_a_task_stopped_before_it_ran_has_no_exit_code(make_cloud: Callable[..., Any]) -> None:
    cloud = make_cloud(step_seconds=0.2)
    arn = cloud.start("exit 0")
    cloud.ecs("StopTask", task=arn, reason="too soon")
    task = cloud.wait_for_task(arn)
    assert "startedAt" not in task
    assert "exitCode" not in task["containers"][0]
    assert (task["stopCode"], task["stoppedReason"]) == ("UserInitiated", "too soon")
    assert cloud.around.started_pids == []
    assert "RUNNING" not in [d["lastStatus"] for d in cloud.details(arn)]


def test_the_first_stop_gives_the_reason(cloud: Any) -> None:
    arn = cloud.start("sleep 30")
    cloud.wait_for_task(arn, "RUNNING")
    cloud.ecs("StopTask", task=arn, reason="first")
    cloud.ecs("StopTask", task=arn, reason="second")
    assert cloud.wait_for_task(arn)["stoppedReason"] == "first"
    version = cloud.task(arn)["version"]
    assert cloud.ecs("StopTask", task=arn, reason="third")["task"]["version"] == version


def test_what_a_container_leaves_behind_ends_with_it(cloud: Any) -> None:
    arn = cloud.start("sleep 60 & echo $!; exit 0")
    cloud.wait_for_task(arn)
    orphan = int(cloud.task_log(arn)[0])
    cloud.wait(lambda: _is_gone(orphan))


def test_a_process_that_left_the_group_does_not_hold_the_task(cloud: Any) -> None:
    arn = cloud.start("setsid sleep 30 & echo started; exit 3")
    task = cloud.wait_for_task(arn)
    assert task["containers"][0]["exitCode"] == 3
    assert cloud.task_log(arn) == ["started"]
    assert task["stoppedAt"] - task["startedAt"] < 25


def test_an_image_that_is_not_in_the_map_can_t_be_pulled(cloud: Any) -> None:
    task = cloud.wait_for_task(cloud.start("exit 0", image="nobody/has:this"))
    assert task["stopCode"] == "TaskFailedToStart"
    assert task["stoppedReason"].startswith("CannotPullContainerError: ")
    assert "nobody/has:this" in task["stoppedReason"]
    assert task["containers"][0]["reason"] == task["stoppedReason"]
    assert "exitCode" not in task["containers"][0]
    assert "startedAt" not in task


def test_a_log_group_that_is_not_there_fails_the_start(cloud: Any) -> None:
    options = cloud.container()["logConfiguration"]["options"] | {"awslogs-group": "/missing"}
    log = {"logDriver": "awslogs", "options": options}
    task = cloud.wait_for_task(cloud.start("exit 0", logConfiguration=log))
    assert task["stopCode"] == "TaskFailedToStart"
    assert task["stoppedReason"].startswith("ResourceInitializationError: ")
    assert "The specified log group does not exist." in task["stoppedReason"]
    assert cloud.around.started_pids == []


def test_a_command_that_is_not_there_can_t_be_started(cloud: Any) -> None:
    task = cloud.wait_for_task(cloud.start(command=["no-such-program", "x"]))
    assert task["stopCode"] == "TaskFailedToStart"
    assert task["stoppedReason"] == "Task failed to start"
    reason = task["containers"][0]["reason"]
    assert reason.startswith("CannotStartContainerError: ")
    assert 'exec: "no-such-program": executable file not found in $PATH' in reason
    assert "exitCode" not in task["containers"][0]


@pytest.mark.parametrize(
    ("command", "said"),
    [
        (["./missing"], "no such file or directory"),
        (["./hello.sh"], "permission denied"),
    ],
)
def test_a_file_that_can_t_be_executed_says_why(cloud: Any, command: list[str], said: str) -> None:
    task = cloud.wait_for_task(cloud.start(command=command))
    assert said in task["containers"][0]["reason"]


def test_a_secret_that_is_missing_fails_the_start(cloud: Any) -> None:
    secrets = [{"name": "PASSWORD", "valueFrom": "arn:aws:secretsmanager:::secret:none"}]
    task = cloud.wait_for_task(cloud.start("exit 0", secrets=secrets))
    assert task["stoppedReason"].startswith("ResourceInitializationError: unable to pull secrets")
    assert "arn:aws:secretsmanager:::secret:none" in task["stoppedReason"]


def test_a_failing_log_service_does_not_hang_the_task(cloud: Any) -> None:
    def broken(group: str, stream: str, create_group: bool) -> None:
        raise ConnectionError("no logs today")

    cloud.around.ensure_stream = broken
    task = cloud.wait_for_task(cloud.start("exit 0"))
    assert task["stopCode"] == "TaskFailedToStart"
    assert "no logs today" in task["stoppedReason"]


def _is_gone(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return True
    with open(f"/proc/{pid}/stat") as stat:
        return stat.read().rpartition(")")[2].split()[0] == "Z"

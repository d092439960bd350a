"""What a container gets: command, environment, folder; several containers in one task; logs."""

import time
from collections.abc import Callable
from typing import Any

import pytest

from jetbridge_local.engine.containers.lines import MAXIMUM_LINE_BYTES


def test_the_image_s_own_command_runs_if_the_definition_has_none(cloud: Any) -> None:
    arn = cloud.start()
    assert cloud.wait_for_task(arn)["containers"][0]["exitCode"] == 0
    assert cloud.task_log(arn) == ["hello from the image"]


@pytest.mark.parametrize(
    ("members", "override", "said"),
    [
        ({"command": ["echo", "definition"]}, {}, "definition"),
        ({"command": ["echo", "definition"]}, {"command": ["echo", "override"]}, "override"),
        ({"entryPoint": ["echo", "entry"], "command": ["point"]}, {}, "entry point"),
        ({"entryPoint": ["echo", "entry"]}, {}, "entry"),
        ({"entryPoint": ["echo", "entry"]}, {"command": ["over"]}, "entry over"),
    ],
)
def test_entry_point_and_command_go_together_as_in_docker(
    cloud: Any, members: dict[str, Any], override: dict[str, Any], said: str
) -> None:
    definition = cloud.define_task(**members)
    overrides = {"containerOverrides": [{"name": "main", **override}]}
    arn = cloud.run_task(definition, overrides=overrides)["tasks"][0]["taskArn"]
    cloud.wait_for_task(arn)
    assert cloud.task_log(arn) == [said]


def test_the_environment_is_the_image_s_the_definition_s_the_secrets_and_the_override_s(
    cloud: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OF_THE_HOST", "must not be seen")
    definition = cloud.define_task(
        script="env",
        environment=[
            {"name": "OVERRIDDEN", "value": "by definition"},
            {"name": "aCase_ofItsOwn", "value": "kept"},
        ],
        secrets=[{"name": "PASSWORD", "valueFrom": next(iter(cloud.around.secrets))}],
    )
    overrides = {
        "containerOverrides": [
            {"name": "main", "environment": [{"name": "OVERRIDDEN", "value": "by override"}]}
        ]
    }
    arn = cloud.run_task(definition, overrides=overrides)["tasks"][0]["taskArn"]
    cloud.wait_for_task(arn)
    environment = dict(line.split("=", 1) for line in cloud.task_log(arn))
    assert environment["FROM_IMAGE"] == "image"
    assert environment["OVERRIDDEN"] == "by override"
    assert environment["aCase_ofItsOwn"] == "kept"
    assert environment["PASSWORD"] == "hidden"
    assert environment["AWS_ENDPOINT_URL"] == "http://127.0.0.1:4566"
    assert environment["AWS_REGION"] == "eu-west-1"
    assert "OF_THE_HOST" not in environment
    assert {"PATH", "HOME", "AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"} <= environment.keys()


def test_a_container_works_in_a_copy_of_its_folder(cloud: Any) -> None:
    definition = cloud.define_task(script="cat hello.sh; echo changed > hello.sh; rm -f hello.sh")
    first = cloud.run_task(definition)["tasks"][0]["taskArn"]
    cloud.wait_for_task(first)
    second = cloud.run_task(definition)["tasks"][0]["taskArn"]
    cloud.wait_for_task(second)
    assert cloud.task_log(first) == cloud.task_log(second) == ["echo hello from the image"]


def test_standard_output_and_error_both_become_events_the_last_line_too(cloud: Any) -> None:
    began = time.time() * 1000
    arn = cloud.start("echo out; echo err >&2; printf 'no line feed'")
    task = cloud.wait_for_task(arn)
    assert sorted(cloud.task_log(arn)) == ["err", "no line feed", "out"]
    events = cloud.around.streams["/jobs", f"prefix/main/{arn.rsplit('/', 1)[-1]}"]
    for event in events:
        assert began - 1 <= event["timestamp"] <= task["stoppedAt"] * 1000


def test_all_lines_are_there_when_the_task_is_stopped(make_cloud: Callable[..., Any]) -> None:
    cloud = make_cloud(log_flush_seconds=60.0)
    arn = cloud.start("seq 1 25000")
    cloud.wait_for_task(arn)
    assert cloud.task_log(arn) == [str(number) for number in range(1, 25001)]


def test_lines_arrive_while_the_container_runs(cloud: Any) -> None:
    arn = cloud.start("echo early; sleep 30")
    cloud.wait_for_task(arn, "RUNNING")
    cloud.wait(lambda: cloud.task_log(arn) == ["early"])
    assert cloud.task(arn)["lastStatus"] == "RUNNING"


def test_with_a_lag_lines_arrive_after_the_end_with_their_own_times(
    make_cloud: Callable[..., Any],
) -> None:
    cloud = make_cloud(log_lag_seconds=1.0)
    arn = cloud.start("echo late")
    task = cloud.wait_for_task(arn)
    assert cloud.task_log(arn) == []
    cloud.wait(lambda: cloud.task_log(arn) == ["late"])
    [event] = cloud.around.streams["/jobs", f"prefix/main/{arn.rsplit('/', 1)[-1]}"]
    assert event["timestamp"] <= task["stoppedAt"] * 1000
    assert time.time() >= event["timestamp"] / 1000 + 1.0


def test_a_lag_loses_nothing_at_close(make_cloud: Callable[..., Any]) -> None:
    cloud = make_cloud(log_lag_seconds=60.0)
    arn = cloud.start("echo late")
    cloud.wait_for_task(arn)
    task_id = arn.rsplit("/", 1)[-1]
    cloud.close()
    assert cloud.around.messages("/jobs", f"prefix/main/{task_id}") == ["late"]


def test_bytes_that_are_no_text_and_lines_that_are_too_long_are_no_accident(cloud: Any) -> None:
    script = rf"printf '\377\376 bad\n'; head -c {MAXIMUM_LINE_BYTES + 10} /dev/zero | tr '\0' x"
    arn = cloud.start(script)
    assert cloud.wait_for_task(arn)["containers"][0]["exitCode"] == 0
    bad, *long = cloud.task_log(arn)
    assert bad == "\ufffd\ufffd bad"
    assert [len(line) for line in long] == [MAXIMUM_LINE_BYTES, 10]


def test_a_log_sink_that_fails_once_costs_its_batch_only(cloud: Any) -> None:
    put = cloud.around.put
    failures = iter([True])

    def sometimes(group: str, stream: str, events: list[Any]) -> None:
        if next(failures, False):
            raise ConnectionError("throttled")
        put(group, stream, events)

    cloud.around.put = sometimes
    arn = cloud.start("echo lost; sleep 0.2; echo kept")
    assert cloud.wait_for_task(arn)["containers"][0]["exitCode"] == 0
    assert cloud.task_log(arn) == ["kept"]


def test_a_log_group_is_made_if_the_options_say_so(cloud: Any) -> None:
    options = {
        "awslogs-group": "/new",
        "awslogs-region": "eu-west-1",
        "awslogs-stream-prefix": "p",
        "awslogs-create-group": "true",
    }
    arn = cloud.start("echo hi", logConfiguration={"logDriver": "awslogs", "options": options})
    cloud.wait_for_task(arn)
    assert cloud.around.messages("/new", f"p/main/{arn.rsplit('/', 1)[-1]}") == ["hi"]


def test_the_task_ends_with_its_essential_container(cloud: Any) -> None:
    side = cloud.container("exec sleep 30", name="side", essential=False)
    main = cloud.container("sleep 0.2; exit 5")
    arn = cloud.run_task(cloud.define_task(containers=[main, side]))["tasks"][0]["taskArn"]
    task = cloud.wait_for_task(arn)
    assert {c["name"]: c["exitCode"] for c in task["containers"]} == {"main": 5, "side": 143}


def test_the_end_of_another_container_is_a_change_of_the_running_task(cloud: Any) -> None:
    side = cloud.container("exit 3", name="side", essential=False)
    main = cloud.container("sleep 0.3")
    arn = cloud.run_task(cloud.define_task(containers=[main, side]))["tasks"][0]["taskArn"]
    cloud.wait_for_task(arn)
    running = [d for d in cloud.details(arn) if d["lastStatus"] == "RUNNING"]
    sides = [next(c for c in d["containers"] if c["name"] == "side") for d in running]
    assert sides[-1]["lastStatus"] == "STOPPED"
    assert sides[-1]["exitCode"] == 3
    assert len({d["version"] for d in running}) == len(running)


@pytest.mark.parametrize(
    ("first_exit", "condition", "second_runs"),
    [(0, "SUCCESS", True), (1, "SUCCESS", False), (1, "COMPLETE", True)],
)
def test_a_container_waits_for_those_that_it_depends_on(
    cloud: Any, first_exit: int, condition: str, second_runs: bool
) -> None:
    first = cloud.container(f"sleep 0.1; exit {first_exit}", name="first", essential=False)
    second = cloud.container(
        "exit 0", name="second", dependsOn=[{"containerName": "first", "condition": condition}]
    )
    arn = cloud.run_task(cloud.define_task(containers=[first, second]))["tasks"][0]["taskArn"]
    task = cloud.wait_for_task(arn)
    codes = {c["name"]: c.get("exitCode") for c in task["containers"]}
    assert codes == {"first": first_exit, "second": 0 if second_runs else None}
    assert task["stopCode"] == ("EssentialContainerExited" if second_runs else "TaskFailedToStart")


def test_close_ends_containers_that_ignore_sigterm(make_cloud: Callable[..., Any]) -> None:
    cloud = make_cloud(close_seconds=0.2)
    arn = cloud.start("trap '' TERM; echo ready; while :; do sleep 0.05; done")
    cloud.wait(lambda: cloud.task(arn)["lastStatus"] == "RUNNING" and cloud.task_log(arn))
    job = cloud.submit_script("trap '' TERM; echo ready; while :; do sleep 0.05; done")
    cloud.wait_for_job(job, "RUNNING")
    assert len(cloud.around.living) == 2
    began = time.monotonic()
    cloud.close()
    assert time.monotonic() - began < 60
    assert cloud.around.living == set()
    assert cloud.details(arn)[-1]["lastStatus"] == "STOPPED"

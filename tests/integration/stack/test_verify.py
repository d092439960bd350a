"""`jetbridge verify`: passes on a sound cloud, tells what fails, and leaves nothing behind."""

import signal
from collections.abc import Iterator
from pathlib import Path

import pytest
from verifying import SECONDS, Verifying, documented

from jetbridge_local.site.paths import in_repository
from jetbridge_local.verify import build, started

NO_DEFINITIONS = "arn:aws:ecs:us-east-1:000000000000:task-definition/others-*"


@pytest.fixture(scope="module")
def verifying(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Verifying]:
    paths = in_repository(tmp_path_factory.mktemp("local"))
    folder = tmp_path_factory.mktemp("reports")
    with started(paths) as cloud:
        build(paths, cloud)
        yield Verifying(cloud, paths, folder, folder / "said.txt")


def test_every_check_passes_and_nothing_is_left(verifying: Verifying) -> None:
    assert verifying.call("--list").wait(SECONDS) == 0
    # A row that is longer than the terminal continues in a line that begins with a space.
    rows = [line for line in verifying.log.read_text().splitlines()[1:] if line[:1].strip()]
    checks = [row.split()[0] for row in rows]
    process = verifying.begin("jbv-all")
    code = process.wait(SECONDS)
    report = verifying.report("jbv-all")
    failed = [(each["name"], each["reason"]) for each in report["results"] if each["reason"]]
    assert failed == []
    assert [each["name"] for each in report["results"]] == checks
    assert (code, report["verdict"], report["left"]) == (0, "passed", [])
    assert verifying.left("jbv-all") == []
    delays = {delay["what"]: delay["samples"] for delay in report["delays"]}
    assert delays["ECS: container's end → event"] >= 50
    assert delays["AWS Batch: container's end → event"] >= 3
    assert delays["line printed → seen in S3"] >= 10
    assert 0 < report["cost_estimated_usd"] <= report["cost_at_most_usd"] < 1
    assert verifying.actions() <= documented()
    # Asked for only where something still runs, or was logged, when all else is removed, where
    # there are more dead letters than those of the checks, and where a stack can't be made.
    rare = {
        "cloudformation:DescribeStackEvents",
        "ecs:StopTask",
        "logs:DeleteLogGroup",
        "sqs:ChangeMessageVisibility",
    }
    assert documented() - verifying.actions() <= rare
    assert verifying.actions("aws-sam-cli") == documented("sam deploy")
    assert "000000000000" not in (Path(verifying.log.parent) / "jbv-all.md").read_text()


@pytest.mark.parametrize(
    ("action", "code"),
    [
        ("dynamodb:GetItem", 1),
        pytest.param("cloudformation:CreateChangeSet", 3, marks=pytest.mark.nightly),
    ],
)
def test_a_missing_right_is_named_and_everything_is_removed(
    verifying: Verifying, action: str, code: int
) -> None:
    with verifying.without(action):
        process = verifying.begin("jbv-less", "--only", "ecs_success")
        assert process.wait(SECONDS) == code
    report = verifying.report("jbv-less")
    reasons = [each["reason"] for each in report["results"]] or [report["problem"]]
    assert f"not authorized to perform: {action}" in reasons[0]
    assert report["left"] == []
    assert verifying.left("jbv-less") == []


# What a failed check comes to, and a stack that can't be made, is proven without a cloud, too
# (tests/unit/cli/test_verify_running.py and test_verify_ends.py).
@pytest.mark.nightly
def test_what_is_wrong_with_a_stack_fails_the_checks_that_need_it(verifying: Verifying) -> None:
    """A Jetbridge that is not opened for the quickstart's task definitions."""
    process = verifying.begin(
        "jbv-shut",
        *("--only", "ecs_success", "--only", "batch_success"),
        *("--parameter", f"TaskDefinitionArns={NO_DEFINITIONS}"),
    )
    assert process.wait(SECONDS) == 1
    ecs, batch = verifying.report("jbv-shut")["results"]
    assert (ecs["verdict"], batch["verdict"]) == ("failed", "passed")
    assert "TaskDefinitionArns" in ecs["reason"]
    assert verifying.left("jbv-shut") == []


@pytest.mark.nightly
@pytest.mark.parametrize(
    ("parameter", "named"),
    [
        # CloudFormation refuses the first before it makes anything.
        ("Architecture=z80", "Architecture"),
        ("LiveLogGroupNames=/jbv/none", "LiveLogGroup1: "),
    ],
)
def test_a_stack_that_cant_be_made_ends_it_with_its_reason(
    verifying: Verifying, parameter: str, named: str
) -> None:
    process = verifying.begin("jbv-bad", "--parameter", parameter)
    assert process.wait(SECONDS) == 3
    report = verifying.report("jbv-bad")
    assert named in report["problem"]
    assert report["results"] == []
    assert verifying.left("jbv-bad") == []


@pytest.mark.parametrize(
    ("number", "moment"),
    [
        pytest.param(signal.SIGINT, "creating the stack jbv-stop\n", marks=pytest.mark.nightly),
        (signal.SIGINT, "in the middle of sam deploy"),
        pytest.param(signal.SIGTERM, "running 1 checks", marks=pytest.mark.nightly),
    ],
)
def test_an_interrupted_one_leaves_nothing(
    verifying: Verifying, number: signal.Signals, moment: str
) -> None:
    process = verifying.begin("jbv-stop", "--only", "timeout")
    if moment.startswith("in the middle"):
        verifying.wait(lambda: verifying.making("jbv-stop"), process, "a stack")
    else:
        verifying.wait_said(moment, process)
    if moment.startswith("running"):
        tasks = verifying.client("ecs").list_tasks
        verifying.wait(
            lambda: tasks(cluster="jbv-stop-quickstart")["taskArns"], process, "a container"
        )
    process.send_signal(number)
    assert process.wait(SECONDS) == 128 + number
    assert "interrupted" in verifying.report("jbv-stop")["problem"]
    assert verifying.left("jbv-stop") == []


@pytest.mark.nightly
def test_what_a_killed_one_leaves_is_removed_by_name(verifying: Verifying) -> None:
    process = verifying.begin("jbv-kill", "--only", "timeout")
    tasks = verifying.client("ecs").list_tasks
    verifying.wait_said("running 1 checks", process)
    verifying.wait(lambda: tasks(cluster="jbv-kill-quickstart")["taskArns"], process, "a container")
    process.kill()
    process.wait()
    assert verifying.left("jbv-kill") != []
    other = verifying.call("--remove", "jbv-none")
    assert other.wait(SECONDS) == 0
    assert "there are jbv-kill" in verifying.log.read_text()
    assert verifying.call("--remove", "jbv-kill").wait(SECONDS) == 0
    assert verifying.left("jbv-kill") == []

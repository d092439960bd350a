"""`jetbridge verify` as a process of its own, against a local cloud of its own."""

import json
import re
import subprocess
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from jetbridge_local.cloud import LocalCloud
from jetbridge_local.site.paths import Paths
from jetbridge_local.verify import command, environment
from jetbridge_local.waiting import looks

ROOT = Path(__file__).parents[3]
SECONDS = 420


USER = "verifier"


class Verifying:
    """Calls the command as a user who has only the documented rights; the checkout is built
    already."""

    def __init__(self, cloud: LocalCloud, paths: Paths, folder: Path, log: Path) -> None:
        self.cloud = cloud
        self._paths = paths
        self._folder = folder
        self.log = log
        self.client("iam").create_user(UserName=USER)
        self._allow(documented() | documented("sam deploy"))

    @contextmanager
    def without(self, action: str) -> Iterator[None]:
        """The user lacks one of the documented rights meanwhile."""
        everything = documented() | documented("sam deploy")
        self._allow(everything - {action})
        try:
            yield
        finally:
            self._allow(everything)

    def _allow(self, actions: set[str]) -> None:
        statement = {"Effect": "Allow", "Action": sorted(actions), "Resource": "*"}
        document = json.dumps({"Version": "2012-10-17", "Statement": [statement]})
        self.client("iam").put_user_policy(
            UserName=USER, PolicyName="documented", PolicyDocument=document
        )

    def begin(self, name: str, *options: str) -> subprocess.Popen[str]:
        return self._call([*command(self._paths, name, self._folder), *options])

    def call(self, *options: str) -> subprocess.Popen[str]:
        """Without deploying anything."""
        return self._call([*command(self._paths, "unused", self._folder)[:2], *options])

    def _call(self, arguments: list[str]) -> subprocess.Popen[str]:
        with self.log.open("w") as log:
            return subprocess.Popen(
                arguments,
                env=environment(self.cloud, USER),
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                text=True,
            )

    def report(self, name: str) -> dict[str, Any]:
        report: dict[str, Any] = json.loads((self._folder / f"{name}.json").read_text())
        return report

    def wait_said(self, text: str, process: subprocess.Popen[str]) -> None:
        """Until the command has said this."""
        self.wait(lambda: text in self.log.read_text(), process, text)

    def wait(self, look: Callable[[], object], process: subprocess.Popen[str], what: str) -> None:
        for _ in looks(SECONDS):
            if look():
                return
            assert process.poll() is None, f"it ended before {what}: {self.log.read_text()}"
        raise AssertionError(f"{what} didn't come: {self.log.read_text()}")

    def client(self, service: str) -> Any:
        return self.cloud.client(service)

    def actions(self, program: str = "jetbridge-cli") -> set[str]:
        """The IAM actions of all that the command itself asked for, or SAM (``aws-sam-cli``)."""
        own = [call for call in self.cloud.calls() if program in call["user_agent"]]
        return {action_of(call["service"], call["operation"]) for call in own}

    def making(self, stack: str) -> bool:
        """Whether CloudFormation has begun to make a stack. The local cloud may have finished it
        before this look: it needs about a second."""
        stacks = self.client("cloudformation").describe_stacks()["Stacks"]
        states = {each["StackName"]: each["StackStatus"] for each in stacks}
        return states.get(stack) in ("CREATE_IN_PROGRESS", "CREATE_COMPLETE")

    def left(self, name: str) -> list[str]:
        """Everything in the cloud that has the verification's name in its own."""
        return [each for each in self._everything() if name in each]

    def _everything(self) -> Iterator[str]:
        listed: list[tuple[str, str, str, str]] = [
            ("cloudformation", "describe_stacks", "Stacks", "StackName"),
            ("s3", "list_buckets", "Buckets", "Name"),
            ("lambda", "list_functions", "Functions", "FunctionName"),
            ("lambda", "list_layers", "Layers", "LayerName"),
            ("logs", "describe_log_groups", "logGroups", "logGroupName"),
            ("scheduler", "list_schedules", "Schedules", "Name"),
            ("events", "list_rules", "Rules", "Name"),
            ("iam", "list_roles", "Roles", "RoleName"),
            ("batch", "describe_job_queues", "jobQueues", "jobQueueName"),
            ("batch", "describe_compute_environments", "computeEnvironments", "serviceRole"),
            ("cloudwatch", "describe_alarms", "MetricAlarms", "AlarmName"),
            ("ec2", "describe_security_groups", "SecurityGroups", "GroupName"),
        ]
        for service, operation, key, field in listed:
            answer = getattr(self.client(service), operation)()
            yield from (f"{service} {each.get(field) or each}" for each in answer[key])
        yield from self.client("dynamodb").list_tables()["TableNames"]
        yield from self.client("sqs").list_queues().get("QueueUrls", [])
        yield from self.client("ecs").list_clusters()["clusterArns"]
        yield from self.client("ecs").list_task_definitions()["taskDefinitionArns"]


# Operations whose action has another name (AWS service authorization reference).
_ACTIONS = {
    "lambda:Invoke": "lambda:InvokeFunction",
    "lambda:InvokeAsync": "lambda:InvokeFunction",
    "s3:HeadObject": "s3:GetObject",
    "s3:DeleteObjects": "s3:DeleteObject",
    "s3:ListObjectsV2": "s3:ListBucket",
    "sqs:ChangeMessageVisibilityBatch": "sqs:ChangeMessageVisibility",
    "sqs:DeleteMessageBatch": "sqs:DeleteMessage",
}


def action_of(service: str, operation: str) -> str:
    name = f"{service}:{operation}"
    return _ACTIONS.get(name, name)


def documented(program: str = "verify") -> set[str]:
    """The actions that docs/reference/cli.md lists for the command itself, or ``sam deploy``."""
    text = (ROOT / "docs" / "reference" / "cli.md").read_text()
    table = text.partition(f"<!-- permissions of {program} -->")[2].partition("<!-- end")[0]
    rows = [re.findall(r"`([^`]+)`", line) for line in table.splitlines() if "`" in line]
    return {f"{service}:{action}" for service, *actions in rows for action in actions}

"""A small cloud around the engines: images in a folder, and records of what the engines sent."""

import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from jetbridge_local.engine import (
    BatchEngine,
    EcsEngine,
    EngineConfig,
    ImageMap,
    LogEvent,
    LogGroupMissing,
    SecretMissing,
)
from jetbridge_local.engine.models import check_answer, check_request
from jetbridge_local.limits import Limits

ACCOUNT = "123456789012"
REGION = "eu-west-1"
IMAGE = f"{ACCOUNT}.dkr.ecr.{REGION}.amazonaws.com/job:1"
# Tests look every few milliseconds, far more often than AWS lets anybody.
LOOKED_AT_ALL_THE_TIME = Limits(cluster_read_burst=1_000_000)
PATIENCE_SECONDS = 20.0


class Surroundings:
    """All the ports of the engines, in memory."""

    def __init__(self) -> None:
        self.events: list[dict[str, Any]] = []
        self.groups = {"/jobs"}
        self.streams: dict[tuple[str, str], list[LogEvent]] = {}
        self.secrets = {"arn:aws:secretsmanager:eu-west-1:123456789012:secret:password": "hidden"}
        self.living: set[int] = set()
        self.started_pids: list[int] = []
        self._lock = threading.Lock()

    def emit(self, event: dict[str, Any]) -> None:
        self.events.append(event)

    def ensure_stream(self, group: str, stream: str, create_group: bool) -> None:
        with self._lock:
            if create_group:
                self.groups.add(group)
            if group not in self.groups:
                raise LogGroupMissing(group)
            self.streams.setdefault((group, stream), [])

    def put(self, group: str, stream: str, events: list[LogEvent]) -> None:
        self.streams[group, stream] += events

    def value(self, value_from_arn: str) -> str:
        if value_from_arn not in self.secrets:
            raise SecretMissing("ResourceNotFoundException")
        return self.secrets[value_from_arn]

    def started(self, pid: int) -> None:
        self.started_pids.append(pid)
        self.living.add(pid)

    def ended(self, pid: int) -> None:
        self.living.remove(pid)

    def messages(self, group: str, stream: str) -> list[str]:
        return [event["message"] for event in self.streams[group, stream]]


class Cloud:
    """Both engines. Every call's parameters and answer are checked against botocore's models."""

    def __init__(self, root: Path, **settings: Any) -> None:
        folder = root / "image"
        folder.mkdir(exist_ok=True)
        (folder / "hello.sh").write_text("echo hello from the image\n")
        images = {
            IMAGE: {
                "folder": "image",
                "command": ["sh", "hello.sh"],
                "environment": {"FROM_IMAGE": "image", "OVERRIDDEN": "by image"},
            }
        }
        self.around = Surroundings()
        self.config = EngineConfig(
            account=ACCOUNT,
            region=REGION,
            state_dir=root / "state",
            image_map=ImageMap.parse(images, root),
            endpoint_url="http://127.0.0.1:4566",
            **{
                "step_seconds": 0.01,
                "log_flush_seconds": 0.01,
                "limits": LOOKED_AT_ALL_THE_TIME,
                **settings,
            },
        )
        ports = (self.around, self.around, self.around, self.around)
        ecs = EcsEngine(self.config, *ports)
        batch = BatchEngine(self.config, *ports, ecs=ecs.handle)
        self.engines = {"ecs": ecs, "batch": batch}

    def ecs(self, operation: str, **parameters: Any) -> dict[str, Any]:
        return self._call("ecs", operation, parameters)

    def batch(self, operation: str, **parameters: Any) -> dict[str, Any]:
        return self._call("batch", operation, parameters)

    def close(self) -> None:
        for engine in self.engines.values():
            engine.close()

    def wait(self, until: Callable[[], Any], what: str = "") -> Any:
        """The first true value of ``until``."""
        deadline = time.monotonic() + PATIENCE_SECONDS
        while time.monotonic() < deadline:
            if value := until():
                return value
            time.sleep(0.005)
        raise AssertionError(f"nothing within {PATIENCE_SECONDS} s: {what}")

    # ECS

    def define_task(self, family: str = "job", **members: Any) -> str:
        """Register a task definition of one container ``main``, or of ``containers``."""
        containers = members.pop("containers", [self.container(**members)])
        definition = self.ecs(
            "RegisterTaskDefinition",
            family=family,
            networkMode="awsvpc",
            requiresCompatibilities=["FARGATE"],
            cpu="256",
            memory="512",
            executionRoleArn=f"arn:aws:iam::{ACCOUNT}:role/execution",
            containerDefinitions=containers,
        )
        return str(definition["taskDefinition"]["taskDefinitionArn"])

    def container(self, script: str | None = None, **members: Any) -> dict[str, Any]:
        """A container definition that logs to ``/jobs`` and runs a shell script."""
        command = {} if script is None else {"command": ["sh", "-c", script]}
        return {
            "name": "main",
            "image": IMAGE,
            "logConfiguration": {
                "logDriver": "awslogs",
                "options": {
                    "awslogs-group": "/jobs",
                    "awslogs-region": REGION,
                    "awslogs-stream-prefix": "prefix",
                },
            },
            **command,
            **members,
        }

    def run_task(self, definition: str = "job", **parameters: Any) -> dict[str, Any]:
        """RunTask's whole answer."""
        defaults = {
            "launchType": "FARGATE",
            "networkConfiguration": {"awsvpcConfiguration": {"subnets": ["subnet-1"]}},
        }
        return self.ecs("RunTask", taskDefinition=definition, **{**defaults, **parameters})

    def start(self, script: str | None = None, **members: Any) -> str:
        """Define and run a task of one container; its ARN."""
        definition = self.define_task(script=script, **members)
        return str(self.run_task(definition)["tasks"][0]["taskArn"])

    def task(self, arn: str) -> dict[str, Any]:
        described = self.ecs("DescribeTasks", tasks=[arn])["tasks"]
        return dict(described[0])

    def wait_for_task(self, arn: str, status: str = "STOPPED") -> dict[str, Any]:
        self.wait(lambda: self.task(arn)["lastStatus"] == status, f"{arn} {status}")
        return self.task(arn)

    def task_log(self, arn: str, container: str = "main") -> list[str]:
        return self.around.messages("/jobs", f"prefix/{container}/{arn.rsplit('/', 1)[-1]}")

    # AWS Batch

    def define_job(self, name: str = "job", script: str | None = None, **members: Any) -> str:
        command = {} if script is None else {"command": ["sh", "-c", script]}
        container = {
            "image": IMAGE,
            "executionRoleArn": f"arn:aws:iam::{ACCOUNT}:role/execution",
            "resourceRequirements": [
                {"type": "VCPU", "value": "0.25"},
                {"type": "MEMORY", "value": "512"},
            ],
            **command,
            **members.pop("container", {}),
        }
        answer = self.batch(
            "RegisterJobDefinition",
            jobDefinitionName=name,
            type="container",
            platformCapabilities=["FARGATE"],
            containerProperties=container,
            **members,
        )
        return str(answer["jobDefinitionArn"])

    def submit(self, definition: str = "job", **parameters: Any) -> str:
        defaults = {"jobName": "a-job", "jobQueue": "queue"}
        answer = self.batch("SubmitJob", jobDefinition=definition, **{**defaults, **parameters})
        return str(answer["jobId"])

    def submit_script(self, script: str, **parameters: Any) -> str:
        return self.submit(self.define_job(script=script), **parameters)

    def job(self, job_id: str) -> dict[str, Any]:
        return dict(self.batch("DescribeJobs", jobs=[job_id])["jobs"][0])

    def wait_for_job(self, job_id: str, *statuses: str) -> dict[str, Any]:
        wanted = statuses or ("SUCCEEDED", "FAILED")
        self.wait(lambda: self.job(job_id)["status"] in wanted, f"{job_id} {wanted}")
        return self.job(job_id)

    def job_log(self, job: dict[str, Any]) -> list[str]:
        return self.around.messages("/aws/batch/job", job["container"]["logStreamName"])

    # events

    def details(self, resource: str) -> list[dict[str, Any]]:
        """The details of a task's or job's events so far."""
        return [e["detail"] for e in list(self.around.events) if e["resources"] == [resource]]

    def statuses(self, job_id: str) -> list[str]:
        """The states that a job's events told of, the last one included."""
        arn = self.job(job_id)["jobArn"]
        self.wait(
            lambda: (
                self.details(arn)[-1:]
                and self.details(arn)[-1]["status"] == self.job(job_id)["status"]
            )
        )
        return [detail["status"] for detail in self.details(arn)]

    def _call(self, service: Any, operation: str, parameters: dict[str, Any]) -> dict[str, Any]:
        check_request(service, operation, parameters)
        answer = self.engines[service].handle(operation, parameters)
        check_answer(service, operation, answer)
        return answer


@pytest.fixture
def make_cloud(tmp_path: Path) -> Iterator[Callable[..., Cloud]]:
    """Makes a cloud with the test's own settings. At the end, none of its processes may be left."""
    clouds: list[Cloud] = []

    def make(**settings: Any) -> Cloud:
        cloud = Cloud(tmp_path, **settings)
        cloud.ecs("CreateCluster")
        cloud.batch(
            "CreateComputeEnvironment",
            computeEnvironmentName="environment",
            type="MANAGED",
            computeResources={
                "type": "FARGATE",
                "maxvCpus": 4,
                "subnets": ["subnet-1"],
                "securityGroupIds": ["sg-1"],
            },
        )
        cloud.batch(
            "CreateJobQueue",
            jobQueueName="queue",
            priority=1,
            computeEnvironmentOrder=[{"order": 1, "computeEnvironment": "environment"}],
        )
        clouds.append(cloud)
        return cloud

    yield make
    for cloud in clouds:
        cloud.close()
        assert cloud.around.living == set()
        scratch = cloud.config.state_dir / "containers"
        assert not scratch.exists() or list(scratch.iterdir()) == []


@pytest.fixture
def cloud(make_cloud: Callable[..., Cloud]) -> Cloud:
    """A cloud with the cluster ``default``, the job queue ``queue`` and one image."""
    return make_cloud()

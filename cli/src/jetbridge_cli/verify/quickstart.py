"""The quickstart's containers, and the parameters for starting them."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

CONTAINER = "hello"
# The script of a container that runs until it is stopped. The first process of a container has no
# default action on SIGTERM (Linux manual page pid_namespaces(7)). So the script needs its own
# handler to end before SIGKILL.
WAITS = 'trap "exit 143" TERM; echo waiting; sleep {seconds} & wait'


@dataclass(frozen=True)
class Quickstart:
    """The outputs of the quickstart's stack (examples/quickstart/template.yaml)."""

    outputs: Mapping[str, str]

    @property
    def cluster(self) -> str:
        return self.outputs["ClusterName"]

    @property
    def queue(self) -> str:
        return self.outputs["JobQueueName"]

    @property
    def bucket(self) -> str:
        return self.outputs["BucketName"]

    @property
    def log_group(self) -> str:
        return self.outputs["LogGroupName"]

    @property
    def jetbridge_parameters(self) -> dict[str, str]:
        """Parameters of Jetbridge's template that allow this stack's containers."""
        return dict(each.split("=", 1) for each in self.outputs["JetbridgeParameters"].split())

    @property
    def shared(self) -> dict[str, str]:
        """Parameters of the quickstart's other templates."""
        names = ("SubnetIds", "SecurityGroupId")
        return {"QuickstartStack": self.cluster} | {name: self.outputs[name] for name in names}

    def task(self, script: str | None = None, definition: str | None = None) -> dict[str, Any]:
        """Parameters of RunTask. ``script`` is a shell script. None runs the container's own
        command."""
        parameters: dict[str, Any] = {
            "cluster": self.cluster,
            "taskDefinition": definition or self.outputs["TaskDefinition"],
            "launchType": "FARGATE",
            "networkConfiguration": {
                "awsvpcConfiguration": {
                    "subnets": self.outputs["SubnetIds"].split(","),
                    "securityGroups": [self.outputs["SecurityGroupId"]],
                    "assignPublicIp": self.outputs["AssignPublicIp"],
                }
            },
        }
        if script is not None:
            override = {"name": CONTAINER, "command": ["sh", "-c", script]}
            parameters["overrides"] = {"containerOverrides": [override]}
        return parameters

    def job(
        self,
        script: str | None = None,
        definition: str | None = None,
        queue: str | None = None,
        **parameters: Any,
    ) -> dict[str, Any]:
        """Parameters of SubmitJob, together with ``parameters``."""
        job: dict[str, Any] = {
            "jobName": "verify",
            "jobQueue": queue or self.queue,
            "jobDefinition": definition or self.outputs["JobDefinition"],
        }
        if script is not None:
            job["containerOverrides"] = {"command": ["sh", "-c", script]}
        return job | parameters

    @property
    def missing_image_task(self) -> dict[str, Any]:
        return self.task(definition=f"{self.cluster}-missing-image")

    @property
    def missing_image_job(self) -> dict[str, Any]:
        return self.job(definition=f"{self.cluster}-missing-image")

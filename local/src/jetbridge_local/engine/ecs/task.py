"""A task's record and its changes."""

import asyncio
import copy
import itertools
import time
import uuid
from typing import Any

from ..containers import TaskContainer
from ..events import milliseconds

_sequence = itertools.count()


class Task:
    """One task. ``record`` is the API's Task, with times in seconds since the epoch.

    Only the engine changes the record, with its lock held. ``sequence`` grows from task to task.
    ``has_insights``: its cluster had Container Insights on when the task was run.
    """

    def __init__(
        self,
        record: dict[str, Any],
        tags: list[dict[str, Any]],
        containers: list[TaskContainer],
        *,
        has_insights: bool = False,
    ) -> None:
        self.sequence = next(_sequence)
        self.record = record
        self.tags = tags
        self.containers = containers
        self.has_insights = has_insights
        self.stop_requested = asyncio.Event()

    @property
    def arn(self) -> str:
        return str(self.record["taskArn"])

    @property
    def is_stopped(self) -> bool:
        return bool(self.record["lastStatus"] == "STOPPED")

    @property
    def is_stopping(self) -> bool:
        return bool(self.record["desiredStatus"] == "STOPPED")

    def describe(self, with_tags: bool = False) -> dict[str, Any]:
        """A copy of the record with what events leave out: the tags, if requested, and the health,
        which is unknown because no health checks run."""
        record = copy.deepcopy(self.record)
        for part in (record, *record["containers"]):
            part["healthStatus"] = "UNKNOWN"
        return record | {"tags": list(self.tags) if with_tags else []}

    def change(self, **members: Any) -> None:
        """Set several members of the record as one change, which raises ``version`` by one."""
        self.record |= members
        self.record["version"] += 1

    def stop(self, stop_code: str, reason: str) -> bool:
        """Request the task's stop. Returns False if it was requested before: the first reason
        stays."""
        if self.is_stopping:
            return False
        self.change(
            desiredStatus="STOPPED",
            stopCode=stop_code,
            stoppedReason=reason,
            stoppingAt=time.time(),
        )
        return True

    def insights_facts(self) -> dict[str, Any]:
        """What Container Insights reports about the task, apart from its use of CPU and memory."""
        record = self.record
        definition = record["taskDefinitionArn"].rsplit("/", 1)[-1]
        family, _, revision = definition.partition(":")
        _, _, _, region, account, *_ = self.arn.split(":")
        times = {
            member[0].upper() + member[1:]: milliseconds(record[member])
            for member in ("pullStartedAt", "pullStoppedAt", "createdAt", "startedAt")
        }
        return {
            "TaskDefinitionFamily": family,
            "TaskDefinitionRevision": revision,
            "AccountID": account,
            "Region": region,
            "AvailabilityZone": record["availabilityZone"],
            "KnownStatus": "RUNNING",
            "LaunchType": record["launchType"],
            **times,
            "CpuReserved": float(record["cpu"]),
            "MemoryReserved": int(record["memory"]),
        }

    def container(self, name: str) -> dict[str, Any]:
        """The record of one of its containers."""
        return next(c for c in self.record["containers"] if c["name"] == name)

    def set_attachments(self, status: str) -> None:
        for attachment in self.record["attachments"]:
            attachment["status"] = status

    def attach_network(self, address: str, mac_address: str) -> None:
        """Give the elastic network interface its subnet, and the containers their address."""
        for attachment in self.record["attachments"]:
            attachment["details"] += [
                {"name": "networkInterfaceId", "value": f"eni-{uuid.uuid4().hex[:17]}"},
                {"name": "macAddress", "value": mac_address},
                {"name": "privateDnsName", "value": self._dns_name(address)},
                {"name": "privateIPv4Address", "value": address},
            ]
            for container in self.record["containers"]:
                container["networkInterfaces"] = [
                    {"attachmentId": attachment["id"], "privateIpv4Address": address}
                ]

    def _dns_name(self, address: str) -> str:
        region = self.arn.split(":")[3]
        domain = "ec2" if region == "us-east-1" else f"{region}.compute"
        return f"ip-{address.replace('.', '-')}.{domain}.internal"

"""Environments that exceed AWS's limits are kept in S3 instead.

The container finds ``JETBRIDGE_ENVIRONMENT_S3=s3://<bucket>/<key>``: a JSON object of names and
values. The key depends only on the run id and the content. So a repeated launch has the same
parameters, and a repeated request with other content can't change what a run reads.
"""

import copy
import hashlib
from typing import Any

import msgspec
from msgspec import Struct

from jetbridge.admission.containers import containers
from jetbridge.admission.environments_port import Environments
from jetbridge.admission.shapes import Field

VARIABLE = "JETBRIDGE_ENVIRONMENT_S3"
PARAMETER = "OffloadBucket"


class Offloaded(Struct, frozen=True):
    """Parameters with references in them, and the objects to write, by key."""

    parameters: dict[str, Any]
    objects: dict[str, bytes]


class Offload(Struct, frozen=True):
    """The bucket and prefix of the stack's parameters."""

    store: Environments
    bucket: str
    prefix: str = ""

    def apply(self, field: Field, parameters: dict[str, Any], run_id: str) -> Offloaded:
        """Every container's environment as a reference; nothing is written yet."""
        rewritten = copy.deepcopy(parameters)
        objects: dict[str, bytes] = {}
        for container in containers(field, rewritten):
            if not container.environment:
                continue
            variables = {pair["name"]: pair.get("value", "") for pair in container.environment}
            content = msgspec.json.encode(variables, order="deterministic")
            key = f"{self.prefix}{run_id}/{hashlib.sha256(content).hexdigest()[:16]}.json"
            objects[key] = content
            reference = {"name": VARIABLE, "value": f"s3://{self.bucket}/{key}"}
            container.overrides[container.environment_key] = [reference]
        return Offloaded(rewritten, objects)

    def write(self, objects: dict[str, bytes]) -> None:
        for key, content in objects.items():
            self.store.put(self.bucket, key, content)

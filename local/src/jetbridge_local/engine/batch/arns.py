"""AWS Batch's resource names."""

import re
from dataclasses import dataclass

from .errors import request_error

_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]{0,127}")


@dataclass(frozen=True)
class Arns:
    """Makes the ARNs of one account and region."""

    account: str
    region: str

    def job(self, job_id: str) -> str:
        return self._arn("batch", f"job/{job_id}")

    def definition(self, name: str, revision: int) -> str:
        return self._arn("batch", f"job-definition/{name}:{revision}")

    def queue(self, name: str) -> str:
        return self._arn("batch", f"job-queue/{name}")

    def environment(self, name: str) -> str:
        return self._arn("batch", f"compute-environment/{name}")

    def cluster(self, environment: str) -> str:
        return self._arn("ecs", f"cluster/AWSBatch-{environment}")

    def task(self, environment: str, task_id: str) -> str:
        return self._arn("ecs", f"task/AWSBatch-{environment}/{task_id}")

    def _arn(self, service: str, resource: str) -> str:
        return f"arn:aws:{service}:{self.region}:{self.account}:{resource}"


def check_name(name: str, what: str) -> None:
    """Raises AwsError unless the name has 1 to 128 letters, digits, hyphens and underscores and
    begins with a letter or digit."""
    if not _NAME.fullmatch(name):
        raise request_error(f"{what} should match valid pattern")

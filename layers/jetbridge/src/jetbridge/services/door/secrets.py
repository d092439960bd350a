"""Environment values that look like secrets: they would stand in the clear in AWS's events."""

import re
from collections.abc import Iterable

from jetbridge.services.door.containers import Container

_SECRET_NAME = re.compile(
    r"(^|[_.-])(pass(word|wd|phrase)?|pwd|secrets?|token|api_?key|(access|private|secret)_?key|"
    r"credentials?|connection_?string)$",
    re.IGNORECASE,
)
_SECRET_VALUE = re.compile(
    r"\b(AKIA|ASIA)[A-Z0-9]{16}\b"  # IAM user guide, "IAM identifiers": access key ids
    r"|-----BEGIN [A-Z ]*PRIVATE KEY-----"
    r"|\bgh[pousr]_[A-Za-z0-9]{36}"
    r"|\bxox[abprs]-[A-Za-z0-9-]{10,}"
    r"|\beyJ[A-Za-z0-9_-]{8,}\.eyJ[A-Za-z0-9_-]{8,}\.[A-Za-z0-9_-]+"
    r"|://[^/\s:@]+:[^/\s@]+@"
)
# Where a secret is kept, not the secret itself.
_REFERENCE = re.compile(r"arn:[a-z-]+:(secretsmanager|ssm):|\{\{resolve:|file://|s3://")


def warnings(found: Iterable[Container]) -> list[str]:
    """One sentence for each variable that looks like a secret; it never has the value."""
    return [
        f"{container.environment_path}: {pair['name']} looks like a secret. It stands in the "
        "clear in ECS's or Batch's events and records: use the definition's secrets instead"
        for container in found
        for pair in container.environment
        if _looks_secret(pair["name"], pair.get("value", ""))
    ]


def _looks_secret(name: str, value: str) -> bool:
    if not value or _REFERENCE.match(value):
        return False
    return bool(_SECRET_NAME.search(name) or _SECRET_VALUE.search(value))

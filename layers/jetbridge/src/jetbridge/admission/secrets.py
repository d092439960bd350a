"""Environment values that look like secrets. AWS's events would show them to everyone who may read
events."""

import re
from collections.abc import Iterable

from jetbridge.admission.containers import Container
from jetbridge.secrets.forms import has_secret_form
from jetbridge.secrets.names import names_a_secret

# Where a secret is kept, not the secret itself.
_REFERENCE = re.compile(r"arn:[a-z-]+:(secretsmanager|ssm):|\{\{resolve:|file://|s3://")


def warnings(found: Iterable[Container]) -> list[str]:
    """One sentence for each variable that looks like a secret; it never has the value."""
    return [
        f"{container.environment_path}: {pair['name']} looks like a secret. Anybody who may "
        "read ECS's or Batch's events can see it: use the definition's secrets instead"
        for container in found
        for pair in container.environment
        if _looks_secret(pair["name"], pair.get("value", ""))
    ]


def _looks_secret(name: str, value: str) -> bool:
    if not value or _REFERENCE.match(value):
        return False
    return names_a_secret(name) or has_secret_form(value)

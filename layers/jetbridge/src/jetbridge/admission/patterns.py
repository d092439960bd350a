"""ARNs with wildcards, as the stack's parameters list what may be used."""

import re
from functools import cache

ARN_PARTS = 6


def has_wildcards(pattern: str) -> bool:
    return "*" in pattern or "?" in pattern


def matches(pattern: str, arn: str) -> bool:
    """Whether an ARN is one of those that a pattern names, as IAM reads it.

    ``*`` and ``?`` stay within a part between colons; the last part, the resource's name, may
    have colons itself (IAM user guide, "IAM JSON policy elements: Resource").
    """
    if pattern == "*":
        return True
    wanted, given = pattern.split(":", ARN_PARTS - 1), arn.split(":", ARN_PARTS - 1)
    return len(wanted) == len(given) and all(
        _glob(part).fullmatch(value) for part, value in zip(wanted, given, strict=True)
    )


@cache
def _glob(pattern: str) -> re.Pattern[str]:
    wildcards = {"*": ".*", "?": "."}
    pattern = "".join(wildcards.get(char) or re.escape(char) for char in pattern)
    return re.compile(pattern, re.DOTALL)

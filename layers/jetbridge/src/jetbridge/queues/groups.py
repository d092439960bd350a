"""Which launches share SQS's message group. Groups don't hold up each other."""

import hashlib
import re

from jetbridge.contract import (
    AirflowCaller,
    Caller,
    EventCaller,
    PersonCaller,
    ScheduleCaller,
)

LONGEST = 128
"""``MessageGroupId``: up to 128 alphanumeric and punctuation characters (Amazon SQS API reference,
SendMessage)."""
_NOT_IN_GROUPS = re.compile(r"[^!-~]")
_DIGEST = 16


def message_group(caller: Caller) -> str:
    """The message group for a caller's launches. A DAG, a schedule and a rule each have a group;
    all persons share one.

    The kind of caller, and an Airflow's name, come first. So nobody can choose a name that puts
    them in the group of another kind or slows that group down. A person's name can be any text. If
    each name had its own group, a person could pass everyone who waits by using a new name for each
    run.
    """
    match caller:
        case AirflowCaller():
            return _group(f"airflow/{caller.airflow_name}/{caller.dag_id}")
        case ScheduleCaller():
            return _group(f"schedule/{caller.schedule_arn.rpartition('/')[2]}")
        case EventCaller():
            return _group(f"event/{caller.rule.rpartition('/')[2]}")
        case PersonCaller():
            return "person"


def _group(name: str) -> str:
    """The name as SQS accepts it. A name that has to be changed or cut still differs from all
    others."""
    plain = _NOT_IN_GROUPS.sub("-", name)
    if plain == name and len(name) <= LONGEST:
        return name
    digest = hashlib.sha256(name.encode(errors="replace")).hexdigest()[:_DIGEST]
    return f"{plain[: LONGEST - _DIGEST - 1]}-{digest}"

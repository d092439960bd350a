"""With whose launches a launch waits: SQS's message groups, which don't hold back each other."""

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
    """The group of a caller's launches: its DAG's, its schedule's, its rule's or all persons'.

    The kind, and an Airflow's name, come first, so that nobody waits among another kind's launches
    or slows them down by a name that they choose. A person's name is any text, so persons share
    one group: with a group for each name, a new name for each run would pass all that wait.
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
    """The name as SQS takes it; one that has to be changed or cut stays unlike every other."""
    plain = _NOT_IN_GROUPS.sub("-", name)
    if plain == name and len(name) <= LONGEST:
        return name
    digest = hashlib.sha256(name.encode(errors="replace")).hexdigest()[:_DIGEST]
    return f"{plain[: LONGEST - _DIGEST - 1]}-{digest}"

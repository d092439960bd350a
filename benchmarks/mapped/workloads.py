"""How long each task held a worker, as the executor's own log has it."""

import re
from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

_FINISHED = "Workload finished"
_FIELD = re.compile(r"\b(workload_id|duration|exit_code)=['\"]?([\w.\-]+)")


@dataclass(frozen=True, kw_only=True)
class Workload:
    """One process of a task: ``seconds`` from its start until its log was uploaded."""

    seconds: float
    exit_code: int


def workloads(lines: Iterable[str]) -> Mapping[str, list[Workload]]:
    """By task instance id without dashes, in their order (task-sdk, supervisor.py)."""
    found: dict[str, list[Workload]] = defaultdict(list)
    for line in lines:
        if _FINISHED not in line:
            continue
        fields = dict(_FIELD.findall(line))
        if fields.keys() >= {"workload_id", "duration", "exit_code"}:
            found[fields["workload_id"].replace("-", "")].append(
                Workload(seconds=float(fields["duration"]), exit_code=int(fields["exit_code"]))
            )
    return found

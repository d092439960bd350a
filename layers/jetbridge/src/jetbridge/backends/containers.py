"""What both backends' records say of containers: their logs and how they ended."""

import re
from collections.abc import Iterable

from jetbridge.aws.records import (
    LOG_NAMES_BYTES,
    MOST_CONTAINERS,
    MOST_INTEGER,
    MOST_LOG_NAMES,
    Fields,
)
from jetbridge.runs.reports import ContainerEnd, LogName

_LOST = re.compile(r"(?:ContainerStatusUnknown|Unknown)(?=:|$)")


def named_logs(names: Iterable[LogName]) -> list[LogName]:
    """The names that say both container and stream. If a row has no room for all, the last ones."""
    kept: list[LogName] = []
    room = LOG_NAMES_BYTES
    for each in reversed([each for each in names if each.container and each.name]):
        room -= len(each.container.encode()) + len(each.name.encode())
        if room < 0 or len(kept) == MOST_LOG_NAMES:
            break
        kept.append(each)
    return kept[::-1]


def container_ends(containers: Iterable[tuple[str, Fields]]) -> list[ContainerEnd]:
    """How the containers ended. A container whose record can't be read is kept without an exit
    code: if it were left out, the others might look like a success."""
    ends = [
        ContainerEnd(
            name=name,
            exit_code=_exit_code(container),
            reason=container.words("reason"),
        )
        for name, container in containers
    ]
    if len(ends) > MOST_CONTAINERS:
        # Failed containers come first: if some have to be left out, it is the others.
        ends.sort(key=lambda end: end.exit_code == 0)
    return ends[:MOST_CONTAINERS]


def _exit_code(container: Fields) -> int | None:
    """The container's exit code, if it has one. Of a container that it has lost, the kubelet says
    137 with ContainerStatusUnknown, and containerd says 255 with Unknown (kubernetes/kubernetes,
    pkg/kubelet/kubelet_pods.go; containerd, internal/cri/server/restart.go)."""
    if _LOST.match(container.words("reason")):
        return None
    return container.integer("exitCode", -MOST_INTEGER - 1)

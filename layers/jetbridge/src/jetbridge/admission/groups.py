"""Whether the stack knows a request's concurrency group."""

from collections.abc import Mapping

from jetbridge.contract import ContractError, StartRequest

PARAMETER = "ConcurrencyGroups"


def check_group(request: StartRequest, limits: Mapping[str, int]) -> None:
    """Refuse a group that has no limit: every run of it would start at once.

    Raises:
        ContractError
    """
    group = request.concurrency_group
    if group is None or group in limits:
        return
    known = f"Name one of {', '.join(sorted(limits))}" if limits else "Leave it out"
    raise ContractError(
        "concurrency_group",
        f"is {group!r}, which has no limit in the stack",
        f"{known}, or give the stack's {PARAMETER} a limit for it",
    )

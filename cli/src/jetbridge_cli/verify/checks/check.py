"""The type of a check."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

from jetbridge_cli.verify.bench import Bench


@dataclass(frozen=True)
class Check:
    """A property that is proven in an account.

    Attributes:
        name: its name in the report and for ``--only``.
        proves: one sentence.
        rows: the rows of docs/reference/verified.md that it proves, named by their first column.
        run: makes the check. It notes results with ``bench.note``. It raises CheckFailed, Late or
            Refused if a result is wrong, and Skipped if it can't prove anything.
        seconds: how long it may take on AWS.
        containers: the most containers that it starts, each with 0.25 vCPU and 0.5 GB.
        container_seconds: the longest time that each of them runs.
        alone: it disturbs other checks, so it runs after them.
        needs: what it needs besides the quickstart and Jetbridge. This is made only if a check
            needs it.
    """

    name: str
    proves: str
    rows: tuple[str, ...]
    run: Callable[[Bench], None]
    seconds: float = 600
    containers: int = 1
    container_seconds: float = 120
    alone: bool = False
    needs: Literal["nothing", "starts", "second"] = "nothing"

"""What a check is."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

from jetbridge_cli.verify.bench import Bench


@dataclass(frozen=True)
class Check:
    """One thing that is proven of an account.

    Attributes:
        name: what it is called in the report and by ``--only``.
        proves: one sentence.
        rows: the rows of docs/reference/verified.md that it proves, by the text of their first
            column.
        run: does it. It notes what it sees with ``bench.note``; it raises CheckFailed, Late or
            Refused if that isn't as it has to be, Skipped if it can't tell.
        seconds: how long it may take on AWS.
        containers: how many containers it starts at most; 0.25 vCPU and 0.5 GB each.
        container_seconds: how long each of them lives at most.
        alone: it disturbs others, so it runs after them.
        needs: what it needs beside the quickstart and Jetbridge, and isn't made for others.
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

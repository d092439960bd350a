"""What the example DAG has to show."""

from collections.abc import Mapping
from dataclasses import dataclass

DAG_ID = "jetbridge_example"


@dataclass(frozen=True)
class Expected:
    """What one task must end with: its state, its tries, and texts in the log of its last try.

    ``container`` says whether a container's log belongs into each try's log.
    """

    state: str = "success"
    tries: int = 1
    container: bool = True
    texts: tuple[str, ...] = ()


EXPECTED: Mapping[str, Expected] = {
    "ecs_report": Expected(texts=("line 1 of 5", "line 5 of 5")),
    "batch_report": Expected(texts=("line 1 of 5", "line 5 of 5")),
    "flaky": Expected(tries=2, texts=("this is try 2",)),
    "broken": Expected(state="failed", texts=("exited with 7", "no such table: sales")),
    "use_result": Expected(container=False, texts=("500 rows on",)),
}

"""What a DynamoDB request consumes, handed from the table to the request's recorder."""

from contextvars import ContextVar
from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True)
class Consumed:
    """The units of one item that was written, or of one read.

    Units are those of on-demand tables (Amazon DynamoDB developer guide, "DynamoDB on-demand
    capacity mode"): a write unit is 1 KB, a read unit 4 KB.

    Attributes:
        table: its name.
        writes: 1 if an item was written, or the attempt failed its condition; else 0.
        write_units: of the table.
        index_write_units: of all its global secondary indexes.
        read_units: of the table or the index that was read.
    """

    table: str
    writes: int = 0
    write_units: float = 0.0
    index_write_units: float = 0.0
    read_units: float = 0.0


requested: ContextVar[list[Consumed] | None] = ContextVar("jetbridge_consumed", default=None)
"""The list that gets the units of the current request; None: they aren't recorded."""


def note(consumed: Consumed) -> None:
    """Add to the units of the current request."""
    noted = requested.get()
    if noted is not None:
        noted.append(consumed)

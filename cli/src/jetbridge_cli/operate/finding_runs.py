"""Finds a run by its id."""

import difflib

from msgspec.structs import replace

from jetbridge.contract import PersonCaller, StartRequest
from jetbridge_cli.operate.record import Record
from jetbridge_cli.operate.tables import Tables
from jetbridge_cli.problems import Problem


def known(tables: Tables, run_id: str) -> Record:
    """The run. If the try with this run id took over an earlier try's run, that run.

    Raises: Problem
    """
    record = tables.get(run_id)
    if record is not None and record.row is not None and record.row.attached_to:
        record = tables.get(record.row.attached_to) or record
    if record is None:
        raise Problem(
            f"{run_id!r}: there is no such run: it was never started in this stack, or is older "
            f"than its tables keep (30 days); {_hint(tables, run_id)}"
        )
    return record


def _hint(tables: Tables, run_id: str) -> str:
    """A run id of which this may be a part or a misspelling, or how to find one."""
    known_ids = list(tables.newest_ids())
    begin = [each for each in known_ids if run_id and each.startswith(run_id.lower())]
    close = begin[:1] or difflib.get_close_matches(run_id.lower(), known_ids, n=1, cutoff=0.8)
    return f"did you mean {close[0]}?" if close else "`jetbridge runs` lists ids"


def request_again(record: Record, by: str, key: str) -> StartRequest:
    """The same request again, under a new key and with a person as the caller.

    Fields for an Airflow task are left out: its log target, and how to finish it.

    Raises:
        Problem: the run's row, which contains the request, is gone or can't be read.
    """
    if record.row is None:
        raise Problem(
            f"{record.run_id!r}: its request is gone (rows are kept for 30 days), or can't be "
            f"read: {record.problem or 'start a new one with jetbridge run'}"
        )
    return replace(
        record.row.request,
        caller=PersonCaller(by),
        idempotency_key=key,
        log_target=None,
        finish=None,
        airflow="default",
    )

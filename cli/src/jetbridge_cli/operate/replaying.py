"""``jetbridge show --replay``: replays a finished run's history through the current code."""

import json
from typing import Any

import typer

from jetbridge.outcomes.replay import Replay, replayed
from jetbridge_cli.operate.record import Record
from jetbridge_cli.options import Output
from jetbridge_cli.problems import Problem
from jetbridge_cli.tables import write_table
from jetbridge_cli.writing import counted, say, write, write_json, write_prose

DIFFERENT = 3


def replay_of(record: Record) -> Replay:
    """Replay the run. Raises Problem if there is no history."""
    if record.outcome is None:
        raise Problem(
            f"--replay: {record.run_id} has no outcome that can be read ({record.state}): only a "
            f"finished run can be replayed. {record.problem}".rstrip()
        )
    if record.row is None:
        raise Problem(
            f"--replay: the row of {record.run_id} is gone (rows are kept for 30 days), or "
            f"can't be read. {record.problem}".rstrip()
        )
    return replayed(record.row, record.outcome)


def show_replay(record: Record, output: Output) -> None:
    """Raises: Exit with 3 if a decision differs, Problem"""
    found = replay_of(record)
    if output is Output.JSON:
        write_json(_as_json(found))
    else:
        _write(found)
    if found.differences:
        raise typer.Exit(DIFFERENT)


def _as_json(found: Replay) -> dict[str, Any]:
    return {
        "stored_policy": found.stored_policy,
        "policy": found.policy,
        "decisions": [
            {
                "what": each.what,
                "stored": each.stored,
                "today": each.today,
                "differs": each.differs,
            }
            for each in found.decisions
        ],
        "unplayed": found.unplayed,
    }


def _write(found: Replay) -> None:
    differences = found.differences
    write_prose(
        f"{counted(len(found.decisions), 'decision')} played with version {found.policy} of the "
        f"table of causes; the outcome was judged by version {found.stored_policy}. "
        f"{len(differences) or 'None'} {'differs' if len(differences) == 1 else 'differ'}."
    )
    if differences:
        write()
        rows = [[each.what, _text(each.stored), _text(each.today)] for each in differences]
        write_table(["decision", "stored", "today"], rows)
    for each in found.unplayed:
        say(f"not played: {each}")


def _text(value: Any) -> str:
    return value if isinstance(value, str) else json.dumps(value)

"""``jetbridge show``: the whole story of one run."""

import itertools
import json
from typing import Annotated, Any

import typer

from jetbridge.contract import to_builtins
from jetbridge_cli.aws import Aws
from jetbridge_cli.operate.finding_runs import known
from jetbridge_cli.operate.following import in_words
from jetbridge_cli.operate.log_lines import places_of
from jetbridge_cli.operate.pricing import Sum
from jetbridge_cli.operate.record import Record, caller_text
from jetbridge_cli.operate.replaying import show_replay
from jetbridge_cli.operate.story import Moment, moments_of
from jetbridge_cli.operate.tables import Tables
from jetbridge_cli.options import (
    Endpoint,
    Output,
    OutputFormat,
    Profile,
    Region,
    RunArgument,
    StackName,
)
from jetbridge_cli.problems import reported
from jetbridge_cli.redaction import redacted
from jetbridge_cli.sizing.groups import Sizing, sized_json, sizing_of_run
from jetbridge_cli.stack import Stack
from jetbridge_cli.tables import write_table
from jetbridge_cli.writing import moment, write, write_facts, write_json, write_prose, write_source


def show(
    run_id: RunArgument,
    stack: StackName = "jetbridge",
    replay: Annotated[
        bool,
        typer.Option(
            "--replay",
            help="Replay its stored history with this command's version, and show which decisions "
            "differ.",
        ),
    ] = False,
    region: Region = None,
    profile: Profile = None,
    endpoint: Endpoint = None,
    output: OutputFormat = Output.TABLE,
) -> None:
    """Show one run: its request, its events with their times, how it ended and where its log is.

    Doesn't show the values of container environments. With --replay, the exit code is 3 if a
    decision differs.
    """
    with reported():
        tables = Tables.of(Stack(Aws(profile, region, endpoint), stack))
        record = known(tables, run_id)
        if replay:
            show_replay(record, output)
            return
        places, notes = places_of(tables.aws, record, tables.aws.dynamodb.meta.region_name)
        story = moments_of(record)
        sizing = sizing_of_run(tables, record)
        if output is Output.JSON:
            write_json(_as_json(record, story, places, notes) | {"sizing": _sizing_json(sizing)})
            return
        _write_facts(record, sizing)
        _write_story(story)
        _write_end(record)
        if places:
            write("\nLog")
            rows = [
                [
                    place.member or place.stream.container,
                    str(place.launch),
                    str(place.stream.attempt),
                    place.stream.group,
                    place.stream.stream,
                ]
                for place in places
            ]
            headings = ["container", "launch", "attempt", "log group", "stream"]
            write_table(headings, rows, ["launch", "attempt"], ["log group", "stream"])
        for note in notes:
            write_prose(note)
        if record.row is not None:
            write("\nRequest")
            request = redacted(to_builtins(record.row.request))
            given = {name: value for name, value in request.items() if value not in (None, [], {})}
            write_source(_json(given))


def _json(value: Any) -> str:
    return json.dumps(value, indent=2)


def _as_json(record: Record, story: list[Moment], places: Any, notes: list[str]) -> dict[str, Any]:
    row = record.row
    return record.as_json() | {
        "said": in_words(record),
        "request": redacted(to_builtins(row.request)) if row else None,
        "story": [{"at": each.at, "what": each.what} for each in story],
        "deaths": [to_builtins(death) for death in (row.deaths if row else [])],
        "log": [
            to_builtins(place.stream) | {"launch": place.launch, "member": place.member}
            for place in places
        ],
        "log_notes": notes,
        "outcome": to_builtins(record.outcome) if record.outcome else None,
    }


def _sizing_json(sizing: Sizing | None) -> Any:
    """Sizing as JSON. None if the run isn't finished or didn't run on Fargate."""
    if sizing is None:
        return None
    return {"advice": [sized_json(each) for each in sizing.advice], "notes": sizing.notes}


def _write_facts(record: Record, sizing: Sizing | None) -> None:
    row, outcome = record.row, record.outcome
    backend_id = outcome.backend_id if outcome else row.backend_id if row else None
    write_facts(
        {
            "run": record.run_id,
            "state": in_words(record),
            "asked for by": caller_text(record.caller),
            "definition": record.definition,
            "place": row.place
            if row
            else (outcome.cluster or outcome.job_queue or "")
            if outcome
            else "",
            "in AWS": backend_id or "",
            "launches": str(outcome.launches if outcome else row.launch if row else ""),
            "containers cost": _cost(record),
            "size": "; ".join([str(each.advice) for each in sizing.advice] + sizing.notes)
            if sizing
            else "",
            "stopped by": outcome.stopped_by if outcome else "",
            "waited for by": ", ".join(
                caller_text(each.caller) for each in (row.watchers if row else [])
            ),
            "problem": record.problem,
        }
    )


def _cost(record: Record) -> str:
    """The cost of all launches. "" before the end, or if AWS's records don't say."""
    if record.outcome is None:
        return ""
    found = Sum()
    found.add(record.outcome)
    if found.on_instances:
        return "on instances: AWS bills them, and not the run"
    if found.unknown or not found.total:
        return ""
    again = f", ${found.replaced:.5f} of it for replaced launches" if found.replaced else ""
    spot = " at most, since it ran on Spot" if found.on_spot else ""
    return f"${found.total:.5f}{spot}{again} (list price of us-east-1)"


def _write_story(story: list[Moment]) -> None:
    if not story:
        return
    write("\nWhat happened")
    pairs = itertools.pairwise([story[0], *story])
    rows = [
        [moment(each.at), f"+{each.at - earlier.at:.1f} s", each.what] for earlier, each in pairs
    ]
    write_table(["time", "after", "what"], rows, ["after"], ["time"])


def _write_end(record: Record) -> None:
    outcome = record.outcome
    if outcome is None:
        return
    if outcome.last_lines:
        write("\nLast lines")
        for line in outcome.last_lines:
            write(f"  {line}")
    if outcome.result is not None:
        write("\nResult")
        write_source(_json(outcome.result))

"""``jetbridge replay``."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Annotated, Any

import typer
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

from jetbridge_cli.aws import Aws
from jetbridge_cli.options import Endpoint, Output, OutputFormat, Profile, Region, StackName
from jetbridge_cli.problems import reported
from jetbridge_cli.receiving import Reader
from jetbridge_cli.replay import Replayed, Selection, to_hold
from jetbridge_cli.replay import replay as replay_queue
from jetbridge_cli.stack import DeadLetterQueue, Stack, holding
from jetbridge_cli.tables import write_table
from jetbridge_cli.writing import counted, errors, say, write, write_json

SOME_LEFT = 3
_REASONS_SHOWN = 5

Results = list[tuple[DeadLetterQueue, Replayed]]


def replay(
    queues: Annotated[
        list[str] | None,
        typer.Argument(metavar="QUEUE", help="Dead-letter queues, by their names in the template."),
    ] = None,
    stack: StackName = "jetbridge",
    region: Region = None,
    profile: Profile = None,
    endpoint: Endpoint = None,
    limit: Annotated[
        int | None,
        typer.Option(min=1, help="The most messages to send back, from all queues together."),
    ] = None,
    run_id: Annotated[
        list[str] | None, typer.Option(help="Only messages about this run; repeatable.")
    ] = None,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Only say what would be sent back.")
    ] = False,
    output: OutputFormat = Output.TABLE,
) -> None:
    """Send dead letters back to where they were given up.

    Fix the cause first. A message is deleted only after it was sent, and every step of Jetbridge
    may be repeated. So after an interruption, call the command again. Exit code 0: all selected
    messages were sent back, or there were none. 3: some could not be sent back. 1: an error.
    """
    with reported():
        found = Stack(Aws(profile, region, endpoint), stack)
        named = found.named(queues or [])
        chosen = named if queues else holding(named)
        results = _replay(found.aws, chosen, frozenset(run_id or []), limit, dry_run)
        if output is Output.JSON:
            write_json(_as_json(stack, results, dry_run))
        else:
            _write_tables(results, dry_run)
        for each, result in results:
            _write_troubles(each, result)
        if not all(result.complete for _, result in results):
            raise typer.Exit(SOME_LEFT)


def _replay(
    aws: Aws,
    queues: list[DeadLetterQueue],
    run_ids: frozenset[str],
    limit: int | None,
    dry_run: bool,
) -> Results:
    results: Results = []
    left = limit
    for queue in queues:
        if left == 0:
            break
        selection = Selection(run_ids, left)
        reader = Reader(aws.sqs, queue.url, to_hold(queue, selection, dry_run))
        with _progress(queue, left) as moved:
            result = replay_queue(queue, reader, selection, dry_run, moved)
        results.append((queue, result))
        left = None if left is None else left - result.moved
    return results


@contextmanager
def _progress(queue: DeadLetterQueue, limit: int | None) -> Iterator[Callable[[int], object]]:
    console = errors()
    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
    )
    total = queue.messages if limit is None else min(limit, queue.messages)
    disable = not console.is_terminal
    with Progress(*columns, console=console, transient=True, disable=disable) as progress:
        task = progress.add_task(queue.name, total=total or None)
        yield lambda number: progress.advance(task, number)


def _as_json(stack: str, results: Results, dry_run: bool) -> dict[str, Any]:
    return {
        "stack": stack,
        "dry_run": dry_run,
        "moved": sum(result.moved for _, result in results),
        "queues": [
            {
                "queue": queue.name,
                "destination": queue.destination.name,
                "moved": result.moved,
                "run_ids": sorted(result.run_ids),
                "passed_over": result.passed_over,
                "arrived_later": result.arrived_later,
                "refused": [
                    {"message_id": message_id, "reason": reason}
                    for message_id, reason in result.refused
                ],
                "undeleted": result.undeleted,
            }
            for queue, result in results
        ],
    }


def _write_tables(results: Results, dry_run: bool) -> None:
    if not results:
        write("Nothing to do: no dead letters.")
        return
    done = "would go back" if dry_run else "sent back"
    headings = ["queue", "to", done, "other runs", "arrived later", "refused"]
    rows = [
        [
            queue.name,
            queue.destination.name,
            str(result.moved),
            str(result.passed_over),
            str(result.arrived_later),
            str(len(result.refused)),
        ]
        for queue, result in results
    ]
    write_table(headings, rows, headings[2:])


def _write_troubles(queue: DeadLetterQueue, result: Replayed) -> None:
    for message_id, reason in result.refused[:_REASONS_SHOWN]:
        say(f"{queue.name}: {message_id} stays: {reason}")
    if len(result.refused) > _REASONS_SHOWN:
        more = len(result.refused) - _REASONS_SHOWN
        say(f"{queue.name}: {more} more stay: see --output json")
    if result.undeleted:
        say(
            f"{queue.name}: {counted(len(result.undeleted), 'message')} sent back but not "
            "deleted: the next replay sends them again, which does no harm"
        )

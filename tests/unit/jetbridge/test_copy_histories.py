"""Randomised histories of copies: the copy equals its source, whatever goes wrong.

The source gives empty pages, late lines, throttles, broken answers, expired tokens and lines of
one millisecond; the function crashes before and after calls; messages come twice, one after the
other and at the same time. ``JETBRIDGE_HISTORIES`` says how many (default 1,000);
a push plays 300 for each target.
"""

import json
import os
import random
from collections import Counter
from itertools import pairwise
from typing import Any

import pytest
from jetbridge_testing.copying import World
from jetbridge_testing.logs import Event, Faults

from jetbridge.contract import (
    CloudWatchLogTarget,
    LogStream,
    LogTarget,
    S3LogTarget,
    inert,
    to_builtins,
)
from jetbridge.logs import copy_to_cloudwatch
from jetbridge.queues.copies import LogPart

HISTORIES = int(os.environ.get("JETBRIDGE_HISTORIES", "1000"))
CHUNK = 50
IN_A_PUSH = 300
FIRSTS = [
    pytest.param(first, marks=pytest.mark.nightly) if first >= IN_A_PUSH else first
    for first in range(0, HISTORIES, CHUNK)
]
STREAM = LogStream(container="main", group="/ecs/report", stream="s", region="eu-central-1")
S3 = S3LogTarget(bucket="airflow-logs", key_prefix="airflow/dag_id=d/attempt=1.log")
MWAA = CloudWatchLogTarget(group="airflow-mwaa-Task", stream="dag_id=d/attempt=1.log")
SHOWN = 700
TEXTS = (
    "",
    " ",
    "ä€😀",
    '{"a": 1}',
    "{not json",
    'tab\tand \\ "quotes"',
    "\x00\x1b[31m",
    "x" * 300,
)


def history(seed: int, target: LogTarget) -> tuple[World, list[Event]]:
    rng = random.Random(f"{seed} {type(target)}")
    world = World(
        seed,
        crashes=rng.choice([0, 0, 0.005, 0.02]),
        twins=rng.choice([0, 0, 0.01]),
        invocation_seconds=rng.choice([100, 150]),
        slice_pages=rng.choice([1, 3, 20]),
        part_bytes=rng.choice([500, 2_000]),
        least_part=500,
    )
    stopped_at = world.clock.now + rng.choice([-3600, 0, 20])
    events = _events(rng, stopped_at, distinct=isinstance(target, CloudWatchLogTarget))
    world.logs.events = events
    world.logs.most = rng.choice([1, 5, 40])
    world.logs.faults = Faults(
        empty=rng.choice([0, 0.1, 0.4]),
        throttled=rng.choice([0, 0.1, 0.3]),
        broken=rng.choice([0, 0.05]),
        expired=rng.choice([0, 0.02, 0.05]),
    )
    world.cloudwatch.faults = Faults(throttled=rng.choice([0, 0.1]))
    part = LogPart(
        target=target,
        stream=STREAM,
        name="jetbridge.1.main.1.log",
        logger="container.main",
        stopped_at=int(stopped_at * 1000),
        shown_bytes=SHOWN,
    )
    fresh = {"fresh": True} if rng.random() < 0.5 else {}
    world.send({"run_id": "r", "part": to_builtins(part)} | fresh)
    return world, events


def _events(rng: random.Random, stopped_at: float, distinct: bool) -> list[Event]:
    """Lines until the container's stop; the last ones come in up to four seconds later."""
    distinct = distinct or rng.random() < 0.5
    count = rng.choice([0, 1, 3, 30, rng.randrange(200)])
    steps = rng.choice([[0], [0, 0, 1], [0, 1, 700]])
    moments = [0]
    for _ in range(count):
        moments.append(moments[-1] + rng.choice(steps))
    begun, arrival, events = stopped_at * 1000 - moments[-1] - 1, 0, []
    for number in range(count):
        timestamp = int(begun + moments[number])
        arrival = max(arrival, timestamp + rng.choice([0, 300, 4_000]))
        text = f"{number} {rng.choice(TEXTS)}" if distinct else rng.choice(TEXTS[:2])
        events.append({"timestamp": timestamp, "message": text, "ingestionTime": arrival})
    return events


def lines_of(text: str) -> list[tuple[str, str]]:
    """Times and texts of the container's lines; Jetbridge's own are left out."""
    assert all(one != two for one, two in pairwise(text.splitlines())), "Airflow shows one of them"
    lines = [json.loads(line) for line in text.splitlines()]
    return [(line["timestamp"], line["event"]) for line in lines if line["logger"] != "jetbridge"]


def expected(events: list[Event]) -> list[tuple[str, str]]:
    return [(_iso(event["timestamp"]), inert(event["message"])) for event in events]


def _iso(timestamp: int) -> str:
    from datetime import UTC, datetime, timedelta

    moment = datetime(1970, 1, 1, tzinfo=UTC) + timedelta(milliseconds=timestamp)
    return moment.isoformat(timespec="milliseconds").replace("+00:00", "Z")


@pytest.mark.parametrize("first", FIRSTS)
def test_s3_has_every_byte_of_the_source(first: int) -> None:
    for seed in range(first, min(first + CHUNK, HISTORIES)):
        world, events = history(seed, S3)
        try:
            world.play()
            check_s3(world, expected(events))
        except AssertionError as error:
            raise AssertionError(f"history s3 {seed}") from error


def check_s3(world: World, lines: list[tuple[str, str]]) -> None:
    objects = {key: body.decode() for key, body in world.s3.objects.items()}
    shown = objects.pop(f"{S3.key_prefix}.jetbridge.1.main.1.log")
    if not objects:
        assert lines_of(shown) == lines
        return
    [(key, whole)] = objects.items()
    assert key == "airflow/jetbridge-whole/dag_id=d/attempt=1.log.r.jetbridge.1.main.1.log"
    assert lines_of(whole) == lines
    assert len(whole.encode()) > 2 * SHOWN or world.s3.begun
    head, link, tail = _cut(shown)
    assert f"s3://airflow-logs/{key}" in link["event"]
    assert whole.startswith(head)
    assert whole.endswith(tail)
    assert len(head.encode()) <= SHOWN >= len(tail.encode())
    if not (world.crashes or world.twins):
        assert world.s3.uploads == {}, "an upload was left behind"


def _cut(shown: str) -> tuple[str, dict[str, Any], str]:
    lines = shown.splitlines(keepends=True)
    [at] = [
        number
        for number, line in enumerate(lines)
        if json.loads(line)["event"].startswith("Only the beginning")
    ]
    return "".join(lines[:at]), json.loads(lines[at]), "".join(lines[at + 1 :])


@pytest.mark.parametrize("first", FIRSTS)
def test_cloudwatch_has_every_line_and_doubles_a_batch_for_each_crash_at_most(
    first: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(copy_to_cloudwatch, "BATCH_EVENTS", 7)
    for seed in range(first, min(first + CHUNK, HISTORIES)):
        world, events = history(seed, MWAA)
        try:
            world.play()
            check_cloudwatch(world, events)
        except AssertionError as error:
            raise AssertionError(f"history cloudwatch {seed}") from error


def check_cloudwatch(world: World, events: list[Event]) -> None:
    [written] = world.cloudwatch.streams.values() or [[]]
    texts = [json.loads(event["message"])["event"] for event in written]
    times = {(event["timestamp"], text) for event, text in zip(written, texts, strict=True)}
    assert times == {(event["timestamp"], inert(event["message"])) for event in events}
    doubled = {text for text, count in Counter(texts).items() if count > 1}
    batches = [
        {json.loads(event["message"])["event"] for event in batch}
        for batch in world.cloudwatch.batches
    ]
    seen: set[str] = set()
    repeats = 0
    for batch in batches:
        repeats += bool(batch & seen)
        seen |= batch
    # Of two functions at the same time both may have written a batch before one of them sees the
    # other; batches of two readers need not have the same bounds.
    assert repeats <= world.crashed + 2 * world.repeated
    assert not doubled or repeats

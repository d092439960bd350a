"""The event "Jetbridge Run Finished": the sample is what is sent, and the largest one fits."""

import json
from typing import Any

import boto3
import msgspec
import pytest
from jetbridge_testing.clock import Clock
from jetbridge_testing.logs import MemoryLogs
from jetbridge_testing.memory import MemoryBus, MemoryOutcomes, MemoryQueue, MemoryRuns
from jetbridge_testing.samples import REGION, ended_run, sample
from jetbridge_testing.stand_ins import as_client
from moto.events.models import EventPattern
from msgspec.structs import replace

from jetbridge.contract import Cause, Death, Outcome, RunFinished, decode
from jetbridge.contract.lines import RESULT_MARKER
from jetbridge.outcomes.eventbridge import DETAIL_TYPE, SOURCE, EventBridgeBus
from jetbridge.outcomes.finish import RESULT_BYTES, Finish

# For source, detail type and detail together, as PutEvents counts them (Amazon EventBridge user
# guide, "Calculating PutEvents event entry size"): some targets take no more.
ENTRY_BYTES = 256 * 1024
SAMPLE = sample("run_finished")
STACK = "jetbridge"
# CloudFormation's limit (API reference, CreateStack).
LONGEST_STACK = "s" * 128
MAIN = "report/main/478f3a4c51824ad23cb50c1c60670c0f"


class RecordingEvents:
    """The EventBridge client, which keeps what is put."""

    def __init__(self) -> None:
        self.entries: list[dict[str, str]] = []

    def put_events(self, Entries: list[dict[str, str]]) -> dict[str, Any]:
        self.entries += Entries
        return {"FailedEntryCount": 0}


def _sent(outcome: Outcome) -> dict[str, str]:
    events = RecordingEvents()
    EventBridgeBus(as_client(events), STACK).announce(outcome)
    [entry] = events.entries
    return entry


def _finished(lines: list[str], **fields: Any) -> Outcome:
    """The outcome that finish_run seals for the run of the sample."""
    run = ended_run("ecs_stopped_exit_0", **fields)
    run = replace(run, request=replace(run.request, tail_lines=100))
    clock, bus = Clock(1_772_323_330.5), MemoryBus()
    runs = MemoryRuns(900, clock)
    runs.create(run)
    logs, queues = MemoryLogs({MAIN: lines}), (MemoryQueue(), MemoryQueue())
    Finish(runs, MemoryOutcomes(), logs, *queues, bus, REGION, 0, clock=clock)(run.run_id)
    return bus.announced[0]


def test_the_sample_is_what_is_sent() -> None:
    outcome = _finished(["10 rows", f'{RESULT_MARKER} {{"rows": 10}}'])
    entry = _sent(outcome)
    assert (entry["Source"], entry["DetailType"]) == (SAMPLE["source"], SAMPLE["detail-type"])
    assert json.loads(entry["Detail"]) == SAMPLE["detail"]
    assert decode(Outcome, SAMPLE["detail"]) == outcome
    assert decode(RunFinished, SAMPLE["detail"]).stack == STACK


def test_the_sample_has_eventbridges_envelope_and_our_schema() -> None:
    assert SAMPLE.keys() == {
        "version",
        "id",
        "detail-type",
        "source",
        "account",
        "time",
        "region",
        "resources",
        "detail",
    }
    assert (SAMPLE["source"], SAMPLE["detail-type"]) == (SOURCE, DETAIL_TYPE)
    fields = {field.name for field in msgspec.structs.fields(RunFinished)}
    assert SAMPLE["detail"].keys() <= fields


@pytest.mark.parametrize("character", ["x", "ä", "😀", "\x01", '"', "\\"])
def test_the_largest_outcome_fits_one_event(character: str) -> None:
    room = RESULT_BYTES - 2
    length = room // (len(json.dumps(character, ensure_ascii=False).encode()) - 2)
    result = json.dumps(character * length, ensure_ascii=False)
    deaths = [
        Death(launch=n, cause=Cause.HOST_LOSS, reason="é" * 1024, backend_id="a" * 200, at=1.0)
        for n in range(1, 11)
    ]
    lines = [character * 10_000] * 99 + [f"{RESULT_MARKER} {result}"]
    outcome = _finished(lines, launch=11, deaths=deaths)
    assert outcome.result == character * length
    assert len(outcome.last_lines) > 1
    entry = _sent(outcome)
    entry["Detail"] = entry["Detail"].replace(f'"stack":"{STACK}"', f'"stack":"{LONGEST_STACK}"')
    size = sum(len(entry[name].encode()) for name in ("Source", "DetailType", "Detail"))
    assert size <= ENTRY_BYTES


def test_eventbridge_takes_it(aws: None) -> None:
    EventBridgeBus(boto3.client("events"), STACK).announce(_finished(["x"]))


def test_a_rule_can_tell_two_stacks_on_one_bus_apart() -> None:
    """moto matches patterns as EventBridge does."""
    for stack in ("etl", "etl-test"):
        events = RecordingEvents()
        EventBridgeBus(as_client(events), stack).announce(_finished(["x"]))
        event: Any = SAMPLE | {"detail": json.loads(events.entries[0]["Detail"])}
        for name in ("etl", "etl-test"):
            pattern = EventPattern.load(json.dumps({"detail": {"stack": [name]}}))
            assert pattern.matches_event(event) == (name == stack)

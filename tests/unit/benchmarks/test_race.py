"""The race benchmark: its table, and its stand-in for AWS."""

import json

from rich.console import Console

from benchmarks.race import HOLDS, KINDS, _key, table
from benchmarks.race.aws import EndedRuns
from jetbridge.contract import AirflowCaller, Outcome, StartAnswer, StartRequest, decode, encode


def test_the_table_has_a_row_for_each_kind_and_hold() -> None:
    figures = {
        f"{_key(kind)}_hold_{hold}_{name}": value
        for kind in KINDS
        for hold in HOLDS
        for name, value in (("failed", 3), ("mismatches", 3), ("seconds", 41.5))
    }
    console = Console(width=160, record=True)
    console.print(table(figures))
    text = console.export_text()
    assert all(text.count(kind.name) == len(HOLDS) for kind in KINDS)
    assert text.count("41.5") == len(KINDS) * len(HOLDS)


def test_a_run_has_ended_when_its_start_is_answered() -> None:
    caller = AirflowCaller(dag_id="race", run_id="r", task_id="job", try_number=1, ti_id="ti")
    start = StartRequest(caller=caller, run_task={})
    with EndedRuns() as aws:
        status, body = aws._answer("POST", {}, encode(start).encode())
        answer = decode(StartAnswer, body)
        read = {"RequestItems": {"outcomes": {"Keys": [{"run_id": {"S": answer.run_id}}]}}}
        batch = {"x-amz-target": "DynamoDB_20120810.BatchGetItem"}
        _, found = aws._answer("POST", batch, json.dumps(read).encode())
    (item,) = json.loads(found)["Responses"]["outcomes"]
    assert status == "200 OK"
    assert decode(Outcome, item["outcome"]["S"]).caller == caller

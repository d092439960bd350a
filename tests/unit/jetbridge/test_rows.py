"""Rows: what is written can be read, and one that can't be read is one row."""

import json
import math
from typing import Any

import boto3
import pytest
from hypothesis import given
from hypothesis import strategies as st
from jetbridge_testing.core import Core
from jetbridge_testing.samples import ended_run, launched_run, new_run, watcher
from msgspec import structs
from msgspec.structs import replace

from jetbridge.aws.items import Item, marshal
from jetbridge.contract import (
    AirflowCaller,
    Cause,
    ContractError,
    Death,
    S3LogTarget,
    StartRequest,
    StopCause,
)
from jetbridge.runs.dynamodb import DynamoRuns
from jetbridge.runs.item import from_item, new_item, to_item
from jetbridge.runs.port import UnreadableRow
from jetbridge.runs.reports import ContainerEnd, Ending, LogName
from jetbridge.runs.run import (
    Attachment,
    Definition,
    LogSource,
    Run,
    Status,
    Stop,
)

TEXTS = st.text(st.characters(exclude_categories=["Cs"]), max_size=20)
NAMES = st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=20)
TIMES = st.floats(1, 4e9)
JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**70), 2**70) | st.floats(allow_nan=False) | TEXTS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(TEXTS, inner, max_size=3),
    max_leaves=8,
).filter(lambda value: "inf" not in repr(value))
CALLERS = st.builds(
    AirflowCaller,
    dag_id=st.from_regex(r"[\w.-]{3,20}", fullmatch=True),
    run_id=st.text(st.characters(categories=["L", "N", "P", "S"]), min_size=3, max_size=20),
    task_id=st.from_regex(r"[\w.-]{3,20}", fullmatch=True),
    try_number=st.integers(0, 2**31 - 1),
    ti_id=st.from_regex(r"[A-Za-z0-9-]{1,64}", fullmatch=True),
)
TARGETS = st.none() | st.builds(S3LogTarget, bucket=NAMES, key_prefix=NAMES)
ENDINGS = st.builds(
    Ending,
    code=TEXTS,
    reason=TEXTS,
    succeeded=st.none() | st.booleans(),
    terminated=st.booleans(),
    containers=st.lists(
        st.builds(
            ContainerEnd,
            name=TEXTS,
            exit_code=st.none() | st.integers(-(2**31), 2**31 - 1),
            reason=TEXTS,
        ),
        max_size=3,
    ),
    log_names=st.lists(st.builds(LogName, container=TEXTS, name=TEXTS), max_size=3),
    started_at=st.none() | TEXTS,
)
RUNS = st.builds(
    Run,
    run_id=NAMES,
    request=st.builds(
        StartRequest,
        caller=CALLERS,
        run_task=st.dictionaries(TEXTS, JSON, max_size=3),
        log_target=TARGETS,
        tags=st.dictionaries(TEXTS, TEXTS, max_size=3),
    ),
    created_at=TIMES,
    status=st.sampled_from(Status),
    launch=st.integers(1, 10**9 - 1),
    definition=st.none()
    | st.builds(
        Definition,
        arn=NAMES,
        log_sources=st.lists(st.builds(LogSource, container=TEXTS, driver=TEXTS), max_size=2),
    ),
    backend_id=st.none() | NAMES,
    launched_at=st.none() | TIMES,
    backend_status=st.none() | TEXTS,
    change_order=st.none() | st.integers(-1, 2**31),
    deaths=st.lists(
        st.builds(
            Death,
            launch=st.integers(1, 100),
            cause=st.sampled_from(Cause),
            reason=TEXTS,
            backend_id=st.none() | TEXTS,
            at=TIMES,
        ),
        max_size=3,
    ),
    attachments=st.lists(st.builds(Attachment, caller=CALLERS, log_target=TARGETS), max_size=2),
    watchers=st.lists(st.just(watcher()), max_size=2),
    stop=st.none() | st.builds(Stop, cause=st.sampled_from(StopCause), reason=TEXTS, by=TEXTS),
    ending=st.none() | ENDINGS,
    ended_at=st.none() | TIMES,
    finished=st.booleans(),
)


@given(RUNS)
def test_what_is_written_is_read(run: Run) -> None:
    assert from_item(marshal(to_item(run))) == run
    assert from_item(marshal(new_item(run, 1.5, 10))) == run


@pytest.mark.parametrize(
    "value",
    ["\ud800", math.nan, math.inf, {"a": ["\udfff"]}, {"\ud800": 1}],
    ids=repr,
)
def test_what_could_not_be_read_again_is_not_written(
    dynamodb: Any, dynamo_runs: DynamoRuns, value: object
) -> None:
    request = replace(new_run().request, run_task={"cluster": "c", "odd": value})
    with pytest.raises(ContractError, match="can't be kept"):
        dynamo_runs.create(new_run(request=request))
    with pytest.raises(ContractError, match="can't be kept"):
        new_item(new_run(request=request), 0.0, 0)
    assert dynamodb.scan(TableName="RunsTable")["Items"] == []


def test_what_is_nested_too_deep_is_not_written() -> None:
    deep: Any = {}
    for _ in range(50_000):
        deep = {"a": deep}
    with pytest.raises(ContractError, match="can't be kept"):
        new_item(new_run(request=replace(new_run().request, run_task=deep)), 0.0, 0)


def test_row_that_would_grow_too_large_is_not_begun() -> None:
    large = replace(new_run().request, run_task={"note": "x" * 200_000})
    with pytest.raises(ContractError, match=r"bytes.* over 131072"):
        new_item(new_run(request=large), 0.0, 0)


@pytest.mark.parametrize("digits", [39, 400, 5000])
def test_number_that_dynamodb_cannot_keep_is_not_written(digits: int) -> None:
    with pytest.raises(ValueError, match="DynamoDB keeps numbers"):
        marshal({"launch": -(10**digits) + 1})


def test_text_that_is_not_in_unicode_is_not_written() -> None:
    with pytest.raises(ValueError, match="surrogates"):
        marshal({"caller": "\ud800"})


# Rows of earlier versions, and of others


def _row(run: Run, **structures: Any) -> Item:
    return marshal(to_item(run) | {name: json.dumps(it) for name, it in structures.items()})


def test_nulls_in_structures_count_as_missing() -> None:
    ending = {
        "code": "EssentialContainerExited",
        "reason": None,
        "terminated": None,
        "containers": [{"name": "main", "exit_code": 1.5, "reason": None}],
        "log_names": [{"container": "main", "name": "n", "attempt": None}],
        "started_at": 5,
    }
    run = launched_run(
        deaths=[Death(launch=1, cause=Cause.CAPACITY, reason="", backend_id=None, at=1.0)]
    )
    definition = {"arn": "a", "log_sources": [{"container": "c", "driver": "d", "essential": None}]}
    found = from_item(_row(run, ending=ending, definition=definition))
    assert found.deaths == run.deaths
    assert found.definition == Definition(
        arn="a", log_sources=[LogSource(container="c", driver="d")]
    )
    assert found.ending == Ending(
        code="EssentialContainerExited",
        containers=[ContainerEnd(name="main")],
        log_names=[LogName(container="main", name="n")],
    )


def test_order_that_is_none_counts_as_missing() -> None:
    item = _row(launched_run()) | {"change_order": {"N": "3.5"}}
    assert from_item(item) == launched_run()


def test_nulls_of_the_request_stay() -> None:
    request = replace(new_run().request, run_task={"overrides": {"a": None}})
    item = _row(new_run(request=request)) | {"change_order": {"N": "3.5"}}
    assert from_item(item).request.run_task == {"overrides": {"a": None}}


UNREADABLE: list[Item] = [
    {"ending": {"S": "{"}},
    {"ending": {"S": "[" * 100_000}},
    {"ending": {"S": "[]"}},
    {"ending": {"S": '{"reason": "no code"}'}},
    {"ending": {"S": '{"code": "c", "containers": {}}'}},
    {"request": {"S": "{}"}},
    {"request": {"N": "1"}},
    {"status": {"S": "elsewhere"}},
    {"launch": {"S": "one"}},
    {"deaths": {"L": []}},
    {"created_at": {"NULL": True}},
]


@pytest.mark.parametrize("odd", UNREADABLE, ids=lambda odd: str(odd)[:40])
def test_row_that_cannot_be_read_is_one_row(
    dynamodb: Any, dynamo_runs: DynamoRuns, odd: Item
) -> None:
    """It is at the head of the index; the others are swept, and so they are a minute later."""
    bad, task = launched_run(run_id="a" * 20), launched_run(run_id="b" * 20, backend_id="arn/b")
    ended = ended_run("ecs_stopped_exit_0", run_id="c" * 20)
    for at, run in enumerate((bad, task, ended)):
        dynamo_runs.create(run)
        dynamo_runs.look_again(run.run_id, 1.0 + at)
    names = {f"#{name}": name for name in odd}
    dynamodb.update_item(
        TableName="RunsTable",
        Key={"run_id": {"S": bad.run_id}},
        UpdateExpression="SET " + ", ".join(f"#{name} = :{name}" for name in odd),
        ExpressionAttributeNames=names,
        ExpressionAttributeValues={f":{name}": value for name, value in odd.items()},
    )
    with pytest.raises(UnreadableRow, match=bad.run_id):
        dynamo_runs.get(bad.run_id)
    core = Core(runs=dynamo_runs)
    reported: list[ContractError] = []
    sweep = structs.replace(core.sweep, report=reported.append)
    core.clock.advance(100)
    swept = sweep()
    assert (swept.described, swept.finished) == (1, 1)
    assert [getattr(problem, "run_id", None) for problem in reported] == [bad.run_id]
    core.clock.advance(60)
    assert sweep().described == 0
    assert len(reported) == 1, "it isn't met again each minute"
    core.clock.advance(900)
    sweep()
    assert len(reported) == 2


def test_rows_without_a_request_are_no_reason_to_stop_a_container(
    dynamodb: Any, dynamo_runs: DynamoRuns
) -> None:
    dynamo_runs.create(launched_run())
    boto3.client("dynamodb").update_item(
        TableName="RunsTable",
        Key={"run_id": {"S": launched_run().run_id}},
        UpdateExpression="REMOVE #request",
        ExpressionAttributeNames={"#request": "request"},
    )
    with pytest.raises(UnreadableRow):
        dynamo_runs.get(launched_run().run_id)


HOSTILE_CALLERS = [{"dag_id": "d" * 1024}, {"try_number": 2**64 - 1}, {"ti_id": "a/b"}]


@pytest.mark.parametrize("change", HOSTILE_CALLERS)
def test_a_run_that_version_0_1_took_from_a_hostile_caller_can_be_read(
    change: dict[str, Any],
) -> None:
    item = to_item(launched_run())
    request = json.loads(item["request"])
    request["caller"] |= change
    late = {"caller": request["caller"]}
    item |= {"request": json.dumps(request), "attachments": json.dumps([late])}
    run = from_item(marshal(item))
    assert (run.backend_id, run.attachments) == (launched_run().backend_id, [])
    assert not isinstance(run.caller, AirflowCaller)
    assert from_item(marshal(to_item(run))) == run


def test_a_run_that_version_0_1_took_for_a_named_airflow_is_that_airflows() -> None:
    caller = launched_run().request.caller
    later = Attachment(caller=caller)
    old = replace(
        launched_run(),
        request=replace(launched_run().request, airflow="finance"),
        attachments=[later],
    )
    run = from_item(marshal(to_item(old)))
    for each in (run.request.caller, run.caller):
        assert isinstance(each, AirflowCaller)
        assert each.airflow_name == "finance"

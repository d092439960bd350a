"""Nothing that callers send brings a row near DynamoDB's 400 KB, counted as DynamoDB counts."""

from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from jetbridge_testing.admission import admission
from jetbridge_testing.samples import request
from msgspec.structs import replace

from jetbridge.aws.items import Item, item_bytes
from jetbridge.contract import (
    AirflowCaller,
    ContractError,
    S3LogTarget,
    StartRequest,
    StopCause,
    StopRequest,
    TriggerDagRun,
    decode,
    to_builtins,
)
from jetbridge.launching.tries import MOST_ATTACHMENTS, with_attachment
from jetbridge.runs.item import NEW_ROW_BYTES, new_item, to_item
from jetbridge.runs.run import Attachment, Run, Stop, Watcher
from jetbridge.runs.sizes import largest_part, stored_bytes
from jetbridge.watching.watchers import MAX_WATCHERS, with_watcher

# The other 144 KB are for what AWS's records add: a definition, deaths and the end.
OF_CALLERS = 256 * 1024
# One byte in a Python text, and up to six as they are stored.
NASTY = ("x", "\x01", '"', "\\", "\n", "ä", "😀")
IDS = ("x", "ä", "𐐷")


def _ti(number: int) -> str:
    return f"0195502b-9d80-7{number:03x}-8000-{number:012x}"


@st.composite
def _callers(draw: st.DrawFn) -> list[AirflowCaller]:
    """Callers of as many tries as a row may have, with the longest possible ids."""
    letter, of_run = draw(st.sampled_from(IDS)), draw(st.sampled_from([*IDS, '"', "\\", "😀"]))
    length = draw(st.integers(200, 250))
    return [
        decode(
            AirflowCaller,
            {
                "kind": "airflow",
                "dag_id": letter * length,
                "run_id": of_run * length,
                "task_id": f"{number}".rjust(length, letter),
                "try_number": number,
                "ti_id": _ti(number),
                "max_tries": 2**31 - 1,
                "airflow": "a" * 64,
            },
        )
        for number in range(1, 2 + max(MOST_ATTACHMENTS, MAX_WATCHERS))
    ]


@st.composite
def _requests(draw: st.DrawFn) -> StartRequest:
    conf = {"k": draw(st.sampled_from(NASTY)) * draw(st.integers(0, 20_000))}
    count = draw(st.integers(0, 10))
    prefix = "airflow/" + draw(st.sampled_from(NASTY)) * draw(st.integers(0, 900))
    environment = [
        {"name": "E", "value": draw(st.sampled_from(NASTY)) * draw(st.integers(0, 8000))}
    ]
    asked = request("airflow_ecs")
    overrides = {"containerOverrides": [{"name": "main", "environment": environment}]}
    return replace(
        asked,
        run_task=asked.parameters | {"overrides": overrides},
        log_target=S3LogTarget(bucket="airflow-logs", key_prefix=prefix),
        on_finish=[TriggerDagRun(dag_id=f"d{n}", conf=conf) for n in range(count)],
        tags={f"{n}": draw(st.sampled_from("xä😀")) * 256 for n in range(draw(st.integers(0, 40)))},
    )


@settings(suppress_health_check=[HealthCheck.too_slow])
@given(asked=_requests(), callers=_callers(), words=st.sampled_from(NASTY))
def test_a_row_has_room_whatever_its_callers_send(
    asked: StartRequest, callers: list[AirflowCaller], words: str
) -> None:
    run = Run(
        run_id="r" * 64,
        request=replace(asked, caller=callers[0]),
        created_at=1_772_323_200.123,
    )
    try:
        admission(has_airflow_secret=True).admit(run.request)
        row = new_item(run, 1_772_323_200.123, 30 * 24 * 3600)
    except ContractError as refused:
        field = refused.field
    else:
        assert item_bytes(row) <= NEW_ROW_BYTES
        _check_full(run, row, callers, words)
        return
    assert field.split(".")[0].split("[")[0] in to_builtins(asked)


def _check_full(run: Run, row: Item, callers: list[AirflowCaller], words: str) -> None:
    attachments, watchers = list[Attachment](), list[Watcher]()
    for caller in callers[1:]:
        attachments = with_attachment(
            attachments, Attachment(caller=caller, log_target=run.request.log_target)
        )
    for caller in callers[:MAX_WATCHERS]:
        watchers = with_watcher(watchers, Watcher(caller=caller, airflow="a" * 64))
    wish = decode(StopRequest, {"run_ids": ["r"], "reason": words * 255, "by": words * 255})
    stop = Stop(cause=StopCause.TIMEOUT, reason=wish.reason, by=wish.by)
    full = replace(run, attachments=attachments, watchers=watchers, stop=stop)
    assert item_bytes(row | to_item(full) | {"caller": callers[-1].key}) <= OF_CALLERS


@pytest.mark.parametrize(
    ("item", "size"),
    [
        # Amazon DynamoDB developer guide, "DynamoDB item sizes and formats".
        ({"a": "ä"}, 3),
        ({"name": True}, 5),
        ({"n": 12}, 1 + 3),
        ({"n": 1234.5}, 1 + 5),
        ({"n": 100}, 1 + 3),
    ],
)
def test_an_item_is_counted_as_dynamodb_counts(item: dict[str, Any], size: int) -> None:
    assert item_bytes(item) == size


def test_the_largest_part_is_named_as_far_down_as_it_is_one() -> None:
    asked = request("airflow_ecs")
    conf = {"small": 1, "large": "\x01" * 1000}
    large = replace(asked, on_finish=[TriggerDagRun(dag_id="d", conf=conf)])
    field, size = largest_part(large)
    assert (field, size) == ("on_finish[0].conf.large", stored_bytes("\x01" * 1000))

"""What containers and strangers put into outcomes that Airflow can't carry, and what is right."""

import json
from typing import Any, NamedTuple

from jetbridge.contract import AirflowCaller, Outcome, StartRequest, encode
from jetbridge.contract.lines import RESULT_MARKER, Line
from jetbridge.outcomes.finish import Finish
from jetbridge.runs.reports import ContainerEnd, Ending, LogName
from jetbridge.runs.run import (
    Definition,
    LogSource,
    Run,
    Status,
)

DEEP = 3000
FAILS = object()
"""The task ends with an error of its own."""
ANY = object()
"""It ends with some value: which one depends on how deep its Python reads."""

GOOD: list[Any] = [
    2**64 - 1,
    -(2**63),
    2**53 + 1,
    {"rows": 500, "share": 0.1, "none": None, "yes": True, "list": [1, "é😀\t", {"": []}]},
    1.7976931348623157e-300,
    {"__type": "kept", "__data__": 1, "__version__": 2},
    json.loads("[" * 32 + "]" * 32),
    "x" * 100_000,
]
"""These reach the task's XCom as they are."""

BIG = str(2**64)
REPORTED: list[tuple[str, Any]] = [
    (f'{{"rows": {BIG}}}', {"rows": BIG}),
    (BIG, BIG),
    (str(-(2**63) - 1), str(-(2**63) - 1)),
    ("9" * 5000, "9" * 5000),
    (r'"\ud800"', "�"),
    (r'{"\udfff": 1}', '{"\\udfff": 1}'),
    (r'["a\u0000b"]', ["a�b"]),
    (r'{"a\u0000b": 1}', '{"a\\u0000b": 1}'),
    ("[" * DEEP + "]" * DEEP, "[" * DEEP + "]" * DEEP),
    ('{"a":' * DEEP + "1" + "}" * DEEP, ANY),
    ("[1e999]", ["1e999"]),
    ("1e22", "1e+22"),
    ('{"__classname__": "x.Y", "__version__": 1}', '{"__classname__": "x.Y", "__version__": 1}'),
    ('{"__id__": 1}', '{"__id__": 1}'),
    ('{"__type": "set", "__var": [1]}', '{"__type": "set", "__var": [1]}'),
    ('[{"__type": "dict", "__var": {"a": 1}}]', ['{"__type": "dict", "__var": {"a": 1}}']),
    (json.dumps({"k" * 70_000: 1}), json.dumps({"k" * 70_000: 1})),
]
"""What a container prints behind the marker, and the task's value."""

TAKEN_FOR_JSON: list[tuple[str, Any]] = [
    ("NaN", "NaN"),
    ('{"a": [-Infinity]}', {"a": ["-Infinity"]}),
]
"""JSON to those who wrote it; Python prints it."""


class Hostile(NamedTuple):
    """``record`` is the sealed text, or None: finish_run seals what the container printed."""

    printed: str
    record: str | None
    value: Any


def hostile_outcomes(good: Outcome, count: int) -> list[Hostile]:
    """So many, half of them as an earlier version or somebody else has sealed them."""
    whole = json.loads(encode(good))
    raw = [(_sealed(whole, result=text), value) for text, value in [*REPORTED, *TAKEN_FOR_JSON]]
    raw += [
        (text, FAILS)
        for text in ("", "{", "[]", '"text"', "{}", "[" * 100_000, "\x00", '{"outcome": 1}')
    ]
    raw += [
        (_sealed(whole, exit_codes=f'{{"main": {BIG}}}'), FAILS),
        (_sealed(whole, launches=BIG), FAILS),
        (_sealed(whole, caller=_with(whole["caller"], try_number=BIG)), FAILS),
        (_sealed(whole, extra="[" * DEEP + "]" * DEEP), FAILS),
        (_sealed(whole, reason=r'"half \ud83d and \u0000"'), None),
        (_sealed(whole, last_lines=r'["\u0000", "\udc00"]'), None),
        (_sealed(whole, advice="7"), FAILS),
    ]
    printed = [Hostile(text, None, value) for text, value in REPORTED]
    sealed = [Hostile("", text, value) for text, value in raw]
    return (sealed + printed)[:count] + printed[: max(0, count - len(sealed) - len(printed))]


def seal_printed(outcomes: Any, caller: AirflowCaller, run_id: str, lines: list[str]) -> None:
    """Let finish_run's service seal what a run that succeeded has printed."""
    run = Run(
        run_id=run_id,
        request=StartRequest(
            caller=caller, run_task={"cluster": "cluster", "taskDefinition": "waits"}
        ),
        created_at=0.0,
        status=Status.ENDED,
        backend_id="arn:aws:ecs:us-east-1:123456789012:task/cluster/0123456789abcdef",
        definition=Definition(
            arn="arn:aws:ecs:us-east-1:123456789012:task-definition/waits:1",
            log_sources=[LogSource(container="main", driver="awslogs", group="g", prefix="p")],
        ),
        ending=Ending(
            code="EssentialContainerExited",
            reason="half a pair \ud83d and a NUL \0",
            containers=[ContainerEnd(name="main", exit_code=0)],
            log_names=[LogName(container="main", name="main")],
        ),
    )
    rows: Any = _Rows(run)
    logs: Any = _Logs(lines)
    Finish(rows, outcomes, logs, _Nobody(), _Nobody(), _Nobody(), "us-east-1", 0)(run_id)


class _Rows:
    def __init__(self, run: Run) -> None:
        self._run = run

    def get(self, run_id: str) -> Run:
        return self._run

    def mark_finished(self, run_id: str) -> None:
        pass


class _Logs:
    def __init__(self, lines: list[str]) -> None:
        self._lines = lines

    def tail(self, stream: Any, limit: int) -> list[Line]:
        return [Line(0, line) for line in self._lines]


class _Nobody:
    def send(self, *arguments: Any, **keywords: Any) -> None:
        pass

    def announce(self, outcome: Outcome) -> None:
        pass


def lines_of(text: str) -> list[str]:
    return ["a NUL \0", f"{RESULT_MARKER} {text}", "half a pair \ud83d"]


def _sealed(whole: dict[str, Any], **members: str) -> str:
    """The outcome's JSON with these members, whose values are JSON texts."""
    left = {name: value for name, value in whole.items() if name not in members}
    text = json.dumps(left)[:-1]
    return text + "".join(f', "{name}": {value}' for name, value in members.items()) + "}"


def _with(whole: dict[str, Any], **members: str) -> str:
    return _sealed(whole, **members)

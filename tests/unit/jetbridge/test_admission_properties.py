"""Any request within the rules passes as boto3 would have it; any single violation is named."""

import copy
from collections.abc import Iterator
from typing import Any

import pytest
from botocore.loaders import Loader
from botocore.model import ServiceModel, Shape
from botocore.validate import ParamValidator
from hypothesis import given, settings
from hypothesis import strategies as st
from jetbridge_testing.admission import PLACE, admission, refusal

from jetbridge.contract import PersonCaller, StartRequest

OPERATIONS = {"run_task": ("ecs", "RunTask"), "submit_job": ("batch", "SubmitJob")}
INPUTS: dict[str, Any] = {
    field: ServiceModel(Loader().load_service_model(service, "service-2"))
    .operation_model(operation)
    .input_shape
    for field, (service, operation) in OPERATIONS.items()
}
PYTHON = {"structure": dict, "list": list, "map": dict, "string": str, "boolean": bool}
OTHERS: list[Any] = [{"x": 1}, ["x"], "x", 7, 1.5, True, None]


def start(field: str, parameters: dict[str, Any], **fields: Any) -> StartRequest:
    fields |= {field: parameters}
    return StartRequest(caller=PersonCaller("ana"), idempotency_key="k", **fields)


# Requests within the rules

words = st.text("abcdefghijklmnopqrstuvwxyzABCÄé 0123456789-_=,.{}\"'\n", max_size=40)
tag_texts = st.text("abcXYZ059äß é_.:/=+-@", min_size=1, max_size=30).filter(
    lambda text: not text.lower().startswith("aws:")
)
tags = st.dictionaries(tag_texts, tag_texts, min_size=1, max_size=25)
names = st.from_regex(r"[A-Za-z_][A-Za-z0-9_]{0,20}", fullmatch=True).filter(
    lambda name: not name.startswith("AWS_BATCH")
)
environments = st.lists(st.fixed_dictionaries({"name": names, "value": words}), max_size=6)
containers = st.fixed_dictionaries(
    {},
    optional={
        "command": st.lists(words.filter(bool), max_size=4),
        "environment": environments,
    },
)
fargate: st.SearchStrategy[dict[str, Any]] = st.sampled_from(
    [
        {"launchType": "FARGATE"},
        {"launchType": "FARGATE", "platformVersion": "1.4.0"},
        {"capacityProviderStrategy": [{"capacityProvider": "FARGATE_SPOT", "weight": 1}]},
    ]
)
networks = st.fixed_dictionaries(
    {"subnets": st.lists(words.filter(bool), min_size=1, max_size=16)},
    optional={
        "securityGroups": st.lists(words, max_size=5),
        "assignPublicIp": st.sampled_from(["ENABLED", "DISABLED"]),
    },
)


@st.composite
def tasks(draw: st.DrawFn) -> dict[str, Any]:
    overridden = draw(st.lists(st.sampled_from("abcdef"), unique=True, max_size=3))
    overrides: dict[str, Any] = {
        "containerOverrides": [
            draw(containers)
            | draw(
                st.fixed_dictionaries(
                    {"name": st.just(name)},
                    optional={"cpu": st.integers(1, 4096), "memory": st.integers(6, 2**20)},
                )
            )
            for name in overridden
        ]
    }
    overrides |= draw(
        st.fixed_dictionaries(
            {},
            optional={
                "cpu": st.sampled_from(["256", "1 vCPU"]),
                "ephemeralStorage": st.fixed_dictionaries({"sizeInGiB": st.integers(21, 200)}),
                "taskRoleArn": st.just("arn:aws:iam::123456789012:role/report-task"),
            },
        )
    )
    own: dict[str, st.SearchStrategy[Any]] = {
        "cluster": st.sampled_from(["reports", PLACE.arn("ecs", "cluster/reports")]),
        "taskDefinition": st.sampled_from(["report", "report:3", "reports:1"]),
        "networkConfiguration": st.fixed_dictionaries({"awsvpcConfiguration": networks}),
        "overrides": st.just(overrides),
    }
    optional: dict[str, st.SearchStrategy[Any]] = {
        "count": st.just(1),
        "enableExecuteCommand": st.booleans(),
        "group": words,
        "propagateTags": st.sampled_from(["TASK_DEFINITION", "NONE"]),
        "tags": tags.map(lambda pairs: [{"key": k, "value": v} for k, v in pairs.items()]),
    }
    made: dict[str, Any] = draw(st.fixed_dictionaries(own, optional=optional))
    platform: dict[str, Any] = draw(fargate)
    return made | platform


jobs = st.fixed_dictionaries(
    {
        "jobName": st.from_regex(r"[A-Za-z0-9][A-Za-z0-9_-]{0,127}", fullmatch=True),
        "jobQueue": st.sampled_from(["loads", PLACE.arn("batch", "job-queue/loads")]),
        "jobDefinition": st.sampled_from(["load", "load:7"]),
        "containerOverrides": containers,
    },
    optional={
        "arrayProperties": st.fixed_dictionaries({"size": st.integers(2, 10_000)}),
        "dependsOn": st.lists(st.fixed_dictionaries({"jobId": words.filter(bool)}), max_size=20),
        "parameters": st.dictionaries(words, words, max_size=5),
        "propagateTags": st.booleans(),
        "retryStrategy": st.fixed_dictionaries(
            {
                "attempts": st.integers(1, 10),
                "evaluateOnExit": st.lists(
                    st.fixed_dictionaries(
                        {"action": st.sampled_from(["RETRY", "exit"])},
                        optional={"onExitCode": st.sampled_from(["1", "13*", "*"])},
                    ),
                    max_size=5,
                ),
            }
        ),
        "schedulingPriorityOverride": st.integers(0, 9999),
        "shareIdentifier": st.from_regex(r"[A-Za-z0-9-]{1,255}\*?", fullmatch=True),
        "tags": tags,
        "timeout": st.fixed_dictionaries({"attemptDurationSeconds": st.integers(60, 2**31 - 1)}),
    },
)
requests = st.one_of(
    st.tuples(st.just("run_task"), tasks()), st.tuples(st.just("submit_job"), jobs)
)


@given(requests, tags)
def test_within_the_rules_it_passes_and_boto3_agrees(
    asked: tuple[str, dict[str, Any]], added: dict[str, str]
) -> None:
    field, parameters = asked
    request = start(field, parameters, tags=added)
    untouched = copy.deepcopy(request)
    admission().admit(request)
    prepared = admission().admit(request).request
    assert request == untouched
    report = ParamValidator().validate(prepared.parameters, INPUTS[field])
    assert not report.has_errors(), report.generate_report()
    assert prepared.parameters | {"tags": None} == parameters | {"tags": None}
    assert admission().admit(request).request == prepared


# One violation


def places(path: str, value: Any, shape: Any) -> Iterator[tuple[str, list[Any], Any]]:
    """Every value in the parameters: as an error names it, its keys from the root, and
    its shape (one of botocore's)."""
    stack: list[tuple[str, list[Any], Any, Any]] = [(path, [], value, shape)]
    while stack:
        name, keys, found, kind = stack.pop()
        yield name, keys, kind
        if kind.type_name == "structure":
            stack += [
                (f"{name}.{key}", [*keys, key], found[key], kind.members[key]) for key in found
            ]
        elif kind.type_name == "list":
            stack += [
                (f"{name}[{index}]", [*keys, index], item, kind.member)
                for index, item in enumerate(found)
            ]
        elif kind.type_name == "map":
            stack += [(f"{name}.{key}", [*keys, key], found[key], kind.value) for key in found]


def set_at(parameters: dict[str, Any], keys: list[Any], value: Any) -> None:
    target: Any = parameters
    for key in keys[:-1]:
        target = target[key]
    target[keys[-1]] = value


def value_at(parameters: dict[str, Any], keys: list[Any]) -> Any:
    value: Any = parameters
    for key in keys:
        value = value[key]
    return value


def is_of(value: Any, shape: Shape) -> bool:
    if shape.type_name in ("integer", "long"):
        return isinstance(value, int) and not isinstance(value, bool)
    return isinstance(value, PYTHON[shape.type_name])


@st.composite
def with_a_wrong_type(draw: st.DrawFn) -> tuple[str, dict[str, Any], str]:
    field, parameters = draw(requests)
    changed = copy.deepcopy(parameters)
    choices = [
        place
        for place in places(field, changed, INPUTS[field])
        if place[1] and place[1] != ["count"]
    ]
    name, keys, shape = draw(st.sampled_from(choices))
    set_at(changed, keys, draw(st.sampled_from([x for x in OTHERS if not is_of(x, shape)])))
    return field, changed, name


@st.composite
def with_an_unknown_name(draw: st.DrawFn) -> tuple[str, dict[str, Any], str]:
    field, parameters = draw(requests)
    changed = copy.deepcopy(parameters)
    structures = [
        place
        for place in places(field, changed, INPUTS[field])
        if place[2].type_name == "structure" and not getattr(place[2], "is_tagged_union", False)
    ]
    name, keys, shape = draw(st.sampled_from(structures))
    unknown = draw(
        st.text("abcdefgXYZ_", min_size=1).filter(lambda text: text not in shape.members)
    )
    value_at(changed, keys)[unknown] = "x"
    return field, changed, f"{name}.{unknown}"


@st.composite
def with_something_missing(draw: st.DrawFn) -> tuple[str, dict[str, Any], str]:
    field, parameters = draw(requests)
    changed = copy.deepcopy(parameters)
    required = [
        (name, keys, member)
        for name, keys, shape in places(field, changed, INPUTS[field])
        if shape.type_name == "structure"
        for member in shape.required_members
    ]
    name, keys, member = draw(st.sampled_from(required))
    del value_at(changed, keys)[member]
    return field, changed, f"{name}.{member}"


@st.composite
def with_a_foreign_word(draw: st.DrawFn) -> tuple[str, dict[str, Any], str]:
    field, parameters = draw(requests.filter(lambda asked: bool(_enums(*asked))))
    changed = copy.deepcopy(parameters)
    name, keys, _ = draw(st.sampled_from(_enums(field, changed)))
    set_at(changed, keys, draw(st.sampled_from(["", "MOON", "fargate ", "N0NE"])))
    return field, changed, name


def _enums(field: str, parameters: dict[str, Any]) -> list[tuple[str, list[Any], Shape]]:
    return [
        place
        for place in places(field, parameters, INPUTS[field])
        if place[2].metadata.get("enum") and place[1][-1] != "action"
    ]


VIOLATIONS = st.one_of(
    with_a_wrong_type(), with_an_unknown_name(), with_something_missing(), with_a_foreign_word()
)


@given(VIOLATIONS)
def test_one_violation_of_the_model_is_refused_by_name(
    violation: tuple[str, dict[str, Any], str],
) -> None:
    field, parameters, named = violation
    error = refusal(admission().admit, start(field, parameters))
    assert error.field == named
    assert error.problem
    assert error.fix


OURS = [
    ("run_task", "startedBy", st.text(), "run_task.startedBy"),
    ("run_task", "clientToken", st.text(), "run_task.clientToken"),
    ("run_task", "count", st.integers().filter(lambda count: count != 1), "run_task.count"),
    ("run_task", "cluster", st.text("abc", min_size=1), "run_task.cluster"),
    ("run_task", "taskDefinition", st.text("abc", min_size=1), "run_task.taskDefinition"),
    ("run_task", "launchType", st.just("MANAGED_INSTANCES"), "run_task.launchType"),
    ("submit_job", "jobQueue", st.text("abc", min_size=1), "submit_job.jobQueue"),
    ("submit_job", "jobDefinition", st.text("abc", min_size=1), "submit_job.jobDefinition"),
    ("submit_job", "jobName", st.text("a b/", min_size=129), "submit_job.jobName"),
    ("submit_job", "arrayProperties", st.integers().filter(lambda n: not 2 <= n <= 10_000)
     .filter(lambda n: abs(n) < 2**31).map(lambda n: {"size": n}),
     "submit_job.arrayProperties.size"),
    ("submit_job", "timeout", st.integers(-(2**31), 59).map(
        lambda n: {"attemptDurationSeconds": n}), "submit_job.timeout.attemptDurationSeconds"),
]  # fmt: skip


@pytest.mark.parametrize(
    ("field", "name", "values", "named"), OURS, ids=[f"{each[0]}.{each[1]}" for each in OURS]
)
@given(data=st.data())
@settings(max_examples=30)
def test_one_violation_of_the_rules_is_refused_by_name(
    field: str, name: str, values: st.SearchStrategy[Any], named: str, data: st.DataObject
) -> None:
    parameters = data.draw(tasks() if field == "run_task" else jobs)
    if name == "launchType":
        parameters.pop("capacityProviderStrategy", None)
    changed = parameters | {name: data.draw(values)}
    assert refusal(admission().admit, start(field, changed)).field == named


@given(st.integers(8_193, 40_000), st.booleans())
def test_overrides_over_the_limit_are_refused(length: int, offload: bool) -> None:
    container = {"name": "m", "command": ["x" * length]}
    parameters = {
        "cluster": "reports",
        "taskDefinition": "report",
        "overrides": {"containerOverrides": [container]},
    }
    request = start("run_task", parameters, offload_environment=offload)
    assert refusal(admission().admit, request).field == "run_task.overrides"

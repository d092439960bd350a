"""Addresses in AWS's consoles: what they say is what was put in, in each partition."""

import asyncio
import re
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any
from urllib.parse import unquote, urlsplit

import pytest
from botocore.session import Session
from hypothesis import given
from hypothesis import strategies as st
from msgspec import structs

from airflow_provider_jetbridge.links import buttons, console, publish, urls
from airflow_provider_jetbridge.links.known import links_to_store
from airflow_provider_jetbridge.operators.batch import BatchOperator
from airflow_provider_jetbridge.operators.ecs import EcsRunTaskOperator
from airflow_provider_jetbridge.provider_info import get_provider_info
from airflow_provider_jetbridge.task_instance import Task
from jetbridge.contract import Cause, Death, Launched, LogStream, Outcome, StartAnswer

HOME = "https://console.aws.amazon.com"
TEXT = st.text(st.characters(exclude_categories=["Cs"]), min_size=1)
# What RFC 3986 allows in a fragment, and what Airflow's page, chat programs and mail leave whole.
FRAGMENT = re.compile(r"[A-Za-z0-9\-._~$'()*,:/=]*")

LAUNCHED = Launched(
    run_id="mzxw6ytboi4dgmrtgq2t",
    backend="ecs",
    region="eu-central-1",
    backend_id="arn:aws:ecs:eu-central-1:123456789012:task/etl/0f1e",
    launched_at=1_767_225_600.0,
)


NO_KEY: Any = None
"""What no link looks at."""


def matched(pattern: str, text: str) -> re.Match[str]:
    found = re.match(pattern, text)
    assert found is not None, text
    return found


def parse(text: str) -> Any:
    """JSURL as CloudWatch's page reads it; returns the value and what is left of the text."""
    assert text[0] == "~", text
    if text[1] == "'":
        found = matched(r"~'([A-Za-z0-9_.*-]*)", text)
        return unquote(found[1].replace("*", "%"), errors="strict"), text[found.end() :]
    if text[1] != "(":
        found = matched(r"~(-?\d+)", text)
        return int(found[1]), text[found.end() :]
    text = text[2:]
    if text.startswith("~"):
        values = []
        while text[0] != ")":
            value, text = parse(text)
            values.append(value)
        return values, text[1:]
    fields = {}
    while text[0] != ")":
        name = matched(r"~?(\w+)", text)
        fields[name[1]], text = parse(text[name.end() :])
    return fields, text[1:]


def query_of(url: str) -> dict[str, Any]:
    fragment = urlsplit(url).fragment
    detail = fragment.removeprefix("logsV2:logs-insights$3FqueryDetail$3D")
    value, rest = parse(detail)
    assert rest == ""
    query: dict[str, Any] = value
    return query


@given(group=TEXT, stream=TEXT)
def test_a_stream_of_any_name_is_in_its_address(group: Any, stream: Any) -> None:
    parts = urlsplit(console.log_stream(HOME, "eu-central-1", group, stream))
    assert FRAGMENT.fullmatch(parts.fragment)
    _, _, first, _, second = parts.fragment.split("/")
    assert [unquote(unquote(name.replace("$", "%"))) for name in (first, second)] == [group, stream]


@given(groups=st.lists(TEXT, min_size=1), query=TEXT)
def test_any_query_is_in_its_address(groups: Any, query: Any) -> None:
    url = console.logs_insights(HOME, "eu-central-1", groups, query)
    assert FRAGMENT.fullmatch(urlsplit(url).fragment)
    detail = query_of(url)
    assert (detail["source"], detail["editorString"]) == (groups, query)
    assert (detail["start"], detail["end"], detail["timeType"]) == (-86400, 0, "RELATIVE")


@given(cluster=TEXT, task=TEXT)
def test_no_name_leaves_its_place_in_a_tasks_address(cluster: Any, task: Any) -> None:
    cluster, task = cluster.replace("/", "-").replace(":", "-"), task.replace("/", "-")
    task = task.replace(":", "-")
    arn = f"arn:aws:ecs:eu-central-1:123456789012:task/{cluster}/{task}"
    parts = urlsplit(console.ecs_task(HOME, "eu-central-1", arn, None))
    assert parts.query == "region=eu-central-1"
    assert parts.fragment == ""
    *_, first, _, second = parts.path.split("/")
    assert (unquote(first), unquote(second)) == (cluster, task)


@pytest.mark.parametrize(
    ("cluster", "expected"),
    [(None, "default"), ("etl", "etl"), ("arn:aws:ecs:eu-central-1:1:cluster/etl", "etl")],
)
def test_an_arn_of_the_old_format_takes_the_cluster_from_the_run(
    cluster: str | None, expected: str
) -> None:
    url = console.ecs_task(HOME, "eu-central-1", "arn:aws:ecs:eu-central-1:1:task/0f1e", cluster)
    assert url == f"{HOME}/ecs/v2/clusters/{expected}/tasks/0f1e?region=eu-central-1"


@pytest.mark.parametrize(
    ("region", "expected"),
    [
        ("eu-central-1", "https://console.aws.amazon.com"),
        ("cn-north-1", "https://console.amazonaws.cn"),
        ("us-gov-west-1", "https://console.amazonaws-us-gov.com"),
        ("us-iso-east-1", None),
        ("mars-1", None),
    ],
)
def test_each_partition_has_its_console(region: str, expected: str | None) -> None:
    assert console.home(console.partition_of(None, region)) == expected
    launched = Launched(
        run_id="r", backend="batch", region=region, backend_id="0f1e", launched_at=1.0
    )
    links = urls.of_launched(launched, "jetbridge")
    if expected is None:
        assert links == {}
    else:
        job = f"{expected}/batch/home?region={region}#jobs/detail/0f1e"
        assert links[buttons.BatchJobLink().xcom_key] == job


def test_the_amazon_provider_has_the_same_page_for_a_batch_job() -> None:
    from airflow.providers.amazon.aws.links.batch import BatchJobDetailsLink

    stock = BatchJobDetailsLink().format_link(
        aws_domain="aws.amazon.com", region_name="eu-central-1", job_id="0f1e"
    )
    assert console.batch_job(HOME, "eu-central-1", "0f1e") == stock


def test_the_arns_partition_comes_before_the_regions() -> None:
    assert console.partition_of("arn:aws-cn:ecs:eu-central-1:1:task/t", "eu-central-1") == "aws-cn"


def test_a_launched_run_has_its_task_and_its_own_link() -> None:
    links = urls.of_launched(LAUNCHED, "jetbridge")
    assert links[buttons.EcsTaskLink().xcom_key] == (
        f"{HOME}/ecs/v2/clusters/etl/tasks/0f1e?region=eu-central-1"
    )
    detail = query_of(links[buttons.JetbridgeRunLink().xcom_key])
    assert 'filter run_id = "mzxw6ytboi4dgmrtgq2t"' in detail["editorString"]
    assert "/aws/lambda/jetbridge-track-run" in detail["source"]
    assert len(links) == 2
    assert urls.of_launched(LAUNCHED, None).keys() == {buttons.EcsTaskLink().xcom_key}


def test_every_group_of_the_runs_link_is_in_the_template() -> None:
    template = (Path(__file__).parents[2] / "template.yaml").read_text()
    for function in urls.FUNCTIONS:
        assert f"LogGroupName: !Sub /aws/lambda/${{Names.Prefix}}-{function}\n" in template


def test_an_accepted_run_has_its_own_link() -> None:
    answer = StartAnswer(
        run_id="r", duplicate=False, outcomes_table="t", stop_function="s", region="eu-central-1"
    )
    links = urls.of_answer(answer, "jetbridge")
    assert links.keys() == {buttons.JetbridgeRunLink().xcom_key}
    assert urls.of_answer(answer, None) == {}


def test_an_outcomes_queries_are_of_its_time(make_outcome: Callable[..., Outcome]) -> None:
    streams = [
        LogStream(container=name, group="/ecs/etl", stream=f"etl/{name}/0f1e", region="eu-west-1")
        for name in ("main", "helper")
    ]
    outcome = make_outcome(
        started_at="2026-01-01T00:00:00.5+00:00",
        log_streams=streams,
        finished_at=1_767_229_200.0,
    )
    links = urls.of_outcome(outcome, "jetbridge")
    for key in (buttons.JetbridgeRunLink().xcom_key, buttons.ContainerLogLink().xcom_key):
        detail = query_of(links[key])
        assert detail["start"] == "2025-12-31T23:00:00.500Z"
        assert detail["end"] == "2026-01-01T02:00:00.000Z"
    assert '@logStream in ["etl/main/0f1e", "etl/helper/0f1e"]' in detail["editorString"]
    one = urls.of_outcome(make_outcome(log_streams=streams[:1]), None)
    assert one[buttons.ContainerLogLink().xcom_key] == (
        f"{HOME}/cloudwatch/home?region=eu-west-1#logsV2:log-groups/log-group/$252Fecs$252Fetl"
        "/log-events/etl$252Fmain$252F0f1e"
    )


def test_a_run_that_died_before_is_followed_from_its_first_death(
    make_outcome: Callable[..., Outcome],
) -> None:
    death = Death(launch=1, cause=Cause.CAPACITY, reason="", backend_id=None, at=1_767_222_000.0)
    outcome = make_outcome(
        deaths=[death], started_at="2026-01-01T00:00:00Z", finished_at=1_767_229_200.0
    )
    run = urls.of_outcome(outcome, "jetbridge")[buttons.JetbridgeRunLink().xcom_key]
    assert query_of(run)["start"] == "2025-12-31T22:00:00.000Z"


def test_a_run_that_was_never_launched_has_no_task(make_outcome: Callable[..., Outcome]) -> None:
    outcome = make_outcome(backend_id=None, finished_at=1_767_229_200.0)
    assert urls.of_outcome(outcome, None) == {}


def test_both_operators_have_links_and_airflow_knows_their_classes() -> None:
    from airflow.providers_manager import ProvidersManager

    known = set(ProvidersManager().extra_links_class_names)
    assert set(get_provider_info()["extra-links"]) <= known
    for operator in (EcsRunTaskOperator, BatchOperator):
        for link in operator.operator_extra_links:
            name = f"{type(link).__module__}.{type(link).__qualname__}"
            assert name in known


def test_a_link_is_the_operators_own_else_what_is_stored(monkeypatch: pytest.MonkeyPatch) -> None:
    stored = {buttons.EcsTaskLink().xcom_key: "https://stored"}
    monkeypatch.setattr(buttons, "_stored", lambda key, ti: stored.get(key, ""))
    link = buttons.EcsTaskLink()
    for urls_known, expected in (
        (None, "https://stored"),
        ({}, ""),
        ({link.xcom_key: "https://known"}, "https://known"),
    ):
        operator: Any = SimpleNamespace(link_urls=urls_known)
        assert link.get_link(operator, ti_key=NO_KEY) == expected


LINKS = EcsRunTaskOperator.operator_extra_links
ADDRESSES = st.dictionaries(
    st.sampled_from([link.xcom_key for link in LINKS]), st.sampled_from("ab")
)


@given(ADDRESSES, ADDRESSES)
def test_airflow_has_every_address_when_the_changed_ones_are_stored(
    known: dict[str, str], stored: dict[str, str]
) -> None:
    operator: Any = SimpleNamespace(link_urls=known)
    after = dict(stored)
    for link in links_to_store(LINKS, known, stored):
        address = link.get_link(operator, ti_key=NO_KEY)
        assert address != after.get(link.xcom_key, "")
        after[link.xcom_key] = address
    for link in LINKS:
        assert after.get(link.xcom_key, "") == known.get(link.xcom_key, "")


def test_the_second_process_repeats_neither_the_task_nor_its_only_log(
    make_outcome: Callable[..., Outcome],
) -> None:
    """The link to the run changes: its query gets the run's time."""
    stream = LogStream(
        container="main", group="/jobs", stream="ecs/main/0f1e", region="eu-central-1"
    )
    launched = structs.replace(LAUNCHED, log_streams=[stream])
    outcome = make_outcome(
        backend_id=LAUNCHED.backend_id, log_streams=[stream], finished_at=1_767_229_200.0
    )
    stored = urls.of_launched(launched, None)
    left = links_to_store(LINKS, urls.of_outcome(outcome, "jetbridge"), stored)
    assert [type(link) for link in left] == [buttons.JetbridgeRunLink]


def test_a_link_of_others_is_stored_always() -> None:
    theirs = SimpleNamespace(xcom_key="theirs")
    assert links_to_store([*LINKS, theirs], {}, {}) == (theirs,)


def test_a_regions_partition_is_botocores() -> None:
    session = Session()
    regions = {
        region
        for partition in session.get_available_partitions()
        for service in ("batch", "ecs", "logs")
        for region in session.get_available_regions(service, partition)
    }
    assert len(regions) > 30
    for region in regions:
        assert console.partition_of_region(region) == session.get_partition_for_region(region)


def test_an_airflow_that_cannot_be_asked_costs_the_link_alone(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def fails(key: Any, ti: Any) -> None:
        raise RuntimeError("said by the test")

    monkeypatch.setattr(buttons, "_stored", fails)
    operator: Any = SimpleNamespace()
    assert buttons.BatchJobLink().get_link(operator, ti_key=NO_KEY) == ""


def test_publishing_never_fails_the_trigger(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def fails(task: Any, key: Any, url: Any) -> None:
        raise RuntimeError("said by the test")

    monkeypatch.setattr(publish, "_store", fails)
    task = Task("dag", "run", "task", -1)
    assert asyncio.run(publish.publish(task, {"_link_X": "https://x"})) is False
    assert "Link _link_X of dag/run/task could not be stored: said by the test" in caplog.text
    assert asyncio.run(publish.publish(task, {})) is True

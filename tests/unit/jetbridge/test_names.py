"""Names: whatever the key, AWS accepts the names made of it, and they lead back to the run."""

import re
from typing import Any

from botocore.loaders import Loader
from hypothesis import example, given
from hypothesis import strategies as st
from jetbridge_testing.samples import STACK_KEY, STATE_CHANGES, event, request

from jetbridge.contract import run_id_of
from jetbridge.runs.names import LaunchName, last_segment

KEYS = st.text(min_size=1, max_size=2048)
LAUNCHES = st.integers(min_value=1, max_value=10**6)
JOB_NAMES = st.from_regex(r"\A[A-Za-z0-9][A-Za-z0-9_-]{0,127}\Z")


def _documented_limit(service: str, shape: str, member: str) -> int:
    """botocore's models have these limits only in their documentation."""
    model: Any = Loader().load_service_model(service, "service-2")
    text = model["shapes"][shape]["members"][member]["documentation"]
    found = re.search(r"[Uu]p to (\d+) (?:letters|characters)", text)
    assert found, text
    return int(found[1])


STARTED_BY_LIMIT = _documented_limit("ecs", "RunTaskRequest", "startedBy")
TOKEN_LIMIT = _documented_limit("ecs", "RunTaskRequest", "clientToken")


def _job_name_limit() -> int:
    model: Any = Loader().load_service_model("batch", "service-2")
    text = model["shapes"]["SubmitJobRequest"]["members"]["jobName"]["documentation"]
    found = re.search(r"up to (\d+) letters long", text)
    assert found, text
    return int(found[1])


JOB_NAME_LIMIT = _job_name_limit()


@given(KEYS, LAUNCHES)
def test_every_key_makes_a_valid_started_by_and_token(key: str, launch: int) -> None:
    name = str(LaunchName(STACK_KEY, run_id_of(key), launch))
    assert re.fullmatch(r"[A-Za-z0-9\-/_]+", name)
    assert len(name) <= min(STARTED_BY_LIMIT, TOKEN_LIMIT)


@given(KEYS, LAUNCHES, JOB_NAMES)
@example("k", 10**6, "j" * 128)
@example("k", 1, "j" + "-" * 127)
def test_every_key_makes_a_valid_job_name(key: str, launch: int, users: str) -> None:
    name = LaunchName(STACK_KEY, run_id_of(key), launch).job_name(users)
    assert re.fullmatch(r"[A-Za-z0-9][A-Za-z0-9_-]*", name)
    assert len(name) <= JOB_NAME_LIMIT


@given(KEYS, LAUNCHES, JOB_NAMES)
def test_parse_is_the_inverse(key: str, launch: int, users: str) -> None:
    name = LaunchName(STACK_KEY, run_id_of(key), launch)
    assert LaunchName.parse(str(name)) == name
    assert LaunchName.parse(name.job_name(users)) == name


@given(st.lists(KEYS, min_size=2, max_size=20, unique=True))
def test_keys_do_not_meet(keys: list[str]) -> None:
    assert len({run_id_of(key) for key in keys}) == len(keys)


@given(st.text(max_size=140) | st.none())
def test_other_texts_are_not_ours(text: str | None) -> None:
    assert LaunchName.parse(text) is None


def test_near_misses_are_not_ours() -> None:
    ours = str(LaunchName(STACK_KEY, run_id_of("k"), 1))
    near = [ours.upper(), ours[1:], f"x{ours}", ours[:-1], f"{ours}x", ours.replace("jb-", "jb_")]
    assert [LaunchName.parse(text) for text in near] == [None] * len(near)


def test_samples_carry_the_names_of_their_requests() -> None:
    names = {
        "ecs": LaunchName(STACK_KEY, run_id_of(request("airflow_ecs").key), 1),
        "batch": LaunchName(STACK_KEY, run_id_of(request("airflow_batch").key), 1),
    }
    for sample in STATE_CHANGES:
        detail = event(sample)["detail"]
        text = detail.get("startedBy") or detail["jobName"]
        assert LaunchName.parse(text) == names[sample.split("_")[0]], sample


def test_last_segment_of_arns_and_plain_names() -> None:
    assert last_segment("arn:aws:ecs:eu-central-1:123456789012:cluster/reports") == "reports"
    assert last_segment("reports") == "reports"

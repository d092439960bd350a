"""Large environments: refused with the fix, or kept in S3 with a reference in the container."""

import json
from typing import Any

import boto3
import pytest
from jetbridge_testing.admission import MemoryEnvironments, admission, offloading, refusal
from jetbridge_testing.samples import request
from msgspec.structs import replace

from jetbridge.admission.s3 import S3Environments
from jetbridge.contract import StartRequest, run_id_of

LARGE = [{"name": f"V{n}", "value": "x" * 1000} for n in range(40)]
SMALL = [{"name": "A", "value": "ä"}]


def task(*environments: list[dict[str, str]], offload: bool = True) -> StartRequest:
    asked = request("airflow_ecs")
    overrides = [
        {"name": f"c{n}", "command": ["run"], "environment": pairs}
        for n, pairs in enumerate(environments)
    ]
    parameters = asked.parameters | {"overrides": {"containerOverrides": overrides}}
    return replace(asked, run_task=parameters, offload_environment=offload)


def job(offload: bool = True, **overrides: Any) -> StartRequest:
    asked = request("airflow_batch")
    own = {name: asked.parameters[name] for name in ("jobName", "jobQueue", "jobDefinition")}
    return replace(asked, submit_job=own | overrides, offload_environment=offload)


JOBS: dict[str, dict[str, Any]] = {
    "container": {"containerOverrides": {"environment": LARGE}},
    "ecs": {"ecsPropertiesOverride": {"taskProperties": [{"containers": [
        {"name": "main", "environment": LARGE}]}]}},
    "eks": {"eksPropertiesOverride": {"podProperties": {"initContainers": [
        {"name": "main", "env": LARGE}]}}},
    "nodes": {"nodeOverrides": {"nodePropertyOverrides": [
        {"targetNodes": "0:", "containerOverrides": {"environment": LARGE}}]}},
}  # fmt: skip


OVER_8192 = {
    "container": ({"containerOverrides": {"command": ["x" * 9000]}}, "containerOverrides"),
    "environment": ({"containerOverrides": {"environment": LARGE[:12]}}, "containerOverrides"),
    "ecs": (
        {"ecsPropertiesOverride": {"taskProperties": [
            {"containers": [{"name": "a", "command": ["x" * 5000]}]},
            {"containers": [{"name": n, "command": ["x" * 5000]} for n in "ab"]}]}},
        "ecsPropertiesOverride.taskProperties[1]",
    ),
    "nodes": (
        {"nodeOverrides": {"nodePropertyOverrides": [
            {"targetNodes": "0:", "containerOverrides": {"command": ["x" * 9000]}}]}},
        "nodeOverrides.nodePropertyOverrides[0].containerOverrides",
    ),
}  # fmt: skip


@pytest.mark.parametrize(("overrides", "field"), OVER_8192.values(), ids=OVER_8192)
def test_what_batch_takes_and_ecs_refuses_is_refused(overrides: dict[str, Any], field: str) -> None:
    """ "Container Overrides length must be at most 8192" ends the job that Batch took."""
    error = refusal(admission().admit, job(offload=False, **overrides))
    assert error.field == f"submit_job.{field}"
    assert "8192" in str(error)


def test_a_batch_environment_over_8192_characters_goes_to_s3() -> None:
    store, asked = MemoryEnvironments(), job(containerOverrides={"environment": LARGE[:12]})
    prepared, warnings = offloading(store).admit(asked)
    assert warnings == []
    assert len(store.objects) == 1
    assert len(json.dumps(prepared.parameters)) < 2_000


def test_a_pods_overrides_have_only_submit_jobs_own_limit() -> None:
    pod = {"podProperties": {"containers": [{"name": "main", "args": ["x" * 9000]}]}}
    admission().admit(job(offload=False, eksPropertiesOverride=pod))


def test_small_environments_stay_where_they_are() -> None:
    store = MemoryEnvironments()
    asked = task(SMALL)
    assert offloading(store).admit(asked).warnings == []
    assert offloading(store).admit(asked).request == asked
    assert store.objects == {}


def test_each_containers_environment_is_its_own_object() -> None:
    store, asked = MemoryEnvironments(), task(LARGE, SMALL)
    prepared, warnings = offloading(store).admit(asked)
    assert warnings == []
    overrides = prepared.parameters["overrides"]["containerOverrides"]
    for container, pairs in zip(overrides, (LARGE, SMALL), strict=True):
        [pair] = container["environment"]
        assert pair["name"] == "JETBRIDGE_ENVIRONMENT_S3"
        bucket, _, key = pair["value"].removeprefix("s3://").partition("/")
        assert bucket == "environments"
        assert key.startswith(f"jetbridge/{run_id_of(asked.key)}/")
        expected = {each["name"]: each["value"] for each in pairs}
        assert json.loads(store.objects[bucket, key]) == expected
        assert container["command"] == ["run"]
    assert asked == task(LARGE, SMALL), "the request is left as it was"


def test_a_repeated_request_is_rewritten_the_same() -> None:
    store = MemoryEnvironments()
    first = offloading(store).admit(task(LARGE)).request
    written = dict(store.objects)
    assert offloading(store).admit(task(LARGE)).request == first
    assert store.objects == written
    offloading(store).admit(task([*LARGE, *SMALL]))
    assert all(store.objects[place] == content for place, content in written.items()), (
        "what the first request's container reads stays"
    )


@pytest.mark.parametrize("kind", JOBS)
def test_every_place_of_a_jobs_environments(kind: str) -> None:
    store, asked = MemoryEnvironments(), job(**JOBS[kind])
    prepared = offloading(store).admit(asked).request
    [content] = store.objects.values()
    assert json.loads(content) == {pair["name"]: pair["value"] for pair in LARGE}
    text = json.dumps(prepared.submit_job)
    assert text.count(f"s3://environments/jetbridge/{run_id_of(asked.key)}/") == 1
    assert "xxxx" not in text


@pytest.mark.parametrize("asked", [task(LARGE, offload=False), job(offload=False, **JOBS["ecs"])])
def test_without_the_flag_it_is_refused(asked: StartRequest) -> None:
    store = MemoryEnvironments()
    error = refusal(offloading(store).admit, asked)
    assert "offload_environment" in error.fix
    assert store.objects == {}


@pytest.mark.parametrize("asked", [task(LARGE), job(**JOBS["container"])])
def test_without_a_bucket_it_is_refused(asked: StartRequest) -> None:
    assert "OffloadBucket" in refusal(admission().admit, asked).fix


def test_what_is_too_large_without_its_environments_is_refused() -> None:
    asked = job(containerOverrides={"environment": LARGE}, parameters={"text": "x" * 31_000})
    error = refusal(offloading(MemoryEnvironments()).admit, asked)
    assert error.field == "submit_job"
    assert "even with its environments in S3" in error.problem


def test_secrets_that_leave_the_overrides_are_not_warned_of() -> None:
    asked = task([*LARGE, {"name": "DB_PASSWORD", "value": "hunter2"}])
    assert offloading(MemoryEnvironments()).admit(asked).warnings == []


def test_on_s3(aws: None) -> None:
    s3 = boto3.client("s3", region_name="us-east-1")
    s3.create_bucket(Bucket="environments")
    store = S3Environments(lambda: s3)
    for _ in range(2):
        store.put("environments", f"jetbridge/{run_id_of('k')}/1.json", b'{"A":"1"}')
    answer = s3.get_object(Bucket="environments", Key=f"jetbridge/{run_id_of('k')}/1.json")
    assert answer["Body"].read() == b'{"A":"1"}'
    assert answer["ContentType"] == "application/json"

"""The ECS and Batch adapters, against botocore's own models of requests and answers."""

from collections.abc import Iterator
from typing import Any

import boto3
import pytest
from botocore.exceptions import ConnectionClosedError, ConnectTimeoutError, ReadTimeoutError
from botocore.stub import Stubber
from jetbridge_testing.samples import JOB_DEFINITION, STACK_KEY, TASK_DEFINITION, request
from jetbridge_testing.stand_ins import as_client

from jetbridge.aws.clients import client, is_throttle
from jetbridge.backends.batch import BatchBackend
from jetbridge.backends.ecs import EcsBackend
from jetbridge.backends.port import LaunchRefused, NoDefinition, Throttled, Unanswered
from jetbridge.runs.names import LaunchName
from jetbridge.runs.run import Definition, LogSource

NAME = LaunchName(STACK_KEY, "a" * 20, 1)
TASK = "arn:aws:ecs:eu-central-1:123456789012:task/reports/478f3a4c51824ad23cb50c1c60670c0f"
TASK_PARAMETERS = request("airflow_ecs").parameters
JOB_PARAMETERS = request("airflow_batch").parameters


@pytest.fixture
def ecs() -> Iterator[Stubber]:
    with Stubber(boto3.client("ecs")) as stub:
        yield stub
        stub.assert_no_pending_responses()


@pytest.fixture
def batch() -> Iterator[Stubber]:
    with Stubber(boto3.client("batch")) as stub:
        yield stub
        stub.assert_no_pending_responses()


def _run_task(stub: Stubber) -> str:
    return EcsBackend(as_client(stub.client)).launch(
        NAME, TASK_PARAMETERS, Definition(arn=TASK_DEFINITION)
    )


def _submit_job(stub: Stubber) -> str:
    return BatchBackend(as_client(stub.client)).launch(
        NAME, JOB_PARAMETERS, Definition(arn=JOB_DEFINITION)
    )


def test_run_task_carries_the_launchs_name_and_the_pinned_revision(ecs: Stubber) -> None:
    expected = TASK_PARAMETERS | {
        "taskDefinition": TASK_DEFINITION,
        "startedBy": str(NAME),
        "clientToken": str(NAME),
        "count": 1,
    }
    ecs.add_response("run_task", {"tasks": [{"taskArn": TASK}], "failures": []}, expected)
    assert _run_task(ecs) == TASK


def test_submit_job_carries_the_launchs_name_and_the_pinned_revision(batch: Stubber) -> None:
    expected = JOB_PARAMETERS | {"jobName": f"{NAME}-load", "jobDefinition": JOB_DEFINITION}
    batch.add_response("submit_job", {"jobName": f"{NAME}-load", "jobId": "j"}, expected)
    assert _submit_job(batch) == "j"


def test_failures_with_http_200_are_refusals(ecs: Stubber) -> None:
    failures = [{"arn": "x", "reason": "RESOURCE:MEMORY"}]
    ecs.add_response("run_task", {"tasks": [], "failures": failures})
    with pytest.raises(LaunchRefused) as refused:
        _run_task(ecs)
    assert refused.value.code == "RESOURCE:MEMORY"


@pytest.mark.parametrize("reason", ["MISSING", "INACTIVE", "LOCATION", "ATTRIBUTE"])
def test_a_failure_without_detail_says_its_reason_and_what_it_is_about(
    ecs: Stubber, reason: str
) -> None:
    arn = "arn:aws:ecs:eu-central-1:123456789012:container-instance/reports/0a1b"
    ecs.add_response("run_task", {"tasks": [], "failures": [{"arn": arn, "reason": reason}]})
    with pytest.raises(LaunchRefused) as refused:
        _run_task(ecs)
    assert (refused.value.code, refused.value.reason) == (
        reason,
        f"RunTask failed: {reason} ({arn})",
    )


def test_a_failure_has_its_detail_and_an_empty_failure_is_one(ecs: Stubber) -> None:
    ecs.add_response("run_task", {"failures": [{"reason": "ATTRIBUTE", "detail": "no awsvpc"}]})
    with pytest.raises(LaunchRefused, match="RunTask failed: ATTRIBUTE: no awsvpc"):
        _run_task(ecs)
    ecs.add_response("run_task", {"failures": [{}]})
    with pytest.raises(LaunchRefused, match="RunTask failed: no reason given"):
        _run_task(ecs)


def test_conflict_names_the_task_that_was_launched(ecs: Stubber) -> None:
    ecs.add_client_error(
        "run_task", "ConflictException", "changed", modeled_fields={"resourceIds": [TASK]}
    )
    assert _run_task(ecs) == TASK


def test_conflict_without_a_task_is_a_refusal(ecs: Stubber) -> None:
    ecs.add_client_error("run_task", "ConflictException", "changed")
    with pytest.raises(LaunchRefused):
        _run_task(ecs)


@pytest.mark.parametrize(
    ("code", "message", "status"),
    [
        ("ThrottlingException", "Rate exceeded", 400),
        ("InvalidParameterException", "Rate exceeded", 400),
        ("TooManyRequestsException", "Too Many Requests", 429),
        ("InvalidParameterException", "Throttling: too many launches", 400),
        ("ClientException", "Rate exceeded", 400),
        # dagster-io/dagster#33439
        (
            "InvalidParameterException",
            "Error retrieving subnet information for [subnet-0a1b]: Rate exceeded "
            "(ErrorCode: Throttling)",
            400,
        ),
        # dask/dask-cloudprovider#56
        (
            "InvalidParameterException",
            "Error retrieving security group information for [sg-0a1b]: Request limit exceeded. "
            "(ErrorCode: RequestLimitExceeded)",
            400,
        ),
    ],
)
def test_throttles_in_every_disguise(
    ecs: Stubber, batch: Stubber, code: str, message: str, status: int
) -> None:
    ecs.add_client_error("run_task", code, message, status)
    with pytest.raises(Throttled):
        _run_task(ecs)
    batch.add_client_error("submit_job", code, message, status)
    with pytest.raises(Throttled):
        _submit_job(batch)


@pytest.mark.parametrize("name", ["Throttling", "ApiThrottling", "RequestLimitExceeded"])
def test_a_name_is_no_throttle(ecs: Stubber, name: str) -> None:
    """Otherwise launch_run would wait for days because of a missing permission."""
    definition = TASK_DEFINITION.replace("report", name)
    words = f"User: jb is not authorized to perform: ecs:RunTask on resource: {definition}"
    ecs.add_client_error("run_task", "AccessDeniedException", words, 400)
    with pytest.raises(LaunchRefused):
        _run_task(ecs)


# com.amazonaws…: reproio/wrapbox#32
@pytest.mark.parametrize(
    "reason",
    [
        "Error retrieving security group information: com.amazonaws.services.ec2.model."
        "AmazonEC2Exception: Request limit exceeded. (Service: AmazonEC2; Status Code: 503; "
        "Error Code: RequestLimitExceeded; Request ID: 0a1b)",
        "Rate exceeded",
    ],
)
def test_a_failure_may_be_a_throttle(ecs: Stubber, reason: str) -> None:
    ecs.add_response("run_task", {"tasks": [], "failures": [{"reason": reason}]})
    with pytest.raises(Throttled):
        _run_task(ecs)


@pytest.mark.parametrize(
    ("code", "status"),
    [("ServerException", 500), ("ServiceUnavailableException", 503), ("SomethingNew", 502)],
)
def test_failures_of_awss_own_leave_open_what_happened(
    ecs: Stubber, batch: Stubber, code: str, status: int
) -> None:
    ecs.add_client_error("run_task", code, "oops", status)
    with pytest.raises(Unanswered):
        _run_task(ecs)
    batch.add_client_error("submit_job", code, "oops", status)
    with pytest.raises(Unanswered):
        _submit_job(batch)


@pytest.mark.parametrize("error", [ReadTimeoutError, ConnectTimeoutError, ConnectionClosedError])
def test_lost_connection_leaves_open_what_happened(error: type[Exception]) -> None:
    class Lost:
        def submit_job(self, **parameters: Any) -> None:
            raise error(endpoint_url="https://batch")  # type: ignore[call-arg]

        run_task = submit_job

    with pytest.raises(Unanswered):
        BatchBackend(as_client(Lost())).launch(NAME, JOB_PARAMETERS, Definition(arn="d:1"))
    with pytest.raises(Unanswered):
        EcsBackend(as_client(Lost())).launch(NAME, TASK_PARAMETERS, Definition(arn="d:1"))


def test_batch_calls_are_made_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """The SDK's own repetition of SubmitJob, which has no token, would submit a second job."""
    monkeypatch.setenv("AWS_DEFAULT_REGION", "eu-central-1")
    made = client("batch", repeats=False)
    calls = []

    def lose(**happening: Any) -> None:
        calls.append(happening)
        raise ReadTimeoutError(endpoint_url="https://batch")

    made.meta.events.register("before-send.batch.SubmitJob", lose)
    with pytest.raises(Unanswered):
        BatchBackend(made).launch(NAME, JOB_PARAMETERS, Definition(arn="d:1"))
    assert len(calls) == 1


def test_run_task_that_answers_with_nothing_is_a_refusal(ecs: Stubber) -> None:
    ecs.add_response("run_task", {"tasks": [], "failures": []})
    with pytest.raises(LaunchRefused):
        _run_task(ecs)


@pytest.mark.parametrize("code", ["ClientException", "AccessDeniedException"])
def test_refusals_keep_awss_words(ecs: Stubber, batch: Stubber, code: str) -> None:
    ecs.add_client_error("run_task", code, "No, since …")
    batch.add_client_error("submit_job", code, "No, since …", 403)
    for launch, stub in ((_run_task, ecs), (_submit_job, batch)):
        with pytest.raises(LaunchRefused) as refused:
            launch(stub)
        assert (refused.value.code, refused.value.reason) == (code, "No, since …")


def test_parameters_that_botocore_refuses_are_a_refusal() -> None:
    backend = EcsBackend(boto3.client("ecs"))
    with pytest.raises(LaunchRefused, match="lunchType"):
        backend.launch(NAME, TASK_PARAMETERS | {"lunchType": "x"}, Definition(arn=TASK_DEFINITION))


def test_broken_connection_is_neither_refusal_nor_throttle() -> None:
    assert not is_throttle(ConnectionError("reset"))


def test_ecs_definition_and_where_it_logs(ecs: Stubber) -> None:
    options = {"awslogs-group": "/ecs/report", "awslogs-stream-prefix": "report"}
    containers: list[dict[str, Any]] = [
        {
            "name": "main",
            "logConfiguration": {
                "logDriver": "awslogs",
                "options": options | {"awslogs-region": "eu-west-1"},
            },
        },
        {
            "name": "proxy",
            "essential": False,
            "logConfiguration": {"logDriver": "awslogs", "options": {"awslogs-group": "g"}},
        },
        {"name": "router", "logConfiguration": {"logDriver": "awsfirelens"}},
        {"name": "silent"},
    ]
    definition = {"taskDefinitionArn": TASK_DEFINITION, "containerDefinitions": containers}
    answer = {"taskDefinition": definition}
    ecs.add_response("describe_task_definition", answer, {"taskDefinition": "report"})
    resolved = EcsBackend(as_client(ecs.client)).resolve(TASK_PARAMETERS)
    assert resolved == Definition(
        arn=TASK_DEFINITION,
        log_sources=[
            LogSource(
                container="main",
                driver="awslogs",
                group="/ecs/report",
                prefix="report",
                region="eu-west-1",
            ),
            LogSource(container="proxy", driver="awslogs", essential=False, group="g"),
            LogSource(container="router", driver="awsfirelens"),
            LogSource(container="silent", driver="none"),
        ],
    )


@pytest.mark.parametrize(
    ("reference", "expected"),
    [
        ("load", {"jobDefinitionName": "load", "status": "ACTIVE"}),
        ("load:7", {"jobDefinitions": ["load:7"]}),
        (JOB_DEFINITION, {"jobDefinitions": [JOB_DEFINITION]}),
        (
            JOB_DEFINITION.removesuffix(":7"),
            {"jobDefinitionName": "load", "status": "ACTIVE"},
        ),
    ],
)
def test_batch_definition_is_the_newest_one(
    batch: Stubber, reference: str, expected: dict[str, Any]
) -> None:
    found = [
        {
            "jobDefinitionName": "load",
            "jobDefinitionArn": JOB_DEFINITION.replace(":7", f":{revision}"),
            "revision": revision,
            "type": "container",
            "containerProperties": {"image": "i"},
            "timeout": {"attemptDurationSeconds": 60 * revision},
        }
        for revision in (9, 10, 8)
    ]
    batch.add_response("describe_job_definitions", {"jobDefinitions": found}, expected)
    resolved = BatchBackend(as_client(batch.client)).resolve(
        JOB_PARAMETERS | {"jobDefinition": reference}
    )
    assert (resolved.arn[-3:], resolved.timeout_seconds) == (":10", 600)
    [source] = resolved.log_sources
    assert (source.container, source.driver, source.group) == (
        "default",
        "awslogs",
        "/aws/batch/job",
    )


def test_batch_definition_of_another_region_is_not_there(batch: Stubber) -> None:
    """SubmitJob would refuse its ARN; that of the same name here is another one."""
    definition = {
        "jobDefinitionName": "load",
        "jobDefinitionArn": JOB_DEFINITION,
        "revision": 7,
        "type": "container",
    }
    batch.add_response("describe_job_definitions", {"jobDefinitions": [definition]})
    elsewhere = JOB_DEFINITION.removesuffix(":7").replace("eu-central-1", "eu-west-1")
    assert elsewhere not in JOB_DEFINITION
    with pytest.raises(NoDefinition):
        BatchBackend(as_client(batch.client)).resolve(JOB_PARAMETERS | {"jobDefinition": elsewhere})


def test_a_task_definition_that_is_not_there_is_named(ecs: Stubber) -> None:
    """ECS's words, which don't say which: the ones that a newcomer saw."""
    words = "Unable to describe task definition."
    ecs.add_client_error("describe_task_definition", "ClientException", words, 400)
    with pytest.raises(NoDefinition) as refusal:
        EcsBackend(as_client(ecs.client)).resolve(TASK_PARAMETERS | {"taskDefinition": "reprot"})
    assert refusal.value.code == "ClientException"
    assert refusal.value.reason.startswith(f"{words} reprot doesn't exist")


@pytest.mark.parametrize(
    ("code", "words"),
    [
        ("AccessDeniedException", "not authorized to perform: ecs:DescribeTaskDefinition"),
        # The API reference gives the code for a missing permission, too.
        ("ClientException", "User is not authorized to perform this action"),
        ("AccessDeniedException", "Unable to describe task definition"),
    ],
)
def test_a_task_definition_that_may_not_be_read_may_be_there(
    ecs: Stubber, code: str, words: str
) -> None:
    ecs.add_client_error("describe_task_definition", code, words, 400)
    with pytest.raises(LaunchRefused) as refusal:
        EcsBackend(as_client(ecs.client)).resolve(TASK_PARAMETERS)
    assert not isinstance(refusal.value, NoDefinition)


@pytest.mark.parametrize(
    ("code", "status"), [("AccessDeniedException", 403), ("ClientException", 400)]
)
def test_a_job_definition_that_may_not_be_read_may_be_there(
    batch: Stubber, code: str, status: int
) -> None:
    batch.add_client_error("describe_job_definitions", code, "not authorized", status)
    with pytest.raises(LaunchRefused) as refusal:
        BatchBackend(as_client(batch.client)).resolve(JOB_PARAMETERS)
    assert not isinstance(refusal.value, NoDefinition)


@pytest.mark.parametrize("reason", ["MISSING", "TaskFailedToStart: AGENT"])
def test_a_task_that_ecs_does_not_know_is_absent(ecs: Stubber, reason: str) -> None:
    answer = {"tasks": [], "failures": [{"arn": TASK, "reason": reason}]}
    ecs.add_response("describe_tasks", answer, {"cluster": "reports", "tasks": [TASK]})
    assert EcsBackend(as_client(ecs.client)).describe("reports", [TASK]) == []


@pytest.mark.parametrize("failure", [{"arn": TASK, "reason": "ACCESS_DENIED"}, {"arn": TASK}])
def test_a_task_that_ecs_does_not_describe_may_be_there(
    ecs: Stubber, failure: dict[str, str]
) -> None:
    """Otherwise the sweeper would end its run as lost."""
    answer = {"tasks": [], "failures": [failure]}
    ecs.add_response("describe_tasks", answer, {"cluster": "reports", "tasks": [TASK]})
    with pytest.raises(LaunchRefused, match="DescribeTasks failed"):
        EcsBackend(as_client(ecs.client)).describe("reports", [TASK])


def test_batch_definition_that_does_not_exist(batch: Stubber) -> None:
    batch.add_response("describe_job_definitions", {"jobDefinitions": []})
    with pytest.raises(NoDefinition, match="load does not exist"):
        BatchBackend(as_client(batch.client)).resolve(JOB_PARAMETERS)


def _listed(ecs: Stubber, arns: list[str], token: str | None, **expected: str) -> None:
    answer: dict[str, Any] = {"taskArns": arns} | ({"nextToken": token} if token else {})
    ecs.add_response("list_tasks", answer, {"cluster": "reports", "maxResults": 100} | expected)


def test_ecs_find_reads_every_page_of_running_tasks(ecs: Stubber) -> None:
    _listed(ecs, [], "more", startedBy=str(NAME))
    _listed(ecs, [TASK], None, startedBy=str(NAME), nextToken="more")
    assert EcsBackend(as_client(ecs.client)).find(NAME, TASK_PARAMETERS) == TASK


def test_ecs_find_looks_at_the_familys_stopped_tasks(ecs: Stubber) -> None:
    """ListTasks: startedBy must be its only filter, and alone it lists running tasks."""
    other = TASK.replace("task/", "task/x")
    tasks = [
        {"taskArn": other, "startedBy": f"{NAME}0"},
        {"taskArn": TASK, "startedBy": str(NAME)},
    ]
    _listed(ecs, [], None, startedBy=str(NAME))
    _listed(ecs, [other, TASK], None, family="report", desiredStatus="STOPPED")
    asked = {"cluster": "reports", "tasks": [other, TASK]}
    ecs.add_response("describe_tasks", {"tasks": tasks}, asked)
    assert EcsBackend(as_client(ecs.client)).find(NAME, TASK_PARAMETERS) == TASK


def test_ecs_find_finds_nothing(ecs: Stubber) -> None:
    _listed(ecs, [], None, startedBy=str(NAME))
    _listed(ecs, [], None, family="report", desiredStatus="STOPPED")
    assert EcsBackend(as_client(ecs.client)).find(NAME, TASK_PARAMETERS) is None


def test_batch_find_looks_by_the_jobs_name_on_every_page(batch: Stubber) -> None:
    expected = {
        "jobQueue": "loads",
        "filters": [{"name": "JOB_NAME", "values": [f"{NAME}-load"]}],
    }
    jobs = {"jobSummaryList": [{"jobId": "j", "jobName": f"{NAME}-load"}]}
    batch.add_response("list_jobs", {"jobSummaryList": [], "nextToken": "more"}, expected)
    batch.add_response("list_jobs", jobs, expected | {"nextToken": "more"})
    assert BatchBackend(as_client(batch.client)).find(NAME, JOB_PARAMETERS) == "j"
    batch.add_response("list_jobs", {"jobSummaryList": []}, expected)
    assert BatchBackend(as_client(batch.client)).find(NAME, JOB_PARAMETERS) is None


def test_stops(ecs: Stubber, batch: Stubber) -> None:
    ecs.add_response("stop_task", {}, {"cluster": "reports", "task": TASK, "reason": "cleared"})
    EcsBackend(as_client(ecs.client)).stop(TASK, TASK_PARAMETERS, "cleared")
    batch.add_response("terminate_job", {}, {"jobId": "j", "reason": "cleared"})
    BatchBackend(as_client(batch.client)).stop("j", JOB_PARAMETERS, "cleared")


def _stops(*job_ids: str, queue: str = "loads") -> dict[str, dict[str, Any]]:
    return {job_id: {"jobQueue": queue} for job_id in job_ids}


def test_many_jobs_are_stopped_with_one_call_for_fifty_of_a_queue(batch: Stubber) -> None:
    ids = [f"j{number}" for number in range(51)]
    for some in (ids[:50], ["other", "another"]):
        expected = {"jobs": some, "reason": "cleared"}
        batch.add_response("terminate_jobs", {"successful": some, "errors": []}, expected)
        if some == ids[:50]:
            batch.add_response("terminate_job", {}, {"jobId": "j50", "reason": "cleared"})
    stops = _stops(*ids) | _stops("other", "another", queue="others")
    assert BatchBackend(as_client(batch.client)).stop_all(stops, "cleared") == {}
    batch.assert_no_pending_responses()


def test_what_one_job_meets_is_its_own(batch: Stubber) -> None:
    """The codes are those of TerminateJobsErrorDetail (API reference)."""
    codes = {
        "a": ("ThrottlingException", Throttled),
        "b": ("ServerException", Unanswered),
        "c": ("AccessDenied", LaunchRefused),
        "d": ("ValidationException", LaunchRefused),
    }
    errors = [{"job": job, "code": code, "message": "so"} for job, (code, _) in codes.items()]
    batch.add_response("terminate_jobs", {"successful": ["good"], "errors": errors})
    met = BatchBackend(as_client(batch.client)).stop_all(
        _stops(*codes, "good", "untold"), "cleared"
    )
    assert {job: type(error) for job, error in met.items()} == {
        "untold": Unanswered,
        **{job: kind for job, (_, kind) in codes.items()},
    }


def test_where_there_is_no_call_for_many_each_job_is_stopped_by_itself(batch: Stubber) -> None:
    batch.add_client_error("terminate_jobs", "UnknownOperationException", http_status_code=404)
    batch.add_response("terminate_job", {}, {"jobId": "a", "reason": "cleared"})
    batch.add_client_error("terminate_job", "AccessDeniedException", http_status_code=403)
    met = BatchBackend(as_client(batch.client)).stop_all(_stops("a", "b"), "cleared")
    assert {job: type(error) for job, error in met.items()} == {"b": LaunchRefused}


def test_a_call_for_many_that_breaks_keeps_no_job_from_its_own(
    batch: Stubber, monkeypatch: pytest.MonkeyPatch
) -> None:
    def breaks(**_: Any) -> None:
        raise RuntimeError("anything")

    monkeypatch.setattr(batch.client, "terminate_jobs", breaks)
    batch.add_client_error("terminate_job", "ServerException", http_status_code=500)
    batch.add_response("terminate_job", {}, {"jobId": "b", "reason": "cleared"})
    met = BatchBackend(as_client(batch.client)).stop_all({"a": {}, "b": {}}, "cleared")
    assert {job: type(error) for job, error in met.items()} == {"a": Unanswered}


@pytest.mark.parametrize(("status", "kind"), [(429, Throttled), (503, Unanswered)])
def test_a_call_for_many_that_aws_doesnt_take_is_put_off_for_all(
    batch: Stubber, status: int, kind: type[Exception]
) -> None:
    batch.add_client_error("terminate_jobs", "any", http_status_code=status)
    met = BatchBackend(as_client(batch.client)).stop_all(_stops("a", "b"), "cleared")
    assert {job: type(error) for job, error in met.items()} == {"a": kind, "b": kind}


def test_stop_of_a_task_that_ecs_has_forgotten_is_done(ecs: Stubber) -> None:
    ecs.add_client_error(
        "stop_task", "InvalidParameterException", "The referenced task was not found."
    )
    EcsBackend(as_client(ecs.client)).stop(TASK, TASK_PARAMETERS, "cleared")


def test_stop_that_is_refused_is_an_error(ecs: Stubber) -> None:
    ecs.add_client_error("stop_task", "ClusterNotFoundException", "Cluster not found.")
    with pytest.raises(LaunchRefused):
        EcsBackend(as_client(ecs.client)).stop(TASK, TASK_PARAMETERS, "cleared")


def test_describes(ecs: Stubber, batch: Stubber) -> None:
    failures = [{"arn": "gone", "reason": "MISSING"}]
    ecs.add_response(
        "describe_tasks",
        {"tasks": [{"taskArn": TASK}], "failures": failures},
        {"cluster": "reports", "tasks": [TASK, "gone"]},
    )
    assert EcsBackend(as_client(ecs.client)).describe("reports", [TASK, "gone"]) == [
        {"taskArn": TASK}
    ]
    batch.add_response("describe_jobs", {"jobs": []}, {"jobs": ["gone"]})
    assert BatchBackend(as_client(batch.client)).describe("loads", ["gone"]) == []


def test_the_newest_revision_is_found_over_all_pages(batch: Stubber) -> None:
    """A page of DescribeJobDefinitions has 100 at most, in no promised order."""
    pages = [range(1, 101), range(101, 151)]
    for number, revisions in enumerate(pages):
        definitions = [
            {
                "jobDefinitionName": "load",
                "jobDefinitionArn": f"{JOB_DEFINITION.rpartition(':')[0]}:{revision}",
                "revision": revision,
                "type": "container",
            }
            for revision in revisions
        ]
        asked = {"jobDefinitionName": "load", "status": "ACTIVE"}
        more = {"nextToken": "more"}
        batch.add_response(
            "describe_job_definitions",
            {"jobDefinitions": definitions} | (more if number == 0 else {}),
            asked | (more if number else {}),
        )
    found = BatchBackend(as_client(batch.client)).resolve({"jobDefinition": "load"})
    assert found.arn.endswith(":150")

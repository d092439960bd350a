"""Admission: every refusal names its field, problem and fix, and nothing has been written."""

import copy
from typing import Any

import pytest
from jetbridge_testing.admission import MemoryEnvironments, admission, offloading, refusal
from jetbridge_testing.samples import request, sample

from jetbridge.admission.log_targets import LogTargets
from jetbridge.contract import StartRequest, decode

STARTS = ["airflow_ecs", "airflow_batch", "schedule", "event", "person"]
TASK, JOB = "airflow_ecs", "airflow_batch"
PAIR = {"name": "A", "value": "1"}
ROLE = "arn:aws:iam::123456789012:role/"
MISSING = object()


def changed(name: str, changes: dict[str, Any]) -> StartRequest:
    """A sample with values set at dotted paths; `MISSING` removes."""
    message = copy.deepcopy(sample(f"start_run/{name}"))
    for path, value in changes.items():
        *parents, last = path.split(".")
        target = message
        for part in parents:
            target = target.setdefault(part, {})
        if value is MISSING:
            del target[last]
        else:
            target[last] = value
    return decode(StartRequest, message)


def containers(*overrides: Any) -> dict[str, Any]:
    return {"run_task.overrides": {"containerOverrides": list(overrides)}}


def job_environment(*pairs: Any) -> dict[str, Any]:
    return {"submit_job.containerOverrides": {"environment": list(pairs)}}


FARGATE = {"run_task.launchType": MISSING}
OVERRIDES = "run_task.overrides"
CONTAINER = f"{OVERRIDES}.containerOverrides[0]"
NETWORK = "run_task.networkConfiguration.awsvpcConfiguration"
STRATEGY = "run_task.capacityProviderStrategy"

# sample, changes, the field that is named, words of the error
REFUSALS: list[tuple[str, dict[str, Any], str, str]] = [
    # Exactly one backend
    (TASK, {"run_task": None}, "run_task", "exactly one"),
    (TASK, {"submit_job": {"jobName": "j"}}, "run_task", "both given"),
    # Names
    (TASK, {"run_task.task_definition": "r"}, "run_task.task_definition", "taskDefinition?"),
    (TASK, {"run_task.launchtype": "EC2"}, "run_task.launchtype", "launchType?"),
    (TASK, {"run_task.zzz": 1}, "run_task.zzz", "AWS knows"),
    (TASK, containers({"name": "m", "enviroment": []}), f"{CONTAINER}.enviroment", "environment?"),
    (JOB, {"submit_job.jobqueue": "q"}, "submit_job.jobqueue", "jobQueue?"),
    # Types
    (TASK, {"run_task.cluster": 1}, "run_task.cluster", "string"),
    (TASK, {"run_task.cluster": None}, "run_task.cluster", "null"),
    (TASK, {"run_task.enableExecuteCommand": "yes"}, "run_task.enableExecuteCommand", "boolean"),
    (TASK, containers({"name": "m", "cpu": True}), f"{CONTAINER}.cpu", "whole number"),
    (TASK, containers({"name": "m", "cpu": 2**31}), f"{CONTAINER}.cpu", "32 bits"),
    (TASK, containers({"name": "m", "command": "ls"}), f"{CONTAINER}.command", "list"),
    (TASK, containers({"name": "m", "environment": [{"name": "A", "value": 7}]}),
     f"{CONTAINER}.environment[0].value", "string"),
    (TASK, {OVERRIDES: "{'cpu': '256'}"}, OVERRIDES, "object. A template of Airflow gives"),
    (TASK, containers({"name": "m", "command": " ['ls']"}), f"{CONTAINER}.command", "as_native"),
    (JOB, {"submit_job.parameters": {"day": 1}}, "submit_job.parameters.day", "string"),
    (JOB, {"submit_job.arrayProperties": 5}, "submit_job.arrayProperties", "object"),
    # What is required
    (TASK, {"run_task.taskDefinition": MISSING}, "run_task.taskDefinition", "missing"),
    (TASK, {"run_task.taskDefinition": ""}, "run_task.taskDefinition", "missing"),
    (JOB, {"submit_job.jobName": MISSING}, "submit_job.jobName", "missing"),
    (JOB, {"submit_job.jobQueue": MISSING}, "submit_job.jobQueue", "missing"),
    (JOB, {"submit_job.jobDefinition": MISSING}, "submit_job.jobDefinition", "missing"),
    # Enumerations, ranges, unions
    (TASK, {"run_task.launchType": "MOON"}, "run_task.launchType", "EC2, EXTERNAL, FARGATE"),
    (TASK, FARGATE | {STRATEGY: [{"capacityProvider": "FARGATE", "weight": 1001}]},
     f"{STRATEGY}[0].weight", "0 to 1000"),
    (TASK, containers({"name": "m", "resourceRequirements": [
        {"type": "GPU", "sharingStrategy": {}}]}),
     f"{CONTAINER}.resourceRequirements[0].sharingStrategy", "exactly one"),
    # Jetbridge's own
    (TASK, {"run_task.startedBy": "me"}, "run_task.startedBy", "Leave it out"),
    (TASK, {"run_task.startedBy": 1}, "run_task.startedBy", "Leave it out"),
    (TASK, {"run_task.clientToken": "t"}, "run_task.clientToken", "Leave it out"),
    (TASK, {"run_task.count": 2}, "run_task.count", "Leave it out"),
    (JOB, {"submit_job.count": 1}, "submit_job.count", "Leave it out"),
    # Where a task runs
    (TASK, {STRATEGY: [{"capacityProvider": "FARGATE_SPOT", "weight": 1}]},
     "run_task.launchType", "one of the two"),
    (TASK, FARGATE | {STRATEGY: [{"capacityProvider": f"p{n}", "weight": 1} for n in range(21)]},
     STRATEGY, "20 at most"),
    (TASK, FARGATE | {STRATEGY: [{"capacityProvider": p} for p in ("FARGATE", "FARGATE_SPOT")]},
     STRATEGY, "weight"),
    (TASK, FARGATE | {STRATEGY: [{"capacityProvider": p, "base": 1, "weight": 1}
                          for p in ("FARGATE", "FARGATE_SPOT")]}, STRATEGY, "one provider"),
    (TASK, FARGATE | {STRATEGY: [{"capacityProvider": p, "weight": 1}
                                 for p in ("FARGATE", "mine")]}, STRATEGY, "mixes"),
    (TASK, {"run_task.launchType": "MANAGED_INSTANCES"}, "run_task.launchType",
     "capacityProviderStrategy"),
    (TASK, {"run_task.launchType": "EXTERNAL", "run_task.platformVersion": "1.4.0"},
     "run_task.platformVersion", "Fargate"),
    (TASK, {"run_task.placementStrategy": [{"type": "random"}]}, "run_task.placementStrategy",
     "Fargate places"),
    (TASK, {"run_task.placementConstraints": [{"type": "distinctInstance"}] * 11},
     "run_task.placementConstraints", "10 at most"),
    (TASK, {"run_task.networkConfiguration": MISSING}, NETWORK, "subnets"),
    (TASK, {NETWORK: {"subnets": []}}, f"{NETWORK}.subnets", "1 to 16"),
    (TASK, {NETWORK: {"subnets": ["s"] * 17}}, f"{NETWORK}.subnets", "1 to 16"),
    (TASK, {NETWORK: {"subnets": ["s"], "securityGroups": ["g"] * 6}},
     f"{NETWORK}.securityGroups", "5"),
    (TASK, {"run_task.launchType": "EC2"}, f"{NETWORK}.assignPublicIp", "Fargate"),
    (TASK, {"run_task.propagateTags": "SERVICE"}, "run_task.propagateTags", "TASK_DEFINITION"),
    # Overrides of a task
    (TASK, containers({}), f"{CONTAINER}.name", "missing"),
    (TASK, containers({"command": ["ls"]}), f"{CONTAINER}.name", "missing"),
    (TASK, containers({"name": "m"},
     {"name": "m"}), f"{OVERRIDES}.containerOverrides[1].name", "again"),
    (TASK, containers({"name": "m", "environment": [{"value": "1"}]}),
     f"{CONTAINER}.environment[0].name", "missing"),
    (TASK, containers({"name": "m", "memory": 64, "memoryReservation": 65}),
     f"{CONTAINER}.memoryReservation", "64"),
    (TASK, containers({"name": "m", "resourceRequirements": [{"type": "GPU"}]}),
     f"{CONTAINER}.resourceRequirements[0]", "neither"),
    (TASK, containers({"name": "m", "environment": [
        {"name": "JETBRIDGE_ENVIRONMENT_S3", "value": "s3://elsewhere/x"}]}),
     f"{CONTAINER}.environment[0].name", "Jetbridge"),
    (TASK, {f"{OVERRIDES}.ephemeralStorage": {"sizeInGiB": 20}},
     f"{OVERRIDES}.ephemeralStorage.sizeInGiB", "21"),
    (TASK, containers({"name": "m", "command": ["x" * 8192]}), OVERRIDES, "8192"),
    # Tags
    (TASK, {"run_task.tags": [{"key": f"k{n}", "value": ""} for n in range(51)]},
     "run_task.tags", "50"),
    (TASK, {"run_task.tags": [{"key": "k"}], "tags": {f"t{n}": "" for n in range(50)}},
     "tags", "50 at most"),
    (TASK, {"run_task.tags": [{"key": "a"}, {"key": "a"}]}, "run_task.tags[1].key", "twice"),
    (TASK, {"run_task.tags": [{"value": "a"}]}, "run_task.tags[0].key", "missing"),
    (TASK, {"run_task.tags": [{"key": "Aws:x"}]}, "run_task.tags[0]", "aws:"),
    (TASK, {"run_task.tags": [{"key": "a*b"}]}, "run_task.tags[0].key", "characters"),
    (TASK, {"run_task.tags": [{"key": "k" * 129}]}, "run_task.tags[0].key", "128"),
    (TASK, {"run_task.tags": [{"key": "k", "value": "v" * 257}]}, "run_task.tags[0].value", "256"),
    (TASK, {"tags": {"k" * 129: "v"}}, f"tags.{'k' * 129}", "128"),
    (TASK, {"tags": {"aws:x": "v"}}, "tags.aws:x", "aws:"),
    (JOB, {"tags": {"a*b": "v"}}, "tags.a*b", "characters"),
    (JOB, {"submit_job.tags": {f"k{n}": "" for n in range(51)}}, "submit_job.tags", "50"),
    (JOB, {"submit_job.tags": {"aws:x": ""}}, "submit_job.tags.aws:x", "aws:"),
    # Jobs
    (JOB, {"submit_job.jobName": "n" * 129}, "submit_job.jobName", "128"),
    (JOB, {"submit_job.jobName": "-load"}, "submit_job.jobName", "first"),
    (JOB, {"submit_job.jobName": "a b"}, "submit_job.jobName", "A-Z"),
    (JOB, {"submit_job.arrayProperties": {"size": 1}}, "submit_job.arrayProperties.size",
     "2 to 10000"),
    (JOB, {"submit_job.arrayProperties": {"size": 10_001}}, "submit_job.arrayProperties.size",
     "2 to 10000"),
    (JOB, {"submit_job.retryStrategy": {"attempts": 11}}, "submit_job.retryStrategy.attempts",
     "1 to 10"),
    (JOB, {"submit_job.retryStrategy": {"evaluateOnExit": [{"action": "exit"}]}},
     "submit_job.retryStrategy.attempts", "missing"),
    (JOB, {"submit_job.retryStrategy": {"attempts": 2,
                                        "evaluateOnExit": [{"action": "RETRY"}] * 6}},
     "submit_job.retryStrategy.evaluateOnExit", "5 at most"),
    (JOB, {"submit_job.retryStrategy": {"attempts": 2, "evaluateOnExit": [
        {"action": "EXIT", "onExitCode": "1x"}]}},
     "submit_job.retryStrategy.evaluateOnExit[0].onExitCode", "Digits"),
    (JOB, {"submit_job.retryStrategy": {"attempts": 2, "evaluateOnExit": [
        {"action": "EXIT", "onReason": "r" * 513}]}},
     "submit_job.retryStrategy.evaluateOnExit[0].onReason", "512"),
    (JOB, {"submit_job.timeout": {"attemptDurationSeconds": 59}},
     "submit_job.timeout.attemptDurationSeconds", "60"),
    (JOB, {"submit_job.schedulingPriorityOverride": 10_000},
     "submit_job.schedulingPriorityOverride", "9999"),
    (JOB, {"submit_job.shareIdentifier": "a b"}, "submit_job.shareIdentifier", "letters"),
    (JOB, {"submit_job.dependsOn": [{"jobId": "j"}] * 21}, "submit_job.dependsOn", "20"),
    (JOB, {"submit_job.dependsOn": [{"type": "N_TO_N"}]}, "submit_job.dependsOn[0].jobId",
     "missing"),
    (JOB, {"submit_job.nodeOverrides": {"numNodes": 2}}, "submit_job.nodeOverrides", "one kind"),
    (JOB, job_environment({"name": "AWS_BATCH_X", "value": ""}),
     "submit_job.containerOverrides.environment[0].name", "AWS_BATCH"),
    (JOB, {"submit_job.containerOverrides": {"command": [""]}},
     "submit_job.containerOverrides.command", "empty string"),
    (JOB, {"submit_job.containerOverrides": MISSING, "submit_job.eksPropertiesOverride": {
        "podProperties": {"containers": [{"image": "other:1"}]}}},
     "submit_job.eksPropertiesOverride.podProperties.containers[0].image", "by the job definition"),
    (JOB, {"submit_job.containerOverrides": MISSING, "submit_job.eksPropertiesOverride": {
        "podProperties": {"metadata": {"namespace": "kube-system"}}}},
     "submit_job.eksPropertiesOverride.podProperties.metadata.namespace", "by the job definition"),
    (JOB, {"submit_job.parameters": {"text": "x" * 30 * 1024}}, "submit_job", "30720"),
    # The stack's lists
    (TASK, {"run_task.cluster": "nowhere"}, "run_task.cluster", "ClusterArns"),
    (TASK, {"run_task.cluster": MISSING}, "run_task.cluster", "cluster/default"),
    (TASK, {"run_task.cluster": "a b"}, "run_task.cluster", "neither a name"),
    (TASK, {"run_task.cluster": "arn:aws:ecs:us-east-1:123456789012:cluster/reports"},
     "run_task.cluster", "ClusterArns"),
    (TASK, {"run_task.taskDefinition": "other"}, "run_task.taskDefinition", "TaskDefinitionArns"),
    (TASK, {"run_task.taskDefinition": "report:x"}, "run_task.taskDefinition", "neither a name"),
    (JOB, {"submit_job.jobQueue": "other"}, "submit_job.jobQueue", "JobQueueArns"),
    (JOB, {"submit_job.jobDefinition": "loader"}, "submit_job.jobDefinition", "JobDefinitionArns"),
    (TASK, {f"{OVERRIDES}.taskRoleArn": f"{ROLE}admin"},
     f"{OVERRIDES}.taskRoleArn", "PassableRoleArns"),
    (TASK, {f"{OVERRIDES}.executionRoleArn": f"{ROLE}admin"},
     f"{OVERRIDES}.executionRoleArn", "PassableRoleArns"),
    (TASK, {f"{OVERRIDES}.taskRoleArn": "report-task"}, f"{OVERRIDES}.taskRoleArn", "role's ARN"),
    (TASK, {"run_task.volumeConfigurations": [
        {"name": "v", "managedEBSVolume": {"roleArn": f"{ROLE}admin"}}]},
     "run_task.volumeConfigurations[0].managedEBSVolume.roleArn", "PassableRoleArns"),
    # Logs
    (TASK, {"log_target.bucket": "elsewhere"}, "log_target.bucket", "AirflowLogBucket"),
    (TASK, {"log_target.key_prefix": "secrets/x"}, "log_target.key_prefix", "AirflowLogPrefix"),
    # The caller
    ("person", {"idempotency_key": MISSING}, "idempotency_key", "needs one"),
]  # fmt: skip


@pytest.mark.parametrize(("name", "changes", "field", "words"), REFUSALS)
def test_refused(name: str, changes: dict[str, Any], field: str, words: str) -> None:
    error = refusal(admission().admit, changed(name, changes))
    assert error.field == field
    assert words in str(error)
    assert error.problem
    assert error.fix


ACCEPTED: list[tuple[str, dict[str, Any]]] = [
    *((name, {}) for name in STARTS),
    (TASK, {"run_task.count": 1}),
    (TASK, {f"{OVERRIDES}.taskRoleArn": f"{ROLE}report-task"}),
    (TASK, {"run_task.overrides": {"containerOverrides": []}}),
    (TASK, {"run_task.taskDefinition": "report:12"}),
    (TASK, {"run_task.cluster": "arn:aws:ecs:eu-central-1:123456789012:cluster/reports"}),
    (TASK, FARGATE | {STRATEGY: [{"capacityProvider": "FARGATE_SPOT"}]}),
    (TASK, {"run_task.tags": [{"key": f"k{n}", "value": ""} for n in range(50)]}),
    (TASK, {"run_task.tags": [{"key": "Größe", "value": "1 m²"}]}),
    (JOB, {"submit_job.jobName": "1" + "n" * 127}),
    (JOB, {"submit_job.arrayProperties": {"size": 2}}),
    (JOB, {"submit_job.arrayProperties": {"size": 10_000},
           "submit_job.dependsOn": [{"type": "SEQUENTIAL"}]}),
    (JOB, {"submit_job.retryStrategy": {"attempts": 2,
                                        "evaluateOnExit": [{"action": "retry"}]}}),
    (JOB, {"submit_job.jobDefinition": "load:3"}),
    (JOB, {"submit_job.shareIdentifier": "UserA-1"}),
    (JOB, {"submit_job.shareIdentifier": "team-ml"}),
    (JOB, {"submit_job.containerOverrides": MISSING,
           "submit_job.nodeOverrides": {"numNodes": 2}}),
]  # fmt: skip


@pytest.mark.parametrize(("name", "changes"), ACCEPTED)
def test_accepted_without_a_warning(name: str, changes: dict[str, Any]) -> None:
    assert admission().admit(changed(name, changes)).warnings == []


def test_overrides_at_the_limit_pass() -> None:
    def overrides(length: int) -> StartRequest:
        return changed(TASK, containers({"name": "m", "command": ["x" * length]}))

    around = len('{"containerOverrides":[{"name":"m","command":[""]}]}')
    admission().admit(overrides(8192 - around))
    assert "8193 characters" in refusal(admission().admit, overrides(8193 - around)).problem


def test_without_a_log_bucket_no_log_target_is_taken() -> None:
    error = refusal(admission(log_targets=LogTargets()).admit, request(TASK))
    assert "AirflowLogBucket" in error.fix


def _mwaa(group: str) -> StartRequest:
    stream = "dag_id=a/run_id=b/task_id=c/attempt=1.log"
    return changed(TASK, {"log_target": {"kind": "cloudwatch", "group": group, "stream": stream}})


def test_logs_may_go_to_the_stacks_log_group_and_no_other() -> None:
    assert admission().admit(_mwaa("airflow-mwaa-Task")).warnings == []
    for check in (admission().admit, admission(log_targets=LogTargets("airflow-logs")).admit):
        error = refusal(check, _mwaa("airflow-other-Task"))
        assert (error.field, "AirflowLogGroup" in error.fix) == ("log_target.group", True)


SECRETS = [
    ("DB_PASSWORD", "hunter2"),
    ("api_key", "0123"),
    ("GITHUB_TOKEN", "x"),
    ("AWS_SECRET_ACCESS_KEY", "wJalr"),
    ("source", "postgres://ana:hunter2@db/sales"),
    ("id", "AKIAIOSFODNN7EXAMPLE"),
    ("key", "-----BEGIN RSA PRIVATE KEY-----\nMIIE"),
]


@pytest.mark.parametrize(("name", "value"), SECRETS)
def test_secrets_are_warned_of_by_name_alone(name: str, value: str) -> None:
    pair = {"name": name, "value": value}
    for request_ in (
        changed(TASK, containers({"name": "m", "environment": [PAIR, pair]})),
        changed(JOB, job_environment(PAIR, pair)),
    ):
        [warning] = admission().admit(request_).warnings
        assert name in warning
        assert value not in warning


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("DB_PASSWORD", ""),
        ("DB_PASSWORD", "arn:aws:secretsmanager:eu-central-1:1:secret:db-AbCdEf"),
        ("MAX_TOKENS", "100"),
        ("TOKENIZER", "bpe"),
        ("DB_SECRET_ARN", "db"),
        ("source", "postgres://db/sales"),
    ],
)
def test_there_is_no_warning_of_an_ordinary_value(name: str, value: str) -> None:
    pair = {"name": name, "value": value}
    assert admission().admit(changed(JOB, job_environment(pair))).warnings == []


@pytest.mark.parametrize("value", [7, None, ["hunter2"], {"v": "hunter2"}])
def test_a_refusal_never_shows_an_environment_value(value: Any) -> None:
    pair = {"name": "DB_PASSWORD", "value": value}
    error = refusal(admission().admit, changed(JOB, job_environment(pair)))
    assert "hunter2" not in str(error)


@pytest.mark.parametrize(("name", "changes", "field", "words"), REFUSALS)
def test_a_refused_request_writes_no_environment(
    name: str, changes: dict[str, Any], field: str, words: str
) -> None:
    store = MemoryEnvironments()
    message = changed(name, changes | {"offload_environment": True})
    assert refusal(offloading(store).admit, message).field == field
    assert store.objects == {}


def test_tags_are_merged_and_the_operations_own_win() -> None:
    task = changed(
        TASK, {"run_task.tags": [{"key": "a", "value": "own"}], "tags": {"a": "x", "b": "y"}}
    )
    prepared = admission().admit(task).request
    assert prepared.parameters["tags"] == [
        {"key": "a", "value": "own"},
        {"key": "b", "value": "y"},
    ]
    job = changed(JOB, {"submit_job.tags": {"a": "own"}, "tags": {"a": "x", "b": "y"}})
    assert admission().admit(job).request.parameters["tags"] == {"a": "own", "b": "y"}
    plain = request(TASK)
    assert admission().admit(plain).request == plain

"""Each check of jetbridge doctor on answers of AWS's; the deployed stack is in
tests/integration/stack/test_doctor.py."""

import json
import time
from collections.abc import Callable, Iterable
from datetime import UTC, datetime
from types import SimpleNamespace
from typing import Any

import pytest
from botocore.exceptions import ClientError
from http_server import HttpServer, Reply
from hypothesis import given
from hypothesis import strategies as some

from jetbridge_cli.doctor import simulation
from jetbridge_cli.doctor.checks import (
    CHECKS,
    airflow,
    alarms,
    callers,
    containers,
    events,
    functions,
    jobs,
    messages,
    permissions,
    places,
    stack,
)
from jetbridge_cli.doctor.deployment import Deployment
from jetbridge_cli.doctor.examination import examined
from jetbridge_cli.doctor.finding import Finding, Note, Result, Unchecked, unchecked
from jetbridge_cli.doctor.trial import request_in
from jetbridge_cli.problems import Problem

ID = "arn:aws:cloudformation:eu-west-1:123456789012:stack/bridge/0"
RULE = "arn:aws:events:eu-west-1:123456789012:rule/rule"
QUEUE = "arn:aws:sqs:eu-west-1:123456789012:queue"
ROLE = "arn:aws:iam::123456789012:role/bridge-task"


def raises(code: str, message: str = "", operation: str = "Operation") -> Callable[..., Any]:
    def fail(**_: Any) -> Any:
        raise ClientError({"Error": {"Code": code, "Message": message}}, operation)

    return fail


def answers(**operations: Any) -> Any:
    """A client: each operation answers what is given, or calls it."""

    def asked(answer: Any) -> Callable[..., Any]:
        return answer if callable(answer) else lambda **_: answer

    client = SimpleNamespace(**{name: asked(answer) for name, answer in operations.items()})
    client.get_paginator = lambda name: SimpleNamespace(
        paginate=lambda **given: [getattr(client, name)(**given)]
    )
    return client


def deployment(
    resources: dict[str, dict[str, str]] | None = None,
    parameters: dict[str, str] | None = None,
    queues: dict[str, dict[str, str]] | None = None,
    **clients: Any,
) -> Deployment:
    made = Deployment(SimpleNamespace(**clients), "bridge")  # type: ignore[arg-type]
    given = [
        {"ParameterKey": key, "ParameterValue": value} for key, value in (parameters or {}).items()
    ]
    vars(made).update(
        stack=SimpleNamespace(resources=resources or {}, dead_letter_queues=[]),
        description={"StackId": ID, "StackStatus": "UPDATE_COMPLETE", "Parameters": given},
        queues=queues or {},
    )
    return made


def found(results: Iterable[Result]) -> list[str]:
    return [each.problem for each in results if isinstance(each, Finding)]


def simulating(decision: str = "allowed") -> Any:
    def decide(**given: Any) -> Any:
        return {
            "EvaluationResults": [
                {"EvalResourceName": each, "EvalDecision": decision}
                for each in given["ResourceArns"]
            ]
        }

    return answers(simulate_principal_policy=decide, simulate_custom_policy=decide)


# The way of an event


def policy(service: Any = "events.amazonaws.com") -> str:
    statement = {"Effect": "Allow", "Principal": {"Service": service}, "Action": "sqs:SendMessage"}
    return json.dumps({"Version": "2012-10-17", "Statement": statement | {"Resource": QUEUE}})


def rules(state: str = "ENABLED", targets: Any = None, iam: Any = None, **queue: str) -> list[str]:
    target = {"Id": "q", "Arn": QUEUE, "DeadLetterConfig": {"Arn": QUEUE}}
    made = deployment(
        {"AWS::Events::Rule": {"TaskRule": "rule"}},
        queues={"StateChangeQueue": {"QueueArn": QUEUE, "Policy": policy()} | queue},
        events=answers(
            describe_rule={"Arn": RULE, "State": state},
            list_targets_by_rule={"Targets": [target] if targets is None else targets},
        ),
        iam=iam or simulating(),
    )
    return found(events.rules(made))


def test_rules() -> None:
    assert rules() == []
    assert "disabled" in rules(state="DISABLED")[0]
    assert "no target" in rules(targets=[])[0]
    assert "no dead-letter queue" in rules(targets=[{"Id": "q", "Arn": QUEUE}])[0]
    for each in (
        rules(Policy=""),
        rules(Policy=policy("sns.amazonaws.com")),
        rules(iam=simulating("implicitDeny")),
        rules(iam=simulating("explicitDeny")),
    ):
        assert "doesn't let EventBridge send" in each[0]


def test_a_rule_that_is_gone() -> None:
    made = deployment(
        {"AWS::Events::Rule": {"TaskRule": "rule"}},
        events=answers(describe_rule=raises("ResourceNotFoundException")),
    )
    assert "gone" in found(events.rules(made))[0]


@pytest.mark.parametrize(
    ("answer", "problem"),
    [
        ({"State": "ENABLED"}, None),
        ({"State": "DISABLED"}, "disabled"),
        (raises("ResourceNotFoundException"), "gone"),
    ],
)
def test_schedules(answer: Any, problem: str | None) -> None:
    resources = {"AWS::Scheduler::Schedule": {"Minute": "default|jetbridge-minute-1"}}
    asked: list[str] = []

    def get_schedule(**given: Any) -> Any:
        asked.append(given["Name"])
        return answer(**given) if callable(answer) else answer

    made = deployment(resources, scheduler=answers(get_schedule=get_schedule))
    problems = found(events.schedules(made))
    assert asked == ["jetbridge-minute-1"]
    assert len(problems) == (problem is not None)
    assert problem is None or problem in problems[0]


MAPPED = {"EventSourceArn": QUEUE, "FunctionResponseTypes": ["ReportBatchItemFailures"]}


@pytest.mark.parametrize(
    ("answer", "problem"),
    [
        ({"State": "Enabled", **MAPPED}, None),
        ({"State": "Updating", **MAPPED}, None),
        ({"State": "Disabled", **MAPPED}, "disabled"),
        ({"State": "Disabling", **MAPPED}, "disabling"),
        (raises("ResourceNotFoundException"), "gone"),
        ({"State": "Enabled", "EventSourceArn": QUEUE}, "deletes messages that failed"),
    ],
)
def test_mappings(answer: Any, problem: str | None) -> None:
    made = deployment(
        {"AWS::Lambda::EventSourceMapping": {"Mapping": "1"}},
        functions=answers(get_event_source_mapping=answer),
    )
    problems = found(events.mappings(made))
    assert len(problems) == (problem is not None)
    assert problem is None or problem in problems[0]


# Functions


GOOD = {
    "State": "Active",
    "LastUpdateStatus": "Successful",
    "Environment": {"Variables": {"JETBRIDGE_RUNS_TABLE": "runs"}},
}


@pytest.mark.parametrize(
    ("answer", "problem"),
    [
        (GOOD, None),
        (GOOD | {"State": "Inactive"}, None),
        (GOOD | {"State": "Failed", "StateReason": "no role"}, "no role"),
        (GOOD | {"LastUpdateStatus": "Failed"}, "update failed"),
        (raises("ResourceNotFoundException"), "gone"),
    ],
)
def test_functions(answer: Any, problem: str | None) -> None:
    made = deployment(
        {
            "AWS::Lambda::Function": {"StartRunFunction": "start", "NamesFunction": "names"},
            "AWS::DynamoDB::Table": {"RunsTable": "runs"},
        },
        functions=answers(get_function_configuration=answer),
    )
    problems = found(functions.functions(made))
    assert len(problems) == (problem is not None)
    assert problem is None or problem in problems[0]


def test_concurrency() -> None:
    resources = {"AWS::Lambda::Function": {"StartRunFunction": "start"}}
    for number, wrong in ((None, False), (1, False), (0, True)):
        answer = {} if number is None else {"ReservedConcurrentExecutions": number}
        made = deployment(resources, functions=answers(get_function_concurrency=answer))
        assert bool(found(functions.reserved(made))) is wrong
    for left, wrong in ((1000, False), (60, False), (59, True), (0, True)):
        limit = {"ConcurrentExecutions": 1000, "UnreservedConcurrentExecutions": left}
        settings = answers(get_account_settings={"AccountLimit": limit})
        made = deployment(functions=settings)
        assert bool(found(functions.concurrency(made))) is wrong


def test_tables_and_log_groups() -> None:
    resources = {
        "AWS::DynamoDB::Table": {"RunsTable": "runs"},
        "AWS::Logs::LogGroup": {"Group": "/aws/lambda/a"},
    }
    for answer, wrong in (
        (described(unfinished="ACTIVE", active="ACTIVE"), False),
        ({"Table": {"TableStatus": "DELETING"}}, True),
        (raises("ResourceNotFoundException"), True),
    ):
        made = deployment(resources, dynamodb=answers(describe_table=answer))
        assert bool(found(functions.tables(made))) is wrong
    for name, wrong in (("/aws/lambda/a", False), ("/aws/lambda/ab", True)):
        groups = {"logGroups": [{"logGroupName": name}]}
        made = deployment(resources, logs=answers(describe_log_groups=groups))
        assert bool(found(functions.log_groups(made))) is wrong


# Messages


def test_queues_by_their_age() -> None:
    queues = {"FinishQueue": {"QueueArn": QUEUE, "ApproximateNumberOfMessages": "7"}}
    for values, wrong in (
        ([], False),
        ([900.0], False),
        ([901.0, 5.0], True),
        ([5.0, 901.0], False),
    ):
        data = {"MetricDataResults": [{"Id": "q0", "Values": values}]}
        made = deployment(queues=queues, cloudwatch=answers(get_metric_data=data))
        assert bool(found(messages.ages(made))) is wrong


def test_dead_letters() -> None:
    made = deployment()
    destination = SimpleNamespace(name="LaunchQueue")
    queue = SimpleNamespace(
        name="LaunchDeadLetters", messages=1, in_flight=1, destination=destination
    )
    vars(made)["stack"].dead_letter_queues = [queue]
    [finding] = messages.dead_letters(made)
    assert isinstance(finding, Finding)
    assert finding.problem == "2 messages of LaunchQueue were given up."
    assert finding.link == "docs/how-to/runbook.md#launchdeadlettersalarm"


# The stack


@pytest.mark.parametrize(
    ("status", "wrong"),
    [
        ("CREATE_COMPLETE", False),
        ("UPDATE_COMPLETE", False),
        ("UPDATE_ROLLBACK_COMPLETE", False),
        ("UPDATE_ROLLBACK_FAILED", True),
        ("UPDATE_IN_PROGRESS", True),
        ("ROLLBACK_COMPLETE", True),
    ],
)
def test_state_of_the_stack(status: str, wrong: bool) -> None:
    made = deployment()
    vars(made)["description"] = {"StackStatus": status}
    assert bool(found(stack.state(made))) is wrong


def test_versions(monkeypatch: pytest.MonkeyPatch) -> None:
    made = deployment()
    [note] = stack.versions(made)
    assert isinstance(note, Note)
    monkeypatch.setattr(stack, "version", lambda package: "1.2.9")
    for deployed, wrong in (("1.2.0", 0), ("1.3.0", 2), ("2.2.0", 2)):
        vars(made)["outputs"] = {"Version": deployed}
        assert len(found(stack.versions(made))) == wrong


@pytest.mark.parametrize(("skew", "wrong"), [(0, False), (9, False), (12, True), (-12, True)])
def test_clock(skew: float, wrong: bool) -> None:
    made = deployment()
    vars(made)["aws_time"] = time.time() - skew
    problems = found(stack.clock(made))
    assert bool(problems) is wrong
    assert not wrong or ("ahead of" if skew > 0 else "behind") in problems[0]


def test_feed() -> None:
    when = datetime(2026, 11, 28, 12, 30, tzinfo=UTC)
    for points, text in (([], "not known"), ([{"Timestamp": when, "Sum": 1.0}], "12:30Z")):
        made = deployment(
            {"AWS::DynamoDB::Table": {"OutcomesTable": "outcomes"}},
            cloudwatch=answers(get_metric_statistics={"Datapoints": points}),
        )
        [note] = stack.feed(made)
        assert isinstance(note, Note)
        assert text in note.text


# What may run


def task(**changes: Any) -> Any:
    options = {"awslogs-group": "/etl", "awslogs-stream-prefix": "x"}
    container = {"name": "main", "logConfiguration": {"logDriver": "awslogs", "options": options}}
    return {
        "family": "etl",
        "revision": 1,
        "requiresCompatibilities": ["FARGATE"],
        "networkMode": "awsvpc",
        "executionRoleArn": ROLE,
        "containerDefinitions": [container],
    } | changes


def tasks(answer: Any, iam: Any = None, groups: Any = ("/etl",), **parameters: str) -> list[str]:
    trust = {
        "Statement": [{"Effect": "Allow", "Principal": {"Service": "ecs-tasks.amazonaws.com"}}]
    }
    simulator = iam or simulating()
    simulator.get_role = lambda **_: {"Role": {"AssumeRolePolicyDocument": trust}}
    given = {
        "TaskDefinitionArns": "arn:aws:ecs:eu-west-1:123456789012:task-definition/e*",
        "PassableRoleArns": "arn:aws:iam::123456789012:role/bridge-*",
    }
    made = deployment(
        parameters=given | parameters,
        ecs=answers(
            list_task_definition_families={"families": ["etl", "other"]},
            describe_task_definition=answer,
        ),
        iam=simulator,
        logs=answers(
            describe_log_groups={"logGroups": [{"logGroupName": each} for each in groups]}
        ),
    )
    return found(containers.task_definitions(made))


def test_task_definitions() -> None:
    assert tasks({"taskDefinition": task()}) == []
    bare = {"name": "main"}
    for wrong, problem in (
        (task(networkMode="bridge"), "network mode is bridge"),
        (task(executionRoleArn=None), "no execution role"),
        (task(containerDefinitions=[bare]), "no log driver"),
    ):
        assert problem in tasks({"taskDefinition": wrong})[0]
    assert "doesn't exist" in tasks({"taskDefinition": task()}, groups=["/etl2"])[0]
    assert "PassableRoleArns" in tasks({"taskDefinition": task()}, PassableRoleArns="")[0]
    denied = simulating("implicitDeny")
    assert "trust" in tasks({"taskDefinition": task()}, iam=denied)[0]
    elsewhere = "arn:aws:logs:eu-west-1:123456789012:log-group:/other:*"
    problems = tasks({"taskDefinition": task()}, ContainerLogGroupArns=elsewhere)
    assert "ContainerLogGroupArns" in problems[0]
    gone = raises("ClientException", "Unable to describe task definition.")
    assert "no active task definition" in tasks(gone)[0]
    nobody = "arn:aws:ecs:eu-west-1:123456789012:task-definition/none-*"
    assert "no active" in tasks({"taskDefinition": task()}, TaskDefinitionArns=nobody)[0]


ARN = "arn:aws:ecs:eu-west-1:123456789012:task-definition/etl"
NO_ANSWERS = {
    "rules": (
        events.rules,
        {"AWS::Events::Rule": {"TaskRule": "rule"}},
        {},
        ("events", "describe_rule"),
    ),
    "schedules": (
        events.schedules,
        {"AWS::Scheduler::Schedule": {"Minute": "default|m"}},
        {},
        ("scheduler", "get_schedule"),
    ),
    "mappings": (
        events.mappings,
        {"AWS::Lambda::EventSourceMapping": {"Launches": "id"}},
        {},
        ("functions", "get_event_source_mapping"),
    ),
    "functions": (
        functions.functions,
        {"AWS::Lambda::Function": {"StartRunFunction": "f"}},
        {},
        ("functions", "get_function_configuration"),
    ),
    "tables": (
        functions.tables,
        {"AWS::DynamoDB::Table": {"RunsTable": "t"}},
        {},
        ("dynamodb", "describe_table"),
    ),
    "task definitions": (
        containers.task_definitions,
        {},
        {"TaskDefinitionArns": ARN},
        ("ecs", "describe_task_definition"),
    ),
    "buckets": (places.buckets, {}, {"AirflowLogBucket": "logs"}, ("s3", "head_bucket")),
    "KMS keys": (places.keys, {}, {"KmsKeyArns": "key"}, ("kms", "describe_key")),
    "subnets": (places.subnets, {}, {"VpcSubnetIds": "subnet"}, ("ec2", "describe_subnets")),
    "secret": (
        airflow.airflows,
        {},
        {"AirflowSecretArn": "arn"},
        ("secretsmanager", "get_secret_value"),
    ),
}
REFUSALS = [
    ("AccessDeniedException", "not authorized to perform: service:Action on resource: it"),
    ("AccessDenied", "Access Denied"),
    ("UnauthorizedOperation", "You are not authorized to perform this operation."),
    ("403", "Forbidden"),
    # ECS says so of a missing permission, and of a throttle (see jetbridge.aws.clients).
    ("ClientException", "User is not authorized to perform this action"),
    ("InvalidParameterException", "Rate exceeded"),
    ("ThrottlingException", "Rate exceeded"),
    ("RequestLimitExceeded", "Request limit exceeded."),
    ("503", "Service Unavailable"),
    ("InternalFailure", ""),
]


@pytest.mark.parametrize(("code", "message"), REFUSALS)
@pytest.mark.parametrize("name", NO_ANSWERS)
def test_only_what_aws_says_is_gone_is_gone(name: str, code: str, message: str) -> None:
    check, resources, parameters, (service, operation) = NO_ANSWERS[name]
    refused = answers(**{operation: raises(code, message, operation)})
    made = deployment(resources, parameters, **{service: refused})
    examination = examined(made, {name: check})
    assert examination.findings == []
    assert [each.check for each in examination.unchecked] == [name]


def test_a_cluster_that_ecs_doesnt_describe_may_be_there() -> None:
    arn = "arn:aws:ecs:eu-west-1:123456789012:cluster/etl"
    for reason, wrong in (("MISSING", True), ("ACCESS_DENIED", False)):
        answer = {"clusters": [], "failures": [{"arn": arn, "reason": reason}]}
        ecs = answers(describe_clusters=answer)
        results = list(containers.clusters(deployment(parameters={"ClusterArns": arn}, ecs=ecs)))
        assert bool(found(results)) is wrong
        assert any(isinstance(each, Unchecked) for each in results) is not wrong


def test_clusters() -> None:
    arn = "arn:aws:ecs:eu-west-1:123456789012:cluster/etl"
    for clusters, wrong in (
        ([{"clusterArn": arn, "status": "ACTIVE"}], False),
        ([{"clusterArn": arn, "status": "INACTIVE"}], True),
        ([], True),
    ):
        ecs = answers(describe_clusters={"clusters": clusters})
        made = deployment(parameters={"ClusterArns": arn}, ecs=ecs)
        assert bool(found(containers.clusters(made))) is wrong


def test_job_queues() -> None:
    arn = "arn:aws:batch:eu-west-1:123456789012:job-queue/etl"
    good = {
        "jobQueueArn": arn,
        "state": "ENABLED",
        "status": "VALID",
        "computeEnvironmentOrder": [{"computeEnvironment": "e"}],
    }
    for queue, state, problem in (
        (good, "ENABLED", None),
        (good | {"state": "DISABLED"}, "ENABLED", "disabled"),
        (good | {"status": "INVALID", "statusReason": "why"}, "ENABLED", "INVALID: why"),
        (good, "DISABLED", "disabled"),
        (good | {"jobQueueArn": "other"}, "ENABLED", "no such queue"),
    ):
        environment = {"computeEnvironmentName": "e", "state": state, "status": "VALID"}
        batch = answers(
            describe_job_queues={"jobQueues": [queue]},
            describe_compute_environments={"computeEnvironments": [environment]},
        )
        problems = found(jobs.job_queues(deployment(parameters={"JobQueueArns": arn}, batch=batch)))
        assert len(problems) == (problem is not None)
        assert problem is None or problem in problems[0]


def test_job_definitions() -> None:
    arn = "arn:aws:batch:eu-west-1:123456789012:job-definition/etl"

    def definition(revision: int, **container: Any) -> Any:
        return {
            "jobDefinitionArn": f"{arn}:{revision}",
            "jobDefinitionName": "etl",
            "revision": revision,
            "platformCapabilities": ["FARGATE"],
            "containerProperties": container,
        }

    broken = definition(1, logConfiguration={"logDriver": "splunk"})
    for known, problem in (
        ([broken, definition(2)], "no execution role"),
        ([definition(2, logConfiguration={"logDriver": "splunk"})], "splunk"),
        ([], "no active job definition"),
    ):
        batch = answers(describe_job_definitions={"jobDefinitions": known})
        made = deployment(parameters={"JobDefinitionArns": arn}, batch=batch)
        assert problem in found(jobs.job_definitions(made))[0]


# What the parameters name


def test_buckets_and_keys() -> None:
    key = "arn:aws:kms:eu-west-1:123456789012:key/1"
    default = {"ApplyServerSideEncryptionByDefault": {"KMSMasterKeyID": key}}
    encrypted = {"ServerSideEncryptionConfiguration": {"Rules": [default]}}
    for head, encryption, keys, problem in (
        ({}, encrypted, key, None),
        ({}, encrypted, "", "not in KmsKeyArns"),
        ({}, raises("ServerSideEncryptionConfigurationNotFoundError"), "", None),
        (raises("404"), {}, "", "no such bucket"),
    ):
        s3 = answers(head_bucket=head, get_bucket_encryption=encryption)
        given = {"AirflowLogBucket": "logs", "KmsKeyArns": keys}
        problems = found(places.buckets(deployment(parameters=given, s3=s3)))
        assert len(problems) == (problem is not None)
        assert problem is None or problem in problems[0]
    for answer, wrong in (
        ({"KeyMetadata": {"KeyState": "Enabled"}}, False),
        ({"KeyMetadata": {"KeyState": "PendingDeletion"}}, True),
        (raises("NotFoundException"), True),
    ):
        made = deployment(parameters={"KmsKeyArns": key}, kms=answers(describe_key=answer))
        assert bool(found(places.keys(made))) is wrong


def test_subnets() -> None:
    given = {"VpcSubnetIds": "subnet-1", "VpcSecurityGroupIds": "sg-1"}
    there = answers(
        describe_subnets={"Subnets": [{}]}, describe_security_groups={"SecurityGroups": [{}]}
    )
    assert found(places.subnets(deployment(parameters=given, ec2=there))) == []
    gone = answers(
        describe_subnets=raises("InvalidSubnetID.NotFound"),
        describe_security_groups=raises("InvalidGroup.NotFound"),
    )
    assert len(found(places.subnets(deployment(parameters=given, ec2=gone)))) == 2


def test_log_groups_of_parameters() -> None:
    given = {"LiveLogGroupNames": "/live", "AirflowLogGroup": "mwaa"}
    resources = {"AWS::Lambda::Function": {"RelayLogsFunction": "relay"}}
    target = "arn:aws:lambda:eu-west-1:123456789012:function:relay"
    groups = [{"logGroupName": "/live"}, {"logGroupName": "mwaa"}]
    for known, filters, number in (
        (groups, [{"destinationArn": target}], 0),
        (groups, [], 1),
        (groups[:1], [{"destinationArn": target}], 1),
    ):
        logs = answers(
            describe_log_groups={"logGroups": known},
            describe_subscription_filters={"subscriptionFilters": filters},
        )
        assert len(found(places.groups(deployment(resources, given, logs=logs)))) == number


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("no JSON", "isn't a JSON object"),
        ("[]", "isn't a JSON object"),
        ("{}", "names no Airflow"),
        ('{"default": {"url": "ftp://x"}}', "no url"),
        ('{"default": {"url": "http://127.0.0.1:9", "token": "t"}}', "nobody answers"),
        ('{"default": {"url": "http://127.0.0.1:9/a b", "token": "t"}}', "nobody answers"),
        ('{"default": {"url": "http://127.0.0.1:9", "username": "u", "password": "p"}}', "nobody"),
    ],
)
def test_airflow(text: str, problem: str) -> None:
    secrets = answers(get_secret_value={"SecretString": text})
    made = deployment(parameters={"AirflowSecretArn": "arn:secret"}, secretsmanager=secrets)
    assert problem in found(airflow.airflows(made))[0]


@pytest.mark.parametrize("page", ["<html>Sign in</html>", "{}", "[]", '{"access_token": 5}'])
def test_what_answers_a_login_like_no_airflow(page: str) -> None:
    """A proxy's own page, for example."""
    with HttpServer(lambda request: Reply(content=page)) as proxy:
        account = {"default": {"url": proxy.url, "username": "u", "password": "p"}}
        secrets = answers(get_secret_value={"SecretString": json.dumps(account)})
        made = deployment(parameters={"AirflowSecretArn": "arn:secret"}, secretsmanager=secrets)
        [problem] = found(airflow.airflows(made))
    assert "without an access_token" in problem


def test_a_secret_that_is_gone() -> None:
    secrets = answers(get_secret_value=raises("ResourceNotFoundException"))
    made = deployment(parameters={"AirflowSecretArn": "arn:secret"}, secretsmanager=secrets)
    assert "no such secret" in found(airflow.airflows(made))[0]


# Rights


def test_permissions_name_role_action_and_parameter() -> None:
    roles = dict.fromkeys(("StartRunRole", "LaunchRunRole", "CopyLogsRole"), "role")
    names: tuple[str, ...] = (
        "LaunchQueue",
        "StartFailures",
        "FinishQueue",
        "StopQueue",
        "LogsQueue",
    )
    names += ("NotifyQueue", "StateChangeQueue")
    made = deployment(
        {
            "AWS::IAM::Role": roles,
            "AWS::DynamoDB::Table": {"RunsTable": "runs", "OutcomesTable": "outcomes"},
        },
        {"ClusterArns": "c", "TaskDefinitionArns": "d", "AirflowLogBucket": "logs"},
        {name: {"QueueArn": QUEUE} for name in names},
        iam=simulating(),
    )
    assert found(permissions.roles(made)) == []
    made.aws.iam = simulating("implicitDeny")
    problems = found(permissions.roles(made))
    assert any("ecs:RunTask" in each and "TaskDefinitionArns" in each for each in problems)
    assert any("s3:PutObject" in each and "AirflowLogBucket" in each for each in problems)


SERVICE = "events.amazonaws.com"


@given(
    some.lists(some.sampled_from([SERVICE, "sns.amazonaws.com", "lambda.amazonaws.com"])),
    some.booleans(),
)
def test_who_a_principal_names(services: list[str], negated: bool) -> None:
    key = "NotPrincipal" if negated else "Principal"
    named = simulation.names_service({key: {"Service": services}}, SERVICE)
    assert named is ((SERVICE in services) != negated)


@pytest.mark.parametrize(
    ("principal", "named"),
    [("*", True), ({"AWS": "*"}, False), ({"Service": SERVICE}, True), ({"AWS": SERVICE}, False)],
)
def test_principals_of_other_shapes(principal: Any, named: bool) -> None:
    assert simulation.names_service({"Principal": principal}, SERVICE) is named


def test_the_simulator_gets_no_principals_and_where_it_comes_from() -> None:
    asked: list[dict[str, Any]] = []

    def decide(**given: Any) -> Any:
        asked.append(given)
        return {"EvaluationResults": [{"EvalDecision": "allowed"}]}

    iam = answers(simulate_custom_policy=decide)
    assert simulation.service_may(
        iam, json.loads(policy()), SERVICE, "sqs:SendMessage", QUEUE, RULE
    )
    [given_] = asked
    [document] = map(json.loads, given_["PolicyInputList"])
    assert "Principal" not in document["Statement"][0]
    context = {
        each["ContextKeyName"]: each["ContextKeyValues"] for each in given_["ContextEntries"]
    }
    assert context == {"aws:SourceArn": [RULE], "aws:SourceAccount": ["123456789012"]}


@pytest.mark.parametrize(
    ("partition", "region", "of_the_region"),
    [
        ("aws", "eu-west-1", "logs.eu-west-1.amazonaws.com"),
        ("aws-us-gov", "us-gov-west-1", "logs.us-gov-west-1.amazonaws.com"),
        ("aws-cn", "cn-north-1", "logs.cn-north-1.amazonaws.com.cn"),
    ],
)
def test_which_principals_of_cloudwatch_logs_may_relay(
    partition: str, region: str, of_the_region: str
) -> None:
    """The region's, which the template gives the permission, and the one without a region."""

    def problems(principal: str) -> list[str]:
        statement = {"Effect": "Allow", "Principal": {"Service": principal}}
        policy = json.dumps({"Statement": [statement]})
        made = deployment(
            {"AWS::Lambda::Function": {"RelayLogsFunction": "relay"}},
            {"LiveLogGroupNames": "/app"},
            functions=answers(get_policy={"Policy": policy}),
            iam=answers(
                simulate_custom_policy={"EvaluationResults": [{"EvalDecision": "allowed"}]}
            ),
        )
        stack_id = ID.replace("arn:aws:", f"arn:{partition}:").replace("eu-west-1", region)
        made.description["StackId"] = stack_id  # type: ignore[index]
        return [
            f"{each.problem} {each.fix}"
            for each in callers.relaying(made)
            if isinstance(each, Finding)
        ]

    assert problems(of_the_region) == problems("logs.amazonaws.com") == []
    [other] = problems("events.amazonaws.com")
    assert f"--principal {of_the_region} " in other


# All together


def test_a_denial_names_its_permission_and_holds_up_nothing() -> None:
    def denied(_: Deployment) -> Any:
        yield Note(check="denied", text="before")
        text = "User: arn is not authorized to perform: iam:GetRole on resource: x because …"
        raises("AccessDenied", text)()

    def finds(_: Deployment) -> Any:
        yield Finding(check="finds", subject="s", problem="p", fix="f", section="rules")

    first = examined(deployment(), {"denied": denied})
    assert first.exit_code == 2
    assert [each.permission for each in first.unchecked] == ["iam:GetRole"]
    assert [each.text for each in first.notes] == ["before"]
    both = examined(deployment(), {"denied": denied, "finds": finds})
    assert both.exit_code == 1
    assert len(both.findings) == len(both.unchecked) == 1
    assert examined(deployment(), {}).exit_code == 0


def test_other_errors_are_shown_as_they_are() -> None:
    error = ClientError({"Error": {"Code": "Throttling", "Message": "slow"}}, "GetRole")
    told = unchecked("roles", error)
    assert told == Unchecked(check="roles", why="GetRole: Throttling: slow")
    head = ClientError({"Error": {"Code": "403", "Message": "Forbidden"}}, "HeadBucket")
    assert unchecked("buckets", head).permission == "HeadBucket"


def test_every_check_says_what_it_is() -> None:
    assert all(check.__doc__ for check in CHECKS.values())


def test_a_run_file(tmp_path: Any) -> None:
    path = tmp_path / "run.json"
    for text, problem in (("{", "can't be read"), ("[]", "neither"), ("{}", "neither")):
        path.write_text(text)
        with pytest.raises(Problem, match=problem):
            request_in(path)
    path.write_text('{"run_task": {}}')
    assert request_in(path)["caller"] == {"kind": "person", "name": "jetbridge doctor"}


def described(**indexes: str) -> dict[str, Any]:
    found = [{"IndexName": name, "IndexStatus": status} for name, status in indexes.items()]
    return {"Table": {"TableStatus": "ACTIVE", "GlobalSecondaryIndexes": found}}


def test_an_index_that_cannot_be_read() -> None:
    resources = {"AWS::DynamoDB::Table": {"RunsTable": "runs"}}

    def found(**indexes: str) -> list[str]:
        dynamodb = answers(describe_table=described(**indexes))
        looked_at = deployment(resources, dynamodb=dynamodb)
        return [each.problem for each in functions.tables(looked_at) if isinstance(each, Finding)]

    assert found(unfinished="ACTIVE", active="UPDATING") == []
    assert found(active="ACTIVE") == ["its index unfinished is missing or not active."]
    assert len(found(unfinished="DELETING", active="CREATING")) == 2


def test_alarms_that_are_gone_or_ring() -> None:
    resources = {"AWS::CloudWatch::Alarm": {"Quiet": "a", "Rings": "b", "Gone": "c"}}
    known = [
        {"AlarmName": "a", "ActionsEnabled": True, "StateValue": "OK"},
        {"AlarmName": "b", "ActionsEnabled": True, "StateValue": "ALARM"},
    ]
    cloudwatch = answers(describe_alarms={"MetricAlarms": known})
    found = list(alarms.alarms(deployment(resources, cloudwatch=cloudwatch)))
    assert [each.subject for each in found if isinstance(each, Finding)] == ["Gone"]
    assert [each.text[:5] for each in found if isinstance(each, Note)] == ["Rings"]

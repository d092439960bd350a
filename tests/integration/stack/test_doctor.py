"""jetbridge doctor on the deployed stack: a healthy one, and many things broken, one at a time.

IAM is enforced: the command speaks as the user ``operator``, who has the policies of
examples/operator.yaml and no others.
"""

import json
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from airflow_api import AirflowApi
from deployed import (
    AIRFLOWS,
    BUCKET,
    LIVE_GROUP,
    REPORT,
    Deployed,
    ecs_task,
    encrypt_bucket,
)
from operating import Operator

RUNBOOK = Path(__file__).parents[3] / "docs" / "how-to" / "runbook.md"


@pytest.fixture(scope="module")
def api() -> Iterator[AirflowApi]:
    with AirflowApi().serving() as served:
        yield served


@pytest.fixture(scope="module")
def operator(deployed: Deployed, api: AirflowApi) -> Iterator[Operator]:
    secrets = deployed.client("secretsmanager")
    before = secrets.get_secret_value(SecretId=AIRFLOWS)["SecretString"]
    text = json.dumps({"default": api.account})
    secrets.put_secret_value(SecretId=AIRFLOWS, SecretString=text)
    operator = Operator(deployed)
    for url in deployed.client("sqs").list_queues()["QueueUrls"]:
        if "DeadLetters" in url or "Failures" in url or "Undelivered" in url:
            deployed.client("sqs").purge_queue(QueueUrl=url)
    yield operator
    secrets.put_secret_value(SecretId=AIRFLOWS, SecretString=before)


def _said(operator: Operator, *arguments: str) -> tuple[int, dict[str, Any]]:
    process = operator.command("doctor", *arguments, "--output", "json")
    output, errors = process.communicate(timeout=300)
    assert output, errors
    return process.returncode, json.loads(output)


def test_a_healthy_stack(operator: Operator) -> None:
    code, said = _said(operator)
    assert said["findings"] == []
    assert said["unchecked"] == []
    assert code == 0


@dataclass(frozen=True)
class Stack:
    """The deployed stack, to be broken by an administrator."""

    deployed: Deployed
    operator: Operator

    def client(self, service: str) -> Any:
        return self.deployed.client(service)

    def physical(self, name: str) -> str:
        return self.operator.deployed.resources[name][1]

    def rule(self, name: str) -> str:
        return self.physical(name).rpartition("/")[2]

    def arn(self, queue: str) -> str:
        url = self.physical(queue)
        attributes = self.client("sqs").get_queue_attributes(
            QueueUrl=url, AttributeNames=["QueueArn"]
        )
        return str(attributes["Attributes"]["QueueArn"])


@contextmanager
def rule_disabled(stack: Stack) -> Iterator[None]:
    events, rule = stack.client("events"), stack.rule("TaskStateChangeRule")
    events.disable_rule(Name=rule)
    yield
    events.enable_rule(Name=rule)


@contextmanager
def target_removed(stack: Stack) -> Iterator[None]:
    events, rule = stack.client("events"), stack.rule("JobStateChangeRule")
    targets = events.list_targets_by_rule(Rule=rule)["Targets"]
    events.remove_targets(Rule=rule, Ids=[each["Id"] for each in targets])
    yield
    events.put_targets(Rule=rule, Targets=targets)


@contextmanager
def target_replaced(stack: Stack) -> Iterator[None]:
    events, rule = stack.client("events"), stack.rule("JobStateChangeRule")
    targets = events.list_targets_by_rule(Rule=rule)["Targets"]
    events.put_targets(Rule=rule, Targets=[targets[0] | {"Arn": stack.arn("StopQueue")}])
    yield
    events.put_targets(Rule=rule, Targets=targets)


@contextmanager
def queue_deleted(stack: Stack) -> Iterator[None]:
    sqs, url = stack.client("sqs"), stack.physical("LogsDeadLetters")
    before = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["All"])["Attributes"]
    given = ("MessageRetentionPeriod", "SqsManagedSseEnabled", "VisibilityTimeout")
    sqs.delete_queue(QueueUrl=url)
    yield
    kept = {name: before[name] for name in given if name in before}
    sqs.create_queue(QueueName=url.rpartition("/")[2], Attributes=kept)


@contextmanager
def whole_batches(stack: Stack) -> Iterator[None]:
    functions = stack.client("lambda")
    [mapping] = functions.list_event_source_mappings(
        FunctionName=stack.physical("TrackRunFunction")
    )["EventSourceMappings"]
    functions.update_event_source_mapping(UUID=mapping["UUID"], FunctionResponseTypes=[])
    yield
    functions.update_event_source_mapping(
        UUID=mapping["UUID"], FunctionResponseTypes=mapping["FunctionResponseTypes"]
    )


@contextmanager
def alias_deleted(stack: Stack) -> Iterator[None]:
    functions, name = stack.client("lambda"), stack.physical("WatchRunsFunction")
    functions.delete_alias(FunctionName=name, Name="person")
    yield
    functions.create_alias(FunctionName=name, Name="person", FunctionVersion="$LATEST")


@contextmanager
def failures_go_nowhere(stack: Stack) -> Iterator[None]:
    functions, name = stack.client("lambda"), stack.physical("StartRunFunction")
    which = {"FunctionName": name, "Qualifier": "event"}
    before = functions.get_function_event_invoke_config(**which)
    functions.delete_function_event_invoke_config(**which)
    yield
    kept = ("MaximumRetryAttempts", "MaximumEventAgeInSeconds", "DestinationConfig")
    given = {each: before[each] for each in kept if each in before}
    functions.put_function_event_invoke_config(**which, **given)


@contextmanager
def logs_may_not_invoke(stack: Stack) -> Iterator[None]:
    functions, name = stack.client("lambda"), stack.physical("RelayLogsFunction")
    [statement] = json.loads(functions.get_policy(FunctionName=name)["Policy"])["Statement"]
    functions.remove_permission(FunctionName=name, StatementId=statement["Sid"])
    yield
    functions.add_permission(
        FunctionName=name,
        StatementId=statement["Sid"],
        Action="lambda:InvokeFunction",
        Principal=statement["Principal"]["Service"],
        SourceAccount="000000000000",
        SourceArn="arn:aws:logs:us-east-1:000000000000:log-group:*",
    )


@contextmanager
def alarm_disabled(stack: Stack) -> Iterator[None]:
    cloudwatch, alarm = stack.client("cloudwatch"), stack.physical("LaunchDeadLettersAlarm")
    cloudwatch.disable_alarm_actions(AlarmNames=[alarm])
    yield
    cloudwatch.enable_alarm_actions(AlarmNames=[alarm])


@contextmanager
def role_without_trust(stack: Stack) -> Iterator[None]:
    iam, role = stack.client("iam"), stack.physical("SweepRunsScheduleRole")
    before = json.dumps(iam.get_role(RoleName=role)["Role"]["AssumeRolePolicyDocument"])
    other = before.replace("scheduler.amazonaws.com", "events.amazonaws.com")
    iam.update_assume_role_policy(RoleName=role, PolicyDocument=other)
    yield
    iam.update_assume_role_policy(RoleName=role, PolicyDocument=before)


@contextmanager
def function_without_log(stack: Stack) -> Iterator[None]:
    logs, group = stack.client("logs"), stack.physical("WatchRunsLogGroup")
    [before] = logs.describe_log_groups(logGroupNamePrefix=group)["logGroups"]
    logs.delete_log_group(logGroupName=group)
    yield
    logs.create_log_group(logGroupName=group)
    if days := before.get("retentionInDays"):
        logs.put_retention_policy(logGroupName=group, retentionInDays=days)


@contextmanager
def secret_without_key(stack: Stack) -> Iterator[None]:
    secrets = stack.client("secretsmanager")
    before = secrets.get_secret_value(SecretId=AIRFLOWS)["SecretString"]
    account = {key: value for key, value in json.loads(before)["default"].items() if key != "url"}
    secrets.put_secret_value(SecretId=AIRFLOWS, SecretString=json.dumps({"default": account}))
    yield
    secrets.put_secret_value(SecretId=AIRFLOWS, SecretString=before)


def attribute(queue: str, name: str, value: str) -> Callable[[Stack], AbstractContextManager[None]]:
    @contextmanager
    def changed(stack: Stack) -> Iterator[None]:
        sqs, url = stack.client("sqs"), stack.physical(queue)
        before = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=[name])["Attributes"]
        sqs.set_queue_attributes(QueueUrl=url, Attributes={name: value})
        yield
        sqs.set_queue_attributes(QueueUrl=url, Attributes=before)

    return changed


def _closed() -> str:
    """A policy that lets EventBridge in for the rule of another stack."""
    statement = {
        "Effect": "Allow",
        "Principal": {"Service": "events.amazonaws.com"},
        "Action": "sqs:SendMessage",
        "Resource": "*",
        "Condition": {"ArnEquals": {"aws:SourceArn": "arn:aws:events:us-east-1:1:rule/other"}},
    }
    return json.dumps({"Version": "2012-10-17", "Statement": [statement]})


@contextmanager
def mapping_disabled(stack: Stack) -> Iterator[None]:
    functions = stack.client("lambda")
    [mapping] = functions.list_event_source_mappings(
        FunctionName=stack.physical("FinishRunFunction")
    )["EventSourceMappings"]
    functions.update_event_source_mapping(UUID=mapping["UUID"], Enabled=False)
    yield
    functions.update_event_source_mapping(UUID=mapping["UUID"], Enabled=True)


def reserved(function: str, number: int) -> Callable[[Stack], AbstractContextManager[None]]:
    @contextmanager
    def limited(stack: Stack) -> Iterator[None]:
        functions, name = stack.client("lambda"), stack.physical(function)
        functions.put_function_concurrency(FunctionName=name, ReservedConcurrentExecutions=number)
        yield
        functions.delete_function_concurrency(FunctionName=name)

    return limited


@contextmanager
def little_concurrency_left(stack: Stack) -> Iterator[None]:
    limit = stack.client("lambda").get_account_settings()["AccountLimit"]
    others = limit["UnreservedConcurrentExecutions"] - 50
    with reserved("NamesFunction", others)(stack):
        yield


@contextmanager
def variable_changed(stack: Stack) -> Iterator[None]:
    with stack.operator.broken("track_run"):
        yield


def variables(**changes: str | None) -> Callable[[Stack], AbstractContextManager[None]]:
    """finish_run's variables; None: it has none of that name."""

    @contextmanager
    def changed(stack: Stack) -> Iterator[None]:
        functions, name = stack.client("lambda"), stack.physical("FinishRunFunction")
        before = functions.get_function_configuration(FunctionName=name)["Environment"]
        given = {key: value for key, value in (before["Variables"] | changes).items() if value}
        functions.update_function_configuration(FunctionName=name, Environment={"Variables": given})
        yield
        functions.update_function_configuration(
            FunctionName=name, Environment={"Variables": before["Variables"]}
        )

    return changed


@contextmanager
def pattern_changed(stack: Stack) -> Iterator[None]:
    events, rule = stack.client("events"), stack.rule("JobStateChangeRule")
    before = events.describe_rule(Name=rule)
    pattern = json.loads(before["EventPattern"])
    pattern["detail"]["status"] = ["SUCCEEDED"]
    events.put_rule(Name=rule, EventPattern=json.dumps(pattern), Description=before["Description"])
    yield
    events.put_rule(
        Name=rule, EventPattern=before["EventPattern"], Description=before["Description"]
    )


@contextmanager
def redriven_elsewhere(stack: Stack) -> Iterator[None]:
    sqs = stack.client("sqs")
    url = sqs.create_queue(QueueName="elsewhere")["QueueUrl"]
    which = {"QueueUrl": url, "AttributeNames": ["QueueArn"]}
    arn = sqs.get_queue_attributes(**which)["Attributes"]["QueueArn"]
    policy = json.dumps({"deadLetterTargetArn": arn, "maxReceiveCount": 100})
    with attribute("StopQueue", "RedrivePolicy", policy)(stack):
        yield
    sqs.delete_queue(QueueUrl=url)


@contextmanager
def schedule_disabled(stack: Stack) -> Iterator[None]:
    scheduler = stack.client("scheduler")
    [name] = [
        each["Name"]
        for each in scheduler.list_schedules()["Schedules"]
        if each["Name"].startswith("jetbridge-hour-")
    ]
    fields = ("Name", "ScheduleExpression", "FlexibleTimeWindow", "Target")
    schedule = scheduler.get_schedule(Name=name)
    kept = {each: schedule[each] for each in fields}
    scheduler.update_schedule(**kept, State="DISABLED")
    yield
    scheduler.update_schedule(**kept, State="ENABLED")


@contextmanager
def dead_letter(stack: Stack) -> Iterator[None]:
    stack.operator.send("LaunchDeadLetters", ["{}"])
    yield
    stack.client("sqs").purge_queue(QueueUrl=stack.physical("LaunchDeadLetters"))


@contextmanager
def role_emptied(stack: Stack) -> Iterator[None]:
    iam, role = stack.client("iam"), stack.physical("StartRunRole")
    [name] = iam.list_role_policies(RoleName=role)["PolicyNames"]
    document = iam.get_role_policy(RoleName=role, PolicyName=name)["PolicyDocument"]
    iam.delete_role_policy(RoleName=role, PolicyName=name)
    yield
    iam.put_role_policy(RoleName=role, PolicyName=name, PolicyDocument=json.dumps(document))


@contextmanager
def job_queue_disabled(stack: Stack) -> Iterator[None]:
    batch = stack.client("batch")
    batch.update_job_queue(jobQueue="jetbridge-example", state="DISABLED")
    yield
    batch.update_job_queue(jobQueue="jetbridge-example", state="ENABLED")


def definition(**changes: Any) -> Callable[[Stack], AbstractContextManager[None]]:
    """A task definition that TaskDefinitionArns names, changed."""

    @contextmanager
    def registered(stack: Stack) -> Iterator[None]:
        ecs = stack.client("ecs")
        good = ecs.describe_task_definition(taskDefinition="jetbridge-example-report")
        fields = (
            "requiresCompatibilities",
            "networkMode",
            "cpu",
            "memory",
            "executionRoleArn",
            "containerDefinitions",
        )
        given = {name: good["taskDefinition"][name] for name in fields} | changes
        made = ecs.register_task_definition(family="jetbridge-example-drill", **given)
        yield
        arn = made["taskDefinition"]["taskDefinitionArn"]
        ecs.deregister_task_definition(taskDefinition=arn)

    return registered


def _logging(**changes: Any) -> list[dict[str, Any]]:
    options = {
        "awslogs-group": "/jetbridge/example",
        "awslogs-region": "us-east-1",
        "awslogs-stream-prefix": "drill",
    }
    configuration = {"logDriver": "awslogs", "options": options} | changes
    return [{"name": "main", "image": "drill", "logConfiguration": configuration}]


NO_GROUP = {
    "awslogs-group": "/jetbridge/nowhere",
    "awslogs-region": "us-east-1",
    "awslogs-stream-prefix": "drill",
}
NO_ROLE = "arn:aws:iam::000000000000:role/jetbridge-example-nobody"


def _execution_role(stack: Stack) -> str:
    ecs = stack.client("ecs")
    good = ecs.describe_task_definition(taskDefinition="jetbridge-example-report")
    return str(good["taskDefinition"]["executionRoleArn"]).rpartition("/")[2]


@contextmanager
def execution_role_without_rights(stack: Stack) -> Iterator[None]:
    iam, role = stack.client("iam"), _execution_role(stack)
    [policy] = iam.list_attached_role_policies(RoleName=role)["AttachedPolicies"]
    iam.detach_role_policy(RoleName=role, PolicyArn=policy["PolicyArn"])
    yield
    iam.attach_role_policy(RoleName=role, PolicyArn=policy["PolicyArn"])


@contextmanager
def execution_role_without_trust(stack: Stack) -> Iterator[None]:
    iam, role = stack.client("iam"), _execution_role(stack)
    before = iam.get_role(RoleName=role)["Role"]["AssumeRolePolicyDocument"]
    text = json.dumps(before)
    other = text.replace("ecs-tasks.amazonaws.com", "ec2.amazonaws.com")
    iam.update_assume_role_policy(RoleName=role, PolicyDocument=other)
    yield
    iam.update_assume_role_policy(RoleName=role, PolicyDocument=text)


@contextmanager
def bucket_with_another_key(stack: Stack) -> Iterator[None]:
    cloud = stack.deployed.cloud
    encrypt_bucket(cloud, "arn:aws:kms:us-east-1:000000000000:key/1234abcd")
    yield
    encrypt_bucket(cloud, stack.deployed.parameter("KmsKeyArns"))


@contextmanager
def live_group_not_subscribed(stack: Stack) -> Iterator[None]:
    logs = stack.client("logs")
    [kept] = logs.describe_subscription_filters(logGroupName=LIVE_GROUP)["subscriptionFilters"]
    logs.delete_subscription_filter(logGroupName=LIVE_GROUP, filterName=kept["filterName"])
    yield
    logs.put_subscription_filter(
        logGroupName=LIVE_GROUP,
        filterName=kept["filterName"],
        filterPattern=kept["filterPattern"],
        destinationArn=kept["destinationArn"],
    )


def secret(**changes: str) -> Callable[[Stack], AbstractContextManager[None]]:
    @contextmanager
    def changed(stack: Stack) -> Iterator[None]:
        secrets = stack.client("secretsmanager")
        before = secrets.get_secret_value(SecretId=AIRFLOWS)["SecretString"]
        account = json.loads(before)["default"] | changes
        text = json.dumps({"default": account})
        secrets.put_secret_value(SecretId=AIRFLOWS, SecretString=text)
        yield
        secrets.put_secret_value(SecretId=AIRFLOWS, SecretString=before)

    return changed


# What is broken: the check that finds it, what it names, what it says, and a word of the fix.
BROKEN: dict[str, tuple[Callable[[Stack], AbstractContextManager[None]], str, str, str, str]] = {
    "rule": (rule_disabled, "rules", "TaskStateChangeRule", "disabled", "enable-rule"),
    "target": (target_removed, "rules", "JobStateChangeRule", "no target", "put-targets"),
    "policy": (
        attribute("StateChangeQueue", "Policy", _closed()),
        "rules",
        "StateChangeQueue",
        "doesn't let EventBridge send",
        "StateChangeQueuePolicy",
    ),
    "redrive": (
        attribute("StopQueue", "RedrivePolicy", ""),
        "dead-letter queues",
        "StopQueue",
        "no dead-letter queue",
        "RedrivePolicy",
    ),
    "mapping": (mapping_disabled, "mappings", "FinishRunFunction", "mapping is", "--enabled"),
    "throttled": (
        reserved("WatchRunsFunction", 0),
        "reserved concurrency",
        "WatchRunsFunction",
        "is 0",
        "delete-function-concurrency",
    ),
    "concurrency": (little_concurrency_left, "concurrency", "account", "are not reserved", "quota"),
    "variable": (variable_changed, "variables", "TrackRunFunction", "no-such-table", "set it back"),
    "limit": (
        variables(JETBRIDGE_LOG_READS_PER_SECOND="5000"),
        "variables",
        "FinishRunFunction",
        "'5000', and the stack's own is '5'",
        "set it back",
    ),
    "no variable": (
        variables(JETBRIDGE_RESULT_WAIT_SECONDS=None),
        "variables",
        "FinishRunFunction",
        "JETBRIDGE_RESULT_WAIT_SECONDS is missing",
        "set it back",
    ),
    "pattern": (
        pattern_changed,
        "event patterns",
        "JobStateChangeRule",
        "isn't the stack's",
        "put-rule",
    ),
    "other dead letters": (
        redriven_elsewhere,
        "dead-letter queues",
        "StopQueue",
        "nobody looks for them there",
        "RedrivePolicy",
    ),
    "schedule": (schedule_disabled, "schedules", "EachHour", "disabled", "Enable it"),
    "dead letter": (dead_letter, "dead letters", "LaunchDeadLetters", "1 message", "replay"),
    "role": (role_emptied, "permissions", "StartRunRole", "dynamodb:PutItem", "template.yaml"),
    "job queue": (job_queue_disabled, "job queues", "jetbridge-example", "disabled", "Enable"),
    "log driver": (
        definition(containerDefinitions=_logging(logDriver="json-file", options={})),
        "task definitions",
        "jetbridge-example-drill",
        "json-file",
        "awslogs",
    ),
    "log group": (
        definition(containerDefinitions=_logging(options=NO_GROUP)),
        "log groups",
        "jetbridge-example-drill",
        "/jetbridge/nowhere",
        "create-log-group",
    ),
    "no role": (
        definition(executionRoleArn=NO_ROLE),
        "roles of definitions",
        "jetbridge-example-drill",
        "doesn't exist",
        "Create the role",
    ),
    "execution role's rights": (
        execution_role_without_rights,
        "roles of definitions",
        "jetbridge-example",
        "logs:PutLogEvents",
        "AmazonECSTaskExecutionRolePolicy",
    ),
    "execution role's trust": (
        execution_role_without_trust,
        "roles of definitions",
        "jetbridge-example",
        "doesn't trust ecs-tasks",
        "trust policy",
    ),
    "key": (bucket_with_another_key, "buckets", BUCKET, "KmsKeyArns", "Add the"),
    "live group": (live_group_not_subscribed, "log groups", LIVE_GROUP, "not subscribed", "Deploy"),
    "Airflow's token": (secret(token="old"), "Airflow", "default", "401", "valid credentials"),
    "other target": (
        target_replaced,
        "rules",
        "JobStateChangeRule",
        "not StateChangeQueue",
        "put-targets",
    ),
    "no queue": (queue_deleted, "queues", "LogsDeadLetters", "is gone", "create-queue"),
    "whole batches": (
        whole_batches,
        "mappings",
        "TrackRun",
        "messages that failed",
        "ReportBatchItemFailures",
    ),
    "alias": (alias_deleted, "aliases", "WatchRunsAsPerson", "is gone", "create-alias"),
    "failures": (
        failures_go_nowhere,
        "failures",
        "StartRunFunction",
        "the alias event",
        "StartFailures",
    ),
    "live lines": (
        logs_may_not_invoke,
        "live logs",
        "RelayLogsFunction",
        "doesn't let CloudWatch Logs",
        "add-permission",
    ),
    "alarm": (
        alarm_disabled,
        "alarms",
        "LaunchDeadLettersAlarm",
        "actions are disabled",
        "enable-alarm-actions",
    ),
    "role's trust": (
        role_without_trust,
        "trust",
        "SweepRunsScheduleRole",
        "doesn't trust scheduler",
        "trust policy",
    ),
    "function's log": (
        function_without_log,
        "log groups",
        "WatchRunsLogGroup",
        "is gone",
        "create-log-group",
    ),
    "secret": (secret_without_key, "Airflow", "default", "url", "Make it"),
    "no Airflow": (
        secret(url="http://127.0.0.1:9"),
        "Airflow",
        "default",
        "nobody answers",
        "Start Airflow",
    ),
}


# Further ways to break what a check looks at: a push has one or two of each check.
FOR_THE_NIGHT = {
    "target",
    "limit",
    "no variable",
    "redrive",
    "log group",
    "no role",
    "execution role's trust",
    "no Airflow",
    "other target",
    "whole batches",
    "failures",
    "live lines",
    "function's log",
    "secret",
}


@pytest.mark.parametrize(
    "name",
    [
        pytest.param(name, marks=pytest.mark.nightly) if name in FOR_THE_NIGHT else name
        for name in BROKEN
    ],
)
def test_what_is_broken_is_named_with_its_fix(
    deployed: Deployed, operator: Operator, name: str
) -> None:
    break_it, check, subject, problem, fix = BROKEN[name]
    with break_it(Stack(deployed, operator)):
        code, said = _said(operator)
    assert code == 1
    found = said["findings"]
    text = json.dumps(found, indent=1)
    assert {each["check"] for each in found} == {check}, text
    assert any(
        subject in each["subject"] and problem in each["problem"] and fix in each["fix"]
        for each in found
    ), text
    for each in found:
        page, _, anchor = each["link"].partition("#")
        assert page == "docs/how-to/runbook.md"
        titles = [line.lstrip("# ") for line in RUNBOOK.read_text().splitlines() if "# " in line]
        assert anchor in {title.lower().replace(" ", "-") for title in titles}


def test_everything_was_restored(operator: Operator) -> None:
    code, said = _said(operator)
    assert (code, said["findings"]) == (0, [])


def test_a_real_run_on_request(operator: Operator, tmp_path: Path) -> None:
    path = tmp_path / "run.json"
    path.write_text(json.dumps({"run_task": ecs_task("jetbridge-example-report", **REPORT)}))
    process = operator.command("doctor", "--test", str(path), "--patience", "60")
    output, errors = process.communicate(timeout=300)
    assert process.returncode == 0, output + errors
    assert "succeeded" in output


def test_the_missing_permission_is_named(deployed: Deployed, operator: Operator) -> None:
    iam = deployed.client("iam")
    deny = {"Effect": "Deny", "Action": "iam:SimulatePrincipalPolicy", "Resource": "*"}
    document = {"Version": "2012-10-17", "Statement": [deny]}
    iam.put_user_policy(UserName="operator", PolicyName="deny", PolicyDocument=json.dumps(document))
    try:
        code, said = _said(operator)
    finally:
        iam.delete_user_policy(UserName="operator", PolicyName="deny")
    assert code == 2
    assert said["findings"] == []
    unchecked = {each["check"]: each["permission"] for each in said["unchecked"]}
    assert unchecked.pop("permissions") == "iam:SimulatePrincipalPolicy"
    assert set(unchecked.values()) <= {"iam:SimulatePrincipalPolicy"}


def test_every_line_of_every_function_has_the_keys_of_its_run(deployed: Deployed) -> None:
    """In the deployed functions' log groups, as CloudWatch Logs has them."""
    logs = deployed.client("logs")
    groups = logs.describe_log_groups(logGroupNamePrefix="/aws/lambda/jetbridge-")["logGroups"]
    about: set[str] = set()
    for group in groups:
        events = logs.filter_log_events(logGroupName=group["logGroupName"], limit=1000)["events"]
        lines = [json.loads(each["message"]) for each in events if each["message"][:1] == "{"]
        for line in lines:
            if "message" in line and line.get("service") == "jetbridge":
                assert {"run_id", "launch", "caller"} <= line.keys(), line
                if line["run_id"] and line["caller"]:
                    about.add(group["logGroupName"].removeprefix("/aws/lambda/jetbridge-"))
    assert {"start-run", "launch-run", "track-run", "finish-run"} <= about

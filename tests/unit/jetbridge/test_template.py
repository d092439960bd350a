"""template.yaml keeps the design's rules: nothing is dropped in silence, least privilege."""

import json
from collections.abc import Iterator
from typing import Any

import msgspec
import pytest
from jetbridge_testing.backends import LISTING_LAG_SECONDS
from jetbridge_testing.environment import ENVIRONMENT
from jetbridge_testing.samples import STACK_KEY, STATE_CHANGES, event
from jetbridge_testing.template import ROOT, resources, template

from jetbridge.bus.eventbridge import SOURCE
from jetbridge.runs.dynamodb import ACTIVE_INDEX
from jetbridge.services.launch import LISTING_SECONDS
from jetbridge.settings import Settings

FUNCTIONS = resources("AWS::Serverless::Function")
QUEUES = resources("AWS::SQS::Queue")
ALARMS = resources("AWS::CloudWatch::Alarm")
RULES = resources("AWS::Events::Rule")
GLOBALS = template()["Globals"]["Function"]
DEAD_LETTERS = {
    queue["Properties"]["RedrivePolicy"]["deadLetterTargetArn"]["Fn::GetAtt"][0]
    for queue in QUEUES.values()
    if "RedrivePolicy" in queue["Properties"]
}


def _get_att(value: Any) -> str:
    """The logical id of a GetAtt or Ref."""
    found = value.get("Fn::GetAtt", [value.get("Ref")])[0]
    assert isinstance(found, str), value
    return found


def _alarmed(namespace: str, metric: str, dimension: str) -> set[str]:
    """Logical ids of what has an alarm on a metric."""
    return {
        _get_att(item["Value"])
        for alarm in ALARMS.values()
        if alarm["Properties"]["Namespace"] == namespace
        and alarm["Properties"]["MetricName"] == metric
        for item in alarm["Properties"]["Dimensions"]
        if item["Name"] == dimension
    }


def _statements(function: str) -> Iterator[dict[str, Any]]:
    for policy in FUNCTIONS[function]["Properties"]["Policies"]:
        for statement in policy["Statement"]:
            yield statement["Fn::If"][1] if "Fn::If" in statement else statement


def _actions(function: str) -> set[str]:
    actions: set[str] = set()
    for statement in _statements(function):
        action = statement["Action"]
        actions |= {action} if isinstance(action, str) else set(action)
    return actions


def test_each_folder_of_functions_is_deployed() -> None:
    deployed = {item["Properties"]["CodeUri"] for item in FUNCTIONS.values()}
    assert deployed == {f"functions/{path.parent.name}" for path in ROOT.glob("functions/*/app.py")}


@pytest.mark.parametrize("function", FUNCTIONS)
def test_function_has_a_log_group_with_retention(function: str) -> None:
    name = FUNCTIONS[function]["Properties"]["FunctionName"]["Fn::Sub"]
    groups = {
        group["Properties"]["LogGroupName"]["Fn::Sub"]: (logical_id, group)
        for logical_id, group in resources("AWS::Logs::LogGroup").items()
    }
    logical_id, group = groups[f"/aws/lambda/{name}"]
    assert group["Properties"]["RetentionInDays"] == {"Ref": "LogRetentionDays"}
    assert FUNCTIONS[function]["DependsOn"] == logical_id, "Lambda must not make the group itself"


@pytest.mark.parametrize("function", FUNCTIONS)
def test_function_has_an_error_alarm(function: str) -> None:
    assert function in _alarmed("AWS/Lambda", "Errors", "FunctionName")


@pytest.mark.parametrize("alarm", ALARMS)
def test_alarm_notifies_the_topic(alarm: str) -> None:
    actions = ALARMS[alarm]["Properties"]["AlarmActions"]["Fn::If"]
    assert actions[:2] == ["HasAlarmTopic", [{"Ref": "AlarmTopicArn"}]]


def _gives_up_into() -> set[str]:
    """Queues that catch what rules, asynchronous invocations and other queues give up."""
    rules = {
        _get_att(target["DeadLetterConfig"]["Arn"])
        for rule in RULES.values()
        for target in rule["Properties"]["Targets"]
    }
    invocations = {
        _get_att(
            item["Properties"]["EventInvokeConfig"]["DestinationConfig"]["OnFailure"]["Destination"]
        )
        for item in FUNCTIONS.values()
        if "EventInvokeConfig" in item["Properties"]
    }
    return DEAD_LETTERS | rules | invocations


@pytest.mark.parametrize("queue", QUEUES)
def test_queue_has_dead_letters_or_holds_them(queue: str) -> None:
    assert ("RedrivePolicy" in QUEUES[queue]["Properties"]) != (queue in _gives_up_into())


@pytest.mark.parametrize("queue", sorted(_gives_up_into()))
def test_dead_letters_ring_and_stay_14_days(queue: str) -> None:
    metric = "ApproximateNumberOfMessagesVisible"
    assert queue in _alarmed("AWS/SQS", metric, "QueueName")
    assert QUEUES[queue]["Properties"]["MessageRetentionPeriod"] == 14 * 24 * 3600


@pytest.mark.parametrize("rule", RULES)
def test_rule_targets_have_dead_letters(rule: str) -> None:
    targets = RULES[rule]["Properties"]["Targets"]
    assert targets
    assert all("DeadLetterConfig" in target for target in targets)


def test_the_queue_policy_lets_the_rules_in_and_nobody_else() -> None:
    [policy] = resources("AWS::SQS::QueuePolicy").values()
    [statement] = policy["Properties"]["PolicyDocument"]["Statement"]
    sources = statement["Condition"]["ArnEquals"]["aws:SourceArn"]
    assert {_get_att(source) for source in sources} == set(RULES)
    targets = {
        _get_att(arn)
        for rule in RULES.values()
        for target in rule["Properties"]["Targets"]
        for arn in (target["Arn"], target["DeadLetterConfig"]["Arn"])
    }
    assert {_get_att(arn) for arn in statement["Resource"]} == targets
    assert {_get_att(queue) for queue in policy["Properties"]["Queues"]} == targets


def _sources() -> list[tuple[str, dict[str, Any]]]:
    return [
        (function, source["Properties"])
        for function, item in FUNCTIONS.items()
        for source in item["Properties"].get("Events", {}).values()
        if source["Type"] == "SQS"
    ]


def test_every_queue_of_work_has_one_reader() -> None:
    readers = [_get_att(source["Queue"]) for _, source in _sources()]
    assert sorted(readers) == sorted(set(QUEUES) - _gives_up_into())


@pytest.mark.parametrize(("function", "source"), _sources())
def test_queue_source(function: str, source: dict[str, Any]) -> None:
    assert source["FunctionResponseTypes"] == ["ReportBatchItemFailures"]
    assert source["ScalingConfig"]["MaximumConcurrency"] >= 2
    timeout = FUNCTIONS[function]["Properties"].get("Timeout", GLOBALS["Timeout"])
    queue = QUEUES[_get_att(source["Queue"])]["Properties"]
    assert queue["VisibilityTimeout"] >= 6 * timeout
    assert queue["RedrivePolicy"]["maxReceiveCount"] >= 5


def test_an_attempt_to_launch_ends_before_the_next_one_may_look() -> None:
    timeout = FUNCTIONS["LaunchRunFunction"]["Properties"].get("Timeout", GLOBALS["Timeout"])
    assert timeout < LISTING_SECONDS


def test_environment_variables_are_the_settings() -> None:
    environments = [GLOBALS["Environment"]] + [
        item["Properties"]["Environment"]
        for item in FUNCTIONS.values()
        if "Environment" in item["Properties"]
    ]
    variables = {
        name
        for environment in environments
        for name in environment["Variables"]
        if name.startswith("JETBRIDGE_")
    }
    fields = {field.name for field in msgspec.structs.fields(Settings)} - {"region"}
    assert variables == {f"JETBRIDGE_{name.upper()}" for name in fields}
    assert variables == {name for name in ENVIRONMENT if name.startswith("JETBRIDGE_")}


@pytest.mark.parametrize("action", ["ecs:RunTask", "batch:SubmitJob", "iam:PassRole"])
def test_only_launch_run_launches(action: str) -> None:
    allowed = [function for function in FUNCTIONS if action in _actions(function)]
    assert allowed == ["LaunchRunFunction"]


@pytest.mark.parametrize("function", FUNCTIONS)
def test_no_wildcard_actions_and_wildcard_resources_only_where_aws_has_no_finer(
    function: str,
) -> None:
    assert not [action for action in _actions(function) if "*" in action]
    unlimited = {
        "ecs:DescribeTaskDefinition",
        "batch:DescribeJobDefinitions",
        "batch:ListJobs",
        "batch:DescribeJobs",
    }
    for statement in _statements(function):
        if statement["Resource"] == "*" and "Condition" not in statement:
            action = statement["Action"]
            assert set([action] if isinstance(action, str) else action) <= unlimited


def test_pass_role_is_for_ecs_tasks_and_listed_roles() -> None:
    [statement] = [
        item for item in _statements("LaunchRunFunction") if item["Action"] == "iam:PassRole"
    ]
    assert statement["Resource"] == {"Ref": "PassableRoleArns"}
    passed_to = statement["Condition"]["StringEquals"]["iam:PassedToService"]
    assert passed_to == "ecs-tasks.amazonaws.com"


@pytest.mark.parametrize(
    "parameter",
    ["ClusterArns", "TaskDefinitionArns", "JobQueueArns", "JobDefinitionArns", "PassableRoleArns"],
)
def test_closed_by_default(parameter: str) -> None:
    assert template()["Parameters"][parameter]["Default"] == ""


def test_the_allow_lists_reach_start_run_alone() -> None:
    holders = [
        name
        for name, item in FUNCTIONS.items()
        if "JETBRIDGE_CLUSTER_ARNS"
        in item["Properties"].get("Environment", {}).get("Variables", {})
    ]
    assert holders == ["StartRunFunction"]
    variables = FUNCTIONS["StartRunFunction"]["Properties"]["Environment"]["Variables"]
    for parameter in (
        "ClusterArns",
        "TaskDefinitionArns",
        "JobQueueArns",
        "JobDefinitionArns",
        "PassableRoleArns",
    ):
        assert {"Fn::Join": [",", {"Ref": parameter}]} in variables.values()


def test_environments_may_be_written_below_their_prefix_alone() -> None:
    [statement] = [
        item for item in _statements("StartRunFunction") if item["Action"] == "s3:PutObject"
    ]
    assert statement["Resource"]["Fn::Sub"].endswith(":s3:::${OffloadBucket}/${OffloadPrefix}*")


def test_architecture_is_a_parameter() -> None:
    parameter = template()["Parameters"]["Architecture"]
    assert parameter["Default"] == "arm64"
    assert parameter["AllowedValues"] == ["arm64", "x86_64"]
    assert GLOBALS["Architectures"] == [{"Ref": "Architecture"}]
    assert GLOBALS["Runtime"] == "python3.13"


def test_tables_are_what_the_adapters_use() -> None:
    runs = resources("AWS::DynamoDB::Table")["RunsTable"]["Properties"]
    [index] = runs["GlobalSecondaryIndexes"]
    assert index["IndexName"] == ACTIVE_INDEX
    for table in resources("AWS::DynamoDB::Table").values():
        assert table["Properties"]["TimeToLiveSpecification"]["AttributeName"] == "expires_at"
        assert table["Properties"]["KeySchema"] == [{"AttributeName": "run_id", "KeyType": "HASH"}]


def test_announcements_may_be_put_under_their_own_source_alone() -> None:
    [statement] = [
        item for item in _statements("FinishRunFunction") if item["Action"] == "events:PutEvents"
    ]
    assert statement["Condition"] == {"StringEquals": {"events:source": SOURCE}}


def test_airflow_may_start_stop_and_read_outcomes_alone() -> None:
    [policy] = resources("AWS::IAM::ManagedPolicy").values()
    statements = policy["Properties"]["PolicyDocument"]["Statement"]
    assert {statement["Action"] for statement in statements} == {
        "lambda:InvokeFunction",
        "dynamodb:BatchGetItem",
    }


# The rules against the samples


def _filled(pattern: Any) -> Any:
    """The pattern with the stack's own values filled in."""
    text = json.dumps(pattern)
    assert "jb-${StackKey}-" in text
    return _fill(pattern)


def _fill(value: Any) -> Any:
    if isinstance(value, dict):
        if value == {"Ref": "AWS::AccountId"}:
            return "123456789012"
        if "Fn::Sub" in value:
            return f"jb-{STACK_KEY}-"
        return {name: _fill(inner) for name, inner in value.items()}
    return [_fill(inner) for inner in value] if isinstance(value, list) else value


def _matches(pattern: dict[str, Any], value: Any) -> bool:
    """EventBridge's rule for the operators that the template uses: equality, prefix, exists."""
    for name, wanted in pattern.items():
        found = value.get(name) if isinstance(value, dict) else None
        if isinstance(wanted, dict):
            if not _matches(wanted, found):
                return False
        elif not any(_accepts(choice, found) for choice in wanted):
            return False
    return True


def _accepts(choice: Any, found: Any) -> bool:
    if isinstance(choice, dict) and "exists" in choice:
        return (found is not None) is choice["exists"]
    if isinstance(choice, dict):
        return isinstance(found, str) and found.startswith(choice["prefix"])
    return bool(choice == found)


@pytest.mark.parametrize("name", STATE_CHANGES)
def test_rules_let_each_sample_pass_once_but_array_children(name: str) -> None:
    passed = [
        rule
        for rule, item in RULES.items()
        if _matches(_filled(item["Properties"]["EventPattern"]), event(name))
    ]
    ours = "TaskStateChangeRule" if name.startswith("ecs") else "JobStateChangeRule"
    assert passed == ([] if name == "batch_array_child_failed" else [ours])


@pytest.mark.parametrize("name", ["ecs_stopped_exit_0", "batch_succeeded"])
def test_rules_keep_other_stacks_and_accounts_out(name: str) -> None:
    foreign = event(name) | {"account": "999999999999"}
    other = event(name)
    for field in ("startedBy", "jobName"):
        if field in other["detail"]:
            other["detail"][field] = other["detail"][field].replace(STACK_KEY, "ffffffff")
    for item in RULES.values():
        pattern = _filled(item["Properties"]["EventPattern"])
        assert not _matches(pattern, foreign)
        assert not _matches(pattern, other)


@pytest.mark.parametrize(
    ("function", "queues"),
    [
        ("StartRunFunction", {"LaunchQueue", "StopQueue", "LogsQueue"}),
        ("LaunchRunFunction", {"LaunchQueue", "FinishQueue", "StopQueue"}),
        ("TrackRunFunction", {"LaunchQueue", "FinishQueue"}),
        ("StopRunFunction", {"LaunchQueue", "FinishQueue", "StopQueue"}),
        ("SweepRunsFunction", {"LaunchQueue", "FinishQueue", "StopQueue"}),
    ],
)
def test_function_may_send_to_the_queues_that_it_feeds(function: str, queues: set[str]) -> None:
    targets: set[str] = set()
    for statement in _statements(function):
        if statement["Action"] == "sqs:SendMessage":
            resource = statement["Resource"]
            named = resource if isinstance(resource, list) else [resource]
            targets |= {_get_att(item) for item in named}
    assert targets == queues


def test_an_attempt_is_over_before_what_it_launched_is_looked_for() -> None:
    """SubmitJob may be the last thing that a function of the longest duration does."""
    limit = FUNCTIONS["LaunchRunFunction"]["Properties"].get("Timeout")
    longest = limit or template()["Globals"]["Function"]["Timeout"]
    assert longest + LISTING_LAG_SECONDS <= LISTING_SECONDS

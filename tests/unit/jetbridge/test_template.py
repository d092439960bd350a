"""template.yaml keeps the design's rules: nothing is dropped in silence, least privilege."""

import json
import re
from collections.abc import Iterator
from fnmatch import fnmatchcase
from typing import Any

import msgspec
import pytest
from jetbridge_testing.backends import LISTING_LAG_SECONDS
from jetbridge_testing.environment import ENVIRONMENT
from jetbridge_testing.samples import STACK_KEY, STATE_CHANGES, event
from jetbridge_testing.template import ROOT, resources, template

from jetbridge.airflow.http import CONNECT_SECONDS, READ_SECONDS
from jetbridge.bus.eventbridge import SOURCE
from jetbridge.contract import S3LogTarget
from jetbridge.domain.names import run_id
from jetbridge.outcomes.dynamodb import FEED_INDEX
from jetbridge.runs.dynamodb import ACTIVE_INDEX
from jetbridge.services.copy_to_s3 import whole_key
from jetbridge.services.launch import LISTING_SECONDS
from jetbridge.services.notify.notify import LONGEST_DELAY_SECONDS
from jetbridge.settings import Settings

FUNCTIONS = resources("AWS::Serverless::Function")
QUEUES = resources("AWS::SQS::Queue")
ALARMS = resources("AWS::CloudWatch::Alarm")
RULES = resources("AWS::Events::Rule")
CLIENT = re.compile(r'client\("(\w+)"')
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


def _is_periodic(function: str) -> bool:
    """Whether it is only invoked by schedules, which come again and ask for the same."""
    events = FUNCTIONS[function]["Properties"].get("Events", {}).values()
    return bool(events) and all(
        event["Type"] == "ScheduleV2"
        and event["Properties"]["ScheduleExpression"].startswith("rate(")
        for event in events
    )


def _hops() -> dict[str, str | None]:
    """Each way into a function or a queue, with the queue for what it gives up; None: it has none.

    A function that no queue feeds is invoked asynchronously by somebody: by schedules, rules and
    subscriptions, of this stack or another.
    """
    hops: dict[str, str | None] = {}
    for function, item in FUNCTIONS.items():
        properties = item["Properties"]
        sources = properties.get("Events", {}).values()
        fed = [event["Properties"]["Queue"] for event in sources if event["Type"] == "SQS"]
        for queue in map(_get_att, fed):
            redrive = QUEUES[queue]["Properties"].get("RedrivePolicy", {})
            hops[f"{queue} to {function}"] = (
                _get_att(redrive["deadLetterTargetArn"]) if redrive else None
            )
        if not fed and not _is_periodic(function):
            destinations = properties.get("EventInvokeConfig", {}).get("DestinationConfig", {})
            on_failure = destinations.get("OnFailure")
            hops[f"invocation of {function}"] = (
                _get_att(on_failure["Destination"]) if on_failure else None
            )
    for rule, item in RULES.items():
        for target in item["Properties"]["Targets"]:
            config = target.get("DeadLetterConfig")
            hops[f"{rule} to {_get_att(target['Arn'])}"] = (
                _get_att(config["Arn"]) if config else None
            )
    return hops


@pytest.mark.parametrize("hop", _hops())
def test_nothing_is_dropped_in_silence_on_any_hop(hop: str) -> None:
    dead_letters = _hops()[hop]
    assert dead_letters is not None, "what it gives up goes nowhere"
    metric = "ApproximateNumberOfMessagesVisible"
    assert dead_letters in _alarmed("AWS/SQS", metric, "QueueName")


def test_every_queue_is_on_a_hop() -> None:
    ways = _hops()
    fed = {hop.split(" to ")[0] for hop in ways}
    assert QUEUES.keys() <= fed | {queue for queue in ways.values() if queue}


@pytest.mark.parametrize("function", [each for each in FUNCTIONS if _is_periodic(each)])
def test_a_periodic_function_rings_when_it_is_not_invoked(function: str) -> None:
    assert function in _alarmed("AWS/Lambda", "Invocations", "FunctionName")


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
    concurrency = source["ScalingConfig"]["MaximumConcurrency"]
    if isinstance(concurrency, dict):
        concurrency = template()["Parameters"][concurrency["Ref"]]["MinValue"]
    assert concurrency >= 2
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
        "batch:DescribeJobQueues",
        "ecs:ListClusters",
    }
    for statement in _statements(function):
        if statement["Resource"] == "*" and "Condition" not in statement:
            action = statement["Action"]
            assert set([action] if isinstance(action, str) else action) <= unlimited


def test_pass_role_is_for_ecs_and_listed_roles() -> None:
    [statement] = [
        item for item in _statements("LaunchRunFunction") if item["Action"] == "iam:PassRole"
    ]
    assert statement["Resource"] == {"Ref": "PassableRoleArns"}
    passed_to = statement["Condition"]["StringEquals"]["iam:PassedToService"]
    assert passed_to == ["ecs-tasks.amazonaws.com", "ecs.amazonaws.com"]


@pytest.mark.parametrize(
    "parameter",
    ["ClusterArns", "TaskDefinitionArns", "JobQueueArns", "JobDefinitionArns", "PassableRoleArns"],
)
def test_closed_by_default(parameter: str) -> None:
    assert template()["Parameters"][parameter]["Default"] == ""


@pytest.mark.parametrize(
    ("parameter", "functions"),
    [
        ("CLUSTER_ARNS", ["StartRunFunction", "SweepRunsFunction"]),
        ("JOB_QUEUE_ARNS", ["StartRunFunction", "SweepRunsFunction"]),
        ("TASK_DEFINITION_ARNS", ["StartRunFunction"]),
        ("JOB_DEFINITION_ARNS", ["StartRunFunction"]),
        ("PASSABLE_ROLE_ARNS", ["StartRunFunction"]),
    ],
)
def test_the_allow_lists_reach_who_needs_them(parameter: str, functions: list[str]) -> None:
    holders = [
        name
        for name, item in FUNCTIONS.items()
        if f"JETBRIDGE_{parameter}"
        in item["Properties"].get("Environment", {}).get("Variables", {})
    ]
    assert holders == functions


def test_the_allow_lists_reach_start_run_whole() -> None:
    variables = FUNCTIONS["StartRunFunction"]["Properties"]["Environment"]["Variables"]
    for parameter in (
        "ClusterArns",
        "TaskDefinitionArns",
        "JobQueueArns",
        "JobDefinitionArns",
        "PassableRoleArns",
    ):
        assert {"Fn::Join": [",", {"Ref": parameter}]} in variables.values()


def test_only_notify_airflow_reads_the_secret_and_that_one_alone() -> None:
    action = "secretsmanager:GetSecretValue"
    readers = [function for function in FUNCTIONS if action in _actions(function)]
    assert readers == ["NotifyAirflowFunction"]
    [statement] = [
        item for item in _statements("NotifyAirflowFunction") if item["Action"] == action
    ]
    assert statement["Resource"] == {"Ref": "AirflowSecretArn"}
    assert template()["Parameters"]["AirflowSecretArn"]["Default"] == ""


def test_only_notify_airflow_is_in_a_vpc_and_only_where_one_is_given() -> None:
    inside = {
        name: item["Properties"]["VpcConfig"]["Fn::If"]
        for name, item in FUNCTIONS.items()
        if "VpcConfig" in item["Properties"]
    }
    condition, config, otherwise = inside.pop("NotifyAirflowFunction")
    assert inside == {}
    assert config == {
        "SubnetIds": {"Ref": "VpcSubnetIds"},
        "SecurityGroupIds": {"Ref": "VpcSecurityGroupIds"},
    }
    assert otherwise == {"Ref": "AWS::NoValue"}
    tested = template()["Conditions"][condition]["Fn::Not"][0]["Fn::Equals"][0]
    assert tested == {"Fn::Join": ["", {"Ref": "VpcSubnetIds"}]}
    assert template()["Parameters"]["VpcSubnetIds"]["Default"] == ""


def test_the_wait_for_an_airflow_rings() -> None:
    assert ALARMS["NotifyWaitAlarm"]["Properties"]["MetricName"] == "NotifyWait"
    handler = (ROOT / "functions" / "notify_airflow" / "app.py").read_text()
    assert 'seconds("NotifyWait"' in handler
    period = ALARMS["NotifyWaitAlarm"]["Properties"]["Period"]
    assert period >= LONGEST_DELAY_SECONDS, "each period has a sample of what waits"


def test_notices_take_as_long_as_their_calls_may() -> None:
    """A listing, a search, a POST and the login before, each at its slowest."""
    timeout = FUNCTIONS["NotifyAirflowFunction"]["Properties"]["Timeout"]
    assert timeout >= 4 * (CONNECT_SECONDS + READ_SECONDS)


def test_the_layer_has_the_models_of_the_services_that_are_called() -> None:
    makefile = (ROOT / "layers" / "dependencies" / "Makefile").read_text()
    [listed] = [line for line in makefile.splitlines() if line.startswith("SERVICES :=")]
    sources = (ROOT / "layers" / "jetbridge" / "src").rglob("*.py")
    called = {name for path in sources for name in CLIENT.findall(path.read_text())}
    assert called >= {"dynamodb", "secretsmanager", "sqs"}
    assert called <= set(listed.removeprefix("SERVICES :=").split())


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
    outcomes = resources("AWS::DynamoDB::Table")["OutcomesTable"]["Properties"]
    [feed] = outcomes["GlobalSecondaryIndexes"]
    assert feed["IndexName"] == FEED_INDEX
    assert feed["Projection"] == {"ProjectionType": "KEYS_ONLY"}
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
        "dynamodb:Query",
    }
    [query] = [item for item in statements if item["Action"] == "dynamodb:Query"]
    assert query["Resource"] == {"Fn::Sub": f"${{OutcomesTable.Arn}}/index/{FEED_INDEX}"}


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
        ("TrackRunFunction", {"LaunchQueue", "FinishQueue", "StopQueue"}),
        ("CopyLogsFunction", {"LogsQueue"}),
        ("FinishRunFunction", {"LogsQueue", "NotifyQueue"}),
        ("NotifyAirflowFunction", {"NotifyQueue"}),
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


def test_the_sweeper_looks_inside_of_what_ecs_remembers() -> None:
    """ECS forgets a stopped task after about an hour; a sweep may take two minutes more."""
    assert template()["Parameters"]["CheckAfterSeconds"]["MaxValue"] + 120 < 3600


def test_the_sweeper_sweeps_each_minute_and_audits_each_hour() -> None:
    events = FUNCTIONS["SweepRunsFunction"]["Properties"]["Events"]
    schedules = {
        event["Properties"]["ScheduleExpression"]: event["Properties"].get("Input")
        for event in events.values()
    }
    assert schedules == {"rate(1 minute)": None, "rate(1 hour)": '{"audit": true}'}


def test_rows_are_read_by_their_index_and_never_scanned() -> None:
    assert all("dynamodb:Scan" not in _actions(function) for function in FUNCTIONS)
    [query] = [
        item for item in _statements("SweepRunsFunction") if item["Action"] == "dynamodb:Query"
    ]
    assert query["Resource"] == {"Fn::Sub": f"${{RunsTable.Arn}}/index/{ACTIVE_INDEX}"}


def test_tasks_are_listed_and_described_in_allowed_clusters_alone() -> None:
    for statement in _statements("SweepRunsFunction"):
        if "ecs:ListTasks" in statement["Action"]:
            assert statement["Condition"] == {"ArnEquals": {"ecs:cluster": {"Ref": "ClusterArns"}}}
            return
    raise AssertionError("sweep_runs may not list tasks")


def test_copy_logs_may_change_its_own_items_alone() -> None:
    """Not a run's row, which has no # in its key."""
    [statement] = [
        item for item in _statements("CopyLogsFunction") if item["Action"] == "dynamodb:UpdateItem"
    ]
    allowed = statement["Condition"]["ForAllValues:StringLike"]["dynamodb:LeadingKeys"]
    for key in ("copy#r#jetbridge.1.main.1.log#0f", "pace#logs#eu-west-1"):
        assert any(fnmatchcase(key, pattern) for pattern in allowed)
    for key in (run_id("x"), "pace#ecs", "pace#batch"):
        assert not any(fnmatchcase(key, pattern) for pattern in allowed)


def test_whole_logs_may_be_read_back_and_no_others() -> None:
    [statement] = [
        item for item in _statements("CopyLogsFunction") if item["Action"] == "s3:GetObject"
    ]
    place = statement["Resource"]["Fn::Sub"].rpartition(":::")[2]
    for prefix in ("airflow/", "airflow", ""):
        pattern = place.replace("${AirflowLogBucket}", "b").replace("${AirflowLogPrefix}", prefix)
        target = S3LogTarget("b", f"{prefix.rstrip('/') or 'x'}/dag_id=d/attempt=1.log")
        assert fnmatchcase(f"b/{whole_key(target, prefix, 'r.name.log')}", pattern)
        assert not fnmatchcase(f"b/{target.key_prefix}.jetbridge.1.main.1.log", pattern)
        assert not whole_key(target, prefix, "r").startswith(target.key_prefix)

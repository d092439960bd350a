"""template.yaml: who may do what, and no more."""

from fnmatch import fnmatchcase
from typing import Any

import pytest
from jetbridge_testing.template import (
    FUNCTIONS,
    ROLES,
    RULES,
    actions,
    get_att,
    resources,
    statements,
    template,
)

from jetbridge.contract import S3LogTarget, run_id_of
from jetbridge.logs.copy_to_s3 import whole_key
from jetbridge.outcomes.dynamodb import FEED_INDEX
from jetbridge.outcomes.eventbridge import SOURCE
from jetbridge.runs.unfinished import EARLIER_INDEX, INDEX

OWN_LOG = {"logs:CreateLogStream", "logs:PutLogEvents"}


def test_the_queue_policy_lets_the_rules_in_and_nobody_else() -> None:
    [policy] = resources("AWS::SQS::QueuePolicy").values()
    [statement] = policy["Properties"]["PolicyDocument"]["Statement"]
    sources = statement["Condition"]["ArnEquals"]["aws:SourceArn"]
    alike = [source["Fn::If"][1] if "Fn::If" in source else source for source in sources]
    assert {get_att(source) for source in alike} == set(RULES)
    for source in sources:
        if "Fn::If" in source:
            condition, rule, _ = source["Fn::If"]
            assert RULES[get_att(rule)]["Condition"] == condition
    targets = {
        get_att(arn)
        for rule in RULES.values()
        for target in rule["Properties"]["Targets"]
        for arn in (target["Arn"], target["DeadLetterConfig"]["Arn"])
    }
    assert {get_att(arn) for arn in statement["Resource"]} == targets
    assert {get_att(queue) for queue in policy["Properties"]["Queues"]} == targets


@pytest.mark.parametrize("action", ["ecs:RunTask", "batch:SubmitJob", "iam:PassRole"])
def test_only_launch_run_launches(action: str) -> None:
    allowed = [function for function in FUNCTIONS if action in actions(function)]
    assert allowed == ["LaunchRunFunction"]


def test_pass_role_is_for_ecs_and_listed_roles() -> None:
    [statement] = [
        item for item in statements("LaunchRunFunction") if item["Action"] == "iam:PassRole"
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


def test_each_secret_is_read_by_only_one_function() -> None:
    action = "secretsmanager:GetSecretValue"
    readers = {
        function: [item["Resource"] for item in statements(function) if item["Action"] == action]
        for function in FUNCTIONS
        if action in actions(function)
    }
    assert readers == {
        "FinishRunFunction": [{"Ref": "TracesSecretArn"}],
        "NotifyAirflowFunction": [{"Ref": "AirflowSecretArn"}],
    }
    for parameter in ("AirflowSecretArn", "TracesSecretArn"):
        assert template()["Parameters"][parameter]["Default"] == ""


def test_environments_may_be_written_below_their_prefix_alone() -> None:
    [statement] = [
        item for item in statements("StartRunFunction") if item["Action"] == "s3:PutObject"
    ]
    assert statement["Resource"]["Fn::Sub"].endswith(":s3:::${OffloadBucket}/${OffloadPrefix}*")


def test_announcements_may_be_put_under_their_own_source_alone() -> None:
    [statement] = [
        item for item in statements("FinishRunFunction") if item["Action"] == "events:PutEvents"
    ]
    assert statement["Condition"] == {
        "ForAllValues:StringEquals": {"events:source": SOURCE},
        "Null": {"events:source": "false"},
    }


def test_airflow_may_only_start_stop_watch_and_read_outcomes() -> None:
    [policy] = resources("AWS::IAM::ManagedPolicy").values()
    statements = policy["Properties"]["PolicyDocument"]["Statement"]
    assert {statement["Action"] for statement in statements} == {
        "lambda:InvokeFunction",
        "dynamodb:BatchGetItem",
        "dynamodb:Query",
    }
    [invoke] = [item for item in statements if item["Action"] == "lambda:InvokeFunction"]
    aliases = resources("AWS::Lambda::Alias")
    assert {
        (
            aliases[arn["Ref"]]["Properties"]["FunctionName"]["Ref"],
            aliases[arn["Ref"]]["Properties"]["Name"],
        )
        for arn in invoke["Resource"]
    } == {
        ("StartRunFunction", "airflow"),
        ("StopRunFunction", "airflow"),
        ("WatchRunsFunction", "airflow"),
    }
    [query] = [item for item in statements if item["Action"] == "dynamodb:Query"]
    assert query["Resource"] == {"Fn::Sub": f"${{OutcomesTable.Arn}}/index/{FEED_INDEX}"}


def test_who_writes_the_outcomes_table() -> None:
    """Sealing is finish_run's, and of tasks and jobs of others track_run's, where a stack watches
    any; what was launched is reported by those who learn it."""
    allowed = {
        function: {
            action
            for statement in statements(function)
            if "OutcomesTable" in str(statement["Resource"])
            for action in _actions(statement)
        }
        for function in FUNCTIONS
    }
    writes = {"dynamodb:PutItem", "dynamodb:UpdateItem", "dynamodb:DeleteItem"}
    assert {name: known & writes for name, known in allowed.items() if known & writes} == {
        "LaunchRunFunction": {"dynamodb:UpdateItem"},
        "TrackRunFunction": {"dynamodb:UpdateItem", "dynamodb:PutItem"},
        "SweepRunsFunction": {"dynamodb:UpdateItem"},
        "FinishRunFunction": {"dynamodb:PutItem"},
    }
    assert allowed["LaunchRunFunction"] == {"dynamodb:UpdateItem"}
    surveys = {"dynamodb:BatchGetItem", "dynamodb:Query"}
    assert allowed["SweepRunsFunction"] == {"dynamodb:UpdateItem"} | surveys


def test_without_advice_on_sizes_sweep_runs_reads_no_outcomes_and_no_log() -> None:
    sids = ["FinishedRuns", "Sizes", "ContainerInsights", "ComputeEnvironments"]
    policies = ROLES["SweepRunsRole"]["Properties"]["Policies"]
    conditions = {
        branches[1]["Sid"]: branches[0]
        for each in policies[0]["PolicyDocument"]["Statement"]
        if (branches := each.get("Fn::If"))
    }
    assert [conditions[sid] for sid in sids] == [*["AdvisesOnSizes"] * 3, "AdvisesOnSizesOfJobs"]
    for function in FUNCTIONS.keys() - {"SweepRunsFunction"}:
        assert "containerinsights" not in str(statements(function))


def _actions(statement: dict[str, Any]) -> list[str]:
    action = statement["Action"]
    return [action] if isinstance(action, str) else list(action)


def test_rows_are_read_by_their_index_and_never_scanned() -> None:
    assert all("dynamodb:Scan" not in actions(function) for function in FUNCTIONS)
    due, finished = [
        item for item in statements("SweepRunsFunction") if item["Action"] == "dynamodb:Query"
    ]
    assert due["Resource"] == [
        {"Fn::Sub": f"${{RunsTable.Arn}}/index/{index}"} for index in (INDEX, EARLIER_INDEX)
    ]
    assert finished["Resource"] == {"Fn::Sub": f"${{OutcomesTable.Arn}}/index/{FEED_INDEX}"}


def test_tasks_are_listed_and_described_only_in_allowed_clusters() -> None:
    for statement in statements("SweepRunsFunction"):
        if "ecs:ListTasks" in statement["Action"]:
            assert statement["Condition"] == {"ArnEquals": {"ecs:cluster": {"Ref": "ClusterArns"}}}
            return
    raise AssertionError("sweep_runs may not list tasks")


def test_copy_logs_may_change_only_its_own_items() -> None:
    """Not a run's row, which has no # in its key."""
    [statement] = [
        item for item in statements("CopyLogsFunction") if item["Action"] == "dynamodb:UpdateItem"
    ]
    allowed = statement["Condition"]["ForAllValues:StringLike"]["dynamodb:LeadingKeys"]
    for key in ("copy#r#jetbridge.1.main.1.log#0f", "pace#logs#eu-west-1"):
        assert any(fnmatchcase(key, pattern) for pattern in allowed)
    for key in (run_id_of("x"), "pace#ecs", "pace#batch"):
        assert not any(fnmatchcase(key, pattern) for pattern in allowed)


def test_finish_run_may_take_turns_to_read_logs() -> None:
    """None of its statements on the runs table is for only some keys."""
    [statement] = [
        item
        for item in statements("FinishRunFunction")
        if item["Resource"] == {"Fn::GetAtt": "RunsTable.Arn"}
        or item["Resource"] == {"Fn::GetAtt": ["RunsTable", "Arn"]}
    ]
    assert set(_actions(statement)) == {"dynamodb:GetItem", "dynamodb:UpdateItem"}
    assert "Condition" not in statement


def test_watch_runs_may_change_only_rows_of_runs() -> None:
    describes = {"ecs:DescribeTasks", "batch:DescribeJobs"}
    own = actions("WatchRunsFunction") - OWN_LOG - describes
    assert own == {"dynamodb:GetItem", "dynamodb:UpdateItem"}
    [statement] = [
        item for item in statements("WatchRunsFunction") if item["Action"] == "dynamodb:UpdateItem"
    ]
    [refused] = statement["Condition"]["ForAllValues:StringNotLike"]["dynamodb:LeadingKeys"]
    for key in ("copy#r#jetbridge.1.main.1.log#0f", "pace#ecs", "task#0f", "live#r"):
        assert fnmatchcase(key, refused)
    assert not fnmatchcase(run_id_of("x"), refused)


def test_whole_logs_may_be_read_back_and_no_others() -> None:
    [statement] = [
        item for item in statements("CopyLogsFunction") if item["Action"] == "s3:GetObject"
    ]
    place = statement["Resource"]["Fn::Sub"].rpartition(":::")[2]
    for prefix in ("airflow/", "airflow", ""):
        pattern = place.replace("${AirflowLogBucket}", "b").replace("${AirflowLogPrefix}", prefix)
        target = S3LogTarget("b", f"{prefix.rstrip('/') or 'x'}/dag_id=d/attempt=1.log")
        assert fnmatchcase(f"b/{whole_key(target, prefix, 'r.name.log')}", pattern)
        assert not fnmatchcase(f"b/{target.key_prefix}.jetbridge.1.main.1.log", pattern)
        assert not whole_key(target, prefix, "r").startswith(target.key_prefix)


OWN_REGION = "${AWS::Region}"
KEYS = {
    "StartRunFunction": [({"kms:GenerateDataKey"}, "s3.*")],
    # Logs of containers are read in the region that their definition names.
    "FinishRunFunction": [
        ({"kms:Decrypt"}, "logs.*"),
        ({"kms:Decrypt"}, f"secretsmanager.{OWN_REGION}.*"),
    ],
    "NotifyAirflowFunction": [({"kms:Decrypt"}, f"secretsmanager.{OWN_REGION}.*")],
    "CopyLogsFunction": [
        ({"kms:Decrypt"}, "logs.*"),
        ({"kms:GenerateDataKey", "kms:Decrypt"}, "s3.*"),
        ({"kms:GenerateDataKey", "kms:DescribeKey"}, f"logs.{OWN_REGION}.*"),
    ],
    "RelayLogsFunction": [({"kms:GenerateDataKey", "kms:Decrypt"}, "s3.*")],
}


@pytest.mark.parametrize("function", FUNCTIONS)
def test_keys_may_be_used_through_the_service_that_needs_them(function: str) -> None:
    used = []
    for statement in statements(function):
        if any(action.startswith("kms:") for action in _actions(statement)):
            assert statement["Resource"] == {"Ref": "KmsKeyArns"}
            service = statement["Condition"]["StringLike"]["kms:ViaService"]
            if isinstance(service, dict):
                service = service["Fn::Sub"]
            used.append((set(_actions(statement)), service))
    assert used == KEYS.get(function, [])


def test_who_writes_into_airflows_log_group_may_use_its_key() -> None:
    """Only CopyLogsFunction writes into a log group of somebody else."""
    policies = ROLES["CopyLogsRole"]["Properties"]["Policies"][0]["PolicyDocument"]["Statement"]
    conditions = {
        branches[1]["Sid"]: branches[0] for each in policies if (branches := each.get("Fn::If"))
    }
    assert conditions["WriteToCloudWatch"] == "CopiesLogsToCloudWatch"
    assert conditions["WriteToCloudWatchKey"] == "CopiesLogsToCloudWatchWithKmsKeys"
    assert template()["Conditions"]["CopiesLogsToCloudWatchWithKmsKeys"] == {
        "Fn::And": [{"Condition": "HasKmsKeys"}, {"Condition": "CopiesLogsToCloudWatch"}]
    }

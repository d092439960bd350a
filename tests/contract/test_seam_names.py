"""The private names of ministack that the seam uses, with the shapes that it relies on.

A failure here after a change of ministack's version says what to look at; the other contract tests
say whether the behaviour still holds.
"""

import ast
import importlib
import inspect
import os
import threading
from collections.abc import Iterator
from importlib.metadata import version
from pathlib import Path
from types import ModuleType

import pytest

import jetbridge_local
from jetbridge_local import ministack_seam

PACKAGE = Path(jetbridge_local.__file__).parent

# Module under `ministack`, name, parameters in their order.
FUNCTIONS = [
    ("app", "app", ["scope", "receive", "send"]),
    (
        "app",
        "call_service_handler_sync",
        ["handler", "method", "path", "headers", "body", "query_params", "timeout"],
    ),
    (
        "core.responses",
        "error_response_json",
        ["code", "message", "status", "extra", "message_key", "content_type"],
    ),
    ("core.responses", "request_scope", ["account_id", "region"]),
    ("core.responses", "get_account_id", []),
    ("core.responses", "get_region", []),
    (
        "core.iam_evaluator",
        "evaluate_resource_policy",
        ["doc", "ctx", "service", "named_only", "direct_only"],
    ),
    ("core.iam_evaluator", "evaluate", ["ctx", "policies", "limits"]),
    (
        "core.iam_evaluator",
        "combine_resource_policy",
        ["identity", "ctx", "policy", "owner_account", "required", "limits"],
    ),
    ("core.iam_evaluator", "parse_policy_document", ["doc"]),
    ("core.iam_evaluator", "resolve_principal", ["access_key_id", "account_id", "credential"]),
    ("core.iam_evaluator", "_resource_policy", ["service", "resource_arn"]),
    ("core.iam_evaluator", "_gather_user_policies", ["user_name", "account_id"]),
    ("core.iam_evaluator", "_gather_role_policies", ["role_name", "account_id"]),
    ("core.iam_evaluator", "_permissions_boundary", ["store", "name", "account_id"]),
    ("services.iam", "_error", ["status", "code", "message", "ns"]),
    ("services.iam", "_p", ["params", "key", "default"]),
    ("services.iam", "_xml", ["status", "root_tag", "inner", "ns"]),
    (
        "core.iam_actions",
        "access_denied_response",
        [
            "service",
            "action",
            "principal_arn",
            "request_id",
            "error_code",
            "message",
            "headers",
            "resource_arn",
            "explicit_deny",
            "resource_policy_arn",
        ],
    ),
    ("services.sts", "register_session", ["access_key", "session"]),
    ("services.secretsmanager", "_resolve", ["secret_id", "use_arn_scope"]),
    ("services.lambda_svc", "_sqs_esm_concurrency", ["esm", "func_rec", "config", "queue"]),
    ("core.concurrency", "spawn_background", ["fn", "args", "thread_name", "kwargs"]),
    ("services.eventbridge", "_dispatch_event", ["event", "view"]),
    ("services.eventbridge", "_dispatch_to_lambda", ["arn", "payload"]),
    ("services.eventbridge", "_dispatch_to_sqs", ["spec", "payload", "sqs_parameters"]),
    ("services.eventbridge", "_invoke_target", ["target", "event", "rule", "view"]),
    ("services.eventbridge", "_pattern_event_view", ["event"]),
    ("services.eventbridge", "_parse_cron_fields", ["expr"]),
    ("services.eventbridge", "_cron_next_fire", ["fields", "after_dt"]),
    ("services.scheduler", "_tick_schedules", []),
    ("services.scheduler", "_to_epoch", ["value"]),
    *(
        (f"services.cloudformation.{module}", "_evaluate_conditions", ["template", "params"])
        for module in ("engine", "changesets", "handlers", "stacks")
    ),
    (
        "services.cloudformation.provisioners",
        "_physical_name",
        ["stack_name", "logical_id", "lowercase", "max_len", "seeded"],
    ),
    (
        "services.cloudformation.engine",
        "_resolve_refs",
        ["value", "resources", "params", "conditions", "mappings", "stack_name", "stack_id"],
    ),
    ("services.cloudwatch_logs", "_filter_log_events", ["data"]),
    (
        "services.cloudwatch_logs",
        "_fanout_to_subscription_filters",
        ["group_name", "stream_name", "events"],
    ),
    ("services.cloudwatch_logs", "_put_subscription_filter", ["data"]),
    ("services.cloudwatch_logs", "_subscription_pattern_matches", ["pattern", "message"]),
    ("services.dynamodb", "_put_item", ["data"]),
    ("services.dynamodb", "_update_item", ["data"]),
    ("services.dynamodb", "_delete_item", ["data"]),
    ("services.dynamodb", "_batch_write_item", ["data"]),
    ("services.dynamodb", "_transact_write_items", ["data"]),
    ("services.dynamodb", "_get_item", ["data"]),
    ("services.dynamodb", "_batch_get_item", ["data"]),
    ("services.dynamodb", "_query", ["data"]),
    ("services.dynamodb", "_scan", ["data"]),
    ("services.dynamodb", "_get_item_by_key", ["table", "key"]),
    ("services.dynamodb", "_normalize_table_name", ["value"]),
    ("services.dynamodb", "_item_size_bytes", ["item"]),
    ("services.dynamodb", "_capacity_kb", ["nbytes"]),
    ("services.dynamodb", "_index_write_units", ["table", "idx", "old_item", "new_item"]),
    ("services.dynamodb", "_update_ttl", ["data"]),
    ("services.dynamodb", "_update_continuous_backups", ["data"]),
    ("services.sqs", "_act_send_message", ["data", "qurl"]),
    ("services.sqs", "_queue_by_arn", ["arn"]),
    ("services.sqs", "_collect_msgs", ["q", "max_n", "vis_timeout"]),
    ("services.sqs", "_dlq_sweep", ["q"]),
    ("services.sqs", "_expire_retained", ["q"]),
    ("services.sqs", "_build_send_sys_attrs", ["now", "sys_attrs_input"]),
    ("services.lambda_svc", "_execute_function", ["func", "event"]),
    ("services.lambda_svc", "_execute_function_warm", ["func", "event", "request_id"]),
    (
        "services.lambda_svc",
        "_emit_lambda_logs",
        ["func", "request_id", "log_text", "error", "duration_ms", "log_source"],
    ),
    ("services.lambda_svc", "invalidate_worker", ["func_name", "qualifier", "account", "region"]),
    ("services.lambda_svc", "invoke_async_with_retry", ["func", "event"]),
    ("services.lambda_svc", "_event_invoke_config", ["func", "qualifier"]),
    ("services.lambda_svc", "_execution_record_for_config", ["func", "config"]),
    ("services.lambda_svc", "_account_region_from_function_config", ["config"]),
    ("services.lambda_svc", "_get_func_record_for_ref", ["function_ref"]),
    ("services.lambda_svc", "_runtime_env_vars", ["config"]),
    ("services.lambda_svc", "_resolve_layer_zip", ["attachment"]),
    ("services.lambda_svc", "_create_function", ["data"]),
    ("services.lambda_svc", "_update_config", ["name", "data"]),
    ("services.lambda_svc", "_put_function_concurrency", ["func_name", "data"]),
    ("services.lambda_svc", "_delete_function_concurrency", ["func_name"]),
    ("services.lambda_svc", "_put_function_recursion_config", ["func_name", "data"]),
    ("services.lambda_svc", "_inbound_invoke_depth", ["headers"]),
    ("services.lambda_svc", "_recursive_loop_drop", ["name", "func", "depth"]),
    (
        "services.lambda_svc",
        "_run_sqs_batch",
        ["esm", "func_rec", "event", "batch", "queue_url", "queue_name"],
    ),
]

# Module, name, type.
OBJECTS = [
    ("app", "SERVICE_HANDLERS", dict),
    ("services.cloudformation.provisioners", "_RESOURCE_HANDLERS", dict),
    ("services.sqs", "_HANDLERS", dict),
    ("services.iam", "_IAM_HANDLERS", dict),
    ("services.lambda_svc", "_esm_wake", threading.Event),
    ("core.iam_evaluator", "_POLICY_REQUIRED", frozenset),
    ("services.lambda_svc", "MAX_INVOKE_DEPTH", int),
    ("services.scheduler", "_SCHEDULE_TICK_INTERVAL", int),
    ("services.eventbridge", "_SCHEDULER_TICK_INTERVAL", int),
]


@pytest.fixture(scope="module", autouse=True)
def prepared(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """ministack in this process, as the host prepares it, but without the seam's patches."""
    before = dict(os.environ)
    ministack_seam.prepare(
        port=1,
        account="000000000000",
        region="us-east-1",
        temporary=tmp_path_factory.mktemp("ministack"),
    )
    yield
    os.environ.clear()
    os.environ.update(before)


def ministack(name: str) -> ModuleType:
    return importlib.import_module(f"ministack.{name}")


@pytest.mark.parametrize(("module", "name", "parameters"), FUNCTIONS)
def test_function_has_the_parameters_relied_on(
    module: str, name: str, parameters: list[str]
) -> None:
    function = inspect.unwrap(getattr(ministack(module), name))
    assert list(inspect.signature(function).parameters) == parameters


@pytest.mark.parametrize(("module", "name", "kind"), OBJECTS)
def test_object_has_the_type_relied_on(module: str, name: str, kind: type) -> None:
    assert isinstance(getattr(ministack(module), name), kind)


def test_logs_errors_take_code_message_and_status() -> None:
    parameters = inspect.signature(ministack("services.cloudwatch_logs").error_response_json)
    assert list(parameters.parameters)[:3] == ["code", "message", "status"]


def test_a_lock_guards_the_queues() -> None:
    assert hasattr(ministack("services.sqs")._queues_lock, "__enter__")


def test_stores_are_scoped_by_account_and_region() -> None:
    with ministack("core.responses").request_scope("123456789012", "eu-west-1"):
        schedules = ministack("services.scheduler")._schedules
        schedules["group/name"] = {"probe": True}
        try:
            assert list(schedules._data) == [("123456789012", "eu-west-1", "group/name")]
        finally:
            schedules.clear()


def test_resource_types_have_the_handlers_that_are_completed() -> None:
    handlers = ministack("services.cloudformation.provisioners")._RESOURCE_HANDLERS
    assert callable(handlers["AWS::Logs::SubscriptionFilter"]["create"])
    for name in ("AWS::DynamoDB::Table", "AWS::IAM::Role", "AWS::Lambda::Function"):
        assert callable(handlers[name]["create"])
        assert callable(handlers[name]["update"])
        assert handlers[name]["update_with_logical_id"] is True


def test_the_services_replaced_are_there() -> None:
    handlers = ministack("app").SERVICE_HANDLERS
    for service in ("ecs", "batch", "lambda", "logs", "secretsmanager", "ssm"):
        parameters = list(inspect.signature(handlers[service]).parameters)
        assert parameters == ["method", "path", "headers", "body", "query_params"]


def test_every_private_name_in_the_seam_is_listed_here() -> None:
    listed = {name for _, name, _ in (*FUNCTIONS, *OBJECTS)}
    listed |= {"_queues_lock", "_schedules", "_functions", "_log_groups", "_esms"}
    listed |= {"_users", "_roles", "_stacks", "_tables", "_bucket_encryption", "_buckets"}
    listed |= {"_bucket_tags", "_STACK_TAG_PROPERTY"}
    used: set[str] = set()
    for path in (PACKAGE / "ministack_seam").glob("*.py"):
        tree = ast.parse(path.read_text(encoding="utf-8"))
        modules = _ministack_modules(tree)
        used |= {
            node.attr
            for node in ast.walk(tree)
            if isinstance(node, ast.Attribute)
            and node.attr.startswith("_")
            and isinstance(node.value, ast.Name)
            and node.value.id in modules
        }
    assert used - listed == set()


def test_nothing_outside_the_seam_imports_ministack() -> None:
    for path in PACKAGE.rglob("*.py"):
        if path.parent.name == "ministack_seam":
            continue
        imported: set[str] = set()
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Import):
                imported |= {alias.name.split(".")[0] for alias in node.names}
            elif isinstance(node, ast.ImportFrom) and node.level == 0:
                imported.add(str(node.module).split(".")[0])
        assert "ministack" not in imported, path


def _ministack_modules(tree: ast.Module) -> set[str]:
    return {
        alias.asname or alias.name
        for node in ast.walk(tree)
        if isinstance(node, ast.ImportFrom) and str(node.module).startswith("ministack")
        for alias in node.names
    }


def test_another_version_is_refused_with_the_way_out(monkeypatch: pytest.MonkeyPatch) -> None:
    assert version("ministack") == ministack_seam.PINNED_VERSION

    def other(_: str) -> str:
        return "1.5.34"

    monkeypatch.setattr(ministack_seam, "version", other)
    with pytest.raises(ministack_seam.WrongVersion, match=r"1\.5\.33 is needed, 1\.5\.34 is"):
        ministack_seam.check_version()

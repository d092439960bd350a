"""Lambda: Python functions run by our own pool, under AWS's runtime interface client."""

import logging
from functools import partial
from typing import Any

from ministack.core.responses import get_account_id, get_region
from ministack.services import cloudwatch_logs, lambda_svc

from jetbridge_local.functions import (
    FunctionPool,
    FunctionSpec,
    InvocationResult,
    LogRights,
    UnsupportedRuntime,
)
from jetbridge_local.functions.log_filter import DEFAULT_LEVEL
from jetbridge_local.functions.package import PackageStore

from . import loops
from .roles import ACCESS_DENIED, NotPermitted, Roles

logger = logging.getLogger(__name__)

# Marks results whose log the pool has written already.
_SOURCE = "jetbridge"


def install(pool: FunctionPool, packages: PackageStore, roles: Roles) -> None:
    """Take over the execution of Python functions; the API around it stays ministack's."""
    execute_others = lambda_svc._execute_function_warm
    emit_logs = lambda_svc._emit_lambda_logs
    invalidate = lambda_svc.invalidate_worker

    def execute(function: dict[str, Any], event: Any, request_id: str) -> dict[str, Any]:
        config = function.get("config") or function
        if not str(config.get("Runtime", "")).startswith("python"):
            return dict(execute_others(function, event, request_id))
        try:
            spec = _spec_of(function, packages, roles)
            result = pool.invoke(spec, request_id, event, loops.trace_header())
        except (UnsupportedRuntime, NotPermitted) as error:
            kind = "Runtime.Unsupported" if isinstance(error, UnsupportedRuntime) else ACCESS_DENIED
            refusal = {"errorType": kind, "errorMessage": str(error)}
            result = InvocationResult(payload=refusal, failed=True, log=str(error))
        answer: dict[str, Any] = {"body": result.payload, "log": result.log, "log_source": _SOURCE}
        return answer | ({"error": True} if result.failed else {})

    def emit(*arguments: Any, log_source: str | None = None, **named: Any) -> None:
        if log_source != _SOURCE:
            emit_logs(*arguments, log_source=log_source, **named)

    def retire(name: str, *arguments: Any, **named: Any) -> None:
        invalidate(name, *arguments, **named)
        pool.retire(name)

    lambda_svc._execute_function_warm = execute
    lambda_svc._emit_lambda_logs = emit
    lambda_svc.invalidate_worker = retire


def _spec_of(function: dict[str, Any], packages: PackageStore, roles: Roles) -> FunctionSpec:
    config = function.get("config") or function
    name = config["FunctionName"]
    logging_config = config.get("LoggingConfig") or {}
    as_json = logging_config.get("LogFormat") == "JSON"
    variables = lambda_svc._runtime_env_vars(config)
    vpc = config.get("VpcConfig") or {}
    if vpc.get("SubnetIds"):
        roles.check_network(config["Role"], name, vpc)
    log_group = logging_config.get("LogGroup") or f"/aws/lambda/{name}"
    return FunctionSpec(
        arn=config["FunctionArn"],
        name=name,
        version=config.get("Version", "$LATEST"),
        runtime=config["Runtime"],
        handler=config["Handler"],
        timeout=int(config.get("Timeout", 3)),
        memory=int(config.get("MemorySize", 128)),
        account=get_account_id(),
        region=get_region(),
        code=packages.unpacked(f"code {config['CodeSha256']}", lambda: function["code_zip"]),
        layers=tuple(
            packages.unpacked(f"layer {layer['Arn']}", partial(_zip_of, layer))
            for layer in config.get("Layers") or []
        ),
        environment=tuple(sorted((str(k), str(v)) for k, v in variables.items())),
        log_group=log_group,
        log_format="JSON" if as_json else "Text",
        credentials=roles.of_function(config["Role"], name),
        log_rights=_log_rights(roles, config["Role"], name, log_group),
        log_level=logging_config.get("ApplicationLogLevel") or DEFAULT_LEVEL if as_json else "",
    )


def _log_rights(roles: Roles, role: str, name: str, group: str) -> LogRights:
    missing = group not in cloudwatch_logs._log_groups
    return LogRights(
        stream=roles.may_log(role, name, group),
        group=missing and roles.may_make_group(role, name, group),
    )


def _zip_of(layer: dict[str, Any]) -> bytes:
    content = lambda_svc._resolve_layer_zip(layer)
    if content is None:
        raise LookupError(f"layer {layer.get('Arn')}: its content is missing")
    return bytes(content)

"""CloudFormation: properties that ministack leaves out of resources that it does make."""

from collections.abc import Callable
from typing import Any

from ministack.services import dynamodb, lambda_svc, s3
from ministack.services.cloudformation import provisioners

# Called with the physical id, the new properties and the old ones (empty at creation).
_Completion = Callable[[str, dict[str, Any], dict[str, Any]], None]


def install() -> None:
    """Tables: time to live, point-in-time recovery. Functions: dead-letter queue, reserved
    concurrency, recursion. Event source mappings: a concurrency that is a parameter, hence text.
    Buckets: tags."""
    _complete("AWS::DynamoDB::Table", _complete_table)
    _complete("AWS::Lambda::Function", _complete_function)
    _complete("AWS::Lambda::EventSourceMapping", _complete_mapping)
    _complete("AWS::S3::Bucket", _complete_bucket)


def _complete(resource_type: str, completion: _Completion) -> None:
    handlers = provisioners._RESOURCE_HANDLERS[resource_type]
    create, update = handlers["create"], handlers["update"]

    def create_completely(logical_id: str, properties: dict[str, Any], stack: str) -> Any:
        result = create(logical_id, properties, stack)
        completion(result[0], properties, {})
        return result

    def update_completely(
        physical_id: str, old: dict[str, Any], new: dict[str, Any], *rest: Any
    ) -> Any:
        result = update(physical_id, old, new, *rest)
        completion(result[0], new, old)
        return result

    handlers["create"], handlers["update"] = create_completely, update_completely


def _complete_table(table: str, new: dict[str, Any], old: dict[str, Any]) -> None:
    ttl = new.get("TimeToLiveSpecification")
    if ttl and ttl != old.get("TimeToLiveSpecification"):
        specification = {**ttl, "Enabled": _is_true(ttl.get("Enabled"))}
        _check(dynamodb._update_ttl({"TableName": table, "TimeToLiveSpecification": specification}))
    recovery = new.get("PointInTimeRecoverySpecification")
    if recovery and recovery != old.get("PointInTimeRecoverySpecification"):
        enabled = _is_true(recovery.get("PointInTimeRecoveryEnabled"))
        specification = {"PointInTimeRecoveryEnabled": enabled}
        _check(
            dynamodb._update_continuous_backups(
                {"TableName": table, "PointInTimeRecoverySpecification": specification}
            )
        )


def _complete_function(name: str, new: dict[str, Any], old: dict[str, Any]) -> None:
    config = lambda_svc._functions[name]["config"]
    if "DeadLetterConfig" in new:
        config["DeadLetterConfig"] = new["DeadLetterConfig"]
    else:
        config.pop("DeadLetterConfig", None)
    loop = new.get("RecursiveLoop", "Terminate")
    _check(lambda_svc._put_function_recursion_config(name, {"RecursiveLoop": loop}))
    reserved = new.get("ReservedConcurrentExecutions")
    if reserved is not None:
        request = {"ReservedConcurrentExecutions": int(reserved)}
        _check(lambda_svc._put_function_concurrency(name, request))
    elif "ReservedConcurrentExecutions" in old:
        _check(lambda_svc._delete_function_concurrency(name))


def _complete_mapping(uuid: str, new: dict[str, Any], _: dict[str, Any]) -> None:
    limit = (new.get("ScalingConfig") or {}).get("MaximumConcurrency")
    if limit is not None:
        lambda_svc._esms[uuid]["ScalingConfig"] = {"MaximumConcurrency": int(limit)}


def _complete_bucket(name: str, new: dict[str, Any], _: dict[str, Any]) -> None:
    s3._bucket_tags[name] = {tag["Key"]: tag["Value"] for tag in new.get("Tags", [])}


def _is_true(value: Any) -> bool:
    return str(value).lower() == "true"


def _check(answer: tuple[int, dict[str, str], bytes]) -> None:
    status, _, body = answer
    if status >= 400:
        raise ValueError(body.decode(errors="replace"))

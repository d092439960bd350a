"""Services whose operations each name one resource, by the service authorization reference."""

from collections.abc import Iterator, Mapping
from typing import Any

from ..actions import action_of
from ..model import Call, Check, ContextValue, Facts, Place


def sqs(call: Call, place: Place, _facts: Facts) -> Iterator[Check]:
    url = str(call.parameters.get("QueueUrl", ""))
    named = url.rpartition("/")[2] or call.parameters.get("QueueName")
    resource = place.arn("sqs", str(named)) if named else "*"
    yield Check(action_of("sqs", call.operation), resource)


_STREAMS = frozenset({"GetLogEvents", "PutLogEvents", "CreateLogStream", "DeleteLogStream"})
_VIA_KMS = {
    "GetLogEvents": ("kms:Decrypt",),
    "FilterLogEvents": ("kms:Decrypt",),
    "PutLogEvents": ("kms:GenerateDataKey", "kms:Decrypt", "kms:DescribeKey"),
}


def logs(call: Call, place: Place, facts: Facts) -> Iterator[Check]:
    """Streams are resources of their own (service authorization reference, CloudWatch Logs).

    A group with a customer's key needs rights to the key besides: "logs to make AWS KMS calls on
    your behalf. You should add this to your roles which call CloudWatch Logs" (Amazon CloudWatch
    Logs user guide, "Encrypt log data in CloudWatch Logs using AWS Key Management Service"). Which
    ones a writer needs is in AWS's managed policy CloudWatchLogsAPIKeyAccess.
    """
    parameters = call.parameters
    group = parameters.get("logGroupName") or parameters.get("logGroupIdentifier")
    action = action_of("logs", call.operation)
    if not group:
        yield Check(action, "*")
        return
    arn = str(group).removesuffix(":*")
    if not arn.startswith("arn:"):
        arn = place.arn("logs", f"log-group:{arn}")
    if call.operation in _STREAMS:
        yield Check(action, f"{arn}:log-stream:{parameters.get('logStreamName', '')}")
    else:
        yield Check(action, arn)
    key = facts.kms_key(arn)
    for needed in _VIA_KMS.get(call.operation, ()) if key else ():
        via: dict[str, ContextValue] = {
            "kms:ViaService": f"logs.{place.region}.amazonaws.com",
            "kms:CallerAccount": place.account,
            "kms:EncryptionContext:aws:logs:arn": arn,
        }
        yield Check(needed, str(key), via)


def events(call: Call, place: Place, _facts: Facts) -> Iterator[Check]:
    """``events:source`` and ``events:detail-type`` have a value for each entry of a bus (service
    authorization reference: ArrayOfString)."""
    parameters, action = call.parameters, action_of("events", call.operation)
    if call.operation == "PutEvents":
        buses: dict[str, list[Mapping[str, Any]]] = {}
        for entry in parameters.get("Entries", ()):
            buses.setdefault(str(entry.get("EventBusName") or "default"), []).append(entry)
        for bus, entries in buses.items():
            context: dict[str, ContextValue] = {
                "events:source": _values(entries, "Source"),
                "events:detail-type": _values(entries, "DetailType"),
            }
            arn = bus if bus.startswith("arn:") else place.arn("events", f"event-bus/{bus}")
            yield Check(action, arn, context)
        return
    rule = parameters.get("Rule") or parameters.get("Name")
    bus = str(parameters.get("EventBusName") or "default").rpartition("/")[2]
    path = f"rule/{rule}" if bus == "default" else f"rule/{bus}/{rule}"
    yield Check(action, place.arn("events", path) if rule else "*")


def _values(entries: list[Mapping[str, Any]], name: str) -> tuple[str, ...]:
    return tuple(dict.fromkeys(str(entry[name]) for entry in entries if name in entry))


def secretsmanager(call: Call, place: Place, facts: Facts) -> Iterator[Check]:
    """A customer's key needs kms:Decrypt besides (Secrets Manager user guide, "Secret encryption
    and decryption")."""
    given = call.parameters.get("SecretId")
    action = action_of("secretsmanager", call.operation)
    if given is None:
        yield Check(action, "*")
        return
    arn = facts.secret_arn(str(given)) or place.arn("secretsmanager", f"secret:{given}")
    context: dict[str, ContextValue] = {"secretsmanager:SecretId": arn}
    if call.operation == "GetSecretValue":
        stage = str(call.parameters.get("VersionStage", "AWSCURRENT"))
        context["secretsmanager:VersionStage"] = stage
    yield Check(action, arn, context)
    key = facts.kms_key(arn) if call.operation == "GetSecretValue" else None
    if key is not None:
        via = {
            "kms:ViaService": f"secretsmanager.{place.region}.amazonaws.com",
            "kms:CallerAccount": place.account,
            "kms:EncryptionContext:SecretARN": arn,
        }
        yield Check("kms:Decrypt", key, via)


def awslambda(call: Call, place: Place, _facts: Facts) -> Iterator[Check]:
    """An alias is part of the ARN (AWS Lambda developer guide, "Fine-tuning the Resources and
    Conditions sections of policies")."""
    function = call.parameters.get("FunctionName")
    if call.operation == "GetEventSourceMapping":
        mapping = f"event-source-mapping:{call.parameters.get('UUID', '')}"
        yield Check(action_of("lambda", call.operation), place.arn("lambda", mapping))
        return
    # A list of event source mappings names no resource, whatever it is limited to.
    if function is None or call.operation == "ListEventSourceMappings":
        yield Check(action_of("lambda", call.operation), "*")
        return
    named = str(function)
    if not named.startswith("arn:"):
        named = place.arn("lambda", f"function:{named}")
    qualifier = call.parameters.get("Qualifier")
    if qualifier and named.count(":") == 6:
        named = f"{named}:{qualifier}"
    yield Check(action_of("lambda", call.operation), named)


def cloudformation(call: Call, place: Place, facts: Facts) -> Iterator[Check]:
    stack = call.parameters.get("StackName")
    action = action_of("cloudformation", call.operation)
    if stack is None:
        yield Check(action, "*")
        return
    arn = facts.stack_arn(str(stack)) or place.arn("cloudformation", f"stack/{stack}/*")
    yield Check(action, arn)


def scheduler(call: Call, place: Place, _facts: Facts) -> Iterator[Check]:
    """A schedule is in a group (service authorization reference, EventBridge Scheduler)."""
    name = call.parameters.get("Name")
    group = call.parameters.get("GroupName") or call.parameters.get("groupName") or "default"
    resource = place.arn("scheduler", f"schedule/{group}/{name}") if name else "*"
    yield Check(action_of("scheduler", call.operation), resource)


def iam(call: Call, place: Place, _facts: Facts) -> Iterator[Check]:
    """A role by its name, which its path isn't part of, or whose policies are simulated."""
    action, name = action_of("iam", call.operation), call.parameters.get("RoleName")
    role = f"arn:{place.partition}:iam::{place.account}:role/{name}" if name else "*"
    yield Check(action, str(call.parameters.get("PolicySourceArn") or role))


def kms(call: Call, place: Place, _facts: Facts) -> Iterator[Check]:
    named = str(call.parameters.get("KeyId") or "*")
    plain = named != "*" and not named.startswith("arn:")
    yield Check(
        action_of("kms", call.operation), place.arn("kms", f"key/{named}") if plain else named
    )


def cloudwatch(call: Call, place: Place, _facts: Facts) -> Iterator[Check]:
    """All alarms are ``*``, which lists composite ones, too (API reference, DescribeAlarms)."""
    names = call.parameters.get("AlarmNames") if call.operation == "DescribeAlarms" else None
    for resource in [place.arn("cloudwatch", f"alarm:{name}") for name in names or ()] or ["*"]:
        yield Check(action_of("cloudwatch", call.operation), resource)


def unlimited(call: Call, _place: Place, _facts: Facts) -> Iterator[Check]:
    """The checks of a service that isn't limited to resources here."""
    yield Check(action_of(call.service, call.operation), "*")

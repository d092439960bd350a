"""The shapes of events/shapes.json as records and refusals of AWS, under any names.

A shape says what AWS reports of an ending; the names in it (``{image}``, ``{family}``) are
somebody's choice and filled in here, as is what a person typed (``{typed}``).
"""

from dataclasses import dataclass
from typing import Any

from jetbridge.backends.changes import from_event
from jetbridge.backends.ecs import failed
from jetbridge.backends.log_sources import job_log_sources, task_log_source
from jetbridge.backends.port import LaunchRefused
from jetbridge.runs.reports import Ending
from jetbridge.runs.run import Definition
from jetbridge_testing.samples import STACK_KEY, event, sample

CORPUS = sample("shapes")
SHAPES: list[dict[str, Any]] = CORPUS["shapes"]
SOURCES: dict[str, str] = CORPUS["sources"]
CALLS = ("RunTask", "SubmitJob")

ORDINARY = {
    "image": "123456789012.dkr.ecr.eu-central-1.amazonaws.com/report:1.4.2",
    "family": "report",
    "cluster": "reports",
    "job": "load",
    "queue": "loads",
    "role": "report-execution",
    "container": "main",
    "secret": "db",
    "bucket": "settings",
    "group": "/ecs/report",
    "path": "/usr/local/bin/report",
    "typed": "The DAG run was cleared",
}
FIELDS = ("stoppedReason", "statusReason", "reason", "message", "code")


def named(word: str, image: str | None = None) -> dict[str, str]:
    """Every name is this word."""
    names = dict.fromkeys(ORDINARY, word)
    registry = "123456789012.dkr.ecr.eu-central-1.amazonaws.com"
    path = word.lower()
    more = {"image": image or f"{registry}/{path}/{path}:{word}", "group": f"/ecs/{word}"}
    return names | more | {"path": f"/opt/{word}"}


@dataclass(frozen=True)
class Case:
    """An ending, and the definition that was launched."""

    ending: Ending
    definition: Definition
    backend: str


def case(shape: dict[str, Any], names: dict[str, str] = ORDINARY) -> Case:
    filled = shape | {f: _filled(shape[f], names) for f in FIELDS if f in shape}
    match filled["on"]:
        case "ecs":
            return _task(filled, names)
        case "batch":
            return _job(filled, names)
        case "eks":
            return _pod(filled, names)
        case "RunTask":
            return Case(_refused_task(filled, names), Definition(arn=names["family"]), "ecs")
    ending = Ending(code=filled["code"], reason=filled["message"])
    return Case(ending, Definition(arn=names["job"]), "batch")


def _filled(text: str, names: dict[str, str]) -> str:
    for name, value in names.items():
        text = text.replace(f"{{{name}}}", value)
    return text


def _refused_task(shape: dict[str, Any], names: dict[str, str]) -> Ending:
    if shape["message"]:
        return Ending(code=shape["code"], reason=shape["message"])
    cluster = f"arn:aws:ecs:eu-central-1:123456789012:cluster/{names['cluster']}"
    refusal = failed("RunTask", {"reason": shape["code"], "arn": cluster})
    assert isinstance(refusal, LaunchRefused)
    return Ending(code=refusal.code, reason=refusal.reason)


def _task(shape: dict[str, Any], names: dict[str, str]) -> Case:
    stopped = event("ecs_stopped_exit_3")
    detail = stopped["detail"]
    container = detail["containers"][0]
    del container["exitCode"], detail["stopCode"], detail["stoppedReason"]
    container |= {"name": names["container"], "image": names["image"]} | _end(shape)
    detail |= {f: shape[f] for f in ("stopCode", "stoppedReason") if f in shape}
    detail["containers"] += shape.get("beside", [])
    detail["group"] = f"family:{names['family']}"
    detail["taskDefinitionArn"] = (
        f"arn:aws:ecs:eu-central-1:123456789012:task-definition/{names['family']}:12"
    )
    optional = {"name": "proxy", "essential": False}
    definition = Definition(
        arn=detail["taskDefinitionArn"],
        log_sources=[task_log_source({"name": names["container"]}), task_log_source(optional)],
    )
    return Case(_ending(stopped), definition, "ecs")


def _job(shape: dict[str, Any], names: dict[str, str]) -> Case:
    failed = event("batch_failed_timeout")
    detail = failed["detail"]
    detail |= {"status": _status(shape), "statusReason": shape["statusReason"]}
    detail |= {f: True for f in ("isTerminated", "isCancelled") if shape.get(f)}
    detail["container"] = {"image": names["image"]} | _end(shape)
    attempt = detail["attempts"][0]
    del attempt["container"]["exitCode"]
    attempt["statusReason"] = shape["statusReason"]
    attempt["container"] |= _end(shape)
    if shape.get("attempts") is False:
        detail["attempts"] = []
    sources = job_log_sources({"containerProperties": {"image": names["image"]}})
    return Case(_ending(failed), Definition(arn=names["job"], log_sources=sources), "batch")


def _pod(shape: dict[str, Any], names: dict[str, str]) -> Case:
    failed = event("batch_failed_timeout")
    detail = failed["detail"]
    del detail["container"], detail["statusReason"]
    pod = {"containers": [{"name": names["container"], "image": names["image"]}]}
    reason = {f: shape[f] for f in ("statusReason",) if f in shape}
    ends = [{"name": names["container"]} | _end(shape), *shape.get("beside", [])]
    ended = {"containers": ends} | reason
    pod_name = {"podName": f"aws-batch.{names['job']}", "nodeName": "ip-10-0-0-1.ec2.internal"}
    detail |= {"status": _status(shape), "attempts": [], "eksAttempts": [pod_name | ended]} | reason
    detail |= {f: True for f in ("isTerminated", "isCancelled") if shape.get(f)}
    detail["eksProperties"] = {"podProperties": pod | pod_name}
    sources = job_log_sources({"eksProperties": {"podProperties": pod}})
    return Case(_ending(failed), Definition(arn=names["job"], log_sources=sources), "batch")


def _status(shape: dict[str, Any]) -> str:
    return "SUCCEEDED" if shape["cause"] == "completed" else "FAILED"


def _end(shape: dict[str, Any]) -> dict[str, Any]:
    return {field: shape[field] for field in ("exitCode", "reason") if field in shape}


def _ending(ended: dict[str, Any]) -> Ending:
    change = from_event(ended, STACK_KEY)
    assert change is not None
    assert change.ending is not None
    return change.ending

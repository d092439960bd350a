"""Makes a start request from a file and flags."""

import json
import sys
from pathlib import Path
from typing import Any

from jetbridge.contract import ContractError, StartRequest, decode_request
from jetbridge_cli.problems import Problem

_OF_TASK, _OF_JOB = ("cluster", "taskDefinition", "launchType"), ("jobQueue", "jobDefinition")


def request_of(
    file: Path | None,
    flags: dict[str, str],
    *,
    subnets: list[str],
    security_groups: list[str],
    public_ip: bool,
    container: str | None,
    environment: list[str],
    command: list[str],
    timeout_seconds: int | None,
    by: str,
    key: str,
) -> StartRequest:
    """The request from a file and flags. Flags take precedence.

    Args:
        file: a start request, or only the parameters of RunTask or SubmitJob. None means only
            flags.
        flags: parameters with AWS's names.

    Raises:
        Problem: names the flag or field, and a valid value.
    """
    content = _read(file) if file else {}
    request = content if _is_request(content) else _wrapped(content, flags)
    field = "run_task" if "run_task" in request else "submit_job"
    _check_flags(field, flags)
    parameters = {**request[field], **flags}
    if subnets or security_groups or public_ip:
        if field != "run_task":
            raise Problem("--subnet, --security-group and --public-ip are only for RunTask")
        parameters["networkConfiguration"] = _network(subnets, security_groups, public_ip)
    changed = _container(_environment(environment), command)
    _override(field, parameters, container, changed)
    if field == "submit_job":
        parameters.setdefault("jobName", "run")
    whole = request | {field: parameters}
    whole.setdefault("caller", {"kind": "person", "name": by})
    whole.setdefault("idempotency_key", key)
    if timeout_seconds is not None:
        whole["timeout_seconds"] = timeout_seconds
    try:
        return decode_request(StartRequest, whole)
    except ContractError as error:
        raise Problem(str(error)) from error


def content_of(file: Path) -> dict[str, Any]:
    """A start request without caller and key, from a file as in ``request_of``.

    Raises:
        Problem: names the field, and a valid value.
    """
    content = _read(file)
    request = dict(content if _is_request(content) else _wrapped(content, {}))
    for name in ("caller", "idempotency_key"):
        request.pop(name, None)
    try:
        decode_request(StartRequest, request | {"caller": {"kind": "person", "name": "anybody"}})
    except ContractError as error:
        raise Problem(f"{file}: {error}") from error
    return request


def _read(file: Path) -> dict[str, Any]:
    try:
        text = sys.stdin.read() if str(file) == "-" else file.read_text()
    except OSError as error:
        raise Problem(f"{file}: it can't be read: {error.strerror}") from error
    except UnicodeDecodeError as error:
        raise Problem(f"{file}: it can't be read: it isn't UTF-8 ({error})") from error
    try:
        content = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise Problem(f"{file}: it isn't JSON: {error}") from error
    if not isinstance(content, dict):
        raise Problem(f"{file}: it isn't a JSON object: give a start request, or AWS's parameters")
    return content


def _is_request(content: dict[str, Any]) -> bool:
    return isinstance(content.get("run_task") or content.get("submit_job"), dict)


def _wrapped(content: dict[str, Any], flags: dict[str, str]) -> dict[str, Any]:
    names = {*content, *flags}
    if "taskDefinition" in names:
        return {"run_task": content}
    if "jobDefinition" in names:
        return {"submit_job": content}
    raise Problem(
        "nothing says what to run: give a file, --task-definition or --job-definition "
        "(`jetbridge run --help`)"
    )


def _check_flags(field: str, flags: dict[str, str]) -> None:
    others = _OF_JOB if field == "run_task" else _OF_TASK
    for name in others:
        if name in flags:
            raise Problem(
                f"{name} isn't a parameter of {'RunTask' if field == 'run_task' else 'SubmitJob'}, "
                "as the others are: give parameters of only one of the two"
            )


def _override(
    field: str, parameters: dict[str, Any], container: str | None, changed: dict[str, Any]
) -> None:
    if not changed:
        return
    if field == "submit_job":
        whole = {
            "containerOverrides": [{"name": "", **(parameters.get("containerOverrides") or {})}]
        }
        merged = _overridden(whole, {"name": "", **changed})["containerOverrides"][0]
        del merged["name"]
        parameters["containerOverrides"] = merged
        return
    if not container:
        raise Problem("--container: name the container that --env and --command are for")
    override = {"name": container, **changed}
    parameters["overrides"] = _overridden(parameters.get("overrides") or {}, override)


def _network(subnets: list[str], security_groups: list[str], public_ip: bool) -> dict[str, Any]:
    if not subnets:
        raise Problem("--subnet: name one at least, with --security-group or --public-ip")
    configuration: dict[str, Any] = {"subnets": subnets}
    if security_groups:
        configuration["securityGroups"] = security_groups
    if public_ip:
        configuration["assignPublicIp"] = "ENABLED"
    return {"awsvpcConfiguration": configuration}


def _environment(pairs: list[str]) -> list[dict[str, str]]:
    for each in pairs:
        if "=" not in each[1:]:
            raise Problem(f"--env: {each!r} is not NAME=VALUE")
    split = [each.split("=", 1) for each in pairs]
    return [{"name": name, "value": value} for name, value in split]


def _container(environment: list[dict[str, str]], command: list[str]) -> dict[str, Any]:
    changed: dict[str, Any] = {}
    if environment:
        changed["environment"] = environment
    if command:
        changed["command"] = command
    return changed


def _overridden(overrides: dict[str, Any], override: dict[str, Any]) -> dict[str, Any]:
    containers = list(overrides.get("containerOverrides") or [])
    for index, each in enumerate(containers):
        if each.get("name") == override["name"]:
            variables = [*each.get("environment", []), *override.get("environment", [])]
            containers[index] = {**each, **override}
            if variables:
                containers[index]["environment"] = variables
            break
    else:
        containers.append(override)
    return {**overrides, "containerOverrides": containers}

"""Starts a small real run, as a person does."""

import json
import time
import uuid
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from jetbridge.contract import Outcome, State, decode
from jetbridge_cli.doctor.deployment import Deployment
from jetbridge_cli.doctor.finding import Finding, Note, Result
from jetbridge_cli.problems import Problem

CHECK = "test run"
_POLL_SECONDS = 1.0


def request_in(path: Path) -> dict[str, Any]:
    """Read the start request in a file. Raises Problem if the file has none."""
    try:
        content = json.loads(path.read_text())
    except (OSError, ValueError) as error:
        raise Problem(f"--test: {path} can't be read as JSON: {error}") from error
    if not isinstance(content, dict) or not content.keys() & {"run_task", "submit_job"}:
        raise Problem(
            f"--test: {path} has neither run_task nor submit_job: give it one, with RunTask's or "
            "SubmitJob's parameters"
        )
    return {
        "caller": {"kind": "person", "name": "jetbridge doctor"},
        "idempotency_key": f"doctor-{uuid.uuid4()}",
    } | content


def trial(deployment: Deployment, request: dict[str, Any], patience: float) -> Iterator[Result]:
    """Start the run and wait for its outcome for at most this many seconds."""
    function = deployment.physical("AWS::Lambda::Function", "StartRunFunction")
    answer = deployment.aws.functions.invoke(
        FunctionName=function, Qualifier="person", Payload=json.dumps(request).encode()
    )
    payload = json.loads(answer["Payload"].read())
    if "FunctionError" in answer:
        why = payload.get("errorMessage", payload)
        yield _finding("the request", f"start_run refuses it: {why}", "Correct the run file.")
        return
    run_id = payload["run_id"]
    outcome = _waited_for(deployment, run_id, patience)
    if outcome is None:
        yield _finding(
            run_id,
            f"it has no outcome after {patience:.0f} s.",
            "Look at the run's lines in the functions' logs (the query jetbridge/run).",
        )
    elif outcome.state is not State.SUCCEEDED:
        yield _finding(
            run_id,
            f"it {outcome.state.value} ({outcome.cause.value}): {outcome.reason}",
            outcome.advice or "Read its log.",
        )
    else:
        took = outcome.finished_at - float(payload.get("created_at", outcome.finished_at))
        text = f"run {run_id} succeeded" + (f" in {took:.0f} s" if took > 0 else "")
        yield Note(check=CHECK, text=f"{text}.")


def _waited_for(deployment: Deployment, run_id: str, patience: float) -> Outcome | None:
    table = deployment.physical("AWS::DynamoDB::Table", "OutcomesTable")
    deadline = time.monotonic() + patience
    while True:
        item = deployment.aws.dynamodb.get_item(TableName=table, Key={"run_id": {"S": run_id}})
        text = item.get("Item", {}).get("outcome", {}).get("S")
        if text is not None:
            return decode(Outcome, json.loads(text))
        if time.monotonic() >= deadline:
            return None
        time.sleep(_POLL_SECONDS)


def _finding(subject: str, problem: str, fix: str) -> Finding:
    return Finding(check=CHECK, subject=subject, problem=problem, fix=fix, section="test-run")

"""``POST /jetbridge/v1/task-instances/{ti_id}/outcome``: resumes a task with its run's outcome."""

# Annotations are evaluated in this module, because FastAPI reads the parameters' types from them.

import logging
from http import HTTPStatus
from typing import Annotated, Any
from uuid import UUID

import msgspec
from fastapi import Depends, FastAPI, HTTPException, Request

from airflow_provider_jetbridge.plugins.fence import Refusal, airflow_caller, check, gone
from airflow_provider_jetbridge.plugins.internals import GetUserDep, authorize, locked_task
from airflow_provider_jetbridge.triggers.events import with_wait
from jetbridge.contract import ContractError, Outcome, decode, read_record

log = logging.getLogger(__name__)

MAX_BODY_BYTES = 512 * 1024
"""An outcome is a DynamoDB item, and items have at most 400 KB."""


class Push(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The request's body. ``outcome`` keeps its sealed form."""

    try_number: int
    outcome: msgspec.Raw


async def _body(request: Request, _user: GetUserDep) -> bytes:
    """Read the body, after the user is authenticated and only up to the allowed size."""
    body = bytearray()
    async for chunk in request.stream():
        body += chunk
        if len(body) > MAX_BODY_BYTES:
            raise HTTPException(
                HTTPStatus.UNPROCESSABLE_ENTITY, f"The body has over {MAX_BODY_BYTES} bytes"
            )
    return bytes(body)


# Airflow doesn't protect plugins, and not everybody may see the schema and its pages.
app = FastAPI(title="Jetbridge", openapi_url=None, docs_url=None, redoc_url=None)


@app.post("/v1/task-instances/{ti_id}/outcome")
def push_outcome(
    ti_id: UUID, request: Request, user: GetUserDep, body: Annotated[bytes, Depends(_body)]
) -> dict[str, str]:
    """Resume the task, or say why not. docs/reference/contract.md explains each status.

    It isn't async, because it reads and writes Airflow's database.
    """
    try:
        push = decode(Push, body)
        sealed = read_record(bytes(push.outcome).decode())
        outcome = decode(Outcome, sealed)
        authorize(request, airflow_caller(outcome).dag_id, user)
        _resume(ti_id, push.try_number, outcome, {"run_id": outcome.run_id, "outcome": sealed})
    except ContractError as error:
        raise HTTPException(HTTPStatus.UNPROCESSABLE_ENTITY, str(error)) from error
    except Refusal as refusal:
        headers = {"Retry-After": str(refusal.retry_after)} if refusal.retry_after else None
        raise HTTPException(refusal.status, refusal.detail, headers) from refusal
    log.info("%s resumed task instance %s with run %s", user.get_name(), ti_id, outcome.run_id)
    return {"status": "resumed"}


def _resume(ti_id: UUID, try_number: int, outcome: Outcome, event: dict[str, Any]) -> None:
    with locked_task(ti_id) as task:
        if task is None:
            raise gone(str(ti_id), try_number)
        waiting = check(task.read(), try_number, outcome)
        task.resume(with_wait(event, waiting.waits_since, waiting.attached_try))

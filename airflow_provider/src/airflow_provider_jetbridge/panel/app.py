"""``GET /jetbridge/panel/task-instance``: shows a task instance's run to users who may read the
task."""

# Annotations are evaluated in this module, because FastAPI reads the parameters' types from them.

import logging
import re
import time
from http import HTTPStatus
from urllib.parse import urlencode

from airflow.api_fastapi.core_api.security import GetUserDep
from fastapi import FastAPI, Request
from fastapi.responses import HTMLResponse

from airflow_provider_jetbridge.panel.looking import NotRead, look
from airflow_provider_jetbridge.panel.page import headers, page
from airflow_provider_jetbridge.panel.texts import shown
from airflow_provider_jetbridge.panel.tries import Key, Known, authorize, known, may_read_logs
from airflow_provider_jetbridge.panel.view import safe_links, view_of

log = logging.getLogger(__name__)

PATH = "/task-instance"

NOT_JETBRIDGES = (
    "This task doesn't run through Jetbridge, or its first try hasn't begun: Airflow has "
    "stored nothing of Jetbridge about it."
)
NO_TRY = "The task hasn't been started yet."
CANNOT_READ = "Airflow's API server can't read the run. "

_NUMBER = re.compile(r"-?[0-9]{1,9}\Z")

app = FastAPI(title="Jetbridge", openapi_url=None, docs_url=None, redoc_url=None)


@app.get(PATH)
def task_instance(
    request: Request,
    user: GetUserDep,
    dag_id: str,
    run_id: str,
    task_id: str,
    map_index: str = "-1",
    try_number: str = "",
) -> HTMLResponse:
    """The page of a task instance's newest try, or of the requested try.

    It isn't async, because it reads Airflow's database and calls AWS. ``map_index`` is a text,
    because Airflow leaves its own placeholder there for a task that isn't mapped.
    """
    authorize(request, dag_id, user)
    key = Key(dag_id=dag_id, run_id=run_id, task_id=task_id, map_index=_number(map_index, -1))
    found = known(key)
    if found is None:
        answer = page(title="unknown", notice="There is no such task instance.", address_of=str)
        return HTMLResponse(answer, HTTPStatus.NOT_FOUND, headers())
    wanted = _number(try_number, 0) or None
    return HTMLResponse(_shown(found, wanted, may_read_logs(request, user)), headers=headers())


def _shown(found: Known, wanted: int | None, with_lines: bool) -> str:
    of = found.of(wanted)
    title = found.key.task_id

    def address_of(try_number: int) -> str:
        key = found.key
        asked = {
            "dag_id": key.dag_id,
            "run_id": key.run_id,
            "task_id": key.task_id,
            "map_index": key.map_index,
            "try_number": try_number,
        }
        return f"?{urlencode(asked)}"

    if of is None:
        return page(title=title, notice=NO_TRY, address_of=address_of)
    if not found.runs_through_jetbridge:
        return page(title=title, notice=NOT_JETBRIDGES, address_of=address_of)
    try:
        view = view_of(look(found, of), of, time.time(), with_lines=with_lines)
    except NotRead as error:
        log.warning("The panel of %s: %s", found.key, error)
        return page(
            title=title,
            notice=CANNOT_READ + shown(str(error)),
            address_of=address_of,
            tries=found.tries,
            chosen=of,
            links=safe_links(found.links),
        )
    return page(title=title, view=view, address_of=address_of, tries=found.tries, chosen=of)


def _number(text: str, otherwise: int) -> int:
    return int(text) if _NUMBER.match(text) else otherwise

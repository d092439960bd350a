"""The plugin that Airflow finds by the entry point ``airflow.plugins``.

Every component of Airflow imports this module, but only the API server needs the applications. So
the first request imports each application.
"""

from __future__ import annotations

import logging
from importlib import import_module
from typing import TYPE_CHECKING

from airflow.plugins_manager import AirflowPlugin

if TYPE_CHECKING:
    from starlette.types import ASGIApp, Receive, Scope, Send

log = logging.getLogger(__name__)

URL_PREFIX = "/jetbridge"
PANEL_PREFIX = f"{URL_PREFIX}/panel"


class LateApplication:
    """The ASGI application ``app`` of a module.

    If it can't be imported, perhaps because Airflow has another version, it answers 404 as if the
    plugin weren't installed. The API server stays up, and triggers resume the waiting tasks.

    Args:
        name: its name in the answer and in the log.
    """

    def __init__(self, name: str, module: str) -> None:
        self._name = name
        self._module = module
        self._app: ASGIApp | None = None

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if self._app is None:
            self._app = self._load()
        await self._app(scope, receive, send)

    def _load(self) -> ASGIApp:
        try:
            app: ASGIApp = import_module(self._module).app
        except Exception:
            from starlette.responses import JSONResponse

            complaint = f"Jetbridge's {self._name} doesn't work with this version of Airflow"
            log.exception("%s", complaint)
            return JSONResponse({"detail": complaint}, status_code=404)
        return app


class JetbridgePlugin(AirflowPlugin):
    """Mounts the push endpoint and the panel in Airflow's API server, and adds the panel to its
    pages."""

    name = "jetbridge"
    fastapi_apps = [  # noqa: RUF012
        # Airflow takes the first prefix that matches.
        {
            "name": "jetbridge panel",
            "app": LateApplication("panel", "airflow_provider_jetbridge.panel.app"),
            "url_prefix": PANEL_PREFIX,
        },
        {
            "name": "jetbridge",
            "app": LateApplication("push endpoint", "airflow_provider_jetbridge.plugins.endpoint"),
            "url_prefix": URL_PREFIX,
        },
    ]
    # Airflow supports these from 3.1 on. The address is relative to Airflow's own.
    external_views = [  # noqa: RUF012
        {
            "name": "Jetbridge",
            "href": (
                f"{PANEL_PREFIX.removeprefix('/')}/task-instance?dag_id={{DAG_ID}}"
                "&run_id={RUN_ID}&task_id={TASK_ID}&map_index={MAP_INDEX}"
            ),
            "destination": "task_instance",
            "url_route": "jetbridge",
        }
    ]

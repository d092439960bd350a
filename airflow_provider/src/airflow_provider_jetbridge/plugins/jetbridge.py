"""The plugin that Airflow finds by the entry point ``airflow.plugins``.

Every component of Airflow imports this module, and only the API server needs what it mounts, so
each application is imported by its first request.
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

    Where it can't be imported, which an Airflow of another version may bring about, it answers
    404 as if the plugin weren't installed: the API server stays up, and waiting tasks are resumed
    by their triggers.

    Args:
        name: what it is called in the answer and in the log.
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
    """Mounts the push endpoint and the panel in Airflow's API server, and shows the panel."""

    name = "jetbridge"
    fastapi_apps = [  # noqa: RUF012
        # The first prefix that matches is taken.
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
    # Airflow knows these from 3.1 on. The address is relative to Airflow's own, whatever its path.
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

"""The plugin that Airflow finds by the entry point ``airflow.plugins``.

Every component of Airflow imports this module, and only the API server needs the endpoint, so the
endpoint is imported by its first request.
"""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

from airflow.plugins_manager import AirflowPlugin

if TYPE_CHECKING:
    from starlette.types import ASGIApp, Receive, Scope, Send

log = logging.getLogger(__name__)

URL_PREFIX = "/jetbridge"


class PushEndpoint:
    """The ASGI application of `endpoint`.

    Where it can't be imported, which an Airflow of another version may bring about, it answers
    404 as if the plugin weren't installed: the API server stays up, and waiting tasks are resumed
    by their triggers.
    """

    def __init__(self) -> None:
        self._app: ASGIApp | None = None

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if self._app is None:
            self._app = _load()
        await self._app(scope, receive, send)


def _load() -> ASGIApp:
    try:
        from airflow_provider_jetbridge.plugins.endpoint import app
    except Exception:
        from starlette.responses import JSONResponse

        log.exception("Jetbridge's push endpoint doesn't work with this version of Airflow")
        return JSONResponse(
            {"detail": "Jetbridge's push endpoint doesn't work with this version of Airflow"},
            status_code=404,
        )
    return app


class JetbridgePlugin(AirflowPlugin):
    """Mounts the push endpoint in Airflow's API server."""

    name = "jetbridge"
    fastapi_apps = [  # noqa: RUF012
        {"name": "jetbridge", "app": PushEndpoint(), "url_prefix": URL_PREFIX}
    ]

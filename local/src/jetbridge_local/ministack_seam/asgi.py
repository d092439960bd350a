"""ministack as an ASGI application, and calls into its services from our own threads."""

import json
from collections.abc import Awaitable, Callable
from typing import Any

from ministack import app
from ministack.core.responses import request_scope

Response = tuple[int, dict[str, str], bytes]
Handler = Callable[[str, str, dict[str, str], bytes, dict[str, list[str]]], Awaitable[Response]]

application = app.app


class ServiceFailed(Exception):
    """A service's error answer: ``code`` such as ResourceNotFoundException."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(f"{code}: {message}")
        self.code = code


def serve_with(service: str, handler: Handler) -> None:
    """Let ``handler`` answer every request to ``service``."""
    if service not in app.SERVICE_HANDLERS:
        raise LookupError(f"ministack has no service {service!r}")
    app.SERVICE_HANDLERS[service] = handler


class ServiceCaller:
    """Calls of the JSON protocol, within the process: not seen by the call recorder."""

    def __init__(self, account: str, region: str) -> None:
        self._account = account
        self._region = region

    def call(self, service: str, target: str, parameters: dict[str, Any]) -> dict[str, Any]:
        """``target`` is the whole X-Amz-Target. Never from the event loop's own thread.

        Raises ServiceFailed on an error answer.
        """
        with request_scope(self._account, self._region):
            status, _, body = app.call_service_handler_sync(
                app.SERVICE_HANDLERS[service],
                "POST",
                "/",
                {"x-amz-target": target, "content-type": "application/x-amz-json-1.1"},
                json.dumps(parameters).encode(),
                {},
            )
        content: dict[str, Any] = json.loads(body or b"{}")
        if status >= 400:
            code = str(content.get("__type", "")).rsplit("#", 1)[-1]
            raise ServiceFailed(code, content.get("message") or content.get("Message") or "")
        return content

"""The recorder in front of the emulator, and the addresses under which it is read."""

import json
import logging
import time
from collections.abc import Awaitable, Callable
from typing import Any
from urllib.parse import parse_qs

from jetbridge_local.consumption import Consumed, requested

from .log import Call, CallLog
from .requests import Request, credential_of, identify, request_of

logger = logging.getLogger(__name__)

Scope = dict[str, Any]
Message = dict[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
Application = Callable[[Scope, Receive, Send], Awaitable[None]]

PREFIX = "/_jetbridge/"
_MAX_BODY = 1_048_576
_WITHOUT_BODY = frozenset({"s3"})


class CallRecorder:
    """ASGI middleware.

    ``GET /_jetbridge/calls?since=<epoch seconds>`` answers a JSON list of calls, oldest first;
    ``DELETE /_jetbridge/calls`` or ``POST /_jetbridge/calls/reset`` forgets them;
    ``GET /_jetbridge/health`` says that the cloud serves.
    """

    def __init__(self, application: Application, calls: CallLog) -> None:
        self._application = application
        self._calls = calls

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._application(scope, receive, send)
        elif scope["path"].startswith(PREFIX):
            await self._answer(scope, send)
        else:
            await self._record(scope, receive, send)

    async def _record(self, scope: Scope, receive: Receive, send: Send) -> None:
        arrived = time.time()
        request = request_of(scope)
        credential = credential_of(request)
        body = bytearray()
        status = 0
        consumed: list[Consumed] = []

        async def receive_copying() -> Message:
            message = await receive()
            if (
                credential
                and credential[1] not in _WITHOUT_BODY
                and message["type"] == "http.request"
                and len(body) < _MAX_BODY
            ):
                body.extend(message.get("body", b""))
            return message

        async def send_noting(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
            await send(message)

        noting = requested.set(consumed)
        try:
            await self._application(scope, receive_copying, send_noting)
        finally:
            requested.reset(noting)
            if credential:
                self._add(request, bytes(body), arrived, status, consumed)

    def _add(
        self,
        request: Request,
        body: bytes,
        arrived: float,
        status: int,
        consumed: list[Consumed],
    ) -> None:
        complete = request.with_body(body)
        identified = identify(complete)
        if identified is not None:
            call = Call(time=arrived, status=status, consumed=consumed, **vars(identified))
            self._calls.add(call)

    async def _answer(self, scope: Scope, send: Send) -> None:
        method, name = scope["method"], scope["path"].removeprefix(PREFIX)
        status = 200
        content: Any = {}
        if (method, name) == ("GET", "calls"):
            since = parse_qs(scope["query_string"].decode()).get("since", ["0"])[0]
            try:
                content = self._calls.since(float(since))
            except ValueError:
                status = 400
                content = {"error": f"since: must be seconds since the epoch, not {since!r}"}
        elif (method, name) in {("DELETE", "calls"), ("POST", "calls/reset")}:
            self._calls.clear()
        elif (method, name) == ("GET", "health"):
            content = {"status": "running"}
        else:
            status = 404
            content = {"error": f"no such address: {method} {scope['path']}"}
        body = json.dumps(content, default=str).encode()
        await send(
            {
                "type": "http.response.start",
                "status": status,
                "headers": [
                    (b"content-type", b"application/json"),
                    (b"content-length", str(len(body)).encode()),
                ],
            }
        )
        await send({"type": "http.response.body", "body": body})

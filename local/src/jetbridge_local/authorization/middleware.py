"""Between the recorder and the emulator: every request is authorised before it is served."""

import json
from collections.abc import Awaitable, Callable
from typing import Any

from jetbridge_local.recorder.requests import Request, credential_of, operation_of, request_of

from .checks import checks_of, hiding_check_of
from .model import Call, Caller, Facts, Identities, Place, Unknown
from .verdicts import VerdictLog

Scope = dict[str, Any]
Message = dict[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
Application = Callable[[Scope, Receive, Send], Awaitable[None]]

ADDRESS = "/_authorizations"
_OWN_ADDRESSES = ("/_jetbridge/", "/_ministack/", "/_localstack/")
# Their bodies have nothing that IAM decides on, and may be large.
_BODY_IS_DATA = frozenset({"s3", "lambda"})
_NO_CREDENTIALS = "Missing Authentication Token"


class Authorizer:
    """ASGI middleware.

    ``GET /_authorizations`` answers the distinct requests of limited callers and how they
    were decided (``VerdictLog.as_json``); ``DELETE`` forgets them. Administrators' requests, those
    of the programs that set the cloud up, are not asked about.
    """

    def __init__(
        self,
        application: Application,
        identities: Identities,
        facts: Facts,
        place: Place,
        verdicts: VerdictLog,
        changed: Callable[[], None],
    ) -> None:
        self._application = application
        self._identities = identities
        self._facts = facts
        self._place = place
        self._verdicts = verdicts
        self._changed = changed

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._application(scope, receive, send)
        elif scope["path"] == ADDRESS:
            await self._answer(scope, send)
        elif scope["path"].startswith(_OWN_ADDRESSES):
            await self._application(scope, receive, send)
        else:
            await self._authorise(scope, receive, send)

    async def _authorise(self, scope: Scope, receive: Receive, send: Send) -> None:
        request = request_of(scope)
        credential = credential_of(request)
        if credential is None:
            answer = self._refuse("s3", request, "MissingAuthenticationToken", _NO_CREDENTIALS)
            await _respond(send, *answer, head=request.method == "HEAD")
            return
        access_key, service = credential
        try:
            caller = self._identities.caller(access_key)
        except Unknown as unknown:
            answer = self._refuse(service, request, unknown.code, str(unknown))
            await _respond(send, *answer, head=request.method == "HEAD")
            return
        if not caller.unlimited:
            if service not in _BODY_IS_DATA or "delete" in request.query:
                request, receive = await _with_body(request, receive)
            if message := self._denied(caller, service, request):
                answer = self._refuse(service, request, "AccessDenied", message)
                await _respond(send, *answer, head=request.method == "HEAD")
                return
        await self._application(scope, receive, send)
        if service == "iam":
            self._changed()

    def _denied(self, caller: Caller, service: str, request: Request) -> str:
        """AWS's text of the first denial; empty, if everything is allowed."""
        operation, parameters = operation_of(service, request)
        if service == "s3" and operation == "DeleteObjects":
            parameters = {**parameters, "Body": request.body}
        call = Call(service, operation, parameters, request.headers)
        for check in checks_of(call, self._place, self._facts):
            decision = self._identities.decide(caller, check)
            self._verdicts.add(caller.arn, check, decision.allowed, decision.message)
            if not decision.allowed:
                return decision.message
        hiding = hiding_check_of(call, self._place, self._facts)
        # Nobody needs this right: the answer says that the resource is missing.
        return self._identities.decide(caller, hiding).message if hiding else ""

    def _refuse(
        self, service: str, request: Request, code: str, message: str
    ) -> tuple[int, dict[str, str], bytes]:
        # The code AccessDenied is spelled as the service spells it.
        given = "" if code == "AccessDenied" else code
        return self._identities.refuse(service, request.headers, given, message)

    async def _answer(self, scope: Scope, send: Send) -> None:
        if scope["method"] == "DELETE":
            self._verdicts.clear()
        body = json.dumps(self._verdicts.as_json()).encode()
        await _respond(send, 200, {"content-type": "application/json"}, body)


async def _with_body(request: Request, receive: Receive) -> tuple[Request, Receive]:
    """The request with its whole body, and a ``receive`` that gives it once more."""
    body = bytearray()
    more = True
    while more:
        message = await receive()
        if message["type"] != "http.request":
            break
        body.extend(message.get("body", b""))
        more = message.get("more_body", False)
    given = False

    async def receive_again() -> Message:
        nonlocal given
        if given:
            return await receive()
        given = True
        return {"type": "http.request", "body": bytes(body), "more_body": False}

    return request.with_body(bytes(body)), receive_again


async def _respond(
    send: Send, status: int, headers: dict[str, str], body: bytes, head: bool = False
) -> None:
    sent = b"" if head else body
    lines = [(name.lower().encode(), value.encode()) for name, value in headers.items()]
    lines.append((b"content-length", str(len(sent)).encode()))
    await send({"type": "http.response.start", "status": status, "headers": lines})
    await send({"type": "http.response.body", "body": sent})

"""Passes ECS and Batch requests to their engines, and the answers back."""

import asyncio
import logging
from typing import Any, Literal, Protocol

from jetbridge_local.engine import AwsError, protocol

logger = logging.getLogger(__name__)

Response = tuple[int, dict[str, str], bytes]


class Engine(Protocol):
    """What a service's engine does: ``handle`` is quick and may be called by several threads."""

    def handle(self, operation: str, parameters: dict[str, Any]) -> dict[str, Any]: ...


class EngineService:
    """Serves one AWS service with an engine."""

    def __init__(self, service: Literal["ecs", "batch"], engine: Engine) -> None:
        self._service = service
        self._engine = engine

    async def __call__(
        self,
        method: str,
        path: str,
        headers: dict[str, str],
        body: bytes,
        query: dict[str, list[str]],
    ) -> Response:
        return await asyncio.to_thread(self._answer, method, path, headers, body, query)

    def _answer(
        self,
        method: str,
        path: str,
        headers: dict[str, str],
        body: bytes,
        query: dict[str, list[str]],
    ) -> Response:
        try:
            operation, parameters = protocol.parse(
                self._service, method, path, query, headers, body
            )
            result = self._engine.handle(operation, parameters)
            return protocol.serialize(self._service, operation, result)
        except AwsError as error:
            return protocol.serialize_error(self._service, error)
        except Exception as error:
            logger.exception("%s %s %s", self._service, method, path)
            failure = AwsError("ServerException", f"{type(error).__name__}: {error}", 500)
            return protocol.serialize_error(self._service, failure)

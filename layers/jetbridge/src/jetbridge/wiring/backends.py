"""ECS and Batch, for the services that call them."""

from collections.abc import Callable
from typing import TYPE_CHECKING

from jetbridge.aws.clients import client
from jetbridge.backends.batch import BatchBackend
from jetbridge.backends.ecs import EcsBackend
from jetbridge.backends.port import Backend

if TYPE_CHECKING:
    from mypy_boto3_batch import BatchClient
    from mypy_boto3_ecs import ECSClient


class Backends(dict[str, Backend]):
    """Makes the client of a backend only when a run of that backend comes.

    SubmitJob has no idempotency token. An SDK that repeats it after a lost answer would submit a
    second job. So Batch's client makes each call only once.
    """

    def __init__(self, ecs: Callable[[], "ECSClient"]) -> None:
        super().__init__()
        self._ecs = ecs

    def __missing__(self, backend: str) -> Backend:
        made: Backend = EcsBackend(self._ecs()) if backend == "ecs" else BatchBackend(batch())
        self[backend] = made
        return made


def repeating_ecs() -> "ECSClient":
    return client("ecs")


def launching_ecs() -> "ECSClient":
    """ECS for launches. Its client doesn't repeat a throttled RunTask: the second call would have
    no turn of the pacer and would take the place of a call that has one. The launch queue repeats
    it instead."""
    return client("ecs", repeats=False)


def batch() -> "BatchClient":
    """Batch. Its one call may take long, because the result of an abandoned call is unknown."""
    return client("batch", repeats=False, timeout_seconds=10)

"""ECS and Batch as launch_run and stop_run meet them: what they remember, and how late."""

from collections.abc import Callable, Iterator, Mapping
from typing import Any, Literal

from jetbridge.aws.records import Record
from jetbridge.backends.port import LaunchRefused, Unanswered
from jetbridge.backends.stops import each_by_itself
from jetbridge.runs.names import LaunchName
from jetbridge.runs.run import Definition
from jetbridge_testing.samples import DEFINITIONS

Backend = Literal["ecs", "batch"]

TOKEN_MEMORY_SECONDS = 3600
LISTING_LAG_SECONDS = 15


class FakeBackend:
    """A backend that launches whatever it is asked to.

    ``launched`` holds (name, time) of every task or job that it really made; ``errors`` are
    raised by the next calls of a method, first ones first.
    """

    kind: str

    def __init__(self, clock: Callable[[], float]) -> None:
        self.launched: list[tuple[str, float]] = []
        self.stopped: list[tuple[str, str]] = []
        self.definitions: list[Definition] = []
        self.records: dict[str, Record] = {}
        self.described: list[tuple[str, list[str]]] = []
        self.errors: dict[str, list[Exception]] = {}
        self.parameters: list[dict[str, Any]] = []
        self.there: list[str] = []
        self.listing_lag = LISTING_LAG_SECONDS
        self.clock = clock
        self._lost_answers = 0

    def resolve(self, parameters: dict[str, Any]) -> Definition:
        self._fail("resolve")
        return DEFINITIONS[self.kind]

    def launch(self, name: LaunchName, parameters: dict[str, Any], definition: Definition) -> str:
        self._fail("launch")
        self.definitions.append(definition)
        self.parameters.append(parameters)
        launched = self._launch(str(name))
        if self._lost_answers:
            self._lost_answers -= 1
            raise Unanswered("connection lost")
        return launched

    def launch_and_lose_the_answer(self) -> None:
        """The next launch is made, and its answer is lost."""
        self._lost_answers += 1

    def find(self, name: LaunchName, parameters: dict[str, Any]) -> str | None:
        self._fail("find")
        for number, (launched, at) in enumerate(self.launched):
            if launched == str(name) and self.clock() - at >= self.listing_lag:
                return self._id(number)
        return None

    def stop(self, backend_id: str, parameters: dict[str, Any], reason: str) -> None:
        self._fail("stop")
        self.stopped.append((backend_id, reason))

    def stop_all(self, stops: Mapping[str, dict[str, Any]], reason: str) -> dict[str, Exception]:
        return each_by_itself(self.stop, stops, reason)

    def describe(self, place: str, backend_ids: list[str]) -> list[Record]:
        self._fail("describe")
        self.described.append((place, backend_ids))
        return [self.records[name] for name in backend_ids if name in self.records]

    def living(self, place: str, prefix: str) -> Iterator[list[Record]]:
        self._fail("living")
        for record in self.records.values():
            at = record.get("clusterArn") or record["jobQueue"]
            name = record.get("startedBy") or record["jobName"]
            status = record.get("lastStatus") or record["status"]
            ended = status in ("STOPPED", "SUCCEEDED", "FAILED")
            if at.endswith(f"/{place}") and name.startswith(prefix) and not ended:
                yield [record]

    def places(self) -> list[str]:
        self._fail("places")
        return self.there

    def _launch(self, name: str) -> str:
        self.launched.append((name, self.clock()))
        return self._id(len(self.launched) - 1)

    def _id(self, number: int) -> str:
        return f"{self.kind}-{number}"

    def _fail(self, method: str) -> None:
        errors = self.errors.get(method)
        if errors:
            raise errors.pop(0)


class FakeEcs(FakeBackend):
    """Remembers a launch's clientToken for an hour, and then launches again."""

    kind = "ecs"

    def _launch(self, name: str) -> str:
        for number, (launched, at) in enumerate(self.launched):
            if launched == name and self.clock() - at < TOKEN_MEMORY_SECONDS:
                return self._id(number)
        return super()._launch(name)


class FakeBatch(FakeBackend):
    """Has no token: each submit is a job."""

    kind = "batch"


def refused(code: str = "AccessDeniedException", reason: str = "not authorized") -> LaunchRefused:
    return LaunchRefused(code, reason)

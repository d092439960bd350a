"""SQS in memory: what the command needs of it, with crashes, lost answers and partial failures."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

Answer = dict[str, Any]


class Crash(BaseException):
    """The process is gone: nothing catches this, and nothing is tidied up after it."""


@dataclass
class Stored:
    id: str
    body: str
    sent_at: float
    visible_at: float = 0.0
    receipts: int = 0

    @property
    def receipt(self) -> str:
        return f"{self.id}/{self.receipts}"


@dataclass
class MemorySqs:
    """Queues by their URLs; ``now`` is its time and the command's, in seconds.

    ``fault`` is asked before each call and may raise, which loses the request; what it returns is
    raised after the call, which loses the answer. ``fails`` says which entry of a batch fails.
    """

    now: float = 1_000.0
    queues: dict[str, list[Stored]] = field(default_factory=dict)
    fault: Callable[[], BaseException | None] = lambda: None
    fails: Callable[[], bool] = lambda: False
    _number: int = 0

    def put(self, url: str, body: str) -> str:
        self._number += 1
        stored = Stored(f"m{self._number}", body, self.now)
        self.queues.setdefault(url, []).append(stored)
        return stored.id

    def bodies(self, url: str) -> list[str]:
        return [stored.body for stored in self.queues.get(url, [])]

    def receive_message(self, *, QueueUrl: str, VisibilityTimeout: int, **_: Any) -> Answer:
        def receive() -> Answer:
            visible = [each for each in self.queues[QueueUrl] if each.visible_at <= self.now][:10]
            for each in visible:
                each.visible_at = self.now + VisibilityTimeout
                each.receipts += 1
            return {"Messages": [self._shown(each) for each in visible]}

        return self._called(receive)

    def send_message_batch(self, *, QueueUrl: str, Entries: list[Answer]) -> Answer:
        def send(entry: Answer) -> Answer:
            return {"Id": entry["Id"], "MessageId": self.put(QueueUrl, entry["MessageBody"])}

        return self._called(lambda: self._each(Entries, send))

    def delete_message_batch(self, *, QueueUrl: str, Entries: list[Answer]) -> Answer:
        def delete(entry: Answer) -> Answer:
            queue = self.queues[QueueUrl]
            queue[:] = [each for each in queue if each.receipt != entry["ReceiptHandle"]]
            return {"Id": entry["Id"]}

        return self._called(lambda: self._each(Entries, delete))

    def change_message_visibility_batch(self, *, QueueUrl: str, Entries: list[Answer]) -> Answer:
        def change(entry: Answer) -> Answer:
            for each in self.queues[QueueUrl]:
                if each.receipt == entry["ReceiptHandle"]:
                    each.visible_at = self.now + entry["VisibilityTimeout"]
            return {"Id": entry["Id"]}

        return self._called(lambda: self._each(Entries, change))

    def _called(self, act: Callable[[], Answer]) -> Answer:
        self.now += 0.02
        after = self.fault()
        answer = act()
        if after is not None:
            raise after
        return answer

    def _each(self, entries: list[Answer], act: Callable[[Answer], Answer]) -> Answer:
        assert 1 <= len(entries) <= 10
        assert len({entry["Id"] for entry in entries}) == len(entries)
        answer: Answer = {"Successful": [], "Failed": []}
        for entry in entries:
            if self.fails():
                answer["Failed"].append({"Id": entry["Id"], "Code": "InternalError"})
            else:
                answer["Successful"].append(act(entry))
        return answer

    def _shown(self, stored: Stored) -> Answer:
        return {
            "MessageId": stored.id,
            "ReceiptHandle": stored.receipt,
            "Body": stored.body,
            "Attributes": {"SentTimestamp": str(int(stored.sent_at * 1000))},
        }


def crash_at(calls: dict[int, bool]) -> Callable[[], BaseException | None]:
    """A fault at these calls, counted from 0: before the call (True) or after it.

    After its crash the process makes no call any more, whatever it would tidy up.
    """
    numbers: Iterator[int] = iter(range(1_000_000))
    gone: list[Crash] = []

    def fault() -> BaseException | None:
        before = calls.get(next(numbers))
        if gone:
            raise gone[0]
        if before is None:
            return None
        gone.append(Crash())
        if before:
            raise gone[0]
        return gone[0]

    return fault

"""The pace as one counter in DynamoDB, which all concurrent functions share."""

import math
import random
import time
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

from msgspec import Struct

from jetbridge.aws.items import item_of
from jetbridge.queues.port import NotYet

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

LONGEST_WAIT_SECONDS = 5.0
_MICROSECONDS = 1_000_000
_CONTENDED_ATTEMPTS = 3
# The last value of each counter that this process saw. It tells whether the next turn is probably
# the first after a quiet time, which takes another write. A wrong guess costs one call.
_SEEN: dict[tuple[str, str], int] = {}
# When a caller that yields tries again after it has waited as long as it may.
_YIELDED_SECONDS = (5, 15)


class Pace(Struct, frozen=True):
    """``per_second`` turns, evenly spaced. After a quiet time or a delay, ``burst`` of them at
    once.

    In any second there are at most ``per_second + burst`` turns.
    """

    per_second: float
    burst: int = 1

    @classmethod
    def of(cls, per_second: float) -> "Pace":
        """A pace with a burst of a quarter of a second's turns. It makes up for a cold start or a
        slow answer."""
        return cls(per_second, max(1, math.ceil(per_second / 4)))

    def __post_init__(self) -> None:
        if not (math.isfinite(self.per_second) and self.per_second > 0):
            raise ValueError(f"per_second: must be over 0, not {self.per_second}")
        if self.burst < 1:
            raise ValueError(f"burst: must be 1 or more, not {self.burst}")

    @property
    def interval(self) -> int:
        """Microseconds from one turn to the next."""
        return math.ceil(_MICROSECONDS / self.per_second)

    @property
    def arrears(self) -> int:
        """How far a turn may lie in the past and still be taken, in microseconds."""
        return (self.burst - 1) * self.interval


class DynamoPacer:
    """``Pacer`` on one item per backend in the runs table: ``run_id`` ``pace#<backend>``,
    ``next_turn`` in microseconds since the epoch.

    A function takes a turn by adding to ``next_turn``. This always succeeds, so nobody has to retry
    because another function was faster. Each function uses its own clock; if one clock is ahead,
    the other functions wait longer by the same amount.

    ``yields``: let all others go first. Then a turn is taken only when its time has come, and so
    never while another function waits for an earlier turn.
    """

    def __init__(
        self,
        client: "DynamoDBClient",
        table: str,
        paces: Mapping[str, Pace],
        longest_wait: float = LONGEST_WAIT_SECONDS,
        clock: Callable[[], float] = time.time,
        sleep: Callable[[float], None] = time.sleep,
        yields: bool = False,
    ) -> None:
        self._client = client
        self._table = table
        self._paces = paces
        self._longest_wait = int(longest_wait * _MICROSECONDS)
        self._clock = clock
        self._sleep = sleep
        self._yields = yields

    def wait_for_turn(
        self, backend: str, longest_wait: float | None = None, turns: int = 1
    ) -> None:
        """Several turns are one write, and the wait ends when the last of them has come, so none is
        used early. More turns than the burst never lie in the past together; they are taken one by
        one."""
        longest = self._longest_wait
        if longest_wait is not None:
            longest = int(longest_wait * _MICROSECONDS)
        pace = self._paces[backend]
        alone = turns > pace.burst
        for _ in range(turns if alone else 1):
            self._wait_for(backend, pace, longest, 1 if alone else turns)

    def _wait_for(self, backend: str, pace: Pace, longest: int, turns: int) -> None:
        if self._yields:
            self._take_free_turns(backend, pace, self._now() + longest, turns)
            return
        wait = self._take_turns(backend, pace, longest, turns) - self._now()
        if wait > 0:
            self._sleep(wait / _MICROSECONDS)

    def _take_free_turns(self, backend: str, pace: Pace, until: int, turns: int) -> None:
        """Take only turns whose time has come: nobody can be waiting for those."""
        while True:
            try:
                self._take_turns(backend, pace, 0, turns)
            except _TurnsTaken as taken:
                if self._now() + taken.away > until:
                    text = f"others go first on {backend}"
                    raise NotYet(text, random.randint(*_YIELDED_SECONDS)) from taken  # nosec B311
                self._sleep(max(taken.away, 1) / _MICROSECONDS)
            else:
                return

    def _take_turns(self, backend: str, pace: Pace, longest: int, turns: int) -> int:
        """Take the turns. Returns when the last of them comes, in microseconds since the epoch."""
        ahead = (turns - 1) * pace.interval
        for _ in range(_CONTENDED_ATTEMPTS):
            now = self._now()
            earliest, latest = now - pace.arrears, now + longest - ahead
            if _SEEN.get((self._table, backend), 0) < earliest:
                taken = self._start_over(backend, pace, earliest, turns)
                if not isinstance(taken, _Refused):
                    return taken - pace.interval
                if taken.next_turn is not None and taken.next_turn > latest:
                    raise _TurnsTaken(backend, taken.next_turn + ahead - now, longest, pace)
            taken = self._update(
                backend,
                "ADD next_turn :interval",
                "next_turn BETWEEN :earliest AND :latest",
                interval=turns * pace.interval,
                earliest=earliest,
                latest=latest,
            )
            if isinstance(taken, _Refused):
                if taken.next_turn is not None and taken.next_turn >= earliest:
                    raise _TurnsTaken(backend, taken.next_turn + ahead - now, longest, pace)
                taken = self._start_over(backend, pace, earliest, turns)
            if not isinstance(taken, _Refused):
                return taken - pace.interval
        raise NotYet(f"{backend}: other functions are taking all turns", 1)

    def _start_over(self, backend: str, pace: Pace, earliest: int, turns: int) -> "int | _Refused":
        """Take the first turns after a quiet time. Earlier turns that nobody took are lost, except
        for the burst."""
        return self._update(
            backend,
            "SET next_turn = :following",
            "attribute_not_exists(next_turn) OR next_turn < :earliest",
            following=earliest + turns * pace.interval,
            earliest=earliest,
        )

    def _update(self, backend: str, change: str, condition: str, **values: int) -> "int | _Refused":
        """Returns ``next_turn`` after the update, or its present value if the condition doesn't
        hold."""
        try:
            answer = self._client.update_item(
                TableName=self._table,
                Key={"run_id": {"S": f"pace#{backend}"}},
                UpdateExpression=change,
                ConditionExpression=condition,
                ExpressionAttributeValues={
                    f":{name}": {"N": str(value)} for name, value in values.items()
                },
                ReturnValues="UPDATED_NEW",
                ReturnValuesOnConditionCheckFailure="ALL_OLD",
            )
        except self._client.exceptions.ConditionalCheckFailedException as refusal:
            standing = _next_turn(item_of(refusal) or {})
            _SEEN[self._table, backend] = standing or 0
            return _Refused(standing)
        turn = _next_turn(answer["Attributes"])
        assert turn is not None  # nosec B101 # narrows the type
        _SEEN[self._table, backend] = turn
        return turn

    def _now(self) -> int:
        return int(self._clock() * _MICROSECONDS)


class _TurnsTaken(NotYet):
    """The next turn is ``away`` microseconds away, which is longer than the caller may wait."""

    def __init__(self, backend: str, away: int, longest: int, pace: Pace) -> None:
        seconds = away / _MICROSECONDS
        delay = max(1, math.ceil((away - longest) / _MICROSECONDS))
        before = max(0, away // pace.interval)
        text = f"the next turn on {backend} is {seconds:.1f} s away, behind {before} others"
        super().__init__(text, delay)
        self.away = away


class _Refused(Struct, frozen=True):
    """The condition didn't hold. ``next_turn`` is the value at that time, or None if there was
    none."""

    next_turn: int | None


def _next_turn(item: Mapping[str, Any]) -> int | None:
    return int(item["next_turn"]["N"]) if "next_turn" in item else None

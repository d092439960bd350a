"""Airflow is notified until it has accepted the outcome, and never again after that.

This holds for each answer of Airflow, and for each place where the function may die.
"""

from collections.abc import Mapping
from typing import Any

from hypothesis import given
from hypothesis import strategies as st
from jetbridge_testing.clock import Clock
from jetbridge_testing.memory import MemoryOutcomes, MemoryRuns
from jetbridge_testing.notices import outcome_of, run_of
from jetbridge_testing.queued import queued
from jetbridge_testing.steps import Crash

from jetbridge.contract import decode
from jetbridge.notify.airflow_port import Answer, Refused, Unavailable
from jetbridge.notify.breaker import Breaker
from jetbridge.notify.notify import LONGEST_DELAY_SECONDS, Notify
from jetbridge.queues.messages import Notice
from jetbridge.queues.port import GiveUp
from jetbridge.runs.notices import notices

# Fewer than the queue allows, so that some notices become dead letters.
MAX_RECEIVES = 5
VISIBILITY_SECONDS = 360
ACCEPTED = (200, 409, 410)

RETRY_AFTER = st.one_of(st.none(), st.floats(0, 1e9))
ANSWERS = st.one_of(
    st.builds(
        lambda status, wait: Answer(status=status, body={}, retry_after=wait),
        st.sampled_from([400, 403, 404, 405, 408, 422, 425, 429, 500, 502, 503, 504, 302]),
        RETRY_AFTER,
    ),
    st.just(Answer(status=200, body=None)),
    st.just(Unavailable("connection refused")),
)
# The result of an attempt: an answer, or a crash before or after Airflow did its work.
MOMENTS = st.one_of(
    ANSWERS, st.sampled_from(["dies before", "dies after", "answer lost", "dies before sending"])
)


class ScriptedAirflow:
    """Gives the script's answers. A POST without one resumes the task; the later ones get 409."""

    def __init__(self, script: list[Any]) -> None:
        self.script = script
        self.resumed = False
        self.last_seen: int | None = None
        self.posts_after_accepted = 0

    def call(
        self,
        name: str,
        method: str,
        path: str,
        body: Any = None,
        query: Mapping[str, str] | None = None,
    ) -> Answer:
        if self.last_seen in ACCEPTED:
            self.posts_after_accepted += 1
        moment = self.script.pop(0) if self.script else None
        if moment == "dies before":
            raise Crash
        if isinstance(moment, Unavailable):
            raise moment
        if isinstance(moment, Answer):
            return moment
        answer = Answer(status=409 if self.resumed else 200, body={"status": "resumed"})
        self.resumed = True
        if moment == "dies after":
            raise Crash
        if moment == "answer lost":
            raise Unavailable("connection reset")
        self.last_seen = answer.status
        return answer


class Sqs:
    """A queue with visibility, redeliveries and dead letters, on a clock that jumps."""

    def __init__(self, clock: Clock) -> None:
        self.clock = clock
        self.waiting: list[tuple[float, int, dict[str, Any]]] = []
        self.dead: list[dict[str, Any]] = []
        self.delays: list[int] = []
        self.die_at_next_send = False

    def send(self, sent: Any, delay_seconds: int = 0, group: str = "") -> None:
        if self.die_at_next_send:
            self.die_at_next_send = False
            raise Crash
        assert 0 <= delay_seconds <= LONGEST_DELAY_SECONDS
        message = queued(sent)
        assert group == message["airflow"]
        self.delays.append(delay_seconds)
        self.waiting.append((self.clock() + delay_seconds, 0, message))

    def receive(self) -> tuple[int, dict[str, Any]] | None:
        """The next message, when its time has come; None if there is none left."""
        if not self.waiting:
            return None
        self.waiting.sort(key=lambda item: item[0])
        at, receives, message = self.waiting.pop(0)
        self.clock.now = max(self.clock.now, at)
        return receives, message

    def fail(self, receives: int, message: dict[str, Any]) -> None:
        if receives + 1 >= MAX_RECEIVES:
            self.dead.append(message)
        else:
            self.waiting.append((self.clock() + VISIBILITY_SECONDS, receives + 1, message))


@given(script=st.lists(MOMENTS, max_size=25), jitter=st.floats(0, 1))
def test_notified_until_accepted_and_never_again(script: list[Any], jitter: float) -> None:
    run = run_of(finish="push")
    outcome = outcome_of(run)
    clock = Clock(outcome.finished_at)
    runs, outcomes = MemoryRuns(900, clock), MemoryOutcomes()
    runs.create(run)
    outcomes.seal(outcome)
    airflow, sqs = ScriptedAirflow(list(script)), Sqs(clock)
    notify = Notify(
        runs, outcomes, airflow, sqs, Breaker(clock), "feed", clock, jitter=lambda: jitter
    )
    [notice] = notices(run.request, outcome, "feed")
    sqs.send({"run_id": notice.run_id, "airflow": notice.airflow}, group=notice.airflow)
    refusals = 0
    while (received := sqs.receive()) is not None:
        receives, message = received
        if airflow.script and airflow.script[0] == "dies before sending":
            airflow.script[0] = Unavailable("connection refused")
            sqs.die_at_next_send = True
        try:
            notify(decode(Notice, message))
        except (Refused, GiveUp):
            refusals += 1
            sqs.fail(receives, message)
        except Crash:
            notify = Notify(
                runs, outcomes, airflow, sqs, Breaker(clock), "feed", clock, jitter=lambda: jitter
            )
            sqs.fail(receives, message)
        sqs.die_at_next_send = False
    assert airflow.posts_after_accepted == 0, (
        "one message, so nothing is sent after it was accepted"
    )
    if sqs.dead:
        # Somebody fixes the problem and replays the dead letters.
        airflow.script.clear()
        for message in sqs.dead:
            assert notify(decode(Notice, message | {"since": clock()})) is not None
            clock.advance(60)
            attempt = notify(decode(Notice, message | {"since": clock()}))
            assert attempt is not None
            assert attempt.done
    assert airflow.resumed, "nothing is lost"

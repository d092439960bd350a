"""notify_airflow over an API server on the loopback and ports in memory."""

from typing import Any

import msgspec

from jetbridge.contract import Outcome, StartRequest, decode
from jetbridge.notify.accounts import Accounts
from jetbridge.notify.breaker import Breaker
from jetbridge.notify.http import HttpAirflows
from jetbridge.notify.notify import Attempt, Notify
from jetbridge.queues.messages import Notice
from jetbridge.runs.notices import notices
from jetbridge.runs.run import Run
from jetbridge_testing.airflow_server import AirflowServer
from jetbridge_testing.clock import Clock
from jetbridge_testing.memory import MemoryOutcomes, MemoryQueue, MemoryRuns
from jetbridge_testing.samples import new_run, sample

FINISHED_AT = 1_772_323_326.0


def run_of(name: str = "airflow_ecs", **request: Any) -> Run:
    """The run of a sample's start request with some fields of its own."""
    asked = decode(StartRequest, sample(f"start_run/{name}") | request)
    return new_run(name, request=asked)


def outcome_of(run: Run, **fields: Any) -> Outcome:
    known: dict[str, Any] = {
        "run_id": run.run_id,
        "state": "succeeded",
        "cause": "completed",
        "fault": "nobody",
        "reason": "Essential container in task exited",
        "advice": "",
        "caller": run.request.caller,
        "backend": run.backend,
        "region": "eu-central-1",
        "finished_at": FINISHED_AT,
        "last_lines": ["a line of the container"],
    }
    if fields.get("state", "succeeded") != "succeeded":
        known |= {"cause": "application_exit", "fault": "job"}
    return msgspec.convert(known | fields, Outcome, from_attributes=True)


class Scene:
    """A finished run whose notices go to the server."""

    def __init__(self, server: AirflowServer, run: Run, **outcome: Any) -> None:
        self.server = server
        self.clock = Clock(FINISHED_AT + 1)
        self.runs = MemoryRuns(900, self.clock)
        self.runs.create(run)
        self.run = run
        self.outcome = outcome_of(run, **outcome)
        self.outcomes = MemoryOutcomes()
        self.outcomes.seal(self.outcome)
        self.queue = MemoryQueue()
        self.breaker = Breaker(self.clock)
        self.secret = server.secret()
        self.notify = Notify(
            runs=self.runs,
            outcomes=self.outcomes,
            airflows=HttpAirflows(
                Accounts(lambda: self.secret), connect_seconds=0.5, read_seconds=0.5
            ),
            notices=self.queue,
            breaker=self.breaker,
            stacks="feed",
            clock=self.clock,
            jitter=lambda: 1.0,
        )

    @property
    def first(self) -> Notice:
        """The first notice of the run's end."""
        return notices(self.run.request, self.outcome, "feed")[0]

    def attempt(self, notice: Notice | None = None) -> Attempt:
        attempt = self.notify(notice or self.first)
        assert attempt is not None
        return attempt

    def attempt_again(self) -> Attempt:
        """Wait until the notice that was queued last is due, and handle it."""
        self.clock.advance(self.queue.delays[-1])
        return self.attempt(decode(Notice, self.queue.messages[-1]))

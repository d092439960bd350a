"""The records of a task or job that belongs to no run: its launch and its end."""

from datetime import datetime

from jetbridge.backends.foreign import Foreign
from jetbridge.contract import Launched, Outcome
from jetbridge.failures import POLICY_VERSION, judge, reason_of
from jetbridge.outcomes.exit_codes import deciding_names, exit_codes_of
from jetbridge.outcomes.fitting import fitting
from jetbridge.runs.reports import Ending
from jetbridge.runs.run import Definition
from jetbridge.secrets.late import masked_text


def launched_of(foreign: Foreign, region: str, at: float) -> Launched:
    """The launched record of a task or job whose containers run; ``at`` is now, epoch seconds."""
    change = foreign.change
    ecs = change.backend == "ecs"
    since = change.started_at
    return Launched(
        run_id=change.run_id,
        backend="ecs" if ecs else "batch",
        region=region,
        backend_id=change.backend_id,
        launched_at=datetime.fromisoformat(since).timestamp() if since else at,
        cluster=change.place if ecs else None,
        job_queue=None if ecs else change.place,
        definition=change.definition,
        started_at=since,
    )


def outcome_of_foreign(
    foreign: Foreign, ending: Ending, definition: Definition | None, region: str, at: float
) -> Outcome:
    """The outcome of a task or job that has ended. It is judged like a run's launch. Its log isn't
    read.

    Args:
        definition: says which of a task's containers decide; None: all of them decide.
        at: now, epoch seconds.
    """
    change = foreign.change
    verdict = judge(ending, definition)
    ecs = change.backend == "ecs"
    return fitting(
        Outcome(
            run_id=change.run_id,
            state=verdict.state,
            cause=verdict.cause,
            fault=verdict.fault,
            reason=masked_text(reason_of(ending, definition)),
            advice=verdict.advice,
            caller=foreign.caller,
            backend="ecs" if ecs else "batch",
            region=region,
            finished_at=at,
            backend_id=change.backend_id,
            cluster=change.place if ecs else None,
            job_queue=None if ecs else change.place,
            definition=change.definition,
            exit_codes=exit_codes_of(ending, definition),
            deciding=deciding_names(ending, definition),
            started_at=ending.started_at,
            stopped_at=ending.stopped_at,
            policy_version=POLICY_VERSION,
            usage=ending.usage,
        )
    )

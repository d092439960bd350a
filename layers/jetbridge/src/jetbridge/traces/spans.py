"""The spans of a run that has ended, made from the times in its row and outcome."""

import hashlib
from collections.abc import Iterator

from msgspec import Struct

from jetbridge.contract import (
    AirflowCaller,
    Outcome,
    State,
    TraceContext,
    epoch,
    kind_of,
    trace_context,
)
from jetbridge.runs.run import Run

RUN = "jetbridge run"
_TRACE_DIGITS, _SPAN_DIGITS = 32, 16


class Span(Struct, frozen=True, kw_only=True):
    """``began`` and ``ended`` are epoch seconds. ``parent_id`` is None if the span is the root of
    its trace. ``error`` is a cause, or "" if nothing went wrong."""

    name: str
    trace_id: str
    span_id: str
    parent_id: str | None
    began: float
    ended: float
    attributes: dict[str, str | int] = {}
    error: str = ""


def spans_of(run: Run, outcome: Outcome) -> list[Span]:
    """One span for the whole run, and below it one for each step, in order.

    Ids are derived from the run's id, so repeated exports have the same ids. The spans belong to
    the caller's trace; without one, the run has its own trace. There are none if the caller's trace
    isn't sampled (W3C Trace Context, "Sampled flag"). A step without known times is left out. No
    span is negative, even if one clock is behind another.
    """
    caller = _context(run)
    if caller is not None and not caller.sampled:
        return []
    trace_id = caller.trace_id if caller else _digest(run.run_id, "trace", _TRACE_DIGITS)
    root = Span(
        name=RUN,
        trace_id=trace_id,
        span_id=_digest(run.run_id, RUN, _SPAN_DIGITS),
        parent_id=caller.span_id if caller else None,
        began=run.created_at,
        ended=max(run.created_at, outcome.finished_at),
        attributes=_attributes(run, outcome),
        error="" if outcome.state is State.SUCCEEDED else str(outcome.cause),
    )
    steps = [
        Span(
            name=name,
            trace_id=trace_id,
            span_id=_digest(run.run_id, key, _SPAN_DIGITS),
            parent_id=root.span_id,
            began=began,
            ended=max(began, ended),
            error=error,
        )
        for key, name, began, ended, error in _steps(run, outcome)
    ]
    return [root, *steps]


def _steps(run: Run, outcome: Outcome) -> Iterator[tuple[str, str, float, float, str]]:
    """Key, name, beginning, end and error of each step."""
    since = run.created_at
    for death in outcome.deaths:
        yield f"launch {death.launch}", "replaced launch", since, death.at, str(death.cause)
        since = death.at
    due = max(run.created_at, run.not_before or 0.0)
    ending = run.ending
    started, stopped = epoch(outcome.started_at), epoch(outcome.stopped_at)
    pulled = epoch(ending.pull_started_at) if ending else None
    pulled_until = epoch(ending.pull_stopped_at) if ending else None
    sealed_from = stopped if stopped is not None else run.ended_at
    failed = "" if outcome.state is State.SUCCEEDED else str(outcome.cause)
    for name, began, ended, error in (
        ("queue wait", due, run.last_attempt_at, ""),
        ("launch", run.last_attempt_at, run.launched_at, ""),
        ("provision", run.launched_at, pulled if pulled is not None else started, ""),
        ("pull", pulled, pulled_until, ""),
        ("run", started, stopped, failed),
        ("seal", sealed_from, outcome.finished_at, ""),
    ):
        if began is not None and ended is not None:
            yield name, name, began, ended, error


def _attributes(run: Run, outcome: Outcome) -> dict[str, str | int]:
    """The span's attributes. Texts that a container or a stranger could have written are left out,
    except names that were checked."""
    caller = outcome.caller
    known: dict[str, str | int | None] = {
        "jetbridge.run_id": run.run_id,
        "jetbridge.caller": kind_of(caller),
        "jetbridge.state": outcome.state,
        "jetbridge.cause": outcome.cause,
        "jetbridge.launches": outcome.launches,
        "jetbridge.definition": outcome.definition,
    }
    # OpenTelemetry's semantic conventions, "AWS ECS"; they have none for AWS Batch.
    key = "aws.ecs.task.arn" if outcome.backend == "ecs" else "jetbridge.batch.job_id"
    known[key] = outcome.backend_id
    if isinstance(caller, AirflowCaller):
        known |= {
            "airflow.dag_id": caller.dag_id,
            "airflow.task_id": caller.task_id,
            "airflow.dag_run.run_id": caller.run_id,
            "airflow.task_instance.try_number": caller.try_number,
        }
    return {name: value for name, value in known.items() if value is not None}


def _context(run: Run) -> TraceContext | None:
    return trace_context(run.request.traceparent) if run.request.traceparent else None


def _digest(run_id: str, what: str, digits: int) -> str:
    """An id that is never all zeros: W3C Trace Context calls that invalid."""
    found = hashlib.sha256(f"{run_id}/{what}".encode()).hexdigest()[:digits]
    return found if int(found, 16) else found[:-1] + "1"

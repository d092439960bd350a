"""Whether another launch replaces one that ended, and when."""

from itertools import takewhile

from msgspec.structs import replace

from jetbridge.aws.records import presentable
from jetbridge.contract import Cause, Death
from jetbridge.failures.containers import own_ends
from jetbridge.failures.matching import cause_in
from jetbridge.failures.spot import leaves_spot
from jetbridge.failures.table import POLICY, Decision
from jetbridge.failures.verdict import judge
from jetbridge.runs.reports import Ending
from jetbridge.runs.run import Definition, Relaunch, Run

# How long a run without a timeout waits for capacity.
LONGEST_WAIT_SECONDS = 3600
# No instance of the cluster can take a task of launch type EC2, which starts none: it is the
# request's launch type or cluster that is wrong, unless one is just about to register. RunTask's
# words (Amazon ECS API reference, RunTask, InvalidParameterException).
_NO_INSTANCES = "No Container Instances were found in your cluster"
NO_INSTANCES_SECONDS = 300
# A row and an outcome have room for some hundred deaths; a run that waits for days leaves out
# some of its waits.
DEATHS_KEPT = 50
REASON_BYTES = 500


def next_launch(
    run: Run, ending: Ending, now: float, backend_id: str | None = None
) -> Relaunch | None:
    """The launch that replaces the run's current one after this ending; None: the run ends.

    ``backend_id`` is what was launched, where the row doesn't know it yet.
    """
    if run.stop is not None:
        return None
    cause = judge(ending, run.definition, None, run.request.deciding_container).cause
    death = Death(
        launch=run.launch,
        cause=cause,
        reason=presentable(reason_of(ending, run.definition), REASON_BYTES),
        backend_id=backend_id or run.backend_id,
        at=now,
        usage=ending.usage,
    )
    decision = POLICY[cause].decision
    if decision is Decision.FAIL:
        return None
    if decision is Decision.RELAUNCH and _counted(run) >= run.request.failure_policy.infra_retries:
        return None
    not_before = now + _back_off(run, death)
    if not_before >= _limit(run, death):
        return None
    return Relaunch(
        launch=run.launch + 1, not_before=not_before, deaths=_recorded(run.deaths, death)
    )


def may_be_replaced(ending: Ending) -> bool:
    """Whether ``next_launch`` may give another launch after this ending. False: it gives None
    whatever the row says. Only AWS's words lead to another launch. Which of them count depends on
    the row. The first known sentence among those decides, so it is the first one in some text.
    """
    texts = [ending.code, ending.reason, *(end.reason for end in ending.containers)]
    causes = [cause_in([text]) for text in texts]
    return any(POLICY[cause].decision is not Decision.FAIL for cause in causes if cause)


def reason_of(ending: Ending, definition: Definition | None = None) -> str:
    """AWS's own words on an ending: the task's or job's, then those on each of the definition's
    containers. Where there are none, its code."""
    reasons = [ending.reason] + [
        f"{end.name}: {end.reason}"
        for end in own_ends(ending, definition)
        if end.reason and end.reason not in ending.reason
    ]
    code = ending.code if ending.succeeded is None else ""
    return "; ".join(reason for reason in reasons if reason) or code


def _counted(run: Run) -> int:
    """How many of the run's infra_retries have been used."""
    return sum(POLICY[death.cause].decision is Decision.RELAUNCH for death in run.deaths)


def _streak(deaths: list[Death], cause: Cause) -> list[Death]:
    """The latest deaths of this cause, newest first, back to the first other cause."""
    return list(takewhile(lambda death: death.cause is cause, reversed(deaths)))


def _back_off(run: Run, death: Death) -> float:
    policy = POLICY[death.cause]
    if leaves_spot(run.request, [*run.deaths, death]) and not leaves_spot(run.request, run.deaths):
        return 0
    doublings = min(len(_streak(run.deaths, death.cause)), 16)
    return min(policy.back_off << doublings, policy.longest)


def waits_until(run: Run) -> float | None:
    """When a run whose last launch died ends without another launch, epoch seconds. None: only when
    its infra_retries are used."""
    limit = _limit(replace(run, deaths=run.deaths[:-1]), run.deaths[-1])
    return None if limit == float("inf") else limit


def _limit(run: Run, death: Death) -> float:
    limit = float("inf") if run.deadline is None else run.deadline
    if POLICY[death.cause].decision is not Decision.WAIT:
        return limit
    streak = [death, *_streak(run.deaths, death.cause)]
    if all(_NO_INSTANCES in each.reason for each in streak):
        return min(limit, streak[-1].at + NO_INSTANCES_SECONDS)
    return streak[-1].at + LONGEST_WAIT_SECONDS if run.deadline is None else limit


def _recorded(deaths: list[Death], death: Death) -> list[Death]:
    recorded = [*deaths, death]
    waits = [n for n, known in enumerate(recorded) if POLICY[known.cause].decision is Decision.WAIT]
    if len(recorded) > DEATHS_KEPT and waits:
        del recorded[waits[len(waits) // 2]]
    return recorded

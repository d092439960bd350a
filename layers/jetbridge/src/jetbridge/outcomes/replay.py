"""Replays a finished run's history with today's code, to find the decisions that would differ.

A replay sends nothing to AWS and writes nothing. It uses the stored row and the outcome. The row
has AWS's full answer about the last launch's end, and a short form for each earlier launch. State
changes that didn't end a launch aren't stored, nor are the limits that the stack's parameters set.
Advice isn't a decision: its text may change.
"""

from collections.abc import Iterator
from typing import Any

from msgspec import Struct
from msgspec.structs import replace

from jetbridge.contract import Cause, Outcome, State
from jetbridge.failures import POLICY_VERSION, next_launch, reason_of
from jetbridge.outcomes.exit_codes import exit_codes, names_that_decide
from jetbridge.outcomes.verdicts import verdict_on
from jetbridge.runs.reports import Ending
from jetbridge.runs.run import Run
from jetbridge.secrets.lines import masked_text

# Seconds by which a stored time may differ from a computed one: it is a decimal in the table and a
# float here.
_ROUNDING = 0.01
_END, _RELAUNCH = "the run ends", "another launch"


class Replayed(Struct, frozen=True, kw_only=True):
    """One decision. ``what``: which launch and which question; ``stored`` and ``today``: what was
    decided, and what today's code decides."""

    what: str
    stored: Any
    today: Any

    @property
    def differs(self) -> bool:
        return bool(self.stored != self.today)


class Replay(Struct, frozen=True, kw_only=True):
    """A replayed history.

    Attributes:
        decisions: every decision that could be replayed, in the order of the launches.
        unplayed: the decisions that couldn't be replayed, and why.
        stored_policy, policy: versions of the table of causes: the outcome's and today's.
    """

    decisions: list[Replayed]
    unplayed: list[str]
    stored_policy: int
    policy: int = POLICY_VERSION

    @property
    def differences(self) -> list[Replayed]:
        return [each for each in self.decisions if each.differs]


def replayed(run: Run, outcome: Outcome) -> Replay:
    """Replay the history.

    Args:
        run: the row of a run whose end is recorded.
        outcome: its sealed outcome.
    """
    decisions: list[Replayed] = []
    unplayed: list[str] = []
    for number in range(len(run.deaths)):
        _of_death(run, number, decisions, unplayed)
    if run.ending is None:
        unplayed.append("the last launch's end: the row has none")
    else:
        decisions += _of_end(run, run.ending, outcome, unplayed)
    return Replay(decisions=decisions, unplayed=unplayed, stored_policy=outcome.policy_version)


def _of_death(run: Run, number: int, decisions: list[Replayed], unplayed: list[str]) -> None:
    """Whether another launch would follow, why, and when. Any stop came later."""
    death = run.deaths[number]
    name = f"launch {death.launch}"
    before = replace(run, launch=death.launch, deaths=run.deaths[:number], stop=None)
    ending = Ending(code="", reason=death.reason)
    verdict = verdict_on(before, ending)
    if verdict.cause is Cause.UNCLASSIFIED:
        unplayed.append(
            f"{name}: why it ended ({death.cause}), because only AWS's text is stored, and it "
            "doesn't show the cause"
        )
        return
    decisions.append(
        Replayed(what=f"{name}: cause", stored=str(death.cause), today=str(verdict.cause))
    )
    then = next_launch(before, ending, death.at, death.backend_id)
    decisions.append(
        Replayed(what=f"{name}: what follows", stored=_RELAUNCH, today=_RELAUNCH if then else _END)
    )
    last = number == len(run.deaths) - 1
    if then is None or not last or run.not_before is None:
        return
    stored, today = run.not_before - death.at, then.not_before - death.at
    near = abs(stored - today) <= _ROUNDING
    decisions.append(
        Replayed(
            what=f"{name}: seconds until the next launch",
            stored=round(stored, 2),
            today=round(stored if near else today, 2),
        )
    )


def _of_end(run: Run, ending: Ending, outcome: Outcome, unplayed: list[str]) -> Iterator[Replayed]:
    # Rows of earlier versions don't have the time at which the end was recorded. The outcome is
    # sealed soon after that, so its time is used.
    at = outcome.finished_at if run.ended_at is None else run.ended_at
    yield Replayed(
        what=f"launch {run.launch}: what follows",
        stored=_END,
        today=_RELAUNCH if next_launch(run, ending, at) else _END,
    )
    yield from _of_outcome(run, ending, outcome, unplayed)


def _of_outcome(
    run: Run, ending: Ending, outcome: Outcome, unplayed: list[str]
) -> Iterator[Replayed]:
    verdict = verdict_on(run, ending)
    request = run.request
    needs_result = request.last_line_as_result or request.result_required
    if verdict.state is State.SUCCEEDED and outcome.state is State.FAILED and needs_result:
        unplayed.append("the result, which finish_run could not read: lines aren't stored")
    else:
        yield Replayed(what="state", stored=str(outcome.state), today=str(verdict.state))
        yield Replayed(what="cause", stored=str(outcome.cause), today=str(verdict.cause))
        yield Replayed(what="fault", stored=str(outcome.fault), today=str(verdict.fault))
    # finish_run may have added details from the logs and from child jobs.
    reason = masked_text(reason_of(ending, run.definition))
    same = outcome.reason.startswith(reason)
    yield Replayed(what="reason", stored=outcome.reason, today=outcome.reason if same else reason)
    # The row doesn't have the exit codes of an array job's children: finish_run reads them from
    # Batch.
    own = {end.name for end in ending.containers}
    yield Replayed(
        what="exit codes",
        stored={name: code for name, code in outcome.exit_codes.items() if name in own},
        today=exit_codes(run, ending),
    )
    yield Replayed(
        what="containers that decide",
        stored=list(outcome.deciding),
        today=names_that_decide(run, ending),
    )

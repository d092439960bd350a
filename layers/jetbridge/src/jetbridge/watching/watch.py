"""watch_runs: reports the state of runs, and records which Airflow task waits for their end."""

from msgspec import UNSET, Struct, UnsetType

from jetbridge.admission.delivery import PARAMETER
from jetbridge.admission.principals import OPERATOR, Principal
from jetbridge.contract import (
    ContractError,
    Outcome,
    WatchAnswer,
    WatchedRun,
    WatchRequest,
    epoch,
)
from jetbridge.outcomes.port import Outcomes
from jetbridge.runs.port import Runs, UnreadableRow
from jetbridge.runs.run import Run, Status, Watcher
from jetbridge.watching.foreign import LookAtForeign
from jetbridge.watching.watchers import MAX_WATCHERS, TooManyWatchers, with_watcher

# The number of attempts. If several tasks begin to wait for one run at the same moment, one of them
# is written in each attempt.
ROUNDS = 2 * MAX_WATCHERS


class Contended(Exception):
    """Other tasks always wrote first. Repeating the request may succeed."""


class Watch(Struct, frozen=True):
    """Answers watch requests.

    Attributes:
        has_airflow_secret: whether the stack can call an Airflow at all.
        look_at_foreign: asks AWS about a task or job that this stack didn't launch.
    """

    runs: Runs
    outcomes: Outcomes
    outcomes_table: str
    stop_function: str
    region: str
    has_airflow_secret: bool
    look_at_foreign: LookAtForeign

    def __call__(self, request: WatchRequest, principal: Principal = OPERATOR) -> WatchAnswer:
        """Report the state of the runs. If there is a caller, record it in the runs that have not
        ended.

        The caller is recorded with one conditional write, which fails once the run has ended.
        finish_run reads the row after the end. So finish_run notifies the caller, or this answer
        says that the run has ended. ``principal`` is the requester's IAM identity. Runs of others
        look to it like runs that don't exist.

        Raises:
            ContractError: the principal speaks for another caller, the caller can't be notified, or
                too many callers wait for one of the runs. Runs earlier in the request may have
                recorded the caller by then, which does no harm.
            Contended: repeat the request.
            Throttled, Unanswered: see `LookAtForeign`.
        """
        request = principal.admit(request)
        watcher = self._watcher(request)
        found = {
            run_id: self._seen(run_id, watcher, principal)
            for run_id in dict.fromkeys(request.run_ids)
        }
        return WatchAnswer(
            runs={run_id: run for run_id, run in found.items() if run is not None},
            outcomes_table=self.outcomes_table,
            stop_function=self.stop_function,
            region=self.region,
            foreign=UNSET
            if isinstance(request.foreign, UnsetType)
            else self.look_at_foreign(request.foreign),
        )

    def _watcher(self, request: WatchRequest) -> Watcher | None:
        if request.caller is None:
            return None
        if not self.has_airflow_secret:
            raise ContractError(
                "caller",
                f"is to be finished by Airflow's API, and the stack has no {PARAMETER}",
                f"Deploy the stack with {PARAMETER}, or leave caller out and ask again later",
            )
        return Watcher(caller=request.caller, airflow=request.airflow)

    def _seen(
        self, run_id: str, watcher: Watcher | None, principal: Principal
    ) -> WatchedRun | None:
        try:
            return self._look(run_id, watcher, principal)
        except UnreadableRow:  # it must not hold up the others, and may have an outcome
            return self._only_outcome(run_id, principal)

    def _look(
        self, run_id: str, watcher: Watcher | None, principal: Principal
    ) -> WatchedRun | None:
        run = self.runs.get(run_id)
        if run is not None and not principal.reaches(run.request.caller):
            return None
        if run is not None and run.attached_to is not None:
            run_id = run.attached_to
            run = self.runs.get(run_id)
        if run is not None and watcher is not None:
            run = self._remember(run, watcher)
        if run is not None and run.status is not Status.ENDED:
            return _watched(run, None)
        if run is None:
            return self._only_outcome(run_id, principal)
        return _watched(run, self.outcomes.get(run_id))

    def _only_outcome(self, run_id: str, principal: Principal) -> WatchedRun | None:
        outcome = self.outcomes.get(run_id)
        if outcome is None or not principal.reaches(outcome.caller):
            return None
        return _left(outcome)

    def _remember(self, run: Run, watcher: Watcher) -> Run | None:
        """The row, which now has the watcher or has ended."""
        for _ in range(ROUNDS):
            if run.status is Status.ENDED:
                return run
            watchers = self._joined(run, watcher)
            if watchers is run.watchers:
                return run
            written = self.runs.set_watchers(run, watchers)
            if written.changed or written.row is None:
                return written.row
            run = written.row
        raise Contended(f"run {run.run_id}: other tasks came to wait for it meanwhile")

    def _joined(self, run: Run, watcher: Watcher) -> list[Watcher]:
        try:
            return with_watcher(run.watchers, watcher)
        except TooManyWatchers as full:
            raise ContractError(
                "caller",
                f"can't wait for run {run.run_id}: {MAX_WATCHERS} other tasks do so already",
                "Let one task wait for it and the others for that task, or wait with a trigger",
            ) from full


def _watched(run: Run, outcome: Outcome | None) -> WatchedRun:
    return WatchedRun(
        status=run.status.value,
        backend=run.request.backend,
        caller=run.request.caller,
        created_at=run.created_at,
        launch=run.launch,
        backend_id=run.backend_id,
        outcome=outcome,
    )


def _left(outcome: Outcome) -> WatchedRun:
    """A run whose row has expired."""
    started = epoch(outcome.started_at)
    return WatchedRun(
        status="ended",
        backend=outcome.backend,
        caller=outcome.caller,
        created_at=outcome.finished_at if started is None else started,
        launch=outcome.launches,
        backend_id=outcome.backend_id,
        outcome=outcome,
    )

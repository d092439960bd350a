"""start_run: accept a request, write its row, queue its launch."""

import time
from collections.abc import Callable

from msgspec import Struct
from msgspec.structs import replace

from jetbridge.admission.admission import Admission
from jetbridge.admission.principals import OPERATOR, Principal
from jetbridge.contract import (
    AirflowCaller,
    LogTarget,
    StartAnswer,
    StartRequest,
    run_id_of,
)
from jetbridge.launching.queue_launch import queue_launch
from jetbridge.launching.supersede import stop_superseded
from jetbridge.launching.tries import attachment_of, check_time, is_later, takes_over
from jetbridge.queues.copies import CopyMessage
from jetbridge.queues.messages import LaunchMessage, NamedDefinition, StopMessage
from jetbridge.queues.port import Queue
from jetbridge.runs.port import Runs, Tries, UnreadableRow
from jetbridge.runs.run import Run, Status

# For tries of one task that start at the same moment: in each round, one of them writes its row.
ROUNDS = 5


class Contended(Exception):
    """Other tries of the same task kept writing first; repeating the request may succeed."""


class Start(Struct, frozen=True):
    runs: Runs
    tries: Tries
    launches: Queue[LaunchMessage]
    stops: Queue[StopMessage]
    copies: Queue[CopyMessage]
    admission: Admission
    outcomes_table: str
    stop_function: str
    region: str
    clock: Callable[[], float] = time.time

    def __call__(self, request: StartRequest, principal: Principal = OPERATOR) -> StartAnswer:
        """Make the request a run. However often the request comes, there is one run.

        The row is written first, and then the messages are sent. A crash in between leaves a row
        that a repeated request or the sweeper launches. A repeated request gets the first one's
        run, with the first one's parameters. ``principal`` is who invoked the function, as IAM
        knows it.

        Raises:
            ContractError: the request can't be run. Nothing has been written.
            Contended: repeat the request.
        """
        request = principal.admit(request)
        if isinstance(request.caller, AirflowCaller):
            check_time(request.caller, self.clock())
        admitted = self.admission.admit(request)
        run = Run(run_id=run_id_of(request.key), request=admitted.request, created_at=self.clock())
        created, known = self._accept(run)
        if known.attached_to is not None:
            self._copy_again(known.attached_to, known.request.log_target)
        elif known.status is Status.ACCEPTED:
            if known.launch == 1:
                stop_superseded(self.stops, known)
            queue_launch(self.launches, known, self.clock(), _definition_of(known))
        return StartAnswer(
            run_id=known.attached_to or known.run_id,
            duplicate=not created,
            outcomes_table=self.outcomes_table,
            stop_function=self.stop_function,
            region=self.region,
            attached=known.attached_to is not None,
            warnings=admitted.warnings,
        )

    def _accept(self, run: Run) -> tuple[bool, Run]:
        """Write the run's row unless there is one. Returns whether it was written now, and the
        row."""
        caller = run.request.caller
        if isinstance(caller, AirflowCaller) and self._is_first(run, caller):
            return True, run
        for _ in range(ROUNDS):
            written = (
                self._accept_try(run, caller)
                if isinstance(caller, AirflowCaller)
                else self._create(run)
            )
            known = written or self.runs.get(run.run_id)
            if known is not None:
                return written is not None, known
        raise Contended(f"run {run.run_id}: other tries of its task started meanwhile")

    def _is_first(self, run: Run, caller: AirflowCaller) -> bool:
        """Accept a first try without looking for earlier ones: there nearly never is one."""
        return caller.try_number == 1 and self.tries.create(run, caller.task_key, None)

    def _create(self, run: Run) -> Run | None:
        return run if self.runs.create(run) else None

    def _accept_try(self, run: Run, caller: AirflowCaller) -> Run | None:
        newest = self.tries.newest(caller.task_key)
        if newest == run.run_id:
            return None
        try:
            earlier = self.runs.get(newest) if newest is not None else None
        except UnreadableRow:
            # Only its id is known. The request to stop it becomes a dead letter.
            later = replace(run, supersedes=newest)
            return later if self.tries.create(later, caller.task_key, newest) else None
        if earlier is None:
            return run if self.tries.create(run, caller.task_key, newest) else None
        before = earlier.caller
        if isinstance(before, AirflowCaller) and not is_later(caller, before):
            return self._create(run)
        if run.request.previous == "attach" and takes_over(caller, earlier):
            attachment = attachment_of(caller, run.request.log_target, earlier)
            taken = self.tries.attach(run, earlier, attachment)
            return replace(run, attached_to=earlier.run_id) if taken else None
        later = replace(run, supersedes=None if _over(earlier) else earlier.run_id)
        return later if self.tries.create(later, caller.task_key, newest) else None

    def _copy_again(self, run_id: str, target: LogTarget | None) -> None:
        """If the run ended before it was taken over, its log is copied to the later try, too."""
        run = self.runs.get(run_id)
        if run is not None and run.status is Status.ENDED and target in run.log_targets:
            self.copies.send(CopyMessage(run_id=run_id, target=target))


def _definition_of(run: Run) -> NamedDefinition | None:
    """What launch_run needs besides the id for a run that waits only for its turn."""
    if run.launch > 1 or run.request.concurrency_group is not None:
        return None
    field = "taskDefinition" if run.backend == "ecs" else "jobDefinition"
    name = str(run.request.parameters[field])
    return NamedDefinition(backend=run.backend, name=name)


def _over(run: Run) -> bool:
    return run.status is Status.ENDED

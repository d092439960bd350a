"""finish_run: the verdict on a run that has ended."""

from jetbridge.backends.parameters import limited_by_run
from jetbridge.contract import Cause, State
from jetbridge.failures import Verdict, judge
from jetbridge.runs.reports import Ending
from jetbridge.runs.run import Run


def verdict_on(run: Run, ending: Ending) -> Verdict:
    """The verdict. If Batch ended a job at the run's own time limit, the run counts as stopped by
    Jetbridge."""
    verdict = judge(ending, run.definition, run.stop, run.request.deciding_container)
    if verdict.cause is Cause.TIMEOUT and limited_by_run(run):
        return Verdict(State.STOPPED, Cause.TIMEOUT)
    return verdict

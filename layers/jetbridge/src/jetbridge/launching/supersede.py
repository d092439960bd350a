"""Stops the run of an earlier try when a later try starts its own."""

from jetbridge.contract import AirflowCaller
from jetbridge.queues.messages import StopMessage
from jetbridge.queues.port import Queue
from jetbridge.runs.run import Run

BY = "Jetbridge, for a later try"


def stop_superseded(stops: Queue[StopMessage], run: Run) -> None:
    """Queue the stop of the run that ``run`` supersedes, if there is one. Repeating it is
    harmless."""
    if run.supersedes is None:
        return
    caller = run.request.caller
    later = f"try {caller.try_number}" if isinstance(caller, AirflowCaller) else "a later run"
    stop = StopMessage(
        run_ids=[run.supersedes], reason=f"superseded by {later}: run {run.run_id}", by=BY
    )
    stops.send(stop)

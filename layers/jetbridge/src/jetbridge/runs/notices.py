"""Notices: which Airflow is notified of what when a run has ended."""

from collections.abc import Sequence

from jetbridge.contract import (
    AirflowCaller,
    CreateAssetEvent,
    OnFinish,
    Outcome,
    StartRequest,
    State,
    Way,
)
from jetbridge.queues.messages import Notice
from jetbridge.runs.run import Watcher


def way_of(request: StartRequest, stacks: Way) -> Way:
    """How the waiting Airflow task is finished: in the request's way, otherwise in the stack's."""
    return request.finish or stacks


def notices(
    request: StartRequest, outcome: Outcome, stacks: Way, watchers: Sequence[Watcher] = ()
) -> list[Notice]:
    """The notices to send when a run ends. There is none for a task whose triggerer reads the
    outcomes table."""
    watching = [
        Notice(run_id=outcome.run_id, airflow=watcher.airflow, watcher=index)
        for index, watcher in enumerate(watchers)
    ]
    return _of_request(request, outcome, stacks) + watching


def _of_request(request: StartRequest, outcome: Outcome, stacks: Way) -> list[Notice]:
    if isinstance(outcome.caller, AirflowCaller):
        if way_of(request, stacks) == "feed":
            return []
        return [Notice(run_id=outcome.run_id, airflow=request.airflow)]
    return [
        Notice(run_id=outcome.run_id, airflow=entry.airflow, on_finish=index)
        for index, entry in enumerate(request.on_finish)
        if applies(entry, outcome)
    ]


def applies(entry: OnFinish, outcome: Outcome) -> bool:
    """Whether the entry applies: an asset is updated only if the run succeeded; a DAG run is
    started after any end."""
    return not isinstance(entry, CreateAssetEvent) or outcome.state is State.SUCCEEDED

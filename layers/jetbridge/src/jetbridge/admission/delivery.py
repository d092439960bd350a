"""Which ways to notify Airflow of a run's end a request may ask for."""

from jetbridge.contract import (
    AirflowCaller,
    ContractError,
    OnFinish,
    StartRequest,
    TriggerDagRun,
    Way,
    carried,
)
from jetbridge.runs.notices import way_of

PARAMETER = "AirflowSecretArn"
KEY = "jetbridge"


def check_delivery(request: StartRequest, stacks: Way, has_secret: bool) -> None:
    """Refuse ways to finish a task, and notices, that can never reach Airflow.

    start_run may not read the secret, so it can't check here that the secret has an Airflow of this
    name.

    Raises:
        ContractError
    """
    if isinstance(request.caller, AirflowCaller):
        _check_way(request, way_of(request, stacks), has_secret)
    elif request.on_finish and not has_secret:
        raise ContractError(
            "on_finish",
            f"needs Airflow's API, and the stack has no {PARAMETER}",
            f"Deploy the stack with {PARAMETER}, or leave on_finish out",
        )
    _check_entries(request.on_finish)


def _check_way(request: StartRequest, way: Way, has_secret: bool) -> None:
    if request.on_finish:
        raise ContractError(
            "on_finish",
            "is for runs that Airflow didn't start",
            "Leave it out; in the DAG, let a task after this one do it, or give this one outlets",
        )
    if way == "feed":
        return
    said = repr(way) if request.finish else f"{way!r} by the stack's Finish"
    if not has_secret:
        raise ContractError(
            "finish",
            f"is {said}, and the stack has no {PARAMETER}",
            f"Deploy the stack with {PARAMETER}, or ask for 'feed'",
        )
    if way == "rest" and request.previous == "attach":
        raise ContractError(
            "previous",
            f"is 'attach' while finish is {said}: a try that attaches to a run that has ended "
            "would wait for ever",
            "Ask for 'stop', or finish by 'push' or 'feed'",
        )


def _check_entries(entries: list[OnFinish]) -> None:
    seen = set()
    for index, entry in enumerate(entries):
        if isinstance(entry, TriggerDagRun):
            field, target, name, values = "dag_id", entry.dag_id, "conf", entry.conf
        else:
            field, target, name, values = "uri", entry.uri, "extra", entry.extra
        if (field, target, entry.airflow) in seen:
            raise ContractError(
                f"on_finish[{index}].{field}",
                f"names {target!r} twice",
                "Name it once: a run's end starts each DAG run and creates each asset event once",
            )
        seen.add((field, target, entry.airflow))
        if problems := carried(values).problems:
            raise ContractError(
                f"on_finish[{index}].{name}",
                f"has values that Airflow can't carry: {'; '.join(problems)}",
                "Send values that its JSON and its database can hold",
            )
        if KEY in values:
            raise ContractError(
                f"on_finish[{index}].{name}.{KEY}",
                "is the name under which Jetbridge adds the run's outcome",
                "Give your own value another name",
            )

"""Looks up a try's run with one call of watch_runs, and for a run in progress one read of the
outcomes table.

The API server does this with the task's own connection. It needs the rights that Airflow's workers
and triggerers have (the stack's ``AirflowPolicyArn``), and no others.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from types import SimpleNamespace
from typing import Any

from airflow_provider_jetbridge import settings
from airflow_provider_jetbridge.aws import AwsAccess
from airflow_provider_jetbridge.hooks.jetbridge import JetbridgeHook
from airflow_provider_jetbridge.panel.tries import Known, TaskTry
from airflow_provider_jetbridge.resolution import DEFAULT_AWS_CONN_ID, resolve
from airflow_provider_jetbridge.stack import StackAddress
from airflow_provider_jetbridge.task_instance import caller_of
from airflow_provider_jetbridge.triggers.outcomes import OutcomesReader, OutcomesTable
from jetbridge.contract import (
    Launched,
    Waiting,
    WatchedRun,
    WatchRequest,
    decode,
    read_record,
    run_id_of,
)

PATIENCE: Mapping[str, Any] = {
    "connect_timeout": 3,
    "read_timeout": 10,
    "retries": {"mode": "standard", "max_attempts": 2},
}
"""Short timeouts, because a person waits for the page, and the request holds one of the API
server's threads."""


class NotRead(Exception):
    """The run couldn't be read. The message says why, and what to do."""


@dataclass(frozen=True, kw_only=True)
class Seen:
    """A try's run.

    Attributes:
        run: None if the stack doesn't know it, or no longer knows it.
        launched: what a run in progress was launched as.
        waiting: why it isn't launched yet. The contract's ``Waiting`` says when this applies.
    """

    run_id: str
    stack: StackAddress
    region: str
    run: WatchedRun | None
    launched: Launched | None = None
    waiting: Waiting | None = None


def look(known: Known, of: TaskTry) -> Seen:
    """What the stack knows about a try's run.

    Raises:
        NotRead: the run couldn't be read, for any reason.
    """
    fields = known.fields
    access = AwsAccess.of(
        fields.get("aws_conn_id", DEFAULT_AWS_CONN_ID),
        fields.get("region_name"),
        fields.get("verify"),
        None,
    )
    try:
        stack, access = resolve(
            fields.get("jetbridge_conn_id"), fields.get("jetbridge_stack"), access
        )
        return _look(stack, access, known, of)
    except Exception as error:
        connection = access.aws_conn_id or "(boto3's default credentials)"
        raise NotRead(
            f"{type(error).__name__}: {error}. Airflow's API server reads the run with the AWS "
            f"connection {connection}, as its workers do: give it the same credentials, with the "
            "policy that the stack's output AirflowPolicyArn names"
        ) from error


def _look(stack: StackAddress, access: AwsAccess, known: Known, of: TaskTry) -> Seen:
    airflow = known.waits_with.get("airflow") or settings.airflow()
    run_id = run_id_of(caller_of(_task_instance(known, of), airflow).key)
    hook = JetbridgeHook(access, stack, airflow=airflow, patience=PATIENCE)
    answer = hook.watch(WatchRequest(run_ids=[run_id]))
    run = answer.runs.get(run_id)
    seen = Seen(
        # If an earlier try's run answers, the outcome has its id.
        run_id=run.outcome.run_id if run and run.outcome else run_id,
        stack=stack,
        region=answer.region,
        run=run,
    )
    if run is None or run.outcome is not None:
        return seen
    return _with_progress(
        seen,
        OutcomesTable(answer.outcomes_table, replace(access, region_name=answer.region)),
        known.waits_with.get("run_id") if of is known.of(None) else None,
    )


def _with_progress(seen: Seen, table: OutcomesTable, waits_for: str | None) -> Seen:
    reader = OutcomesReader(table)
    reader.connect()
    run_id = waits_for or seen.run_id
    reading = reader.read([run_id])
    if reading.error is not None:
        raise reading.error
    records: dict[str, str] = dict(reading.news.get(run_id, []))
    launched, waiting = records.get("launched"), records.get("waiting")
    return replace(
        seen,
        run_id=run_id,
        launched=decode(Launched, read_record(launched)) if launched else None,
        waiting=decode(Waiting, read_record(waiting)) if waiting else None,
    )


def _task_instance(known: Known, of: TaskTry) -> Any:
    """The attributes that `caller_of` reads."""
    key = known.key
    return SimpleNamespace(
        dag_id=key.dag_id,
        run_id=key.run_id,
        task_id=key.task_id,
        map_index=key.map_index,
        id=of.ti_id,
        try_number=of.try_number,
        max_tries=None,
    )

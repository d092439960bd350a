"""How Airflow is notified of a run's end, and what else the end starts there."""

from typing import Any, Literal

from msgspec import Struct

from jetbridge.contract.callers import AirflowId, AirflowName, Text

Way = Literal["feed", "push", "rest"]
"""How a waiting Airflow task is finished.

``feed``: a triggerer reads the outcomes table. ``push``: the outcome is posted to the provider's
endpoint in Airflow's API server, which resumes the task. ``rest``: the task's state is set with
Airflow's stock API.
"""


class TriggerDagRun(
    Struct, frozen=True, forbid_unknown_fields=True, kw_only=True, tag_field="kind", tag="dag_run"
):
    """Trigger a DAG run when the run has ended.

    Its ``conf`` gets the outcome as ``jetbridge``, without log lines.
    """

    dag_id: AirflowId
    conf: dict[str, Any] = {}
    airflow: AirflowName = "default"


class CreateAssetEvent(
    Struct,
    frozen=True,
    forbid_unknown_fields=True,
    kw_only=True,
    tag_field="kind",
    tag="asset_event",
):
    """Create an asset event when the run has succeeded.

    Its ``extra`` gets ``{"jetbridge": {"run_id": …}}``.
    """

    uri: Text
    extra: dict[str, Any] = {}
    airflow: AirflowName = "default"


OnFinish = TriggerDagRun | CreateAssetEvent

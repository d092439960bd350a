"""The buttons "Extra Links" on a task instance's page.

Airflow asks a link for its address where the task runs, at the end of each of its processes, and
shows what it stored then as the XCom ``xcom_key`` (task_runner.py, ``finalize``; the process that
defers is one of them). So the operator knows its addresses, in ``link_urls``, or Airflow already
has what the trigger has published.
"""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Any

from airflow.providers.common.compat.sdk import BaseOperatorLink

if TYPE_CHECKING:
    from airflow.sdk import BaseOperator
    from airflow.sdk.types import TaskInstanceKey

log = logging.getLogger(__name__)


class JetbridgeLink(BaseOperatorLink):
    """Base of the links: an address that the operator knows, else the one that is stored.

    The operator's attribute ``link_urls`` has addresses by XCom key. It is None in a process that
    has learned nothing of the run, and what was stored before is kept.
    """

    def get_link(self, operator: BaseOperator, *, ti_key: TaskInstanceKey) -> str:
        """The address; empty if it isn't known. Never raises: Airflow 3.0 would skip the task's
        callbacks."""
        urls: dict[str, str] | None = getattr(operator, "link_urls", None)
        if urls is not None:
            return urls.get(self.xcom_key, "")
        try:
            return _stored(self.xcom_key, ti_key)
        except Exception as error:
            log.warning("Link %r is not known: %s: %s", self.name, type(error).__name__, error)
            return ""


class EcsTaskLink(JetbridgeLink):
    """The task in the console of Amazon ECS."""

    name = "ECS task"


class BatchJobLink(JetbridgeLink):
    """The job in the console of AWS Batch."""

    name = "Batch job"


class ContainerLogLink(JetbridgeLink):
    """What the containers write, in the console of CloudWatch."""

    name = "CloudWatch log"


class JetbridgeRunLink(JetbridgeLink):
    """What Jetbridge's functions have logged of the run, in the console of CloudWatch."""

    name = "Jetbridge run"


def _stored(key: str, ti_key: Any) -> str:
    # Airflow stores links past any XCom backend, so they are read past it, too.
    from airflow.sdk.bases.xcom import BaseXCom

    stored = BaseXCom.get_value(ti_key=ti_key, key=key)
    return stored if isinstance(stored, str) else ""

"""The buttons "Extra Links" on a task instance's page.

Airflow asks each link for its address at the end of each of the task's processes, the deferring
process included. It stores the address as the XCom ``xcom_key`` and shows that (task_runner.py,
``finalize``). So either the operator has the addresses in ``link_urls``, or the trigger has already
published them.
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
    """Base of the links. The address comes from the operator, or else from the stored XCom.

    The operator's attribute ``link_urls`` has addresses by XCom key. It is None if this process
    knows nothing about the run. Then the stored address stays.
    """

    def get_link(self, operator: BaseOperator, *, ti_key: TaskInstanceKey) -> str:
        """The address, or an empty text if it isn't known. Never raises, because Airflow 3.0 would
        then skip the task's callbacks."""
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
    """The containers' log, in the console of CloudWatch."""

    name = "CloudWatch log"


class JetbridgeRunLink(JetbridgeLink):
    """The log lines of Jetbridge's functions about the run, in the console of CloudWatch."""

    name = "Jetbridge run"


def _stored(key: str, ti_key: Any) -> str:
    # Airflow stores links without any XCom backend, so they are read without it, too.
    from airflow.sdk.bases.xcom import BaseXCom

    stored = BaseXCom.get_value(ti_key=ti_key, key=key)
    return stored if isinstance(stored, str) else ""

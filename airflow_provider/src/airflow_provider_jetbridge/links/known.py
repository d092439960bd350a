"""The links of a run, as far as they are known. They never raise, because a link must not fail a
task."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable, Mapping
from typing import TYPE_CHECKING, Any

from jetbridge.contract import Launched, Outcome, StartAnswer

if TYPE_CHECKING:
    from airflow_provider_jetbridge.stack import StackAddress

log = logging.getLogger(__name__)


def links_of(
    run: StartAnswer | Launched | Outcome, stack: Callable[[], StackAddress] | None = None
) -> dict[str, str]:
    """Addresses by XCom key.

    Args:
        stack: returns the run's stack. It may read a connection from Airflow. Without a stack, the
            link to the run itself is left out.
    """
    try:
        from airflow_provider_jetbridge.links import urls

        address = stack() if stack else None
        if isinstance(run, StartAnswer):
            return urls.of_answer(run, address)
        if isinstance(run, Launched):
            return urls.of_launched(run, address)
        return urls.of_outcome(run, address)
    except Exception:
        log.warning("The links of run %s aren't known", run.run_id, exc_info=True)
        return {}


def links_to_store(
    links: Iterable[Any], urls: Mapping[str, str], stored: Mapping[str, str]
) -> tuple[Any, ...]:
    """The links whose stored address isn't the known one, and links of others.

    At the end of a process Airflow stores every link in the operator's ``operator_extra_links``,
    each with a request to its API (task_runner.py, ``finalize``). A link without a stored address
    has an empty one (serialization/definitions/operatorlink.py, ``XComOperatorLink.get_link``).

    Args:
        urls: the known addresses by XCom key.
        stored: the stored addresses by XCom key.
    """
    from airflow_provider_jetbridge.links.buttons import JetbridgeLink

    return tuple(
        link
        for link in links
        if not isinstance(link, JetbridgeLink)
        or urls.get(link.xcom_key, "") != stored.get(link.xcom_key, "")
    )

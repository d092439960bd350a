"""The links of a run as far as it is known; a link is worth no task, so these never raise."""

from __future__ import annotations

import logging
from collections.abc import Callable
from typing import TYPE_CHECKING

from jetbridge.contract import Launched, Outcome, StartAnswer

if TYPE_CHECKING:
    from airflow_provider_jetbridge.stack import StackAddress

log = logging.getLogger(__name__)


def links_of(
    run: StartAnswer | Launched | Outcome, stack: Callable[[], StackAddress] | None = None
) -> dict[str, str]:
    """Addresses by XCom key.

    Args:
        stack: tells which stack it is, for which Airflow may have to be asked for a connection;
            without it the run's own link is absent.
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

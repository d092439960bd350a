"""``soft_fail`` and ``never_fail`` for the first look of a deferrable sensor."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from airflow.providers.common.compat.sdk import AirflowException, AirflowSkipException


@contextmanager
def skipping_softly(sensor: Any) -> Iterator[None]:
    """Skip the task where Airflow would skip it if it had been deferred.

    Airflow reads these keywords when it resumes a sensor (sdk/bases/sensor.py,
    ``resume_execution``), and the amazon provider's deferrable sensor always defers. Jetbridge's
    looks first, so its first look has to end the task in the same way.

    Raises:
        AirflowSkipException: the look failed, and the sensor has one of the two keywords.
    """
    try:
        yield
    except AirflowException as error:
        keyword = next((name for name in ("soft_fail", "never_fail") if getattr(sensor, name)), "")
        if not keyword:
            raise
        raise AirflowSkipException(f"Skipping due to {keyword} is set to True.") from error

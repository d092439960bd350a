"""Finds where this Airflow keeps the log of a try, so that the container's log can be put beside
it."""

from __future__ import annotations

import os
from typing import Any
from urllib.parse import urlsplit

from airflow_provider_jetbridge.settings import conf
from jetbridge.contract import CloudWatchLogTarget, LogTarget, S3LogTarget


def log_target(ti: Any) -> LogTarget | None:
    """Where this Airflow keeps the log of this try: on S3, or in CloudWatch Logs as Amazon MWAA
    does. None if it keeps its task logs elsewhere."""
    return s3_log_target(ti) or cloudwatch_log_target(ti)


def cloudwatch_log_target(ti: Any) -> CloudWatchLogTarget | None:
    """The CloudWatch Logs stream of this try's log.

    The name is the one that Airflow's own handler uses: the rendered path with ``_`` for each ``:``
    (amazon/aws/log/cloudwatch_task_handler.py, ``CloudWatchRemoteLogIO``).
    """
    group = _log_group()
    if group is None:
        return None
    return CloudWatchLogTarget(group=group, stream=relative_log_path(ti).replace(":", "_"))


def s3_log_target(ti: Any) -> S3LogTarget | None:
    """The S3 object of this try's log. None if this Airflow keeps its task logs elsewhere.

    The key is composed as in Airflow's own S3 reader: ``os.path.join(remote_base, <rendered
    template>)`` (amazon/aws/log/s3_task_handler.py, ``S3RemoteLogIO.read``).
    """
    base = _remote_base()
    if base is None or not base.startswith("s3://"):
        return None
    url = urlsplit(os.path.join(base, relative_log_path(ti)))
    return S3LogTarget(bucket=url.netloc, key_prefix=url.path.lstrip("/"))


def relative_log_path(ti: Any) -> str:
    """``[logging] log_filename_template`` rendered for this try.

    The scheduler renders the same option for the worker's log file
    (airflow/utils/helpers.py, ``log_filename_template_renderer``).
    """
    template = conf.get("logging", "log_filename_template")
    logical_date = getattr(ti, "logical_date", None)
    if "{{" in template:
        import jinja2

        rendered = jinja2.Template(template).render(
            ti=ti, ts=logical_date.isoformat() if logical_date else "", try_number=ti.try_number
        )
        return str(rendered)
    return str(
        template.format(
            dag_id=ti.dag_id,
            task_id=ti.task_id,
            run_id=ti.run_id,
            logical_date=logical_date.isoformat() if logical_date else "",
            try_number=ti.try_number,
        )
    )


def _remote_base() -> str | None:
    base = getattr(_handler(), "remote_base", None)
    return str(base) if base else None


def _log_group() -> str | None:
    """The group in ``arn:aws:logs:<region>:<account>:log-group:<group>[:*]``."""
    arn = getattr(_handler(), "log_group_arn", None)
    parts = str(arn or "").split(":")
    return parts[6] if len(parts) > 6 and parts[6] else None


def _handler() -> Any:
    from airflow.sdk.log import load_remote_log_handler

    return load_remote_log_handler()

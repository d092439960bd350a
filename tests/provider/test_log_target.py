"""Where the log of a try is, as Airflow's own handlers of remote logs compose it."""

from typing import Any

import pytest
from airflow.providers.amazon.aws.log.cloudwatch_task_handler import CloudWatchRemoteLogIO
from airflow.providers.amazon.aws.log.s3_task_handler import S3RemoteLogIO

from airflow_provider_jetbridge import log_target
from jetbridge.contract import CloudWatchLogTarget, S3LogTarget

PATH = "dag_id=dag/run_id=scheduled__2026-01-01T00:00:00+00:00/task_id=job/attempt=2.log"
GROUP_ARN = "arn:aws:logs:eu-west-1:123456789012:log-group:airflow-mwaa-Task"


def _s3() -> Any:
    return S3RemoteLogIO(
        base_log_folder="/tmp", remote_base="s3://logs/airflow", delete_local_copy=False
    )


def _cloudwatch(arn: str) -> Any:
    return CloudWatchRemoteLogIO(
        base_log_folder="/tmp", remote_base=f"cloudwatch://{arn}", log_group_arn=arn
    )


@pytest.mark.parametrize(
    ("handler", "target"),
    [
        (_s3(), S3LogTarget(bucket="logs", key_prefix=f"airflow/{PATH}")),
        *(
            (
                _cloudwatch(arn),
                CloudWatchLogTarget(group="airflow-mwaa-Task", stream=PATH.replace(":", "_")),
            )
            for arn in (GROUP_ARN, f"{GROUP_ARN}:*")
        ),
        (None, None),
    ],
)
def test_the_target_is_where_airflows_handler_reads(
    handler: Any, target: Any, ti: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(log_target, "_handler", lambda: handler)
    assert log_target.log_target(ti) == target


def test_it_is_the_stream_that_airflow_reads(ti: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    handler, asked = _cloudwatch(GROUP_ARN), {}

    class Hook:
        def get_log_events(self, **parameters: Any) -> Any:
            asked.update(parameters)
            return iter(())

    monkeypatch.setattr(CloudWatchRemoteLogIO, "hook", Hook())
    monkeypatch.setattr(log_target, "_handler", lambda: handler)
    list(handler.get_cloudwatch_logs(log_target.relative_log_path(ti), None))
    target = log_target.cloudwatch_log_target(ti)
    assert target == CloudWatchLogTarget(group=asked["log_group"], stream=asked["log_stream_name"])

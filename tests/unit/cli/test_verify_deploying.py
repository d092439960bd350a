"""`jetbridge verify` runs SAM as a process: a failure is explained, and Ctrl-C ends it."""

import json
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest
from cli_stack import REGION
from interception import deny, intercept

from jetbridge_cli.aws import Aws
from jetbridge_cli.verify.deploying import Checkout, DeployFailed
from jetbridge_cli.verify.names import Names
from jetbridge_cli.verify.network import Network
from jetbridge_cli.verify.patience import Interrupted
from jetbridge_cli.verify.recorder import Recorder
from jetbridge_cli.verify.setting_up import SettingUp

NAMES = Names("jbv-moto")
QUEUE = {"Queue": {"Type": "AWS::SQS::Queue"}}
QUICKSTART = {
    "ClusterName": NAMES.quickstart,
    "BucketName": "jbv-moto-bucket",
    "SubnetIds": "subnet-1",
    "SecurityGroupId": "sg-1",
    "JetbridgeParameters": "AirflowLogBucket=jbv-moto-bucket",
}
# The end of SAM's output after a rollback.
FAILS = """
echo 'DELETE_COMPLETE  AWS::SQS::Queue  LaunchQueue  -'
echo 'Error: Failed to create/update the stack: jbv-moto, Waiter StackCreateComplete failed'
exit 1
"""
# SAM with a process of its own, as the SAM CLI on some systems is a script that starts Python.
HANGS = "sleep 600 & echo $$ $! > {pids}; wait"


def _template(outputs: dict[str, str]) -> str:
    made = {name: {"Value": value} for name, value in outputs.items()}
    return json.dumps({"Resources": QUEUE, "Outputs": made})


def _setting_up(folder: Path, sam: str, stopped: threading.Event | None = None) -> SettingUp:
    """With a checkout whose `sam` is this shell script."""
    quickstart = folder / "examples" / "quickstart"
    quickstart.mkdir(parents=True)
    (quickstart / "template.yaml").write_text(_template(QUICKSTART))
    (quickstart / "verify.yaml").write_text(_template({"EventsUrl": "https://sqs/events"}))
    built = folder / ".aws-sam" / "build" / "template.yaml"
    built.parent.mkdir(parents=True)
    built.write_text("")
    script = folder / "sam"
    script.write_text(f"#!/bin/sh\n{sam}")
    script.chmod(0o755)
    return SettingUp(
        aws=Aws(region=REGION),
        names=NAMES,
        checkout=Checkout(folder, str(script), ()),
        network=Network("vpc-1", ["subnet-1"], public_ip=True),
        parameters={},
        built=True,
        recorder=Recorder(),
        stopped=stopped or threading.Event(),
        tell=lambda _: None,
    )


def _failure(setting_up: SettingUp) -> str:
    with ThreadPoolExecutor(4) as pool, pytest.raises(DeployFailed) as failed:
        setting_up(pool, set())
    return str(failed.value)


def _event(resource: str, status: str, reason: str) -> dict[str, str]:
    return {
        "LogicalResourceId": resource,
        "ResourceStatus": status,
        "ResourceStatusReason": reason,
    }


def test_a_failed_deployment_names_resource_and_reason(
    aws: None, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """CloudFormation lists its events with the newest first (API reference,
    DescribeStackEvents)."""
    events = [
        _event("LaunchQueue", "DELETE_COMPLETE", ""),
        _event("StopQueue", "CREATE_FAILED", "Resource creation cancelled"),
        _event("LiveLogGroup1", "CREATE_FAILED", "The specified log group does not exist."),
    ]

    def answer(operation: str, arguments: dict[str, Any]) -> dict[str, Any] | None:
        ours = operation == "DescribeStackEvents" and arguments["StackName"] == NAMES.jetbridge
        return {"StackEvents": events} if ours else None

    intercept(monkeypatch, answer)
    told = _failure(_setting_up(tmp_path, FAILS))
    assert "Waiter StackCreateComplete failed" in told
    assert "reasons: LiveLogGroup1: The specified log group does not exist." in told
    assert "StopQueue" not in told


def test_reasons_that_cant_be_read_hide_no_failure(
    aws: None, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    deny(monkeypatch, "DescribeStackEvents")
    told = _failure(_setting_up(tmp_path, FAILS))
    assert "Waiter StackCreateComplete failed" in told
    assert "could not be read: AWS denies DescribeStackEvents" in told


def test_an_interruption_ends_sam_and_what_it_started(aws: None, tmp_path: Path) -> None:
    pids, stopped = tmp_path / "pids", threading.Event()
    setting_up = _setting_up(tmp_path, HANGS.format(pids=pids), stopped)
    with ThreadPoolExecutor(4) as pool:
        future = pool.submit(setting_up, pool, set())
        while not (pids.exists() and pids.read_text().strip()):
            assert not future.done(), future.exception()
            time.sleep(0.02)
        stopped.set()
        with pytest.raises(Interrupted):
            future.result()
    deadline = time.monotonic() + 60
    while any(_running(int(pid)) for pid in pids.read_text().split()):
        assert time.monotonic() < deadline
        time.sleep(0.02)


def _running(pid: int) -> bool:
    """Whether a process is still there; one that has ended may wait for its parent to look."""
    with suppress(FileNotFoundError):
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    return False

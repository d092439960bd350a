"""Starting, stopping and being killed."""

import json
import os
import signal
import socket
import subprocess
import sys
import threading
import time
from contextlib import suppress
from pathlib import Path

import psutil
import pytest
from botocore.exceptions import BotoCoreError, ClientError
from limited_functions import make_function
from probe_aws import RUNTIME_PYTHON, Aws

from jetbridge_local.cloud import CloudFailed, LocalCloud
from jetbridge_local.processes import wait_ended

CODE = """
import subprocess, time
def handler(event, context):
    child = subprocess.Popen(["sleep", "300"])
    time.sleep(300)
"""


def cloud_with_work(state: Path, images: Path) -> tuple[LocalCloud, list[psutil.Process]]:
    """A cloud in which a function and a container run, each with a child of its own."""
    cloud = LocalCloud(state, images=images, runtime_python=RUNTIME_PYTHON, step_seconds=0.05)
    cloud.start()
    aws = Aws(cloud)
    _start_function(aws)
    _start_container(aws)
    before = psutil.Process(cloud.running.pid)
    deadline = time.monotonic() + 20
    while time.monotonic() < deadline:
        family = before.children(recursive=True)
        if [p.name() for p in family].count("sleep") == 2 and len(family) >= 4:
            return cloud, family
        time.sleep(0.1)
    raise AssertionError(f"only these run: {family}\n{cloud.log.read_text()[-2000:]}")


def _start_function(aws: Aws) -> None:
    import io
    import zipfile

    archive = io.BytesIO()
    with zipfile.ZipFile(archive, "w") as content:
        content.writestr("app.py", CODE)
    aws.client("lambda").create_function(
        FunctionName="busy",
        Runtime="python3.13",
        Handler="app.handler",
        Role=aws.role(),
        Timeout=300,
        Code={"ZipFile": archive.getvalue()},
    )

    def invoke() -> None:
        with suppress(BotoCoreError, ClientError):
            aws.invoke("busy", {})

    threading.Thread(target=invoke, daemon=True).start()


def _start_container(aws: Aws) -> None:
    ecs = aws.client("ecs")
    ecs.create_cluster(clusterName="busy")
    ecs.register_task_definition(
        family="busy",
        requiresCompatibilities=["FARGATE"],
        networkMode="awsvpc",
        cpu="256",
        memory="512",
        containerDefinitions=[
            {
                "name": "main",
                "image": "probe/container:1",
                "command": [
                    "sh",
                    "-c",
                    "sleep 300 & exec python3 -c 'import time; time.sleep(300)'",
                ],
            }
        ],
    )
    ecs.run_task(
        cluster="busy",
        taskDefinition="busy",
        launchType="FARGATE",
        networkConfiguration={"awsvpcConfiguration": {"subnets": ["subnet-0123456789abcdef0"]}},
    )


def alive(processes: list[psutil.Process]) -> list[psutil.Process]:
    return [p for p in processes if p.is_running() and p.status() != psutil.STATUS_ZOMBIE]


def test_after_kill_9_no_frozen_function_is_left(tmp_path: Path, images: Path) -> None:
    cloud = LocalCloud(tmp_path, images=images, runtime_python=RUNTIME_PYTHON).start()
    name = make_function(Aws(cloud), "frozen")
    pid, _ = Aws(cloud).invoke(name, {"do": "pid"})
    frozen = psutil.Process(pid)
    assert frozen.status() == psutil.STATUS_STOPPED
    try:
        os.kill(cloud.running.pid, signal.SIGKILL)
        assert wait_ended(frozen, 5)
    finally:
        cloud.stop()


def test_after_kill_9_the_next_start_ends_the_orphans(tmp_path: Path, images: Path) -> None:
    cloud, family = cloud_with_work(tmp_path, images)
    bystander = subprocess.Popen(["sleep", "300"], start_new_session=True)
    try:
        os.kill(cloud.running.pid, signal.SIGKILL)
        psutil.Process(cloud.running.pid).wait(5)
        assert len(alive(family)) == len(family), "the kill alone ended them: nothing is tested"
        # As if the system had given a recorded pid to somebody else since.
        records = tmp_path / "processes"
        [any_record, *_] = records.glob("*.json")
        reused = {**json.loads(any_record.read_text()), "pid": bystander.pid}
        (records / f"{bystander.pid}.json").write_text(json.dumps(reused))
        with LocalCloud(tmp_path, images=images, runtime_python=RUNTIME_PYTHON) as second:
            assert alive(family) == []
            assert bystander.poll() is None
            assert "ended orphaned process groups" in second.log.read_text()
            assert list(records.glob("*.json")) == []
    finally:
        bystander.kill()
        bystander.wait()


def test_sigterm_ends_everything_in_a_few_seconds(tmp_path: Path, images: Path) -> None:
    cloud, family = cloud_with_work(tmp_path, images)
    own = psutil.Process(cloud.running.pid)
    began = time.monotonic()
    own.terminate()
    own.wait(10)
    assert time.monotonic() - began < 6
    assert alive(family) == []
    assert not (tmp_path / "cloud.json").exists()
    assert list((tmp_path / "processes").iterdir()) == []
    cloud.stop()


def test_everything_listens_on_loopback_alone(
    cloud: LocalCloud, aws: Aws, stack: dict[str, str]
) -> None:
    aws.invoke(stack["Echo"], {})
    own = psutil.Process(cloud.running.pid)
    listeners = [
        connection.laddr
        for process in (own, *own.children(recursive=True))
        for connection in process.net_connections(kind="inet")
        if connection.status == psutil.CONN_LISTEN
    ]
    assert len(listeners) >= 2, "gateway and at least one Lambda Runtime API"
    assert {address.ip for address in listeners} == {"127.0.0.1"}


def command(*arguments: str) -> "subprocess.CompletedProcess[str]":
    return subprocess.run(
        [sys.executable, "-m", "jetbridge_local", *arguments],
        capture_output=True,
        text=True,
        timeout=60,
    )


def test_commands(tmp_path: Path) -> None:
    state = str(tmp_path)
    assert command("status", "--state", state).returncode == 1
    up = subprocess.Popen(
        [
            *(sys.executable, "-m", "jetbridge_local", "up", "--state", state),
            *("--runtime-python", str(RUNTIME_PYTHON)),
        ],
        stdout=subprocess.PIPE,
        text=True,
    )
    assert up.stdout
    line = up.stdout.readline()
    status = command("status", "--state", state)
    running = json.loads(status.stdout)
    assert line == f"local cloud ready: {running['url']} pid {up.pid}\n"
    second = command("up", "--state", state, "--runtime-python", str(RUNTIME_PYTHON))
    assert second.returncode == 2
    assert "in use by a running cloud" in second.stderr
    down = command("down", "--state", state)
    assert down.returncode == 0
    assert up.wait(10) == 0
    assert up.stdout.read() == "", "standard output is for the one line"
    assert command("down", "--state", state).returncode == 1


def test_an_interpreter_without_awslambdaric_is_named(tmp_path: Path) -> None:
    with pytest.raises(CloudFailed, match="No module named 'awslambdaric'"):
        LocalCloud(tmp_path, runtime_python=Path(sys.executable)).start()


def test_a_wrong_image_map_is_named(tmp_path: Path) -> None:
    images = tmp_path / "images.json"
    images.write_text('{"probe/container:1": {"folder": "/nonexistent"}}')
    with pytest.raises(CloudFailed, match="probe/container:1: 'folder' must name a folder"):
        LocalCloud(tmp_path / "state", images=images, runtime_python=RUNTIME_PYTHON).start()


def test_a_taken_port_is_named(tmp_path: Path) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        with pytest.raises(CloudFailed, match=f"port: 127.0.0.1:{port}"):
            LocalCloud(tmp_path, port=port, runtime_python=RUNTIME_PYTHON).start()

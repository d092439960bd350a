"""A local cloud as a child process, for programs and tests."""

import subprocess
import sys
import time
from contextlib import suppress
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import boto3
import httpx
from botocore.config import Config

from jetbridge_local.limits import Limits
from jetbridge_local.processes import ProcessTable, wait_ended
from jetbridge_local.settings import (
    DEFAULT_ACCOUNT,
    DEFAULT_REGION,
    CloudSettings,
    default_runtime_python,
)
from jetbridge_local.state import RunningCloud, StateFolder

START_SECONDS = 60.0
STOP_SECONDS = 15.0


class CloudFailed(RuntimeError):
    """The cloud ended, or didn't get ready in time; the text has the end of its log."""


class LocalCloud:
    """Starts a cloud, waits until it answers, stops it. A context manager.

    ``python`` is an interpreter of the environment ``local``; the default is this one. The other
    arguments are those of ``CloudSettings``.
    """

    def __init__(
        self,
        state: Path,
        *,
        images: Path | None = None,
        port: int = 0,
        runtime_python: Path | None = None,
        account: str = DEFAULT_ACCOUNT,
        region: str = DEFAULT_REGION,
        step_seconds: float = 0.2,
        insights_seconds: float = 60.0,
        limits: Limits | None = None,
        cpu_by_memory: bool = False,
        python: Path = Path(sys.executable),
    ) -> None:
        self.settings = CloudSettings(
            state=state,
            images=images,
            port=port,
            runtime_python=runtime_python or default_runtime_python(),
            account=account,
            region=region,
            step_seconds=step_seconds,
            insights_seconds=insights_seconds,
            limits=limits or Limits(),
            cpu_by_memory=cpu_by_memory,
        )
        self._python = python
        self._state = StateFolder(state)
        self._process: subprocess.Popen[bytes] | None = None
        self._running: RunningCloud | None = None

    def start(self, timeout: float = START_SECONDS) -> Self:
        """Start the cloud and wait until it answers. Raises CloudFailed."""
        settings = self.settings
        command = [str(self._python), "-m", "jetbridge_local", "up"]
        command += ["--state", str(settings.state), "--port", str(settings.port)]
        if settings.runtime_python:
            command += ["--runtime-python", str(settings.runtime_python)]
        command += ["--account", settings.account, "--region", settings.region]
        command += ["--step-seconds", str(settings.step_seconds), *settings.limits.flags()]
        command += ["--insights-seconds", str(settings.insights_seconds)]
        if settings.cpu_by_memory:
            command += ["--cpu-by-memory"]
        if settings.images:
            command += ["--images", str(settings.images)]
        self._state.path.mkdir(parents=True, exist_ok=True)
        with self._state.start_errors.open("wb") as errors:
            # Its own session: a terminal's Ctrl-C is for the program that asked for the cloud,
            # and that one stops it.
            self._process = subprocess.Popen(
                command,
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                stderr=errors,
                start_new_session=True,
            )
        try:
            self._running = self._wait_ready(self._process, timeout)
        except BaseException:
            self.stop()
            raise
        return self

    def attach(self) -> bool:
        """Use the cloud that already runs with this state folder, whoever started it.

        `stop` doesn't stop such a cloud. Returns False if none runs.
        """
        self._running = self._state.running()
        return self._running is not None

    def stop(self) -> None:
        """Stop the cloud and everything that it started. Does nothing if it isn't running."""
        process, self._process = self._process, None
        self._running = None
        if process is None:
            return
        if process.poll() is None:
            process.terminate()
            try:
                process.wait(timeout=STOP_SECONDS)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()
        ProcessTable(self._state.processes).end_orphans()
        self._state.withdraw()

    @property
    def running(self) -> RunningCloud:
        """Where the cloud serves. Raises CloudFailed if it wasn't started."""
        if self._running is None:
            raise CloudFailed("the local cloud isn't running; call start()")
        return self._running

    @property
    def is_running(self) -> bool:
        """Whether it was started, or attached to."""
        return self._running is not None

    @property
    def url(self) -> str:
        return self.running.url

    @property
    def log(self) -> Path:
        """The cloud's log file."""
        return self._state.log

    def environment(self, caller: str = "developer") -> dict[str, str]:
        """Variables that point any AWS SDK or tool at this cloud, and nowhere else.

        ``caller`` becomes the access key id, under which the call recorder lists the calls: an
        administrator of the cloud, or an IAM user by its name.
        """
        return {
            "AWS_ENDPOINT_URL": self.url,
            "AWS_ACCESS_KEY_ID": caller,
            "AWS_SECRET_ACCESS_KEY": "local",
            "AWS_REGION": self.settings.region,
            "AWS_DEFAULT_REGION": self.settings.region,
            "AWS_CONFIG_FILE": "/dev/null",
            "AWS_SHARED_CREDENTIALS_FILE": "/dev/null",
            "AWS_EC2_METADATA_DISABLED": "true",
        }

    def client(self, service: str, caller: str = "developer", **config: Any) -> Any:
        """A boto3 client; ``caller`` as for `environment`, ``config`` as for botocore's Config."""
        make: Any = boto3.client
        return make(
            service,
            endpoint_url=self.url,
            region_name=self.settings.region,
            aws_access_key_id=caller,
            aws_secret_access_key="local",
            config=Config(**config),
        )

    def calls(self, since: float = 0.0) -> list[dict[str, Any]]:
        """The API calls served since a time (seconds since the epoch), as ``recorder.Call``."""
        answer = httpx.get(f"{self.url}/_jetbridge/calls", params={"since": since}, timeout=30)
        answer.raise_for_status()
        calls: list[dict[str, Any]] = answer.json()
        return calls

    def authorizations(self) -> list[dict[str, Any]]:
        """The distinct requests of limited callers and how they were decided, as
        ``authorization.VerdictLog`` has them. Raises CloudFailed if some found no room there."""
        answer = httpx.get(f"{self.url}/_authorizations", timeout=60)
        answer.raise_for_status()
        content: dict[str, Any] = answer.json()
        if content["left_out"]:
            raise CloudFailed(f"{content['left_out']} decisions found no room in the log of them")
        requests: list[dict[str, Any]] = content["requests"]
        return requests

    def __enter__(self) -> Self:
        return self.start()

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.stop()

    def _wait_ready(self, process: subprocess.Popen[bytes], timeout: float) -> RunningCloud:
        deadline = time.monotonic() + timeout
        while time.monotonic() < deadline:
            if process.poll() is not None:
                raise CloudFailed(f"the local cloud ended with {process.returncode}{self._why()}")
            running = self._state.running()
            if running is not None and running.pid == process.pid:
                return running
            time.sleep(0.05)
        raise CloudFailed(f"the local cloud wasn't ready in {timeout:g} s{self._why()}")

    def _why(self) -> str:
        texts = []
        for path in (self._state.start_errors, self._state.log):
            with suppress(FileNotFoundError):
                texts.append(path.read_text(encoding="utf-8", errors="replace")[-2000:].strip())
        return ":\n" + "\n".join(filter(None, texts))


def stop(state: StateFolder) -> None:
    """Stop the cloud that runs with this state folder, whoever started it, and its processes."""
    running = state.running()
    process = running.process() if running else None
    if process is not None:
        process.terminate()
        if not wait_ended(process, STOP_SECONDS):
            process.kill()
            wait_ended(process, STOP_SECONDS)
    if state.processes.is_dir():
        ProcessTable(state.processes).end_orphans()
    state.withdraw()

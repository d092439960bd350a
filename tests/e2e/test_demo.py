"""The demo as its user runs it: interrupted at each step, killed, and then let run to its end."""

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import psutil
import pytest

STEPS = (
    "local cloud",
    "sam build",
    "sam deploy",
    "sam deploy, what the example runs",
    "Airflow",
    "DAG run of jetbridge_example",
)
IN_A_PUSH = ("sam deploy",)
"""A tool that runs. test_local_airflow.py interrupts servers that have just been started."""
INTO_THE_STEP_SECONDS = 1.5
BUILT_FROM = Path(__file__).parents[2] / ".aws-sam/build/built-from"
STEP_SECONDS = 300
STOP_SECONDS = 240
DEMO_SECONDS = 8 * 60


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What the demos of this module write to, one after the other."""
    return tmp_path_factory.mktemp("demo")


class RunningDemo:
    def __init__(self, folder: Path) -> None:
        self._began = folder / "cloud" / "lock"
        self._began.unlink(missing_ok=True)
        self._output = (folder / "output.txt").open("w+")
        self.process = subprocess.Popen(
            [sys.executable, "-m", "jetbridge_local.demo", "--local", str(folder)],
            stdout=self._output,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )

    @property
    def output(self) -> str:
        self._output.flush()
        return Path(self._output.name).read_text()

    @property
    def verdict(self) -> dict[str, Any]:
        """The JSON object in the last line."""
        verdict: dict[str, Any] = json.loads(self.output.splitlines()[-1])
        return verdict

    def reach(self, step: str) -> None:
        """Wait until the demo is in the middle of a step."""
        before = STEPS[: STEPS.index(step)]
        deadline = time.monotonic() + STEP_SECONDS
        while not self._began.exists() or not all(f"✓ {title} " in self.output for title in before):
            assert self.process.poll() is None, self.output
            assert time.monotonic() < deadline, self.output
            time.sleep(0.1)
        time.sleep(INTO_THE_STEP_SECONDS)

    def close(self) -> None:
        if self.process.poll() is None:
            self.process.kill()
            self.process.wait()
        self._output.close()


@pytest.fixture
def demo(folder: Path) -> Iterator[RunningDemo]:
    running = RunningDemo(folder)
    yield running
    running.close()


def left_over(folder: Path) -> list[str]:
    """Every process that has anything to do with the folder, as its command line.

    Airflow's processes change their titles, and their environment with it: what they have open
    still tells.
    """
    found = []
    for process in psutil.process_iter():
        with suppress(psutil.Error, OSError):
            if process.pid == os.getpid() or process.status() == psutil.STATUS_ZOMBIE:
                continue
            about = [*process.cmdline(), process.cwd(), *process.environ().values()]
            about += [file.path for file in process.open_files()]
            if any(str(folder) in text for text in about):
                found.append(" ".join(process.cmdline()) or process.name())
    return found


@pytest.mark.parametrize(
    "step",
    [
        step if step in IN_A_PUSH else pytest.param(step, marks=pytest.mark.nightly)
        for step in STEPS
    ],
)
def test_interrupted_demo_leaves_nothing_running(
    step: str, demo: RunningDemo, folder: Path
) -> None:
    if step == "sam build":
        BUILT_FROM.unlink(missing_ok=True)
    demo.reach(step)
    os.kill(demo.process.pid, signal.SIGINT)
    assert demo.process.wait(STOP_SECONDS) == 130
    assert demo.verdict["demo"] == "failed"
    assert left_over(folder) == []


# In a push, test_lifecycle.py of the contract kills a local cloud, and test_local_airflow.py what
# has started an Airflow; each is cleaned up by the next start.
@pytest.mark.nightly
@pytest.mark.parametrize("step", ["Airflow", "DAG run of jetbridge_example"])
def test_killed_demo_is_cleaned_up_by_the_next(folder: Path, step: str) -> None:
    killed = RunningDemo(folder)
    killed.reach(step)
    killed.process.kill()
    killed.close()
    assert left_over(folder), "the test needs something that outlives the killed demo"
    following = RunningDemo(folder)
    following.reach("local cloud")
    os.kill(following.process.pid, signal.SIGINT)
    following.process.wait(STOP_SECONDS)
    following.close()
    assert left_over(folder) == []


def test_demo_shows_the_main_job(demo: RunningDemo, folder: Path) -> None:
    assert demo.process.wait(DEMO_SECONDS) == 0, demo.output
    verdict = demo.verdict
    assert verdict["demo"] == "ok"
    assert verdict["describe_calls_while_running"] == 0
    tasks = verdict["tasks"]
    assert {task_id: (task["state"], task["tries"]) for task_id, task in tasks.items()} == {
        "ecs_report": ("success", 1),
        "batch_report": ("success", 1),
        "flaky": ("success", 2),
        "broken": ("failed", 1),
        "use_result": ("success", 1),
    }
    for task_id in ("ecs_report", "batch_report", "flaky", "broken"):
        task = tasks[task_id]
        assert task["log_lines_found"] == task["log_lines_printed"] > 0
    assert verdict["scheduled_run"]["state"] == "succeeded"
    assert verdict["aws_calls"]["ecs:RunTask"] >= 4
    assert left_over(folder) == []

"""The probe as awslambdaric loads it: in a process of its own, in front of an ``app.handler``."""

import json
import subprocess
import sys
from typing import Any

import pytest

import benchmarks.footprint.warm as warm

# Each handler burns 60 ms of CPU; its AWS calls burn 200 ms more, or sleep.
APP = """
import time
from concurrent.futures import ThreadPoolExecutor
import botocore.client

def burn(seconds):
    end = time.thread_time() + seconds
    while time.thread_time() < end:
        pass

def call(self, operation, parameters):
    if operation == "Fails":
        burn(0.2)
        raise RuntimeError("refused")
    burn(parameters)
    return parameters

botocore.client.BaseClient._make_api_call = call
client = object.__new__(botocore.client.BaseClient)

def handler(event, context):
    burn(0.06)
    if event == "calls":
        client._make_api_call("GetItem", 0.1)
        client._make_api_call("PutItem", 0.1)
    elif event == "threads":
        with ThreadPoolExecutor(2) as threads:
            list(threads.map(lambda name: client._make_api_call(name, 0.1), ["A", "B"]))
    elif event == "fails":
        try:
            client._make_api_call("Fails", None)
        except RuntimeError:
            pass
    elif event == "sleeps":
        time.sleep(0.2)
    return {"event": event}
"""

MAIN = """
import json, sys, footprint_probe
print(json.dumps([footprint_probe.handler(event, None) for event in sys.argv[1:]]))
"""


@pytest.fixture(scope="module")
def answers(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    folder = tmp_path_factory.mktemp("function")
    (folder / "app.py").write_text(APP)
    events = ["calls", "threads", "fails", "sleeps"]
    done = subprocess.run(
        [sys.executable, "-c", MAIN, *events],
        env={"PYTHONPATH": f"{folder}:{warm.PROBE}"},
        capture_output=True,
        text=True,
        check=True,
    )
    return {answer["answer"]["event"]: answer for answer in json.loads(done.stdout)}


@pytest.mark.parametrize("event", ["calls", "threads", "fails", "sleeps"])
def test_only_the_handlers_own_cpu_time_counts(answers: dict[str, Any], event: str) -> None:
    assert 55 < answers[event]["cpu_ms"] < 120


def test_each_invocation_names_its_own_calls(answers: dict[str, Any]) -> None:
    assert answers["calls"]["calls"] == ["GetItem", "PutItem"]
    assert sorted(answers["threads"]["calls"]) == ["A", "B"]
    assert answers["fails"]["calls"] == ["Fails"]
    assert answers["sleeps"]["calls"] == []

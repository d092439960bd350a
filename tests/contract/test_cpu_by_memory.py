"""With the setting on, functions have as much of a processor as Lambda gives their memory."""

import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import psutil
import pytest
from limited_functions import make_function
from probe_aws import RUNTIME_PYTHON, Aws

from jetbridge_local.cloud import LocalCloud
from jetbridge_local.functions.cpu import PERIOD_SECONDS

MOST_TIMES_AS_LONG = 1.25


@pytest.fixture(scope="module")
def limited(tmp_path_factory: pytest.TempPathFactory, images: Path) -> Iterator[Aws]:
    state = tmp_path_factory.mktemp("cloud-with-cpu-by-memory")
    with LocalCloud(
        state, images=images, runtime_python=RUNTIME_PYTHON, cpu_by_memory=True
    ) as cloud:
        yield Aws(cloud)


def crowdedness() -> float:
    """How many seconds a CPU second takes here now: other programs may use this machine's
    processors."""
    began, end = time.monotonic(), time.thread_time() + 0.1
    while time.thread_time() < end:
        pass
    return (time.monotonic() - began) / 0.1


def takes(
    expected: float, measure: Callable[[], list[float]], most: float = MOST_TIMES_AS_LONG
) -> None:
    """Never less than expected; the best of several hardly more, unless this machine is crowded."""
    best, before = float("inf"), crowdedness()
    for _ in range(3):
        seconds = measure()
        after = crowdedness()
        assert min(seconds) >= expected - 2 * PERIOD_SECONDS
        best = min(best, max(seconds) / max(before, after, 1))
        before = after
    assert best <= expected * most


def seconds_of(aws: Aws, name: str, event: dict[str, Any]) -> float:
    seconds, failed = aws.invoke(name, event)
    assert failed is None, seconds
    return float(seconds)


@pytest.mark.parametrize(("memory", "cpu"), [(256, 0.15), (512, 0.3), (1024, 0.5)])
def test_cpu_time_takes_as_long_as_the_share_says(limited: Aws, memory: int, cpu: float) -> None:
    name = make_function(limited, f"cpu-{memory}", MemorySize=memory, Timeout=60)
    expected = cpu / (memory / 1769)
    takes(expected, lambda: [seconds_of(limited, name, {"do": "burn", "seconds": cpu})])


def test_threads_share_one_allowance(limited: Aws) -> None:
    name = make_function(limited, "cpu-threads", MemorySize=512, Timeout=60)
    expected = 2 * 0.2 / (512 / 1769)
    event = {"do": "burn in threads", "seconds": 0.2}
    takes(expected, lambda: [seconds_of(limited, name, event)])


def test_functions_at_the_same_time_have_an_allowance_each(limited: Aws) -> None:
    name = make_function(limited, "cpu-several", MemorySize=256, Timeout=60)
    expected = 0.2 / (256 / 1769)

    def burn(_: int) -> float:
        return seconds_of(limited, name, {"do": "burn", "seconds": 0.2})

    with ThreadPoolExecutor(4) as threads:
        takes(expected, lambda: list(threads.map(burn, range(4))))


def test_the_start_has_a_whole_processor(limited: Aws) -> None:
    name = make_function(
        limited,
        "cpu-start",
        MemorySize=256,
        Timeout=60,
        Environment={"Variables": {"INIT_CPU_SECONDS": "0.4"}},
    )
    before = crowdedness()
    seconds = seconds_of(limited, name, {"do": "init"})
    assert seconds / max(before, crowdedness(), 1) < 0.4 / (256 / 1769) / 2


def test_above_one_processor_nothing_waits(limited: Aws) -> None:
    name = make_function(limited, "cpu-whole", MemorySize=1769 * 2, Timeout=60)
    takes(0.3, lambda: [seconds_of(limited, name, {"do": "burn", "seconds": 0.3})], most=2.5)


def test_a_wait_costs_no_allowance(limited: Aws) -> None:
    name = make_function(limited, "cpu-sleep", MemorySize=128, Timeout=60)
    limited.invoke(name, {"do": "pid"})
    began = time.monotonic()
    limited.invoke(name, {"do": "sleep", "seconds": 0.5})
    assert time.monotonic() - began < 0.5 / (128 / 1769) / 2


def test_a_function_that_waits_for_cpu_times_out_like_any_other(limited: Aws) -> None:
    name = make_function(limited, "cpu-timeout", MemorySize=128, Timeout=1)
    pid, _ = limited.invoke(name, {"do": "pid"})
    error, failed = limited.invoke(name, {"do": "burn", "seconds": 0.3})
    assert failed == "Unhandled"
    assert error["errorMessage"].endswith("Task timed out after 1.00 seconds")
    assert not psutil.pid_exists(pid)


def test_without_the_setting_a_function_has_what_there_is(aws: Aws) -> None:
    name = make_function(aws, "cpu-free", MemorySize=128, Timeout=60)
    assert seconds_of(aws, name, {"do": "burn", "seconds": 0.2}) < 0.2 / (128 / 1769) / 2

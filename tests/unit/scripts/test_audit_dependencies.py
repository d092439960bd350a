"""scripts/audit-dependencies with an OSV of the test's own, on this machine."""

import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from http_server import HttpServer, Reply, Request

SCRIPT = Path(__file__).parents[3] / "scripts/audit-dependencies"
KNOWN = {
    "vulns": [
        {
            "id": "GHSA-test-0001",
            "aliases": ["CVE-2026-0001"],
            "summary": "made up",
            "affected": [
                {
                    "package": {"name": "jmespath", "ecosystem": "PyPI"},
                    "ranges": [{"type": "ECOSYSTEM", "events": [{"fixed": "99.0"}]}],
                }
            ],
        }
    ]
}
Answer = tuple[int, Any]


@contextmanager
def osv(answer: Callable[[str, int], Answer]) -> Iterator[tuple[str, list[str]]]:
    """Its address, and the packages that it is asked about, in their order."""
    asked: list[str] = []

    def reply(request: Request) -> Reply:
        asked.append(request.json["package"]["name"])
        return Reply(*answer(asked[-1], len(asked)))

    with HttpServer(reply) as server:
        yield f"{server.url}/v1/query", asked


def run(url: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, str(SCRIPT), "--osv-url", url, "--timeout", "1"]
    return subprocess.run(command, capture_output=True, text=True, timeout=110)


def test_nothing_is_known_of_what_ships() -> None:
    with osv(lambda name, number: (200, {})) as (url, asked):
        done = run(url)
    assert (done.returncode, done.stderr) == (0, "")
    assert {"botocore", "msgspec", "typer", "tenacity", "apache-airflow-providers-amazon"} <= {
        *asked
    }
    assert "apache-airflow" not in asked
    assert done.stdout == (
        f"audit-dependencies: no vulnerability is known of {len(asked) - 1} packages\n"
    )


def test_a_known_vulnerability_fails_the_check_and_is_named() -> None:
    with osv(lambda name, number: (200, KNOWN if name == "jmespath" else {})) as (url, _):
        done = run(url)
    assert done.returncode == 1
    [told] = done.stdout.splitlines()
    assert told.startswith("jmespath ")
    assert "GHSA-test-0001" in told
    assert told.endswith(", fixed in 99.0")


@pytest.mark.parametrize("number", [1, 5])
def test_a_service_that_fails_skips_the_check_in_one_line(number: int) -> None:
    """Before pip-audit is run, and while it runs."""
    with osv(lambda name, asked: (503 if asked >= number else 200, {})) as (url, _):
        done = run(url)
    assert done.returncode == 0, done.stderr
    assert done.stdout.count("\n") == 1
    assert "skipped, 127.0.0.1" in done.stdout


def test_a_service_that_is_not_there_skips_the_check_in_one_line() -> None:
    with osv(lambda name, number: (200, {})) as (url, _):
        pass
    done = run(url)
    assert (done.returncode, done.stdout.count("\n")) == (0, 1)
    assert "Connection refused" in done.stdout


def test_a_service_that_never_answers_is_not_waited_for() -> None:
    over = threading.Event()

    def hang(name: str, number: int) -> Answer:
        over.wait(120)
        return 200, {}

    with osv(hang) as (url, _):
        done = run(url)
        over.set()
    assert (done.returncode, done.stdout.count("\n")) == (0, 1)
    assert "timed out" in done.stdout

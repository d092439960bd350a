"""What a person sees who opens the log of a try in Airflow."""

import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from airflow_pages import LogPage, find_browser, log_page
from rich.console import Console

from jetbridge_local.demo.outcomes import Finished
from jetbridge_local.demo.paths import in_repository
from jetbridge_local.demo.reading import printed_lines
from jetbridge_local.demo.report import Report
from jetbridge_local.demo.show import Demo

FETCHED = in_repository().environment("chromium") / "chromium"
NO_BROWSER = "install Chromium, name one in $CHROMIUM, or run scripts/get-chromium on Debian"


@pytest.fixture(scope="module")
def browser() -> str:
    found = find_browser(FETCHED)
    if found is None:
        pytest.skip(NO_BROWSER)
    return found


@pytest.fixture(scope="module")
def demo(browser: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Demo]:
    demo, report = Demo(in_repository(tmp_path_factory.mktemp("ui")), Console()), Report()
    try:
        demo.run(report)
        assert report.problems == []
        yield demo
    finally:
        demo.stop()


@pytest.fixture
def page(browser: str) -> Iterator[LogPage]:
    with log_page(browser) as page:
        yield page


@pytest.fixture(scope="module")
def pictures(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where the screenshots go: a folder that $JETBRIDGE_PICTURES names keeps them."""
    return Path(os.environ.get("JETBRIDGE_PICTURES") or tmp_path_factory.mktemp("pictures"))


def run_of(demo: Demo, task_id: str) -> Finished:
    [run] = [run for run in demo.outcomes().all() if run.caller.get("task_id") == task_id]
    return run


@pytest.mark.parametrize("backend", ["ecs", "batch"])
def test_first_and_last_line_are_on_the_page(
    demo: Demo, page: LogPage, pictures: Path, backend: str
) -> None:
    run = run_of(demo, f"{backend}_report")
    printed = [text for _, text in printed_lines(demo.client("logs"), run)]
    assert len(printed) > 2
    caller = run.caller
    page.open(
        demo.airflow.url,
        caller["dag_id"],
        caller["run_id"],
        caller["task_id"],
        caller["try_number"],
    )
    first, last = page.tops([printed[0], printed[-1]])
    assert first < last
    page.screenshot(pictures / f"airflow-log-{backend}.png")

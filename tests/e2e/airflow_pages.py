"""Airflow's pages in a headless Chromium."""

import os
import re
import shutil
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import quote

from playwright.sync_api import FloatRect, Locator, Page, expect, sync_playwright

BROWSERS = ("chromium", "chromium-browser", "chromium-headless-shell", "google-chrome")
SECONDS = 60
WIDTH = 1280
# Airflow draws only the lines in view, so the window has to be taller than the log.
HEIGHT = 2400
MARGIN = 24


def find_browser(fetched: Path) -> str | None:
    """A Chromium: the one that $CHROMIUM names, an installed one, or ``fetched``."""
    candidates = (os.environ.get("CHROMIUM", ""), *BROWSERS, str(fetched))
    return next(filter(None, map(shutil.which, candidates)), None)


class LogPage:
    """The page of one try's log.

    Airflow folds what its worker logs around a task's code. A container that starts quickly prints
    its first lines while the worker still defers the task, so that group is unfolded.
    """

    def __init__(self, page: Page) -> None:
        self._page = page
        self._log = page.get_by_test_id("virtualized-list")
        self._lines = self._log.locator("[data-testid^=virtualized-item-]")

    def open(self, airflow: str, dag_id: str, run_id: str, task_id: str, try_number: int) -> None:
        path = f"/dags/{dag_id}/runs/{quote(run_id, safe='')}/tasks/{task_id}"
        self._page.goto(f"{airflow}{path}?try_number={try_number}")
        group = self._log.get_by_test_id("summary-Post Execute").first
        group.click()
        expect(group).to_contain_text("▼")

    def tops(self, texts: Sequence[str]) -> list[float]:
        """How far down lines with exactly these texts stand; each has to be there once."""
        return [self._box(self._line(text))["y"] for text in texts]

    def screenshot(self, path: Path) -> None:
        """Of the window, down to the log's end."""
        path.parent.mkdir(parents=True, exist_ok=True)
        log = self._box(self._log)
        height = log["y"] + log["height"] + MARGIN
        self._page.screenshot(path=path, clip={"x": 0, "y": 0, "width": WIDTH, "height": height})

    def _line(self, text: str) -> Locator:
        found = self._lines.filter(has_text=re.compile(rf" - {re.escape(text)}$"))
        expect(found).to_have_count(1)
        expect(found).to_be_in_viewport()
        return found

    def _box(self, element: Locator) -> FloatRect:
        box = element.bounding_box()
        assert box is not None, "it is not shown"
        return box


@contextmanager
def log_page(browser: str) -> Iterator[LogPage]:
    """One window of a browser that is started for it."""
    expect.set_options(timeout=SECONDS * 1000)
    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=browser)
        page = chromium.new_page(viewport={"width": WIDTH, "height": HEIGHT})
        page.set_default_timeout(SECONDS * 1000)
        yield LogPage(page)
        chromium.close()

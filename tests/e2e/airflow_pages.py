"""Airflow's pages in a headless Chromium."""

import os
import re
import shutil
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import quote

from playwright.sync_api import (
    FloatRect,
    Locator,
    Page,
    expect,
    sync_playwright,
)

BROWSERS = ("chromium", "chromium-browser", "chromium-headless-shell", "google-chrome")
SECONDS = 180
WIDTH = 1280
# Airflow draws only the lines in view, so the window has to be taller than the log.
HEIGHT = 2400
MARGIN = 24


def find_browser(fetched: Path) -> str | None:
    """A Chromium: the one that $CHROMIUM names, an installed one, or ``fetched``."""
    candidates = (os.environ.get("CHROMIUM", ""), *BROWSERS, str(fetched))
    return next(filter(None, map(shutil.which, candidates)), None)


def page_of(dag_id: str, run_id: str, task_id: str) -> str:
    """The path of a task instance's page."""
    return f"/dags/{dag_id}/runs/{quote(run_id, safe='')}/tasks/{task_id}"


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
        self._page.goto(f"{airflow}{page_of(dag_id, run_id, task_id)}?try_number={try_number}")
        group = self._log.get_by_test_id("summary-Post Execute").first
        group.click()
        expect(group).to_contain_text("▼")

    def tops(self, texts: Sequence[str]) -> list[float]:
        """The vertical position of each line with exactly this text. Each line must appear once."""
        return [box_of(self._line(text))["y"] for text in texts]

    def screenshot(self, path: Path) -> None:
        """A picture of the window, down to the log's end."""
        save_down_to(self._page, self._log, path)

    def _line(self, text: str) -> Locator:
        found = self._lines.filter(has_text=re.compile(rf" - {re.escape(text)}$"))
        expect(found).to_have_count(1)
        expect(found).to_be_in_viewport()
        return found


class WholeLog:
    """All of one try's log, in a window that is taller than it, with its groups folded."""

    def __init__(self, page: Page) -> None:
        self._page = page
        self._log = page.get_by_test_id("virtualized-list")
        self._items = self._log.locator("[data-testid^=virtualized-item-]")

    def open(self, airflow: str, dag_id: str, run_id: str, task_id: str, try_number: int) -> None:
        """Open the page, and wait until the API has answered with the log.

        On 3.0 and 3.1 a user who isn't logged in yet is sent to the start page instead.
        """
        self._page.goto(airflow)
        self._page.wait_for_load_state("networkidle")
        with self._page.expect_response(re.compile(rf"/logs/{try_number}\b")):
            self._page.goto(f"{airflow}{page_of(dag_id, run_id, task_id)}?try_number={try_number}")

    def texts(self, first: str, last: str) -> list[str]:
        """The lines from the one that has the first text to the one that has the last."""
        expect(self._items.filter(has_text=last)).to_have_count(1)
        texts = self._items.all_inner_texts()
        [begin] = [number for number, text in enumerate(texts) if first in text]
        [end] = [number for number, text in enumerate(texts) if last in text]
        shown: list[str] = texts[begin : end + 1]
        return shown

    def groups(self) -> int:
        return int(self._log.locator("[data-testid^=summary-]").count())

    def links(self, address: str) -> int:
        """The number of links to addresses with this beginning."""
        return int(self._page.locator(f"a[href^='{address}']").count())

    def identity(self) -> list[str]:
        """What the page says about the task above the log, from 3.2 on."""
        found = self._page.get_by_text("Task Identity").locator("xpath=..")
        texts: list[str] = found.all_inner_texts()
        return texts

    def says(self, text: str) -> bool:
        return int(self._page.get_by_text(text).count()) > 0

    def expect_shown(self, text: str) -> None:
        """Wait until it says so; AssertionError, with what the page says instead, if it never
        does."""
        try:
            expect(self._page.get_by_text(text).first).to_be_visible()
        except AssertionError as error:
            error.add_note(self._page.locator("body").inner_text())
            raise

    def settle(self) -> None:
        """Wait until the page has all that it asked for, and has drawn it."""
        self._page.wait_for_load_state("networkidle")
        self._page.evaluate("() => new Promise((drawn) => requestIdleCallback(drawn))")


class DetailsPage:
    """The tab Details of one task instance, which has the buttons of its links."""

    def __init__(self, page: Page) -> None:
        self._page = page

    def open(self, airflow: str, dag_id: str, run_id: str, task_id: str) -> None:
        self._page.goto(f"{airflow}{page_of(dag_id, run_id, task_id)}/details")

    def address(self, name: str) -> str | None:
        """The address of a link's button; None if the page shows the button without an address."""
        button = self._page.get_by_role("link", name=name, exact=True)
        address: str | None = button.get_attribute("href")
        return address

    def screenshot(self, path: Path) -> None:
        """A picture of the window, down to the attributes below the links."""
        save_down_to(self._page, self._page.get_by_role("row").filter(has_text="Run ID"), path)


class PanelPage:
    """The tab Jetbridge of one task instance, which shows the provider's own page in a frame."""

    def __init__(self, page: Page) -> None:
        self._page = page
        self._frame = page.frame_locator("iframe[title=Jetbridge]")

    def open(self, airflow: str, dag_id: str, run_id: str, task_id: str) -> None:
        """As a person does: by the tab on the task instance's page."""
        self._page.goto(f"{airflow}{page_of(dag_id, run_id, task_id)}")
        self._page.locator("a[href$='/plugin/jetbridge']").click()
        expect(self.part("facts")).to_be_visible()

    def part(self, name: str) -> Locator:
        return self._frame.locator(f"[data-part={name}]")

    def background(self) -> str:
        """Its background colour, as CSS has it."""
        colour: str = self._frame.locator("body").evaluate(
            "body => getComputedStyle(body).backgroundColor"
        )
        return colour

    def set_theme(self, name: str) -> None:
        """As Airflow's own switch does: ``light`` or ``dark``."""
        self._page.evaluate(
            "name => { const root = document.documentElement;"
            "root.classList.remove('light', 'dark'); root.classList.add(name); }",
            name,
        )
        expect(self._frame.locator(f"html[data-theme={name}]")).to_be_attached()

    def overflows(self) -> bool:
        """Whether the page is wider than its frame."""
        wider: bool = self._frame.locator("html").evaluate(
            "root => root.scrollWidth > root.clientWidth"
        )
        return wider

    def follow(self, link: str) -> str:
        """Click a link into AWS's console, which is a stand-in, and say what it opens."""
        context = self._page.context
        asked: list[str] = []
        context.on("request", lambda request: asked.append(request.url))
        context.route(_is_aws, lambda route: route.fulfill(body="a page of AWS"))
        with context.expect_page() as opened:
            self._frame.get_by_role("link", name=link, exact=True).click()
        opened.value.wait_for_load_state()
        opened.value.close()
        return next(filter(_is_aws, asked))

    def screenshot(self, path: Path) -> None:
        save_down_to(self._page, self.part("links"), path)


def _is_aws(url: str) -> bool:
    return url.startswith("https://")


class ConnectionForm:
    """The form for a new connection, filled as a person does."""

    def __init__(self, page: Page) -> None:
        self._page = page
        self._form = page.get_by_role("dialog")

    def open(self, airflow: str, connection_type: str) -> None:
        self._page.goto(f"{airflow}/connections")
        self._page.get_by_role("button", name="Add Connection").click()
        self._form.get_by_role("combobox").fill(connection_type)
        self._page.get_by_role("option", name=connection_type, exact=True).click()
        self._form.get_by_role("button", name="Extra Fields", exact=True).click()

    def fill(self, connection_id: str, **fields: str) -> None:
        """``fields`` are the connection type's own, by their keys in Extra."""
        self._form.locator("[name=connection_id]").fill(connection_id)
        for key, text in fields.items():
            self._form.locator(f"[name=element_{key}]").fill(text)

    def save(self) -> None:
        self._form.get_by_role("button", name="Save").click()
        expect(self._form).to_be_hidden()

    def screenshot(self, path: Path) -> None:
        save(self._page, box_of(self._form), path)


def save_down_to(page: Page, last: Locator, path: Path) -> None:
    """A picture of the window, down to the end of an element."""
    box = box_of(last)
    height = box["y"] + box["height"] + MARGIN
    save(page, {"x": 0, "y": 0, "width": WIDTH, "height": height}, path)


def save(page: Page, clip: FloatRect, path: Path) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    page.screenshot(path=path, clip=clip)


def box_of(element: Locator) -> FloatRect:
    box = element.bounding_box()
    assert box is not None, "it is not shown"
    return box


@contextmanager
def window(browser: str, height: int = HEIGHT) -> Iterator[Page]:
    """One window of a browser that is started for it."""
    expect.set_options(timeout=SECONDS * 1000)
    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=browser)
        page = chromium.new_page(viewport={"width": WIDTH, "height": height})
        page.set_default_timeout(SECONDS * 1000)
        yield page
        chromium.close()

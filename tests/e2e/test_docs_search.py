"""Three questions of a newcomer, in the search of the documentation's site, in a browser."""

import os
import subprocess
from collections.abc import Iterator
from contextlib import suppress
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread

import pytest
from airflow_pages import window
from playwright.sync_api import Page
from playwright.sync_api import TimeoutError as PlaywrightTimeout

from jetbridge_local.site.paths import in_repository

PATHS = in_repository()
SITE = PATHS.root / ".site" / "html"
# The theme draws the search in a shadow tree, which no locator of links looks into by itself.
# Each has the words that it was found by: while a person types, those of a shorter question.
FOUND = """question => [...document.querySelectorAll('*')]
    .filter(element => element.shadowRoot)
    .flatMap(element => [...element.shadowRoot.querySelectorAll('a')])
    .map(link => link.href)
    .filter(href => new URL(href).searchParams.get('h') === question)"""


class Quiet(SimpleHTTPRequestHandler):
    def log_message(self, *_arguments: object) -> None:
        """Nothing: pytest's output is for what fails."""


@pytest.fixture(scope="module")
def address() -> Iterator[str]:
    python = PATHS.python("docs")
    path = os.pathsep.join([str(python.parent), os.environ["PATH"]])
    built = subprocess.run(
        [python, "-m", "documentation", "build"],
        cwd=PATHS.root,
        env=os.environ | {"PYTHONPATH": "scripts", "PATH": path},
    )
    assert built.returncode == 0
    with ThreadingHTTPServer(("127.0.0.1", 0), partial(Quiet, directory=str(SITE))) as server:
        Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()


@pytest.fixture(scope="module")
def page(browser: str) -> Iterator[Page]:
    with window(browser) as page:
        yield page


@pytest.mark.parametrize(
    ("question", "answer"),
    [
        ("what happens to my job when the triggerer dies", "/explanation/guarantees.html"),
        ("what does it cost", "/how-to/cost.html"),
        ("what must my security team allow", "/how-to/security-team.html"),
    ],
)
def test_the_first_answer_is_the_right_page(
    page: Page, address: str, question: str, answer: str
) -> None:
    elsewhere: list[str] = []
    page.on(
        "request",
        lambda asked: None if asked.url.startswith(address) else elsewhere.append(asked.url),
    )
    page.goto(f"{address}/index.html", wait_until="networkidle")
    page.keyboard.press("/")
    page.keyboard.type(question)
    # The page orders its answers again while its worker finds more.
    with suppress(PlaywrightTimeout):
        page.wait_for_function(
            f"([question, page]) => ({FOUND})(question)[0]?.startsWith(page)",
            arg=[question, f"{address}{answer}"],
        )
    first, *_ = page.evaluate(FOUND, question)
    assert first.removeprefix(address).split("?")[0] == answer
    assert elsewhere == []

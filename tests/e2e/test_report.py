"""The page of ``jetbridge report`` as a browser draws it."""

import os
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Literal

import pytest
from playwright.sync_api import Browser, BrowserContext, sync_playwright

from jetbridge_local.site.paths import in_repository

PATHS = in_repository()
HERE = Path(__file__).parent
OPERATED = HERE.parent / "unit" / "cli"
SCHEMES: tuple[Literal["light", "dark"], ...] = ("light", "dark")
PHONE, DESK = 390, 1280
# Of text of normal size (WCAG 2.2, success criterion 1.4.3).
CONTRAST = 4.5

# The lowest contrast of any text with what is behind it, by WCAG's formula of relative luminance.
LOWEST_CONTRAST = """() => {
  const channels = text => text.match(/[\\d.]+/g).map(Number);
  const light = ([r, g, b]) => {
    const [x, y, z] = [r, g, b].map(v => v / 255)
      .map(v => v <= 0.04045 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4);
    return 0.2126 * x + 0.7152 * y + 0.0722 * z;
  };
  const behind = element => {
    for (let each = element; each; each = each.parentElement) {
      const found = channels(getComputedStyle(each).backgroundColor);
      if (found.length < 4 || found[3] > 0) return found;
    }
    return [255, 255, 255];
  };
  const texts = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  let lowest = [99, "", 0], count = 0;
  while (texts.nextNode()) {
    const element = texts.currentNode.parentElement;
    if (!texts.currentNode.data.trim() || !element.getClientRects().length
        || element.namespaceURI.endsWith("svg")) continue;
    const [a, b] = [light(channels(getComputedStyle(element).color)), light(behind(element))];
    const ratio = (Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05);
    count += 1;
    if (ratio < lowest[0]) lowest = [ratio, texts.currentNode.data, 0];
  }
  return [lowest[0], lowest[1], count];
}"""
WIDEST = """() => Math.max(document.documentElement.scrollWidth,
  ...[...document.body.querySelectorAll("*")].filter(each => !each.closest("thead, .what"))
    .map(each => each.getBoundingClientRect().right))"""


@pytest.fixture(scope="module")
def page_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    file = tmp_path_factory.mktemp("report") / "page.html"
    python = PATHS.environment("cli") / "bin" / "python"
    subprocess.run([python, HERE / "report_page.py", OPERATED, file], check=True, timeout=120)
    return file


@pytest.fixture(scope="module")
def chromium(browser: str) -> Iterator[Browser]:
    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=browser)
        yield chromium
        chromium.close()


@pytest.fixture(params=[PHONE, DESK])
def context(request: pytest.FixtureRequest, chromium: Browser) -> Iterator[BrowserContext]:
    context = chromium.new_context(viewport={"width": request.param, "height": 844})
    yield context
    context.close()


@pytest.fixture(scope="module")
def pictures(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where the screenshots go: a folder that $JETBRIDGE_PICTURES names keeps them."""
    return Path(os.environ.get("JETBRIDGE_PICTURES") or tmp_path_factory.mktemp("pictures"))


@pytest.mark.parametrize("scheme", SCHEMES)
def test_it_can_be_read(
    context: BrowserContext,
    page_file: Path,
    pictures: Path,
    scheme: Literal["light", "dark"],
) -> None:
    page = context.new_page()
    page.emulate_media(color_scheme=scheme)
    page.goto(page_file.as_uri())
    for summary in page.locator(".run summary").all()[:6]:
        summary.click()
    width = page.evaluate("innerWidth")
    page.screenshot(path=pictures / f"report-{scheme}-{width}.png", full_page=True)
    assert page.evaluate(WIDEST) <= width
    ratio, text, count = page.evaluate(LOWEST_CONTRAST)
    assert count > 100
    assert ratio >= CONTRAST, f"{text!r}"


def test_the_schemes_differ(chromium: Browser, page_file: Path) -> None:
    grounds = []
    for scheme in SCHEMES:
        page = chromium.new_page(color_scheme=scheme)
        page.goto(page_file.as_uri())
        grounds.append(page.evaluate("getComputedStyle(document.body).backgroundColor"))
        page.close()
    assert len(set(grounds)) == 2


def test_every_run_has_bars_that_can_be_seen(context: BrowserContext, page_file: Path) -> None:
    page = context.new_page()
    page.goto(page_file.as_uri())
    runs = page.locator("#timeline .run").all()
    assert len(runs) == 41
    for run in runs:
        boxes = [rect.bounding_box() for rect in run.locator("svg rect").all()]
        assert boxes
        for box in boxes:
            assert box is not None
            assert (box["width"] >= 1, box["height"] >= 10) == (True, True)
    columns = page.locator("#throughput rect").all()
    heights = [box["height"] for each in columns if (box := each.bounding_box())]
    assert heights
    assert min(heights) > 0


def test_nothing_leaves_the_file_and_no_name_runs(context: BrowserContext, page_file: Path) -> None:
    page = context.new_page()
    asked: list[str] = []
    problems: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    page.on("console", lambda message: problems.append(message.text))
    page.on("pageerror", lambda error: problems.append(str(error)))
    page.goto(page_file.as_uri(), wait_until="networkidle")
    assert asked == [page_file.as_uri()]
    assert problems == []
    assert page.evaluate("document.body.dataset.hit") is None
    assert page.locator("script, img, iframe, link, object").count() == 0
    shown = page.locator("#cost").inner_text()
    assert "<script>document.body.dataset.hit = 1</script>" in shown

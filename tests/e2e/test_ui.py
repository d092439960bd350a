"""What a person sees of Jetbridge on Airflow's pages."""

import json
import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from airflow_pages import ConnectionForm, DetailsPage, LogPage, PanelPage, window
from example_runs import Runs
from playwright.sync_api import Page, expect

from jetbridge_local.demo.reading import printed_lines
from jetbridge_local.site.outcomes import Finished

EXAMPLE = "jetbridge_example"


@pytest.fixture
def page(browser: str) -> Iterator[Page]:
    with window(browser) as page:
        yield page


@pytest.fixture(scope="module")
def pictures(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where the screenshots go: a folder that $JETBRIDGE_PICTURES names keeps them."""
    return Path(os.environ.get("JETBRIDGE_PICTURES") or tmp_path_factory.mktemp("pictures"))


def run_of(runs: Runs, task_id: str) -> Finished:
    """The only run of a task of the example, once it has ended."""
    runs.ended(EXAMPLE)
    [run] = [
        run
        for run in runs.outcomes.all()
        if (run.caller.get("dag_id"), run.caller.get("task_id")) == (EXAMPLE, task_id)
    ]
    return run


@pytest.mark.parametrize("backend", ["ecs", "batch"])
def test_first_and_last_line_are_on_the_page(
    runs: Runs, page: Page, pictures: Path, backend: str
) -> None:
    run = run_of(runs, f"{backend}_report")
    printed = [text for _, text in printed_lines(runs.site.client("logs"), run)]
    assert len(printed) > 2
    caller = run.caller
    log = LogPage(page)
    log.open(
        runs.airflow.url,
        caller["dag_id"],
        caller["run_id"],
        caller["task_id"],
        caller["try_number"],
    )
    first, last = log.tops([printed[0], printed[-1]])
    assert first < last
    log.screenshot(pictures / f"airflow-log-{backend}.png")


@pytest.mark.parametrize(("backend", "name"), [("ecs", "ECS task"), ("batch", "Batch job")])
def test_the_links_lead_to_what_ran(
    runs: Runs, page: Page, pictures: Path, backend: str, name: str
) -> None:
    run = run_of(runs, f"{backend}_report")
    details = DetailsPage(page)
    caller = run.caller
    details.open(runs.airflow.url, caller["dag_id"], caller["run_id"], caller["task_id"])
    addresses = [details.address(link) or "" for link in (name, "CloudWatch log", "Jetbridge run")]
    assert all(address.startswith("https://") for address in addresses)
    assert run.outcome["backend_id"].split("/")[-1] in addresses[0]
    assert run.run_id in addresses[2]
    details.screenshot(pictures / f"airflow-links-{backend}.png")


def test_the_form_of_a_connection_stores_what_the_provider_reads(
    runs: Runs, page: Page, pictures: Path
) -> None:
    form = ConnectionForm(page)
    form.open(runs.airflow.url, "Jetbridge")
    fields = {"stack": "jetbridge", "region_name": "us-east-1", "aws_conn_id": "aws_default"}
    form.fill("jetbridge_default", **fields)
    form.screenshot(pictures / "airflow-connection.png")
    form.save()
    stored = runs.client.connection("jetbridge_default")
    assert stored["conn_type"] == "jetbridge"
    assert json.loads(stored["extra"]) == fields


def open_panel(runs: Runs, page: Page, task_id: str) -> tuple[PanelPage, Finished]:
    run = run_of(runs, task_id)
    panel = PanelPage(page)
    panel.open(runs.airflow.url, *(run.caller[key] for key in ("dag_id", "run_id", "task_id")))
    return panel, run


def test_the_panel_tells_the_run_of_a_task(runs: Runs, page: Page, pictures: Path) -> None:
    panel, run = open_panel(runs, page, "ecs_report")
    expect(panel.part("state")).to_have_text("succeeded: completed")
    expect(panel.part("facts")).to_contain_text(run.outcome["definition"])
    for moment in ("Airflow starts the try", "the container starts", "Jetbridge seals the outcome"):
        expect(panel.part("timeline")).to_contain_text(moment)
    expect(panel.part("launches")).to_contain_text(run.outcome["backend_id"])
    expect(panel.part("cost")).to_contain_text("by Fargate's list price")
    expect(panel.part("lines")).to_contain_text(run.outcome["last_lines"][-1])
    expect(panel.part("commands")).to_contain_text(f"jetbridge show {run.run_id}")
    panel.screenshot(pictures / "airflow-panel.png")
    assert run.outcome["backend_id"].split("/")[-1] in panel.follow("ECS task")


def test_the_panel_is_light_or_dark_as_airflow_is_and_fits_a_phone(
    runs: Runs, page: Page, pictures: Path
) -> None:
    panel, _ = open_panel(runs, page, "broken")
    expect(panel.part("state")).to_contain_text("failed")
    panel.set_theme("light")
    light = panel.background()
    panel.set_theme("dark")
    assert (light, panel.background()) == ("rgb(255, 255, 255)", "rgb(13, 17, 23)")
    panel.screenshot(pictures / "airflow-panel-dark.png")
    page.set_viewport_size({"width": 390, "height": 2400})
    expect(panel.part("state")).to_be_visible()
    assert not panel.overflows()

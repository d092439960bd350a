"""Alarms and the runbook, the dashboard and its metrics, the shipped queries."""

import ast
import json
import re
import tomllib
from typing import Any

import pytest
from jetbridge_testing.template import ALARMS, FUNCTIONS, QUEUES, ROOT, resources

RUNBOOK = ROOT / "docs" / "how-to" / "runbook.md"
OPERATIONS = ROOT / "docs" / "reference" / "operations.md"
PRICES = tomllib.loads((ROOT / "cli/src/jetbridge_cli/verify/prices.toml").read_text())
PARTS = ("**What it means.**", "**What to look at.**", "**What to do.**")
# As AWS documents them: Amazon SQS developer guide, "Available CloudWatch metrics for Amazon SQS";
# AWS Lambda developer guide, "Types of metrics for Lambda functions"; Amazon DynamoDB developer
# guide, "DynamoDB metrics and dimensions".
DOCUMENTED = {
    "AWS/SQS": {
        "ApproximateAgeOfOldestMessage",
        "ApproximateAgeOfOldestMessageInQuietGroups",
        "ApproximateNumberOfMessagesVisible",
    },
    "AWS/Lambda": {"Duration", "Errors", "Invocations", "Throttles"},
    "AWS/DynamoDB": {"ConsumedReadCapacityUnits", "ConsumedWriteCapacityUnits"},
}


def _sections() -> dict[str, str]:
    """The runbook's sections by their anchors."""
    found = {}
    for part in re.split(r"^#{2,3} ", RUNBOOK.read_text(), flags=re.MULTILINE)[1:]:
        title, _, text = part.partition("\n")
        found[re.sub(r"[^a-z0-9 -]", "", title.lower()).replace(" ", "-")] = text
    return found


@pytest.mark.parametrize("alarm", ALARMS)
def test_every_alarm_links_to_its_section(alarm: str) -> None:
    text = ALARMS[alarm]["Properties"]["AlarmDescription"]
    assert text.endswith(f": docs/how-to/runbook.md#{alarm.lower()}")
    section = _sections()[alarm.lower()]
    for part in PARTS:
        [line] = [line for line in section.splitlines() if line.startswith(part)]
        assert len(line) > len(part) + 10, f"{part} of {alarm} says nothing"


def test_the_runbook_has_no_section_of_an_alarm_that_is_gone() -> None:
    named = {anchor for anchor in _sections() if anchor.endswith("alarm")}
    assert named == {alarm.lower() for alarm in ALARMS}


def test_what_the_doctor_finds_has_its_section() -> None:
    anchors = _sections().keys()
    named = set[str]()
    for path in (ROOT / "cli/src/jetbridge_cli/doctor").rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.keyword) and node.arg == "section":
                named |= {
                    each.value
                    for each in ast.walk(node.value)
                    if isinstance(each, ast.Constant) and isinstance(each.value, str)
                }
    dead_letters = {f"{queue.lower()}alarm" for queue in QUEUES if f"{queue}Alarm" in ALARMS}
    named -= {"alarm", "LaunchQueue"}  # the ends of f"{queue}alarm"; a queue that is compared with
    assert named | dead_letters <= anchors, named - anchors


# The dashboard


def _body() -> Any:
    [dashboard] = resources("AWS::CloudWatch::Dashboard").values()
    assert dashboard["Condition"] == "HasDashboard"
    text = dashboard["Properties"]["DashboardBody"]["Fn::Sub"]
    assert set(re.findall(r"\$\{([A-Za-z]+)\.QueueName}", text)) <= QUEUES.keys()
    named = set(re.findall(r"\$\{([A-Za-z]+Function)}", text))
    assert named <= FUNCTIONS.keys()
    return json.loads(re.sub(r"\$\{[^}]+}", "X", text))


def _metrics() -> set[tuple[str, ...]]:
    return {
        tuple(each for each in metric if isinstance(each, str))
        for widget in _body()["widgets"]
        for metric in widget["properties"].get("metrics", [])
        if len(metric) > 1
    }


def _emitted() -> set[str]:
    """Names in the functions' and the core's calls of count, seconds and lag."""
    names = set[str]()
    for folder in ("functions", "layers/jetbridge/src"):
        for path in (ROOT / folder).rglob("*.py"):
            for node in ast.walk(ast.parse(path.read_text())):
                if not isinstance(node, ast.Call) or not isinstance(node.func, ast.Name):
                    continue
                if node.func.id in ("count", "seconds", "lag") and node.args:
                    names |= {
                        each.value
                        for each in ast.walk(node.args[0])
                        if isinstance(each, ast.Constant) and isinstance(each.value, str)
                    }
    return names | {f"Runs{state}" for state in ("Succeeded", "Failed", "Stopped")}


def test_the_dashboard_shows_what_somebody_emits() -> None:
    emitted = _emitted()
    for namespace, name, *_ in _metrics():
        known = emitted if namespace == "Jetbridge" else DOCUMENTED[namespace]
        assert name in known, f"{namespace} {name}"


@pytest.mark.parametrize("alarm", ALARMS)
def test_alarms_watch_what_somebody_emits(alarm: str) -> None:
    properties = ALARMS[alarm]["Properties"]
    namespace = properties["Namespace"]
    known = _emitted() if namespace == "Jetbridge" else DOCUMENTED[namespace]
    assert properties["MetricName"] in known


def test_the_dashboard_stays_free() -> None:
    """ "Up to 50 metrics": Amazon CloudWatch pricing, free tier of dashboards."""
    text = (ROOT / "template.yaml").read_text()
    rows = [
        metric
        for widget in _body()["widgets"]
        for metric in widget["properties"].get("metrics", [])
        if len(metric) > 1
    ]
    assert 0 < len(rows) <= 50
    assert 'Dashboard:\n    Type: String\n    Default: "off"' in text


def test_the_dashboards_prices_are_those_of_the_price_file() -> None:
    [text] = [
        str(metric[0]["expression"])
        for widget in _body()["widgets"]
        for metric in widget["properties"].get("metrics", [])
        if len(metric) == 1 and metric[0].get("id") == "lambda"
    ]
    assert float(text.rpartition("*")[2]) == PRICES["lambda_gb_s"]["usd"]
    assert "*0.25" in text, "the functions' memory in GB"
    body = json.dumps(_body())
    for unit in ("write_units", "read_units"):
        each = PRICES[unit]["usd"] / PRICES[unit]["per"]
        assert f"*{each:.9f}" in body, unit


# Metrics and queries


def test_every_metric_is_documented_with_its_price() -> None:
    text = OPERATIONS.read_text()
    section = text.partition("## Metrics")[2].partition("\n## ")[0]
    missing = {
        name
        for name in _emitted()
        if name[:1].isupper()
        and name not in ("Swept", "Audit", "Runs")
        and f"`{name}`" not in section
    }
    assert not missing
    price = PRICES["custom_metrics"]["usd"]
    assert f"US$ {price:.2f}" in section
    assert f"US$ {PRICES['dashboards']['usd']:.2f}" in section


@pytest.mark.parametrize("name", resources("AWS::Logs::QueryDefinition"))
def test_a_query_asks_for_what_is_logged(name: str) -> None:
    properties = resources("AWS::Logs::QueryDefinition")[name]["Properties"]
    groups = resources("AWS::Logs::LogGroup")
    assert all(each["Ref"] in groups for each in properties["LogGroupNames"])
    sources = "".join(
        path.read_text()
        for folder in ("functions", "layers/jetbridge/src")
        for path in (ROOT / folder).rglob("*.py")
    )
    for message in re.findall(r'message = "([^"]+)"', properties["QueryString"]):
        assert f'"{message}"' in sources

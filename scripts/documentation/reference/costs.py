"""What a thousand runs and an idle month cost at most, by the estimate of `jetbridge verify`."""

import yaml

from documentation.pages import DOCS, ROOT
from documentation.reference.markdown import table
from documentation.reference.measured import between
from documentation.reference.template import Loader
from jetbridge_cli.verify import cost
from jetbridge_cli.verify.prices import usd

_BEGIN = "<!-- costs: make docs-tables -->"
_END = "<!-- end of costs -->"
_RUNS = 1000
_HOURS_A_MONTH = 730


def cost_page() -> str:
    text = (DOCS / "how-to" / "cost.md").read_text()
    return between(text, _BEGIN, _END, f"{_runs()}\n\n{_idle()}")


def _runs() -> str:
    amounts = {
        "functions, requests": ("lambda_requests", _RUNS * cost._INVOCATIONS),
        "functions, time (GB-seconds)": ("lambda_gb_s", _RUNS * cost._GB_SECONDS),
        "tables, write units": ("write_units", _RUNS * cost._WRITES),
        "queues, requests": ("sqs_requests", _RUNS * cost._MESSAGES),
        "events": ("custom_events", _RUNS),
    }
    return _priced(f"{_RUNS:,} runs, at most", amounts)


def _idle() -> str:
    template = yaml.load((ROOT / "template.yaml").read_text(), Loader=Loader)  # nosec B506 # a SafeLoader
    kinds = [resource["Type"] for resource in template["Resources"].values()]
    polls = cost._POLLS / cost._HOURS * _HOURS_A_MONTH
    amounts = {
        "alarms": ("alarms", kinds.count("AWS::CloudWatch::Alarm")),
        "polls of empty queues": ("sqs_requests", polls),
    }
    return _priced("a month without runs", amounts)


def _priced(title: str, amounts: dict[str, tuple[str, float]]) -> str:
    rows = [
        (name, f"{amount:,.0f}", f"{usd(kind, amount):.2f}")
        for name, (kind, amount) in amounts.items()
    ]
    total = sum(usd(kind, amount) for kind, amount in amounts.values())
    return table((title, "how many", "USD"), [*rows, ("together", "", f"{total:.2f}")])

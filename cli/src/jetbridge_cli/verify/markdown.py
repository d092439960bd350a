"""Writes a report for people, with the same content as the JSON."""

from collections.abc import Iterator, Sequence
from typing import Any

_MARKS = {"passed": "✓", "failed": "✗", "skipped": "·"}


def markdown(report: dict[str, Any]) -> str:
    """The Markdown text of ``Report.as_json``."""
    return "\n".join(_lines(report)).rstrip() + "\n"


def _lines(report: dict[str, Any]) -> Iterator[str]:
    where = report["endpoint"] or f"AWS, {report['region']}"
    results = report["results"]
    counts = {kind: sum(each["verdict"] == kind for each in results) for kind in _MARKS}
    yield f"# jetbridge verify: {report['verdict']}"
    yield ""
    yield (
        f"Jetbridge {report['version']} on {where}, account {report['account']}, "
        f"{report['began']} to {report['ended']}. {counts['passed']} checks passed, "
        f"{counts['failed']} failed, {counts['skipped']} skipped."
    )
    if report["problem"]:
        yield from ("", f"**It ended early.** {report['problem']}")
    yield from _section("Checks", ["", "check", "proves", "seconds", "bound, s"], _checks(results))
    for result in results:
        if result["reason"]:
            yield from ("", f"**{result['name']}** {result['verdict']}: {result['reason']}")
    yield from _section(
        "Delays, seconds",
        ["from → to", "samples", "median", "95 %", "longest", "clocks"],
        [list(map(str, delay.values())) for delay in report["delays"]],
    )
    if report["delays"]:
        ahead = report["clock_ahead_seconds"]
        yield from ("", f"AWS's clock was {ahead} s ahead of this machine's, within a second.")
    yield from _section("Errors of AWS", _ERROR_HEADINGS, _errors(report["errors"]))
    yield from _section(
        "Warnings of Jetbridge's functions",
        ["function", "level", "message", "times"],
        [[w["function"], w["level"], w["message"], str(w["count"])] for w in report["warnings"]],
    )
    yield from _section("Cost", ["what", "quantity", "unit", "USD"], _cost(report["cost"]))
    yield from (
        "",
        f"{report['cost_estimated_usd']:.2f} USD by estimate, of {report['cost_at_most_usd']:.2f} "
        "at most: list prices of us-east-1.",
    )
    yield from _section(
        "Deployed", ["stack", "seconds"], [[k, str(v)] for k, v in report["deploy_seconds"].items()]
    )
    yield from ("", *_removal(report))
    yield from _evidence(results)


def _removal(report: dict[str, Any]) -> list[str]:
    left = report["left"]
    if left is None:
        return ["Nothing was removed yet."]
    if left:
        return ["**Not removed:**", "", *(f"- {each}" for each in left)]
    return [f"Everything was removed, in {report['removal_seconds']} s."]


_ERROR_HEADINGS = ["service", "operation", "code", "message", "times", "during"]


def _errors(errors: Sequence[dict[str, Any]]) -> list[list[str]]:
    return [
        [e["service"], e["operation"], e["code"], e["message"], str(e["count"]), _join(e["during"])]
        for e in errors
    ]


def _checks(results: Sequence[dict[str, Any]]) -> list[list[str]]:
    return [
        [
            _MARKS[each["verdict"]],
            each["name"],
            each["proves"],
            f"{each['seconds']:.1f}",
            f"{each['bound_seconds']:.0f}",
        ]
        for each in results
    ]


def _cost(items: Sequence[dict[str, Any]]) -> list[list[str]]:
    return [[i["what"], str(i["quantity"]), i["unit"], f"{i['usd']:.5f}"] for i in items]


def _evidence(results: Sequence[dict[str, Any]]) -> Iterator[str]:
    yield from ("", "## Evidence")
    for result in results:
        if result["evidence"]:
            yield from ("", f"**{result['name']}**", "")
            yield from (f"- {name}: {_shown(value)}" for name, value in result["evidence"].items())


def _shown(value: Any) -> str:
    if isinstance(value, list):
        numbers = [f"{e:.2f}" if isinstance(e, float) else str(e) for e in value]
        return ", ".join(numbers)
    return _cell(str(value))


def _section(title: str, headings: list[str], rows: Sequence[Sequence[str]]) -> Iterator[str]:
    yield from ("", f"## {title}", "")
    if not rows:
        yield "None."
        return
    yield _row(headings)
    yield _row(["---"] * len(headings))
    yield from (_row(row) for row in rows)


def _row(cells: Sequence[str]) -> str:
    return "| " + " | ".join(_cell(cell) for cell in cells) + " |"


def _cell(text: str) -> str:
    """The text of a table cell: one line without a vertical bar."""
    return " ".join(text.replace("|", "\\|").split())


def _join(texts: Sequence[str]) -> str:
    return ", ".join(texts)

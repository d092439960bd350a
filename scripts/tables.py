"""Writes the generated tables of the docs: the failure table, the keywords of the operators, and
what `jetbridge verify` proves."""

import tomllib
from collections.abc import Callable, Mapping
from pathlib import Path

from jetbridge.contract import Cause
from jetbridge.failures import POLICY, POLICY_VERSION
from jetbridge_cli.verify.checks import CHECKS

ROOT = Path(__file__).resolve().parents[1]
DOCS = ROOT / "docs"
PROVIDER = ROOT / "airflow_provider/src/airflow_provider_jetbridge"


def failure_table() -> str:
    lines = [
        f"Version {POLICY_VERSION} of the table.",
        "",
        "| cause | whose fault | what Jetbridge does | back-off, s | advice |",
        "| --- | --- | --- | --- | --- |",
    ]
    for cause in Cause:
        if cause is Cause.COMPLETED:
            continue
        policy = POLICY[cause]
        does = policy.decision + (", off Spot if asked" if policy.spot_fall_back else "")
        back_off = f"{policy.back_off} to {policy.longest}" if policy.back_off else ""
        lines.append(f"| `{cause}` | {policy.fault} | {does} | {back_off} | {policy.advice} |")
    return "\n".join(lines)


def keyword_tables() -> str:
    """What each keyword of the stock operators does here, from the provider's keywords.toml."""
    operators = tomllib.loads((PROVIDER / "adopt/keywords.toml").read_text())
    titles = {"both": "Keywords of both, and of every operator of the amazon provider:"}
    tables = []
    for operator, keywords in operators.items():
        lines = [titles.get(operator, f"`{operator}`:"), "", "| keyword | | here |"]
        lines.append("| --- | --- | --- |")
        lines += [f"| `{name}` | {how} | {why} |" for name, (how, why) in keywords.items()]
        tables.append("\n".join(lines))
    return "\n\n".join(tables)


TABLES: Mapping[str, tuple[str, Callable[[], str]]] = {
    "failure table": ("reference/errors.md", failure_table),
    "keyword tables": ("how-to/migration.md", keyword_tables),
}
"""By name: the document that has the table, and the function that makes it."""


def with_table(text: str, name: str) -> str:
    """The document with its table of this name as it is now.

    Raises:
        ValueError: the document has no place for it.
    """
    begin, end = f"<!-- {name}: make docs-tables -->", f"<!-- end of {name} -->"
    before, found, rest = text.partition(begin)
    _, closed, after = rest.partition(end)
    if not found or not closed:
        raise ValueError(f"there is no place between {begin} and {end}")
    return f"{before}{begin}\n{TABLES[name][1]()}\n{end}{after}"


VERIFIED = "reference/verified.md"
_COLUMN = "| `jetbridge verify` |"


def with_verify_column(text: str) -> str:
    """docs/reference/verified.md with the checks of each row in its last column.

    Raises:
        ValueError: a check names a row that there isn't.
    """
    names: dict[str, list[str]] = {}
    for check in CHECKS:
        for row in check.rows:
            names.setdefault(row, []).append(check.name)
    before, heading, rest = text.partition(f"{_COLUMN}\n")
    line, *rows = rest.partition("\n\n")[0].split("\n")
    shown = [_with_last_cell(row, names.pop(row[2:].partition(" | ")[0], [])) for row in rows]
    if names:
        raise ValueError(f"{VERIFIED} has no row {', '.join(names)}")
    after = rest.removeprefix("\n".join([line, *rows]))
    return before + heading + "\n".join([line, *shown]) + after


def _with_last_cell(row: str, names: list[str]) -> str:
    cells = row.removesuffix(" |").rsplit(" |", 1)[0]
    return f"{cells} | {', '.join(names)} |" if names else f"{cells} | |"


if __name__ == "__main__":
    verified = DOCS / VERIFIED
    verified.write_text(with_verify_column(verified.read_text()))
    for table, (document, _) in TABLES.items():
        path = DOCS / document
        path.write_text(with_table(path.read_text(), table))

"""Writes the generated tables of the docs: the failure table, and the keywords of the operators."""

import tomllib
from collections.abc import Callable, Mapping
from pathlib import Path

from jetbridge.contract import Cause
from jetbridge.domain.failures import POLICY, POLICY_VERSION

DOCS = Path(__file__).resolve().parents[1] / "docs"


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
    """What becomes of each keyword of the stock operators, from docs/keywords.toml."""
    operators = tomllib.loads((DOCS / "keywords.toml").read_text())
    titles = {"both": "Keywords of both, and of every operator of the amazon provider:"}
    tables = []
    for operator, keywords in operators.items():
        lines = [titles.get(operator, f"`{operator}`:"), "", "| keyword | | here |"]
        lines.append("| --- | --- | --- |")
        lines += [f"| `{name}` | {how} | {why} |" for name, (how, why) in keywords.items()]
        tables.append("\n".join(lines))
    return "\n\n".join(tables)


TABLES: Mapping[str, tuple[str, Callable[[], str]]] = {
    "failure table": ("operations.md", failure_table),
    "keyword tables": ("migration.md", keyword_tables),
}
"""By name: the document that each stands in, and what makes it."""


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


if __name__ == "__main__":
    for table, (document, _) in TABLES.items():
        path = DOCS / document
        path.write_text(with_table(path.read_text(), table))

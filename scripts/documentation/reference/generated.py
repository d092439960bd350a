"""Texts that are generated from the code: `make docs-tables` writes them, `make docs` compares."""

from collections.abc import Callable, Iterator, Mapping

from documentation.pages import ROOT
from documentation.reference import measured
from documentation.reference.commands import commands_page
from documentation.reference.costs import cost_page, limits_page
from documentation.reference.operators import operators_page
from documentation.reference.schemas import schemas_page
from documentation.reference.template import parameters_page

GENERATED: Mapping[str, Callable[[], str]] = {
    "README.md": measured.readme,
    "docs/explanation/feed.md": measured.feed_page,
    "docs/explanation/limits.md": limits_page,
    "docs/how-to/cost.md": cost_page,
    "docs/images/measured.svg": measured.plot,
    "docs/reference/commands.md": commands_page,
    "docs/reference/operators.md": operators_page,
    "docs/reference/parameters.md": parameters_page,
    "docs/reference/schemas.md": schemas_page,
}
"""By file: what makes its text."""


def write() -> None:
    for name, made in GENERATED.items():
        (ROOT / name).write_text(made())
        print(name)


def stale() -> Iterator[str]:
    """One line for each file that isn't what the code says."""
    for name, made in GENERATED.items():
        path = ROOT / name
        if not path.exists() or path.read_text() != made():
            yield f"{name}: the code says something else; run make docs-tables"

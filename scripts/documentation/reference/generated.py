"""Pages that are generated from the code: `make docs-tables` writes them, `make docs` compares."""

from collections.abc import Callable, Iterator, Mapping

from documentation.pages import DOCS
from documentation.reference.commands import commands_page
from documentation.reference.operators import operators_page
from documentation.reference.schemas import schemas_page
from documentation.reference.template import parameters_page

GENERATED: Mapping[str, Callable[[], str]] = {
    "reference/commands.md": commands_page,
    "reference/operators.md": operators_page,
    "reference/parameters.md": parameters_page,
    "reference/schemas.md": schemas_page,
}
"""By page: what makes its text."""


def write() -> None:
    for page, made in GENERATED.items():
        (DOCS / page).write_text(made())
        print(f"docs/{page}")


def stale() -> Iterator[str]:
    """One line for each page that isn't what the code says."""
    for page, made in GENERATED.items():
        path = DOCS / page
        if not path.exists() or path.read_text() != made():
            yield f"docs/{page}: the code says something else; run make docs-tables"

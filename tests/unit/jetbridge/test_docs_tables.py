"""The generated tables in the docs are those of the code."""

import importlib.util
from types import ModuleType

import pytest
from jetbridge_testing.template import ROOT

from jetbridge.failures import POLICY


def tables() -> ModuleType:
    spec = importlib.util.spec_from_file_location("tables", ROOT / "scripts" / "tables.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.mark.parametrize("name", sorted(tables().TABLES))
def test_the_docs_show_what_is(name: str) -> None:
    document, _ = tables().TABLES[name]
    text = (ROOT / "docs" / document).read_text()
    assert tables().with_table(text, name) == text, "run make docs-tables"


def test_the_errors_page_shows_every_advice() -> None:
    text = (ROOT / "docs" / "reference" / "errors.md").read_text()
    assert all(policy.advice in text for policy in POLICY.values())


def test_a_document_without_a_place_is_refused() -> None:
    with pytest.raises(ValueError, match="there is no place between"):
        tables().with_table("# No table here", "failure table")


def test_the_docs_show_what_jetbridge_verify_proves() -> None:
    text = (ROOT / "docs" / "reference" / "verified.md").read_text()
    assert tables().with_verify_column(text) == text, "run make docs-tables"


def test_a_check_of_no_row_is_refused() -> None:
    text = (ROOT / "docs" / "reference" / "verified.md").read_text()
    with pytest.raises(ValueError, match="no row relay_logs"):
        tables().with_verify_column(text.replace("| relay_logs |", "| relaying |"))

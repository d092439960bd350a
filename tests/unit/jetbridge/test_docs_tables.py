"""The failure table in docs/operations.md is that of the policy."""

import importlib.util

from jetbridge_testing.template import ROOT

from jetbridge.domain.failures import POLICY


def test_operations_shows_the_policy() -> None:
    spec = importlib.util.spec_from_file_location("tables", ROOT / "scripts" / "tables.py")
    assert spec is not None
    assert spec.loader is not None
    tables = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(tables)
    text = (ROOT / "docs" / "operations.md").read_text()
    assert tables.with_table(text) == text, "run make docs-tables"
    assert all(policy.advice in text for policy in POLICY.values())

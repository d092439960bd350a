"""What is generated is what is committed, and says what the types say."""

import importlib.util
import json
import re
import unicodedata
from typing import Any

import pytest
from jetbridge_testing.template import ROOT

from jetbridge.admission import shapes

_spec = importlib.util.spec_from_file_location("schema", ROOT / "scripts" / "schema.py")
assert _spec is not None
assert _spec.loader is not None
schema = importlib.util.module_from_spec(_spec)
_spec.loader.exec_module(schema)

GENERATED = schema.generated()


@pytest.mark.parametrize("path", GENERATED, ids=lambda path: path.name)
def test_committed_file_is_current(path: Any) -> None:
    assert path.read_text() == GENERATED[path], "run `make schema`"


def test_nothing_stale_is_committed() -> None:
    assert set(schema.SCHEMAS.iterdir()) == set(GENERATED) - {schema.SHAPES}


@pytest.mark.parametrize("name", ["start-request", "stop-request", "watch-request"])
def test_requests_allow_no_other_fields(name: str) -> None:
    document = json.loads((schema.SCHEMAS / f"{name}.json").read_text())
    for kind, definition in document["$defs"].items():
        if definition.get("type") == "object":
            assert definition["additionalProperties"] is False, kind
            assert definition["description"], kind


def test_tag_pattern_is_awss() -> None:
    """AWS's is ``[\\p{L}\\p{Z}\\p{N}_.:/=+\\-@]*``."""
    document = json.loads(schema.SHAPES.read_text())
    pattern = re.compile(document["run_task"]["shapes"]["TagKey"]["pattern"])
    for character in map(chr, range(0x3000)):
        allowed = unicodedata.category(character)[0] in "LZN" or character in "_.:/=+-@"
        assert bool(pattern.fullmatch(character)) is allowed, hex(ord(character))


def test_every_type_in_the_shapes_has_a_check() -> None:
    document = json.loads(schema.SHAPES.read_text())
    for field in schema.OPERATIONS:
        types = {shape["type"] for shape in document[field]["shapes"].values()}
        assert types <= shapes.KNOWN_TYPES

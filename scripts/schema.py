"""Writes what is generated from the contract's types and from botocore's service models.

- ``docs/schema/*.json``: JSON Schemas of the contract's messages.
- ``admission/shapes.json``: the parameters of RunTask and SubmitJob, as start_run checks them.
"""

import json
import re
from pathlib import Path
from typing import Any

import botocore
import msgspec
from botocore.loaders import Loader

from jetbridge.contract import (
    Launched,
    Outcome,
    RunFinished,
    StartAnswer,
    StartRequest,
    StopAnswer,
    StopRequest,
    Waiting,
    WatchAnswer,
    WatchRequest,
)
from jetbridge.outcomes.eventbridge import DETAIL_TYPE, SOURCE

ROOT = Path(__file__).resolve().parents[1]
SCHEMAS = ROOT / "docs" / "schema"
SHAPES = ROOT / "layers/jetbridge/src/jetbridge/admission/shapes.json"

MESSAGES = {
    "start-request": StartRequest,
    "start-answer": StartAnswer,
    "stop-request": StopRequest,
    "stop-answer": StopAnswer,
    "watch-request": WatchRequest,
    "watch-answer": WatchAnswer,
    "launched": Launched,
    "waiting": Waiting,
    "outcome": Outcome,
}
OPERATIONS = {"run_task": ("ecs", "RunTask"), "submit_job": ("batch", "SubmitJob")}

RULES = ("type", "required", "enum", "min", "max", "union")
TYPES = {"structure", "list", "map", "string", "integer", "long", "boolean"}

# Python's re has no Unicode categories: \w is letters, numbers and the underscore.
_SEPARATORS = r" \xa0\u1680\u2000-\u200a\u2028\u2029\u202f\u205f\u3000"


def generated() -> dict[Path, str]:
    """The text of every generated file."""
    files: dict[Path, Any] = {
        SCHEMAS / f"{name}.json": json_schema(kind) for name, kind in MESSAGES.items()
    }
    files[SCHEMAS / "run-finished.json"] = event_schema()
    files[SHAPES] = {
        "botocore": botocore.__version__,
        **{field: operation(*names) for field, names in OPERATIONS.items()},
    }
    return {
        path: json.dumps(content, indent=1 if path == SHAPES else 2, ensure_ascii=False) + "\n"
        for path, content in files.items()
    }


def json_schema(kind: type[Any]) -> dict[str, Any]:
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": kind.__name__,
        **msgspec.json.schema(kind),
    }


def event_schema() -> dict[str, Any]:
    """The event on EventBridge: an outcome and its stack's name in AWS's envelope (Amazon
    EventBridge user guide, "Events", structure)."""
    detail = msgspec.json.schema(RunFinished)
    texts = ("id", "account", "time", "region")
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": DETAIL_TYPE,
        "type": "object",
        "properties": {
            "version": {"const": "0"},
            "source": {"const": SOURCE},
            "detail-type": {"const": DETAIL_TYPE},
            **{name: {"type": "string"} for name in texts},
            "resources": {"type": "array", "items": {"type": "string"}, "maxItems": 0},
            "detail": {"$ref": detail["$ref"]},
        },
        "required": ["version", "source", "detail-type", *texts, "resources", "detail"],
        "$defs": detail["$defs"],
    }


def operation(service: str, name: str) -> dict[str, Any]:
    """An operation's input shape and all that it leads to, without documentation."""
    model = Loader().load_service_model(service, "service-2")
    wanted = [model["operations"][name]["input"]["shape"]]
    shapes: dict[str, Any] = {}
    for shape in wanted:
        if shape not in shapes:
            shapes[shape] = _trimmed(model["shapes"][shape])
            wanted += _references(model["shapes"][shape])
    return {"input": wanted[0], "shapes": dict(sorted(shapes.items()))}


def _references(shape: dict[str, Any]) -> list[str]:
    members = [*shape.get("members", {}).values()]
    members += [shape[part] for part in ("member", "key", "value") if part in shape]
    return [member["shape"] for member in members]


def _trimmed(shape: dict[str, Any]) -> dict[str, Any]:
    if shape["type"] not in TYPES:
        raise NotImplementedError(f"start_run can't check a {shape['type']}: extend shapes.py")
    kept = {rule: shape[rule] for rule in RULES if rule in shape}
    if "pattern" in shape:
        kept["pattern"] = _python_pattern(shape["pattern"])
    if "members" in shape:
        kept["members"] = {name: member["shape"] for name, member in shape["members"].items()}
    return kept | {
        part: shape[part]["shape"] for part in ("member", "key", "value") if part in shape
    }


def _python_pattern(pattern: str) -> str:
    pattern = pattern.replace(r"\p{L}\p{Z}\p{N}_", rf"\w{_SEPARATORS}")
    if r"\p" in pattern:
        raise NotImplementedError(f"no Python spelling is known for {pattern}")
    re.compile(pattern)
    return pattern


def main() -> None:
    SCHEMAS.mkdir(exist_ok=True)
    for path, text in generated().items():
        path.write_text(text)
        print(path.relative_to(ROOT))


if __name__ == "__main__":
    main()

"""The contract's messages, from the JSON Schemas in docs/schema."""

import json
import re
from collections.abc import Iterator
from typing import Any

from documentation.pages import DOCS
from documentation.reference.markdown import NOTE, table

_SENT = {
    "start-request": "sent to start_run",
    "start-answer": "start_run's answer",
    "stop-request": "sent to stop_run",
    "stop-answer": "stop_run's answer",
    "watch-request": "sent to watch_runs",
    "watch-answer": "watch_runs' answer",
    "waiting": "in the outcomes table while a launch waits",
    "launched": "in the outcomes table while the container runs",
    "outcome": "in the outcomes table when the run has ended",
    "run-finished": "the event on the default EventBridge bus",
}
_FIELD = re.compile(r"^    (?P<names>[\w, ]+): (?P<text>.*(?:\n        .*)*)", re.MULTILINE)


def schemas_page() -> str:
    parts = [
        "# Message schemas",
        "This page lists the fields of every message that Jetbridge takes, answers or announces. "
        f"{NOTE} [The contract](contract.md) explains what they mean.",
    ]
    for name, where in _SENT.items():
        schema = json.loads((DOCS / "schema" / f"{name}.json").read_text())
        parts += [
            f"## {schema['title']}",
            f"JSON Schema: [{name}.json](../schema/{name}.json), {where}.",
        ]
        definitions = {
            key: value for key, value in schema["$defs"].items() if "properties" in value
        }
        first = schema if "properties" in schema else definitions.pop(schema["title"], None)
        parts += _definition(first) if first else []
        for key, definition in definitions.items():
            parts += [f"### {schema['title']}: {key}", *_definition(definition)]
    return "\n\n".join([*parts, ""])


def _definition(definition: dict[str, Any]) -> list[str]:
    meanings = dict(_meanings(str(definition.get("description", ""))))
    required = set(definition.get("required", []))
    rows = [
        (
            f"`{name}`",
            _type(field),
            "required" if name in required else _default(field),
            meanings.get(name, ""),
        )
        for name, field in definition["properties"].items()
    ]
    return [table(["field", "type", "default", "meaning"], rows)] if rows else ["It has no fields."]


def _meanings(description: str) -> Iterator[tuple[str, str]]:
    """What the docstring of the type says of each field."""
    for match in _FIELD.finditer(description):
        for name in match["names"].split(", "):
            yield name.strip(), " ".join(match["text"].split()).replace("``", "`")


def _type(field: dict[str, Any]) -> str:
    if "$ref" in field:
        return str(field["$ref"]).rpartition("/")[2]
    if "anyOf" in field:
        return " or ".join(_type(option) for option in field["anyOf"])
    if "enum" in field:
        return ", ".join(f"`{value}`" for value in field["enum"])
    if "const" in field:
        return f"`{field['const']}`"
    kind = str(field.get("type", "any"))
    if kind == "array" and isinstance(field.get("items"), dict):
        return f"array of {_type(field['items'])}"
    if kind == "object" and isinstance(field.get("additionalProperties"), dict):
        return f"object of {_type(field['additionalProperties'])}"
    return kind


def _default(field: dict[str, Any]) -> str:
    return f"`{json.dumps(field['default'])}`" if "default" in field else ""

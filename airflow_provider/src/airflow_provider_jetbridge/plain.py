"""Values of a DAG with the types that JSON has."""

from __future__ import annotations

from typing import Any

from airflow_provider_jetbridge.exceptions import StartRefused


def plain(path: str, value: Any) -> Any:
    """The value with JSON's own types, taken as botocore takes it for the amazon provider
    (botocore/validate.py, ``type_check``).

    botocore accepts subclasses of its types, such as a YAML reader's texts, and tuples. It refuses
    all other types, such as dates, bytes and sets.

    Raises:
        StartRefused: names the field, its type, and what to do.
    """
    if value is None or isinstance(value, bool):
        return value
    if isinstance(value, str):
        return str.__str__(value)  # text of the class str itself, also of an enumeration's member
    if isinstance(value, int):
        return int(value)
    if isinstance(value, float):
        return float(value)
    if isinstance(value, dict):
        return {_key(path, key): plain(f"{path}.{key}", inner) for key, inner in value.items()}
    if isinstance(value, list | tuple):
        return [plain(f"{path}[{index}]", inner) for index, inner in enumerate(value)]
    if undefined := _undefined(value):
        raise StartRefused(
            f"{path}: {undefined}; nothing was started. Check the template's names: a DAG run "
            "without a logical date has no ds, ts and logical_date"
        )
    raise StartRefused(
        f"{path}: is a {_name(value)}, which AWS doesn't take; nothing was started. Give a string, "
        "a number, a boolean, a list or a dict: convert it with str(), or with list() if it is the "
        "result of a mapped task. With render_template_as_native_obj a template gives the object "
        "itself, such as a date from {{ logical_date }}: {{ ds }} and {{ ts }} are strings"
    )


def _key(path: str, key: Any) -> str:
    if isinstance(key, str):
        return str.__str__(key)
    raise StartRefused(
        f"{path}: has the key {key!r}, which is a {_name(key)}; nothing was started. Give strings "
        "as keys"
    )


def _undefined(value: object) -> str | None:
    """What a native template found nothing for. Other templates fail before the task starts."""
    from jinja2 import Undefined, UndefinedError

    if not isinstance(value, Undefined):
        return None
    try:
        return str(value) or "is undefined"
    except UndefinedError as error:
        return str(error)


def _name(value: object) -> str:
    kind = type(value)
    return kind.__name__ if kind.__module__ == "builtins" else f"{kind.__module__}.{kind.__name__}"

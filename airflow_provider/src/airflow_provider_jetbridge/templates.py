"""Reads values that may come from a template."""


def is_true(value: object) -> bool:
    """Whether a value is true. A templated boolean is a text."""
    return bool(value) and str(value).lower() not in ("false", "none", "")


def is_nothing(value: object) -> bool:
    """Whether a value is empty. A template that finds nothing renders the text ``None``."""
    return value is None or str(value).strip() in ("", "None")


def given(value: object) -> str | None:
    """The rendered text. None if the template finds nothing."""
    return None if is_nothing(value) else str(value)

"""Values that may have come out of a template."""


def is_true(value: object) -> bool:
    """A templated boolean is text."""
    return bool(value) and str(value).lower() not in ("false", "none", "")


def is_nothing(value: object) -> bool:
    """A template that finds nothing gives the text ``None``."""
    return value is None or str(value).strip() in ("", "None")


def given(value: object) -> str | None:
    """The text that a template gives; None where it finds nothing."""
    return None if is_nothing(value) else str(value)

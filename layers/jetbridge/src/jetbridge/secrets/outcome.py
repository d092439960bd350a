"""Masks the parts of an outcome that a container, AWS or a person wrote."""

from typing import Any

from msgspec.structs import replace

from jetbridge.contract import Death
from jetbridge.secrets.lines import masked_text
from jetbridge.secrets.values import masked_value


def masked_result(result: Any) -> tuple[Any, str]:
    """The masked result, and a sentence about the masking for its reader; empty if nothing was
    masked."""
    shown, count = masked_value(result)
    if not count:
        return result, ""
    what = "1 value" if count == 1 else f"{count} values"
    return shown, (
        f"{what} of the container's result looked like a secret and became ***: results are shown "
        "to all who may read XComs. Report where the secret is kept, or rename the member if it "
        "isn't a secret."
    )


def masked_deaths(deaths: list[Death]) -> list[Death]:
    return [replace(death, reason=masked_text(death.reason)) for death in deaths]

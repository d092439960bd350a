"""Reads and writes the contract's types as JSON, with errors that a caller can act on."""

import json
from typing import Any, TypeVar

import msgspec

from jetbridge.contract.values import first_unfit

T = TypeVar("T")


class ContractError(ValueError):
    """A message breaks the contract.

    Attributes:
        field: where, as a dotted path from the message's root ("caller.try_number").
        problem: what is wrong with its value.
        fix: what to send instead.
    """

    def __init__(self, field: str, problem: str, fix: str) -> None:
        text = f"{field}: {problem}. {fix}"
        # It is logged and answered as UTF-8, too.
        super().__init__(text.encode(errors="replace").decode())
        self.field = field
        self.problem = problem
        self.fix = fix


def decode(kind: type[T], payload: Any) -> T:
    """Build a contract type from JSON text, bytes, or the dict that a Lambda is handed.

    Raises:
        ContractError: the payload isn't JSON, is nested too deep, has text that UTF-8 can't hold,
            or a field is missing, unknown or of another type.
    """
    try:
        if isinstance(payload, str | bytes):
            # What a field of the type Raw has isn't read by msgspec, so its text is checked here.
            text = payload if isinstance(payload, str) else payload.decode()
            return msgspec.json.decode(text, type=kind)
        msgspec.json.encode(payload)  # whatever is in it goes on as JSON
        return msgspec.convert(payload, type=kind)
    except msgspec.ValidationError as error:
        raise _located(kind, error) from error
    except (msgspec.MsgspecError, UnicodeError, OverflowError, TypeError, RecursionError) as error:
        # UTF-8 has no halves of surrogate pairs.
        half = isinstance(error, UnicodeEncodeError)
        problem = "half of a surrogate pair" if half else error
        raise ContractError("message", f"is not JSON ({problem})", "Send a JSON object") from error


def decode_request(kind: type[T], payload: Any) -> T:
    """``decode`` for what a caller sends. It also checks that each value can be stored and passed
    on.

    Raises:
        ContractError: as ``decode``; or a text, number or nesting that DynamoDB, SQS, Airflow or
            JSON itself can't keep (``values.first_unfit``).
    """
    if isinstance(payload, str | bytes):
        try:
            payload = json.loads(payload)
        except (ValueError, RecursionError) as error:
            raise ContractError("message", f"is not JSON ({error})", "Send a JSON object") from None
    if (unfit := first_unfit(payload)) is not None:
        raise ContractError(unfit.path, unfit.problem, unfit.fix)
    return decode(kind, payload)


def encode(message: Any) -> str:
    """The message as JSON text."""
    return msgspec.json.encode(message).decode()


def to_builtins(message: Any) -> Any:
    """The message as dicts, lists and scalars, as a Lambda returns it."""
    return msgspec.to_builtins(message)


def _located(kind: type[Any], error: msgspec.ValidationError) -> ContractError:
    # msgspec says "Expected `int`, got `str` - at `$.caller.try_number`".
    problem, _, path = str(error).partition(" - at `")
    field = path.rstrip("`").removeprefix("$").lstrip(".") or "message"
    return ContractError(
        field,
        problem[:1].lower() + problem[1:],
        f"See {kind.__name__} in docs/reference/contract.md",
    )

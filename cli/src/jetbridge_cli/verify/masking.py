"""Removes private data from a report: the account number and the caller."""

import re
from dataclasses import dataclass
from typing import Any

_KEY_ID = re.compile(r"\b(?:AKIA|ASIA)[A-Z0-9]{16}\b")


@dataclass(frozen=True)
class Masking:
    """Attributes:
    account: the twelve digits to replace with ``<account>``.
    caller: the caller's ARN, to replace with ``<caller>``.
    """

    account: str
    caller: str

    def __call__(self, value: Any) -> Any:
        """The same JSON value with every text in it masked."""
        if isinstance(value, str):
            return self._text(value)
        if isinstance(value, dict):
            return {self(key): self(each) for key, each in value.items()}
        if isinstance(value, list):
            return [self(each) for each in value]
        return value

    def _text(self, text: str) -> str:
        if self.caller:
            text = text.replace(self.caller, "<caller>")
        if self.account:
            text = text.replace(self.account, "<account>")
        return _KEY_ID.sub("<access key>", text)


NOTHING = Masking("", "")

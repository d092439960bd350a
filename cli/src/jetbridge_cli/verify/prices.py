"""AWS's list prices in us-east-1, from prices.toml and the contract.

Prices differ in other regions.
"""

import tomllib
from functools import cache
from pathlib import Path
from typing import Any

from jetbridge.contract import fargate

FILE = Path(__file__).with_name("prices.toml")


def usd(kind: str, amount: float) -> float:
    """The price of a number of units in US dollars. Raises KeyError for an unknown kind."""
    price = _prices()[kind]
    return float(amount * price["usd"] / price["per"])


@cache
def _prices() -> dict[str, dict[str, Any]]:
    return {**tomllib.loads(FILE.read_text()), **fargate.PRICES}

"""AWS's list prices, from the file of the `jetbridge` command."""

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache

from jetbridge_local.site.paths import in_repository

FILE = in_repository().root / "cli/src/jetbridge_cli/verify/prices.toml"


@dataclass(frozen=True)
class Price:
    """``usd`` dollars for ``per`` units; ``source`` and ``checked`` say where it is from."""

    usd: float
    per: float
    source: str
    checked: str


@cache
def prices() -> Mapping[str, Price]:
    """By what is paid for. Raises TypeError if an entry lacks a field or has an unknown one."""
    return {name: Price(**entry) for name, entry in tomllib.loads(FILE.read_text()).items()}


def usd(amounts: Mapping[str, float]) -> float:
    """What these numbers of units of each kind cost. Raises KeyError for a kind without a price."""
    known = prices()
    return sum(amount * known[name].usd / known[name].per for name, amount in amounts.items())

"""Reads the stack's parameter AssetEvents: which assets are updated when others' jobs end."""

import re
from collections.abc import Iterable
from fnmatch import fnmatchcase

from msgspec import Struct

from jetbridge.runs.names import last_segment

_ITEM = re.compile(
    r"(?P<name>[A-Za-z0-9_*-]{1,128})(?:@(?P<airflow>[A-Za-z0-9_-]{1,64}))?=(?P<uri>[^\s,]{1,1500})"
)


class AssetRule(Struct, frozen=True):
    """One rule of the parameter.

    Attributes:
        name: an ECS family or a Batch job definition's name; ``*`` matches any text.
        uri: the asset's.
        airflow: the Airflow's name in the stack's secret.
    """

    name: str
    uri: str
    airflow: str = "default"

    def is_of(self, definition: str) -> bool:
        """Whether the rule matches a definition, which is an ARN or a name, with or without a
        revision."""
        return fnmatchcase(last_segment(definition).split(":")[0], self.name)


def asset_rules(items: Iterable[str]) -> list[AssetRule]:
    """Rules from items such as ``nightly-*@finance=s3://lake/orders``.

    Raises:
        ValueError: names the item, what is wrong, and what to write.
    """
    return [_rule(item) for item in items]


def _rule(item: str) -> AssetRule:
    found = _ITEM.fullmatch(item)
    if found is None:
        raise ValueError(
            f"AssetEvents: {item!r} is no definition with its asset. Give name=uri, such as "
            "nightly-*=s3://lake/orders, or name@airflow=uri"
        )
    return AssetRule(found["name"], found["uri"], found["airflow"] or "default")

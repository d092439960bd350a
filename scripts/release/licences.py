"""The licences of a bill of materials' components."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

# SPDX ids and trove classifiers' names of licences under which a library may be shipped along.
ALLOWED = {
    "0BSD",
    "Apache-2.0",
    "Apache Software License",
    "BSD License",
    "BSD-2-Clause",
    "BSD-3-Clause",
    "ISC",
    "ISC License (ISCL)",
    "MIT",
    "MIT License",
    "MPL-2.0",
    "Mozilla Public License 2.0 (MPL 2.0)",
    "PSF-2.0",
    "Python Software Foundation License",
}


def components(bill: Path) -> Iterator[tuple[str, str, set[str]]]:
    """Name, version and licences of each component of a CycloneDX JSON document."""
    for component in json.loads(bill.read_text()).get("components", []):
        yield component["name"], component.get("version", ""), set(_licences(component))


def faults(bill: Path) -> Iterator[str]:
    """One line for each component without a licence under which it may be shipped."""
    for name, version, licences in components(bill):
        if not any(_allowed(licence) for licence in licences):
            said = ", ".join(sorted(licences)) or "none"
            yield f"{name} {version}: its licence ({said}) isn't one of scripts/release/licences.py"


def _allowed(licence: str) -> bool:
    """An expression is allowed if one side of an OR is, or every side of an AND."""
    if " OR " in licence:
        return any(map(_allowed, licence.split(" OR ")))
    if " AND " in licence:
        return all(map(_allowed, licence.split(" AND ")))
    return licence.strip(" ()") in ALLOWED or licence in ALLOWED


def _licences(component: dict[str, Any]) -> Iterator[str]:
    for each in component.get("licenses", []):
        licence = each.get("license", {})
        name = each.get("expression") or licence.get("id") or licence.get("name", "")
        # A classifier: "License :: OSI Approved :: MIT License".
        yield str(name).rpartition(" :: ")[2]

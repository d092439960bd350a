"""Makes botocore's data smaller: ``python slim_botocore.py <botocore/data> <service>...``.

Each client reads its service's model, and the first one the endpoints of all services: together a
fifth of a cold start. Only the services that are named stay there, models lose their documentation,
which only docstrings are made of.
"""

import gzip
import json
import shutil
import sys
from collections.abc import Collection
from pathlib import Path
from typing import Any


def slim(data: Path, services: Collection[str]) -> None:
    """Services by the names of their folders, which are those of their endpoints, too."""
    for folder in data.iterdir():
        if folder.is_dir() and folder.name not in services:
            shutil.rmtree(folder)
    endpoints = data / "endpoints.json"
    content = json.loads(endpoints.read_bytes())
    for partition in content["partitions"]:
        known = partition["services"]
        partition["services"] = {name: known[name] for name in known if name in services}
    _replace(endpoints, _compact(content).encode())
    for path in data.glob("*/*/service-2.json.gz"):
        model = without_documentation(json.loads(gzip.decompress(path.read_bytes())))
        _replace(path, gzip.compress(_compact(model).encode(), mtime=0))


def without_documentation(value: Any) -> Any:
    """A member of a shape may have this name: then it isn't a text. botocore itself asks for that
    of ``clientContextParams`` (botocore/model.py)."""
    if isinstance(value, list):
        return [without_documentation(each) for each in value]
    if not isinstance(value, dict):
        return value
    return {
        name: each if name == "clientContextParams" else without_documentation(each)
        for name, each in value.items()
        if not (name == "documentation" and isinstance(each, str))
    }


def _replace(path: Path, content: bytes) -> None:
    """As a new file: the old one may be the installer's cache under another name."""
    draft = path.with_name(f"{path.name}.new")
    draft.write_bytes(content)
    draft.replace(path)


def _compact(content: Any) -> str:
    return json.dumps(content, separators=(",", ":"))


if __name__ == "__main__":
    slim(Path(sys.argv[1]), sys.argv[2:])

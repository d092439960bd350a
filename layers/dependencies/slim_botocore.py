"""Makes botocore's data smaller: ``python slim_botocore.py <botocore/data> <operations.json>``.

Each client reads its service's model and makes a method for each operation in it, and the first
client reads the endpoints of all services: together a fifth of a cold start. Only the named
services and operations stay, with the shapes that they use. Models lose their documentation, which
only docstrings are made of.
"""

import gzip
import json
import shutil
import sys
from collections.abc import Collection, Iterator, Mapping
from pathlib import Path
from typing import Any

# What botocore calls by itself: for the region of a bucket that is elsewhere, and for a session
# with a directory bucket (botocore/utils.py, S3RegionRedirectorv2 and S3ExpressIdentityResolver).
ITS_OWN = {"s3": {"CreateSession", "HeadBucket"}}


def slim(data: Path, operations: Mapping[str, Collection[str]]) -> None:
    """Services by the names of their folders, which are those of their endpoints, too, each with
    the operations that are called.

    Raises:
        KeyError: the newest model of a service has no such operation.
    """
    for folder in data.iterdir():
        if folder.is_dir() and folder.name not in operations:
            shutil.rmtree(folder)
    endpoints = data / "endpoints.json"
    content = json.loads(endpoints.read_bytes())
    for partition in content["partitions"]:
        known = partition["services"]
        partition["services"] = {name: known[name] for name in known if name in operations}
    _replace(endpoints, _compact(content).encode())
    for service, called in operations.items():
        *older, newest = sorted(each for each in (data / service).iterdir() if each.is_dir())
        for each in older:
            shutil.rmtree(each)
        path = newest / "service-2.json.gz"
        model = without_documentation(json.loads(gzip.decompress(path.read_bytes())))
        kept = with_operations(model, {*called, *ITS_OWN.get(service, ())})
        _replace(path, gzip.compress(_compact(kept).encode(), mtime=0))


def with_operations(model: dict[str, Any], names: Collection[str]) -> dict[str, Any]:
    """The model of a service with only these operations, those for endpoint discovery, and the
    shapes that any of them uses."""
    every = model["operations"]
    discovery = {name for name, operation in every.items() if operation.get("endpointoperation")}
    operations = {name: every[name] for name in sorted(discovery | set(names))}
    used, unread = set[str](), set(_shapes_in(operations))
    while unread:
        name = unread.pop()
        used.add(name)
        unread |= set(_shapes_in(model["shapes"][name])) - used
    shapes = {name: shape for name, shape in model["shapes"].items() if name in used}
    return model | {"operations": operations, "shapes": shapes}


def _shapes_in(value: Any) -> Iterator[str]:
    """The shapes to which operations or a shape refer by ``"shape": "<name>"``."""
    for each in value.values() if isinstance(value, dict) else value:
        if isinstance(each, dict | list):
            yield from _shapes_in(each)
    if isinstance(value, dict) and isinstance(value.get("shape"), str):
        yield value["shape"]


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
    slim(Path(sys.argv[1]), json.loads(Path(sys.argv[2]).read_bytes()))

"""How many examples hypothesis makes of each property: few in a push, many in a night.

A property that says its own number needs fewer than either, since each example is dear.
"""

import marshal
import os
from functools import cache
from typing import Any

from botocore.loaders import JSONFileLoader, Loader
from hypothesis import HealthCheck, settings

settings.register_profile(
    "push",
    deadline=None,  # a busy machine fails no property
    max_examples=60,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
settings.register_profile("nightly", settings.get_profile("push"), max_examples=500)
settings.load_profile(os.environ.get("JETBRIDGE_PROPERTIES", "push"))

_read = JSONFileLoader.load_file


@cache
def _kept(path: str) -> bytes:
    """A file of botocore's models: each session of boto3 reads them again, and moto makes a new
    session for each test."""
    return marshal.dumps(_plain(_read(JSONFileLoader(), path)))


def _plain(value: Any) -> Any:
    """The same without OrderedDict, which marshal doesn't know."""
    if isinstance(value, dict):
        return {name: _plain(each) for name, each in value.items()}
    return [_plain(each) for each in value] if isinstance(value, list) else value


def _load_file(_loader: JSONFileLoader, file_path: str) -> Any:
    """A copy of its own for each session: botocore writes into models."""
    return marshal.loads(_kept(file_path))


JSONFileLoader.load_file = _load_file  # type: ignore[method-assign]

_list = Loader.list_available_services


@cache
def _listed(folders: tuple[str, ...], kind: str) -> tuple[str, ...]:
    """Services with models in some folders: each session looks through hundreds of them."""
    loader = Loader(include_default_search_paths=False)
    loader.search_paths.extend(folders)
    return tuple(_list(loader, kind))


def _list_available_services(loader: Loader, type_name: str) -> list[str]:
    return list(_listed(tuple(loader.search_paths), type_name))


Loader.list_available_services = _list_available_services  # type: ignore[method-assign]

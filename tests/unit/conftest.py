"""How many examples hypothesis makes of each property: few in a push, many in a night.

A property that says its own number needs fewer than either, since each example is dear.
"""

import os
from functools import cache
from typing import Any

from botocore.loaders import JSONFileLoader
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
def _kept(path: str) -> Any:
    """A file of botocore's models: each session of boto3 reads them anew, and moto makes a new
    session for each test."""
    return _read(JSONFileLoader(), path)


JSONFileLoader.load_file = lambda self, file_path: _kept(file_path)  # type: ignore[method-assign]

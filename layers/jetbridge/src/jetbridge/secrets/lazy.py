"""Patterns that are compiled when the first line needs them, so that cold starts don't wait for
them."""

import re
from typing import Any, cast

_METHODS = ("search", "match", "fullmatch", "sub", "finditer")


class _Lazy:
    def __init__(self, pattern: str, flags: int) -> None:
        self._pattern, self._flags = pattern, flags

    def __getattr__(self, name: str) -> Any:
        """Compile a pattern. Python calls this only for a name that the module doesn't have yet, so
        a compiled pattern is used directly."""
        compiled = re.compile(self._pattern, self._flags)
        for method in _METHODS:
            setattr(self, method, getattr(compiled, method))
        return getattr(compiled, name)


def lazy(pattern: str, flags: int = 0) -> re.Pattern[str]:
    return cast(re.Pattern[str], _Lazy(pattern, flags))

"""Pages of a list, by nextToken."""

import base64
import binascii
import json
from collections.abc import Callable, Sequence
from typing import Any

from .errors import AwsError


def page[T](
    items: Sequence[T],
    key: Callable[[T], Any],
    parameters: dict[str, Any],
    error_code: str,
    *,
    size: int = 100,
    descending: bool = False,
) -> tuple[list[T], dict[str, str]]:
    """The page that ``parameters`` request, and ``{"nextToken": …}`` if more follow.

    ``items`` are sorted by ``key``, which is JSON. The token contains the key of the page's last
    item. So items that appear or disappear between calls neither repeat nor hide others. Raises
    AwsError with ``error_code`` if the token didn't come from here.
    """
    left = list(items)
    if token := parameters.get("nextToken"):
        last = _read(token, error_code)
        try:
            left = [i for i in items if (key(i) < last if descending else key(i) > last)]
        except TypeError:
            raise AwsError(error_code, "Invalid token") from None
    size = parameters.get("maxResults", size)
    found = left[:size]
    return found, {"nextToken": _write(key(found[-1]))} if found and len(left) > size else {}


def _write(key: Any) -> str:
    return base64.urlsafe_b64encode(json.dumps(key).encode()).decode()


def _read(token: str, error_code: str) -> Any:
    try:
        return json.loads(base64.urlsafe_b64decode(token.encode()))
    except (binascii.Error, ValueError):
        raise AwsError(error_code, "Invalid token") from None

"""How runs are named: the run's id follows from nothing but the request's key."""

import base64
import hashlib
from typing import Annotated

from msgspec import Meta

RUN_ID_LENGTH = 20
RunId = Annotated[str, Meta(pattern=r"^[a-z2-7]{20}\Z")]
"""A text that ``run_id_of`` may have made."""


def run_id_of(key: str) -> str:
    """The run id of an idempotency key: the same key is the same run.

    100 bits of its SHA-256 in lower-case base32, so that two keys practically never meet.

    Args:
        key: ``StartRequest.key``: the request's own, else its caller's.
    """
    digest = hashlib.sha256(key.encode()).digest()
    return base64.b32encode(digest).decode().lower()[:RUN_ID_LENGTH]

"""S3 objects beside the log of an Airflow try."""

import tempfile
from collections.abc import Iterable
from typing import Any

from s3transfer.manager import TransferManager

from jetbridge.contract import S3LogTarget

# What a log may take of memory before it is spooled to the function's disk.
_MEMORY_BYTES = 8 * 1024 * 1024


class S3Logs:
    """``LogsTarget`` on S3: object ``<key prefix>.<name>``."""

    def __init__(self, client: Any) -> None:
        self._client = client

    def write(self, target: S3LogTarget, name: str, lines: Iterable[str]) -> int:
        count = 0
        with tempfile.SpooledTemporaryFile(max_size=_MEMORY_BYTES) as spool:
            for line in lines:
                spool.write(line.encode() + b"\n")
                count += 1
            spool.seek(0)
            # In parts when it is large, each part repeated when it fails.
            with TransferManager(self._client) as transfers:
                key = f"{target.key_prefix}.{name}"
                transfers.upload(spool, target.bucket, key).result()
        return count

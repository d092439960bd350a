"""What a message of the logs queue carries: which part of a run's log is to be copied."""

import hashlib
from typing import Annotated

import msgspec
from msgspec import Meta, Struct

from jetbridge.contract import LogStream, LogTarget
from jetbridge.contract.run_ids import RunId
from jetbridge.queues.messages import Since

# The api-server holds all objects of a try's log in memory at once.
SHOWN_BYTES = 16 * 1024 * 1024
# The bytes of one stream that are shown from its beginning. As much is shown from its end.
MOST_SHOWN_BYTES = 2 * 1024 * 1024
# 31 December 9999, beyond which Python has no datetime.
LAST_MILLISECOND = 253_402_300_799_999


class LogPart(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One stream of a run, and where its lines are copied to.

    Attributes:
        name: the part's name within its target: ``jetbridge.1.main.1.log``.
        logger: the name that Airflow shows beside each line.
        stopped_at: epoch milliseconds at which the container had stopped; 0: not known.
        shown_bytes: how much of a large log is shown from its beginning. As much is shown from its
            end.
        title: the title under which Airflow folds the lines; empty: they aren't folded.
    """

    target: LogTarget
    stream: LogStream
    name: str
    logger: str
    stopped_at: Annotated[int, Meta(ge=0, le=LAST_MILLISECOND)]
    shown_bytes: Annotated[int, Meta(ge=1, le=SHOWN_BYTES)] = MOST_SHOWN_BYTES
    title: str = ""

    @property
    def whereabouts(self) -> str:
        """Where a person finds the log itself."""
        stream = self.stream
        return f"stream {stream.stream} of the log group {stream.group} in {stream.region}"

    def key(self, run_id: str) -> str:
        """The part's key: the same for the same run, part and target."""
        return copy_key(run_id, self.name, self.target)


class CopyMessage(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A message of the logs queue: copy the log of the run, or one part of it.

    Attributes:
        target: copy the log to this target of the run only; None: to all of its targets.
        keys: the keys of all parts of the run.
        fresh: no earlier message has copied anything of the part.
        since: when the part first couldn't be read.
    """

    run_id: RunId
    target: LogTarget | None = None
    part: LogPart | None = None
    keys: list[str] = []
    fresh: bool = False
    since: Since = None


def copy_key(run_id: str, name: str, target: LogTarget) -> str:
    """The key of one copy: the same for the same run, part and target."""
    digest = hashlib.sha256(msgspec.json.encode(target)).hexdigest()[:16]
    return f"{run_id}#{name}#{digest}"

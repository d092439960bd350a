"""Names that connect AWS's records with a run.

A launch is named ``jb-<stack key>-<run id>-<launch>``. In ECS it is ``startedBy`` (at most 128
characters of ``[A-Za-z0-9-/_]``) and ``clientToken`` (at most 64). In Batch it is the beginning of
the job name (at most 128 of ``[A-Za-z0-9_-]``). Both come back in every state-change event. The
limits are from botocore's service models of ecs and batch.
"""

import re

from msgspec import Struct

from jetbridge.contract.run_ids import RUN_ID_LENGTH

JOB_NAME_LIMIT = 128
STACK_KEY_LENGTH = 8

_NAME = re.compile(
    rf"^jb-(?P<stack>[a-z0-9]{{{STACK_KEY_LENGTH}}})"
    rf"-(?P<run>[a-z2-7]{{{RUN_ID_LENGTH}}})-(?P<launch>[0-9]{{1,9}})(?:-.*)?\Z"
)


class LaunchName(Struct, frozen=True):
    """The name of one launch of one run in AWS's records."""

    stack_key: str
    run_id: str
    launch: int

    @classmethod
    def parse(cls, text: str | None) -> "LaunchName | None":
        """The launch named in an ECS ``startedBy`` or a Batch job name; None if it isn't one of
        Jetbridge's."""
        match = _NAME.match(text or "")
        if match is None:
            return None
        return cls(match["stack"], match["run"], int(match["launch"]))

    def __str__(self) -> str:
        return f"{token_prefix(self.stack_key)}{self.run_id}-{self.launch}"

    def job_name(self, users_name: str) -> str:
        """The Batch job name: this launch, then the user's own name, cut to AWS's limit."""
        return f"{self}-{users_name}"[:JOB_NAME_LIMIT].rstrip("-")


def token_prefix(stack_key: str) -> str:
    """The beginning of the names of all launches of a stack."""
    return f"jb-{stack_key}-"


def last_segment(arn: str) -> str:
    """The resource's own name in an ARN. A plain name is returned unchanged."""
    return arn.rsplit("/", 1)[-1]

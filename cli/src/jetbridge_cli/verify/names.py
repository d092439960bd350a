"""The names of a verification's stacks, and the tag for finding them again."""

import re
from dataclasses import dataclass
from secrets import token_hex

from jetbridge_cli.problems import Problem

TAG = "jetbridge-verify"
"""The key of the tag on all stacks of a verification. Its value is the verification's name."""

# The longest name is the bucket's: <name>-quickstart-<account>-<region>. S3 allows 63 characters
# (Amazon S3 user guide, "General purpose bucket naming rules").
_NAME = re.compile(r"^[a-z][a-z0-9-]{2,18}[a-z0-9]\Z")


@dataclass(frozen=True)
class Names:
    """The stacks of the verification ``name``."""

    name: str

    @classmethod
    def checked(cls, name: str) -> "Names":
        """The names. Raises Problem for a name that S3 or CloudFormation would refuse."""
        if not _NAME.match(name):
            raise Problem(
                f"--name: {name!r} has to be 4 to 20 lower-case letters, digits and hyphens, with "
                "a letter first: it is part of the name of an S3 bucket"
            )
        return cls(name)

    @classmethod
    def new(cls) -> "Names":
        return cls(f"jb-verify-{token_hex(3)}")

    @property
    def jetbridge(self) -> str:
        """Jetbridge's stack, for the checks."""
        return self.name

    @property
    def second(self) -> str:
        """Another stack of Jetbridge in the same account and region."""
        return f"{self.name}-second"

    @property
    def quickstart(self) -> str:
        """The containers to run: examples/quickstart/template.yaml."""
        return f"{self.name}-quickstart"

    @property
    def extras(self) -> str:
        """Other resources for the checks: examples/quickstart/verify.yaml."""
        return f"{self.name}-extras"

    @property
    def starts(self) -> str:
        """The schedule and the rule: examples/quickstart/starts.yaml."""
        return f"{self.name}-starts"

    @property
    def stacks(self) -> list[str]:
        """All stacks, in the order in which they are made."""
        return [self.quickstart, self.extras, self.jetbridge, self.second, self.starts]

    @property
    def narrow_queue(self) -> str:
        """The job queue with capacity for one job."""
        return f"{self.quickstart}-narrow"

"""The stack's allow-lists: which clusters, queues, definitions and roles a request may name."""

import re
from collections.abc import Sequence
from functools import cache

from msgspec import Struct

from jetbridge.admission.patterns import ARN_PARTS, matches
from jetbridge.admission.shapes import shown
from jetbridge.contract import ContractError


class Place(Struct, frozen=True):
    """Where start_run runs. A plain name in a request means a resource of this partition, region
    and account."""

    partition: str
    region: str
    account: str

    @classmethod
    def of_function(cls, arn: str) -> "Place":
        """From ``arn:<partition>:lambda:<region>:<account>:function:<name>``, which Lambda hands
        to the handler (``context.invoked_function_arn``)."""
        _, partition, _, region, account, *_ = arn.split(":")
        return cls(partition, region, account)

    def arn(self, service: str, resource: str) -> str:
        return f"arn:{self.partition}:{service}:{self.region}:{self.account}:{resource}"


class Kind(Struct, frozen=True):
    """A kind of resource that requests name, and the stack's parameter that lists it.

    ``names`` are AWS's rules for a plain name (API references: CreateCluster,
    RegisterTaskDefinition, CreateJobQueue, RegisterJobDefinition).
    """

    service: str
    resource: str
    parameter: str
    names: str = r"[A-Za-z0-9_-]"
    longest: int = 255
    has_revisions: bool = False

    @property
    def pattern(self) -> re.Pattern[str]:
        revision = r"(:[1-9][0-9]{0,8})?" if self.has_revisions else ""
        return _compiled(f"{self.names}{{1,{self.longest}}}{revision}")


CLUSTER = Kind("ecs", "cluster", "ClusterArns")
TASK_DEFINITION = Kind("ecs", "task-definition", "TaskDefinitionArns", has_revisions=True)
JOB_QUEUE = Kind("batch", "job-queue", "JobQueueArns", longest=128)
JOB_DEFINITION = Kind(
    "batch", "job-definition", "JobDefinitionArns", longest=128, has_revisions=True
)


class Allowed(Struct, frozen=True):
    """ARNs as the stack's parameters list them, with IAM's ``*`` and ``?``; empty is closed."""

    place: Place
    clusters: Sequence[str] = ()
    task_definitions: Sequence[str] = ()
    job_queues: Sequence[str] = ()
    job_definitions: Sequence[str] = ()
    roles: Sequence[str] = ()
    locked: Sequence[str] = ()

    def check_cluster(self, field: str, reference: str) -> None:
        self._check(field, reference, CLUSTER, self.clusters)

    def check_task_definition(self, field: str, reference: str) -> None:
        self._check(field, reference, TASK_DEFINITION, self.task_definitions)

    def check_job_queue(self, field: str, reference: str) -> None:
        self._check(field, reference, JOB_QUEUE, self.job_queues)

    def check_job_definition(self, field: str, reference: str) -> None:
        self._check(field, reference, JOB_DEFINITION, self.job_definitions)

    def check_role(self, field: str, arn: str) -> None:
        """A role needs its ARN: its name doesn't show its path."""
        if not re.fullmatch(r"arn:[a-z-]+:iam::[0-9]{12}:role/.+", arn):
            raise ContractError(field, f"is {shown(arn)}", "Give the role's ARN, or leave it out")
        if not any(matches(pattern, arn) for pattern in self.roles):
            raise _not_allowed(field, arn, "PassableRoleArns")

    def locks(self, field: str, reference: str, kind: Kind) -> bool:
        """Whether requests may not change how a definition runs."""
        arn = self._resolve(field, reference, kind)
        return any(_covers(self._family(pattern, kind), arn, kind) for pattern in self.locked)

    def _family(self, pattern: str, kind: Kind) -> str:
        """A pattern without a revision allows every revision of the family."""
        resource = f"{kind.resource}/{pattern}"
        arn = pattern if pattern.startswith("arn:") else self.place.arn(kind.service, resource)
        return arn if _has_revision(arn) else f"{arn}:*"

    def _check(self, field: str, reference: str, kind: Kind, patterns: Sequence[str]) -> None:
        """Raises: ContractError: the reference is malformed, or the stack doesn't list it."""
        arn = self._resolve(field, reference, kind)
        if not any(_covers(pattern, arn, kind) for pattern in patterns):
            raise _not_allowed(field, arn, kind.parameter, _near(arn, patterns))

    def _resolve(self, field: str, reference: str, kind: Kind) -> str:
        start = f"{kind.resource}/"
        if not reference.startswith("arn:"):
            name, arn = reference, self.place.arn(kind.service, start + reference)
        else:
            parts = reference.split(":", ARN_PARTS - 1)
            named = len(parts) == ARN_PARTS and parts[2] == kind.service
            named = named and parts[-1].startswith(start)
            name, arn = (parts[-1].removeprefix(start) if named else ""), reference
        if not kind.pattern.fullmatch(name):
            raise ContractError(
                field,
                f"is {shown(reference)}, neither a name nor the ARN of a {kind.resource}",
                f"Give {self.place.arn(kind.service, start)}<name> or only the name, "
                f"{kind.pattern.pattern}",
            )
        return arn


def _covers(pattern: str, arn: str, kind: Kind) -> bool:
    if not kind.has_revisions or _has_revision(arn):
        return matches(pattern, arn)
    # Only AWS knows which revision is the newest. Here the family is checked; IAM then checks
    # launch_run's call against the same list, with the revision.
    if _has_revision(pattern):
        return matches(pattern.rpartition(":")[0], arn)
    return matches(pattern, f"{arn}:1")


def _has_revision(arn: str) -> bool:
    return ":" in arn.split(":", ARN_PARTS - 1)[-1]


@cache
def _compiled(pattern: str) -> re.Pattern[str]:
    return re.compile(pattern)


def _near(arn: str, patterns: Sequence[str]) -> list[str]:
    """Listed names like this one, nearest first."""
    import difflib

    families: dict[str, list[str]] = {}
    for name in dict.fromkeys(_name(pattern).removesuffix(":*") for pattern in patterns):
        families.setdefault(name.partition(":")[0], []).append(name)
    close = difflib.get_close_matches(_name(arn).partition(":")[0], families, n=3)
    return [name for family in close for name in families[family]][:3]


def _name(arn: str) -> str:
    """Without the kind of resource, and with a revision where there is one."""
    return arn.split(":", ARN_PARTS - 1)[-1].rpartition("/")[-1]


def _not_allowed(field: str, arn: str, parameter: str, near: Sequence[str] = ()) -> ContractError:
    listed = f", such as {' or '.join(near)}" if near else ""
    return ContractError(
        field,
        f"is {arn}, which this stack doesn't allow",
        f"Deploy the stack with {parameter} naming it, or name one that is listed there{listed}",
    )

"""What a verification will make. The command shows it first."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from jetbridge_cli.verify.checks import Check
from jetbridge_cli.verify.cost import MEMORY_GB, VCPU, Item, total
from jetbridge_cli.verify.names import TAG, Names
from jetbridge_cli.verify.network import Network


@dataclass(frozen=True)
class Plan:
    """Attributes:
    cost: the highest cost.
    """

    names: Names
    account: str
    region: str
    network: Network
    checks: Sequence[Check]
    cost: Sequence[Item]

    def __str__(self) -> str:
        return "\n".join(self._lines())

    def _lines(self) -> Iterator[str]:
        containers = sum(check.containers for check in self.checks)
        subnets = ", ".join(self.network.subnet_ids)
        address = "with" if self.network.public_ip else "without"
        where = f"account {self.account}, region {self.region}"
        yield f"In {where}, this makes, and removes at its end:"
        yield ""
        for stack, what in self._stacks():
            yield f"  {stack}: {what}"
        yield ""
        yield (
            f"It runs {len(self.checks)} checks, with {containers} containers at most of {VCPU} "
            f"vCPU and {MEMORY_GB} GB, {address} public addresses, in {subnets} of "
            f"{self.network.vpc_id}."
        )
        yield (
            f"It takes about half an hour, and costs {total(self.cost):.2f} USD at most by list "
            "prices of us-east-1."
        )
        yield (
            f"Each stack has the tag {TAG}={self.names.name}. If this command is killed, "
            f"`jetbridge verify --remove {self.names.name}` removes what it left."
        )

    def _stacks(self) -> list[tuple[str, str]]:
        return [
            (self.names.quickstart, "a cluster, a Batch queue, definitions, a log group, a bucket"),
            (self.names.extras, "a Batch queue with room for one job, and a queue of events"),
            (self.names.jetbridge, "Jetbridge, opened for the above"),
            (self.names.second, "Jetbridge once more"),
            (self.names.starts, "a schedule that starts a container each minute, and a rule"),
        ]

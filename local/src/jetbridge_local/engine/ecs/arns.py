"""ECS's resource names."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Arns:
    """Makes the ARNs of one account and region."""

    account: str
    region: str

    def cluster(self, name: str) -> str:
        return self._arn(f"cluster/{name}")

    def task_definition(self, family: str, revision: int) -> str:
        return self._arn(f"task-definition/{family}:{revision}")

    def task(self, cluster: str, task_id: str) -> str:
        return self._arn(f"task/{cluster}/{task_id}")

    def container_instance(self, cluster: str, instance_id: str) -> str:
        return self._arn(f"container-instance/{cluster}/{instance_id}")

    def container(self, cluster: str, task_id: str, container_id: str) -> str:
        return self._arn(f"container/{cluster}/{task_id}/{container_id}")

    def _arn(self, resource: str) -> str:
        return f"arn:aws:ecs:{self.region}:{self.account}:{resource}"


def short_name(name_or_arn: str) -> str:
    """``name`` of ``arn:…:kind/name``. Other texts are returned unchanged."""
    return name_or_arn.rsplit("/", 1)[-1] if name_or_arn.startswith("arn:") else name_or_arn

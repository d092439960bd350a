"""ECS's operations on clusters. The engine's lock is held in each of them."""

from collections.abc import Callable, Mapping
from typing import Any

from ..errors import AwsError
from .clusters import Clusters
from .instances import ContainerInstances
from .task import Task


class ClusterOperations:
    """The operations; ``tasks`` are the engine's, by ARN."""

    def __init__(
        self, clusters: Clusters, instances: ContainerInstances, tasks: Mapping[str, Task]
    ) -> None:
        self._clusters = clusters
        self._instances = instances
        self._tasks = tasks

    def table(self) -> dict[str, Callable[[dict[str, Any]], dict[str, Any]]]:
        """The operations by name."""
        return {
            "CreateCluster": self._create_cluster,
            "UpdateCluster": self._update_cluster,
            "PutClusterCapacityProviders": self._put_cluster_capacity_providers,
            "DescribeClusters": self._describe_clusters,
            "ListClusters": self._clusters.page,
            "DeleteCluster": self._delete_cluster,
        }

    def tasks_of(self, cluster: dict[str, Any]) -> list[Task]:
        arn = cluster["clusterArn"]
        return [task for task in self._tasks.values() if task.record["clusterArn"] == arn]

    def _create_cluster(self, parameters: dict[str, Any]) -> dict[str, Any]:
        return {"cluster": self._cluster_view(self._clusters.create(parameters))}

    def _update_cluster(self, parameters: dict[str, Any]) -> dict[str, Any]:
        return {"cluster": self._cluster_view(self._clusters.update(parameters))}

    def _put_cluster_capacity_providers(self, parameters: dict[str, Any]) -> dict[str, Any]:
        return {"cluster": self._cluster_view(self._clusters.put_capacity_providers(parameters))}

    def _describe_clusters(self, parameters: dict[str, Any]) -> dict[str, Any]:
        clusters, failures = [], []
        with_tags = "TAGS" in parameters.get("include", [])
        for name in parameters.get("clusters", ["default"]):
            if cluster := self._clusters.find(name):
                clusters.append(self._cluster_view(cluster, with_tags))
            else:
                failures.append(self._clusters.missing(name))
        return {"clusters": clusters, "failures": failures}

    def _delete_cluster(self, parameters: dict[str, Any]) -> dict[str, Any]:
        cluster = self._clusters.require(parameters["cluster"])
        if any(not task.is_stopped for task in self.tasks_of(cluster)):
            raise AwsError(
                "ClusterContainsTasksException",
                "The Cluster cannot be deleted while Tasks are active.",
            )
        if self._instances.of(cluster):
            raise AwsError(
                "ClusterContainsContainerInstancesException",
                "The Cluster cannot be deleted while Container Instances are active or draining.",
            )
        return {"cluster": self._cluster_view(self._clusters.delete(parameters["cluster"]))}

    def _cluster_view(self, cluster: dict[str, Any], with_tags: bool = False) -> dict[str, Any]:
        states = [task.record["lastStatus"] for task in self.tasks_of(cluster)]
        return cluster | {
            "tags": cluster["tags"] if with_tags else [],
            "registeredContainerInstancesCount": len(self._instances.of(cluster)),
            "runningTasksCount": states.count("RUNNING"),
            "pendingTasksCount": sum(
                states.count(status) for status in ("PROVISIONING", "PENDING", "ACTIVATING")
            ),
        }

"""Clusters."""

import re
from typing import Any

from ..paging import page
from .arns import Arns, short_name
from .errors import client_error, cluster_not_found, invalid_parameter

_NAME = re.compile(r"[a-zA-Z0-9_-]{1,255}")
_PROVIDERS = ("FARGATE", "FARGATE_SPOT")
DEFAULT_CLUSTER = "default"


class Clusters:
    """The clusters of an account. Not thread-safe: the engine holds the lock."""

    def __init__(self, arns: Arns) -> None:
        self._arns = arns
        self._clusters: dict[str, dict[str, Any]] = {}

    def create(self, parameters: dict[str, Any]) -> dict[str, Any]:
        """The new cluster, or the existing one with this name: CreateCluster is idempotent."""
        name = parameters.get("clusterName", DEFAULT_CLUSTER)
        if not _NAME.fullmatch(name):
            raise invalid_parameter(
                "Cluster names can have up to 255 letters (uppercase and lowercase), numbers, "
                f"underscores and hyphens: '{name}'."
            )
        existing = self._clusters.get(name)
        if existing and existing["status"] == "ACTIVE":
            return existing
        cluster = {
            "clusterArn": self._arns.cluster(name),
            "clusterName": name,
            "status": "ACTIVE",
            "registeredContainerInstancesCount": 0,
            "activeServicesCount": 0,
            "tags": parameters.get("tags", []),
            "settings": parameters.get(
                "settings", [{"name": "containerInsights", "value": "disabled"}]
            ),
        }
        if "configuration" in parameters:
            cluster["configuration"] = parameters["configuration"]
        cluster |= _providers(
            parameters.get("capacityProviders", []),
            parameters.get("defaultCapacityProviderStrategy", []),
        )
        self._clusters[name] = cluster
        return cluster

    def update(self, parameters: dict[str, Any]) -> dict[str, Any]:
        cluster = self.require(parameters["cluster"])
        cluster |= {k: parameters[k] for k in ("settings", "configuration") if k in parameters}
        return cluster

    def put_capacity_providers(self, parameters: dict[str, Any]) -> dict[str, Any]:
        cluster = self.require(parameters["cluster"])
        cluster |= _providers(
            parameters["capacityProviders"], parameters["defaultCapacityProviderStrategy"]
        )
        return cluster

    def require(self, name_or_arn: str | None) -> dict[str, Any]:
        """An active cluster. Raises ClusterNotFoundException."""
        cluster = self.find(name_or_arn or DEFAULT_CLUSTER)
        if cluster is None or cluster["status"] != "ACTIVE":
            raise cluster_not_found()
        return cluster

    def find(self, name_or_arn: str) -> dict[str, Any] | None:
        """A cluster, which may be inactive. An ARN must be of this account and region."""
        cluster = self._clusters.get(short_name(name_or_arn))
        if cluster and name_or_arn in (cluster["clusterName"], cluster["clusterArn"]):
            return cluster
        return None

    def missing(self, name_or_arn: str) -> dict[str, Any]:
        """The failure that DescribeClusters returns for an unknown cluster."""
        return {"arn": self._arns.cluster(short_name(name_or_arn)), "reason": "MISSING"}

    def page(self, parameters: dict[str, Any]) -> dict[str, Any]:
        active = [c["clusterArn"] for c in self._clusters.values() if c["status"] == "ACTIVE"]
        arns, more = page(sorted(active), str, parameters, "InvalidParameterException")
        return {"clusterArns": arns, **more}

    def delete(self, name_or_arn: str) -> dict[str, Any]:
        cluster = self.require(name_or_arn)
        cluster["status"] = "INACTIVE"
        return cluster


def has_insights(cluster: dict[str, Any]) -> bool:
    """Whether its setting containerInsights is ``enabled`` or ``enhanced``."""
    return any(
        each["name"] == "containerInsights" and each.get("value") in ("enabled", "enhanced")
        for each in cluster["settings"]
    )


def _providers(names: list[str], strategy: list[dict[str, Any]]) -> dict[str, Any]:
    if unknown := sorted(set(names) - set(_PROVIDERS)):
        raise client_error(
            f"The specified capacity provider '{unknown[0]}' was not found: the local cloud has "
            f"{' and '.join(_PROVIDERS)}."
        )
    if any(item["capacityProvider"] not in names for item in strategy):
        raise invalid_parameter(
            "The specified capacity provider strategy cannot contain a capacity provider that is "
            "not associated with the cluster. Associate the capacity provider with the cluster "
            "and try again."
        )
    return {"capacityProviders": names, "defaultCapacityProviderStrategy": strategy}

"""Jobs on EKS: what a definition and a submission say about their pod.

Sources: API_EksPodProperties, API_EksContainer, API_EksContainerOverride.
"""

import copy
from collections.abc import Mapping
from typing import Any

from .errors import client_error, request_error
from .pod_record import POD_CONTAINER

_KINDS = ("initContainers", "containers")
_OVERRIDDEN = ("image", "command", "args")


def full_properties(properties: dict[str, Any]) -> dict[str, Any]:
    """``eksProperties`` of a definition, with a name for each container. Raises AwsError."""
    pod = copy.deepcopy(properties).get("podProperties", {})
    if not pod.get("containers"):
        raise client_error("eksProperties.podProperties must have containers")
    for kind in _KINDS:
        for container in pod.get(kind, []):
            container.setdefault("name", POD_CONTAINER)
            if not container.get("image"):
                raise request_error("Container properties image must not be empty")
    names = [container["name"] for kind in _KINDS for container in pod.get(kind, [])]
    if len(set(names)) < len(names):
        raise client_error("Containers of a pod must have different names")
    if not vcpus({"podProperties": pod}):
        raise request_error("vCPU is not provided.")
    return {"podProperties": pod}


def overridden(
    properties: dict[str, Any], override: Mapping[str, Any], values: Mapping[str, str]
) -> dict[str, Any]:
    """The definition's pod after a submission's overrides and parameters are applied. Raises
    AwsError."""
    pod: dict[str, Any] = copy.deepcopy(properties["podProperties"])
    for kind in _KINDS:
        known = {container["name"]: container for container in pod.get(kind, [])}
        for change in override.get("podProperties", {}).get(kind, []):
            name = change.get("name") or next(iter(known), POD_CONTAINER)
            if name not in known:
                raise client_error(f"eksPropertiesOverride: there is no container {name}.")
            _override(known[name], change)
        for container in known.values():
            for member in ("command", "args"):
                if member in container:
                    container[member] = [_substituted(part, values) for part in container[member]]
    return {"podProperties": pod}


def vcpus(properties: dict[str, Any]) -> float:
    """The sum of what the pod's containers request, such as ``"1"`` or ``"500m"``."""
    return sum(
        _cpu(container.get("resources", {}))
        for container in properties["podProperties"]["containers"]
    )


def _cpu(resources: dict[str, Any]) -> float:
    given = resources.get("limits", {}).get("cpu") or resources.get("requests", {}).get("cpu") or 0
    text = str(given)
    try:
        return float(text[:-1]) / 1000 if text.endswith("m") else float(text)
    except ValueError:
        raise request_error(f"cpu must be a number, not {text!r}") from None


def _override(container: dict[str, Any], change: Mapping[str, Any]) -> None:
    container |= {member: change[member] for member in _OVERRIDDEN if member in change}
    if "env" in change:
        known = {pair["name"]: pair for pair in (*container.get("env", []), *change["env"])}
        container["env"] = list(known.values())
    for kind, amounts in change.get("resources", {}).items():
        resources = container.setdefault("resources", {})
        resources[kind] = resources.get(kind, {}) | amounts


def _substituted(part: str, values: Mapping[str, str]) -> str:
    """The text with Batch's parameters. Kubernetes replaces its own ``$(NAME)``."""
    for name, value in values.items():
        part = part.replace(f"Ref::{name}", value)
    return part

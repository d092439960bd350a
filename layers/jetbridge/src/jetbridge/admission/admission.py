"""Admission: what start_run refuses, warns of and rewrites before it writes a run's row."""

from collections.abc import Mapping
from typing import Any, NamedTuple

from msgspec import Struct, field
from msgspec.structs import replace

from jetbridge.admission import secrets, tags
from jetbridge.admission.allowed import Allowed
from jetbridge.admission.containers import containers
from jetbridge.admission.delivery import check_delivery
from jetbridge.admission.environment import PARAMETER, VARIABLE, Offload
from jetbridge.admission.groups import check_group
from jetbridge.admission.job import (
    PAYLOAD_LIMIT,
    check_job,
    longest_override,
    payload_bytes,
)
from jetbridge.admission.locked import check_locked
from jetbridge.admission.log_targets import LogTargets
from jetbridge.admission.shapes import Field, check_shape
from jetbridge.admission.sizes import check_sizes
from jetbridge.admission.task import OVERRIDES_LIMIT, check_task, overrides_length
from jetbridge.contract import ContractError, StartRequest, Way, run_id_of

# Jetbridge puts its own key into startedBy and clientToken. A count other than 1 would launch
# tasks that nobody tracks.
_OURS = ("startedBy", "clientToken", "count")


class Admitted(NamedTuple):
    """A request that passed admission.

    Attributes:
        request: as it will run: tags merged, a large environment put into S3.
        warnings: about what is accepted but should be changed.
    """

    request: StartRequest
    warnings: list[str]


class Admission(Struct, frozen=True):
    """What the stack lets its callers ask for.

    Attributes:
        allowed: the allow-lists of clusters, queues, definitions and roles.
        log_targets: where logs may be copied.
        offload: where large environments go; None: they are refused.
        finish: how waiting Airflow tasks are finished unless a request says otherwise.
        has_airflow_secret: Airflow's API may be called.
        groups: limits of concurrency groups.
    """

    allowed: Allowed
    log_targets: LogTargets = field(default_factory=LogTargets)
    offload: Offload | None = None
    finish: Way = "feed"
    has_airflow_secret: bool = False
    groups: Mapping[str, int] = field(default_factory=dict)

    def admit(self, request: StartRequest) -> Admitted:
        """Refuse a request that AWS would refuse, or that the stack doesn't allow. Nothing has been
        written by then.

        The same request gives the same parameters. If it is admitted again, it writes the same
        objects again.

        Raises:
            ContractError: names the field, what is wrong, and what to do.
        """
        field = _field(request)
        parameters = request.parameters
        check_sizes(request)
        _check_ours(field, parameters)
        check_shape(field, parameters)
        tags.check(field, parameters.get("tags"), request.tags)
        for container in containers(field, parameters):
            _check_environment(container.environment_path, container.environment)
        (check_task if field == "run_task" else check_job)(parameters, self.allowed)
        check_locked(field, parameters, self.allowed)
        self.log_targets.check(request.log_target)
        check_group(request, self.groups)
        check_delivery(request, self.finish, self.has_airflow_secret)
        prepared, objects = self._prepared(request, run_id_of(request.key))
        if self.offload is not None:
            self.offload.write(objects)
        return Admitted(
            request=replace(request, **{field: prepared}),
            warnings=[] if objects else secrets.warnings(containers(field, parameters)),
        )

    def _prepared(
        self, request: StartRequest, run_id: str
    ) -> tuple[dict[str, Any], dict[str, bytes]]:
        field, parameters = _field(request), request.parameters
        if request.tags:
            merged = tags.merged(field, parameters.get("tags"), request.tags)
            parameters = parameters | {"tags": merged}
        excess = self._excess(field, parameters)
        if excess is None:
            return parameters, {}
        if not request.offload_environment:
            fix = "Make it smaller, or set offload_environment to keep environments in S3"
            raise ContractError(*excess, fix)
        if self.offload is None:
            raise ContractError(*excess, f"Deploy the stack with {PARAMETER}, or make it smaller")
        offloaded = self.offload.apply(field, parameters, run_id)
        excess = self._excess(field, offloaded.parameters)
        if excess is not None:
            where, problem = excess
            problem += " even with its environments in S3"
            raise ContractError(where, problem, "Shorten its commands and parameters")
        return offloaded.parameters, offloaded.objects

    def _excess(self, field: Field, parameters: dict[str, Any]) -> tuple[str, str] | None:
        """The field that exceeds AWS's limit, its size, and the limit."""
        if field == "run_task":
            length = overrides_length(parameters)
            if length > OVERRIDES_LIMIT:
                problem = f"has {length} characters as JSON, AWS allows {OVERRIDES_LIMIT}"
                return "run_task.overrides", problem
        else:
            where, length = longest_override(parameters)
            if length > OVERRIDES_LIMIT:
                problem = f"has {length} characters as JSON, AWS allows {OVERRIDES_LIMIT}"
                return where, problem
            size = payload_bytes(parameters, self.allowed)
            if size > PAYLOAD_LIMIT:
                return "submit_job", f"has {size} bytes as JSON, AWS allows {PAYLOAD_LIMIT}"
        return None


def _field(request: StartRequest) -> Field:
    if (request.run_task is None) == (request.submit_job is None):
        problem = "and submit_job are both " + ("missing" if request.run_task is None else "given")
        raise ContractError("run_task", problem, "Give exactly one of the two")
    return "run_task" if request.run_task is not None else "submit_job"


def _check_ours(field: Field, parameters: dict[str, Any]) -> None:
    for name in _OURS:
        harmless = name == "count" and field == "run_task" and parameters.get(name) == 1
        if name in parameters and not harmless:
            raise ContractError(f"{field}.{name}", "is set by Jetbridge itself", "Leave it out")


def _check_environment(path: str, pairs: list[dict[str, str]]) -> None:
    for index, pair in enumerate(pairs):
        if not pair.get("name"):
            raise ContractError(f"{path}[{index}].name", "is missing", "Name the variable")
        if pair["name"] == VARIABLE:
            raise ContractError(
                f"{path}[{index}].name", f"is {VARIABLE}", "Jetbridge reserves that name"
            )

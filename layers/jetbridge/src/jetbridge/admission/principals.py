"""Who may start, take over, stop and watch which runs.

IAM decides who may invoke which alias of a function. The alias decides for whom that principal
speaks, whatever the message claims (AWS Lambda developer guide, "Fine-tuning the Resources and
Conditions sections of policies": an alias has an ARN of its own, and a permission on it is none on
the function). The table of rights is in docs/explanation/security.md.
"""

from typing import Literal, Self, TypeVar

from msgspec import UNSET, Struct
from msgspec.structs import replace

from jetbridge.contract import (
    AirflowCaller,
    Caller,
    ContractError,
    StartRequest,
    WatchRequest,
    kind_of,
)
from jetbridge.contract.callers import DEFAULT_AIRFLOW, named

Speaks = Literal["airflow", "schedule", "event", "person", "operator"]

_ALIASES: dict[str, Speaks] = {
    "": "operator",
    "$LATEST": "operator",
    "airflow": "airflow",
    "schedule": "schedule",
    "event": "event",
    "person": "person",
}
_OTHER_AIRFLOW = "airflow-"
_QUALIFIER = 7

Request = TypeVar("Request", StartRequest, WatchRequest)


class Principal(Struct, frozen=True):
    """The principal that invoked the function, and for whom it speaks.

    Attributes:
        speaks: the kind of caller; ``operator``, who invoked the function itself and not an alias,
            speaks for any.
        airflow: the one Airflow that it speaks for, where it is one.
    """

    speaks: Speaks
    airflow: str = DEFAULT_AIRFLOW

    @classmethod
    def of_function(cls, invoked_function_arn: str) -> Self:
        """From ``arn:<partition>:lambda:<region>:<account>:function:<name>[:<alias>]``, which
        Lambda hands to the handler.

        Raises:
            ContractError: the alias is none that Jetbridge knows.
        """
        alias = "".join(invoked_function_arn.split(":")[_QUALIFIER:])
        if alias.startswith(_OTHER_AIRFLOW) and alias != _OTHER_AIRFLOW:
            return cls("airflow", alias.removeprefix(_OTHER_AIRFLOW))
        if alias not in _ALIASES:
            raise ContractError(
                "Qualifier",
                f"is {alias!r}, an alias that has no rights",
                "Invoke the function by its alias airflow, airflow-<name>, schedule, event or "
                "person, or without one",
            )
        return cls(_ALIASES[alias])

    def admit(self, request: Request) -> Request:
        """The request, if this principal speaks for its caller. An Airflow caller gets the name of
        its Airflow.

        Raises:
            ContractError: the principal doesn't speak for this caller.
        """
        caller = request.caller
        if caller is None:
            return request
        if self.speaks not in ("operator", kind_of(caller)):
            raise ContractError(
                "caller.kind",
                f"is {kind_of(caller)!r}, and the function was invoked by the alias "
                f"{self.speaks!r}",
                f"Invoke it by the alias for {kind_of(caller)!r}, if IAM allows you to",
            )
        if not isinstance(caller, AirflowCaller):
            return request
        if self.speaks == "airflow" and request.airflow != self.airflow:
            raise ContractError(
                "airflow",
                f"is {request.airflow!r}, and the alias speaks for {self.airflow!r}",
                "Give the name that the alias has, or invoke the other Airflow's alias",
            )
        return replace(request, caller=_named(caller, request.airflow))

    def must_be_operator(self, field: str) -> None:
        """Refuse a message of a kind that only the stack's own queues send, since it has an
        operator's rights.

        Raises:
            ContractError: the function was invoked by an alias.
        """
        if self.speaks != "operator":
            raise ContractError(
                field,
                f"is what the stack's own queue sends, and the alias {self.speaks!r} was invoked",
                "Send a request as docs/reference/contract.md has it",
            )

    def reaches(self, caller: Caller) -> bool:
        """Whether it may stop and watch the runs of a caller. An Airflow may do so with its own
        runs. Airflows and persons may do so with the runs of schedules, events and persons."""
        if self.speaks == "operator":
            return True
        if self.speaks in ("schedule", "event"):
            return False
        if not isinstance(caller, AirflowCaller):
            return True
        return self.speaks == "airflow" and caller.airflow_name == self.airflow


OPERATOR = Principal("operator")


def _named(caller: AirflowCaller, airflow: str) -> AirflowCaller:
    caller = named(caller, airflow)
    if caller.airflow_name != airflow:
        raise ContractError(
            "caller.airflow",
            f"is {caller.airflow_name!r}, and airflow is {airflow!r}",
            "Give the same name in both, or leave caller.airflow out",
        )
    # The same key and the same JSON, whether or not the default is spelt out.
    return replace(caller, airflow=UNSET) if airflow == DEFAULT_AIRFLOW else caller

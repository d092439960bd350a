"""What every operator and sensor of the provider shares: which stack, and how AWS is reached."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar

from airflow_provider_jetbridge.aws import AwsAccess

if TYPE_CHECKING:
    from airflow_provider_jetbridge.hooks.jetbridge import JetbridgeHook
    from airflow_provider_jetbridge.stack import StackAddress


class UsesStack:
    """Calls one stack of Jetbridge; the class that it is mixed into takes these keywords.

    :param jetbridge_stack: name or ARN of Jetbridge's CloudFormation stack; where it is None, that
        of ``jetbridge_conn_id``, else ``[jetbridge] stack`` of Airflow's configuration. (templated)
    :param jetbridge_conn_id: an Airflow connection of type ``jetbridge``, which says what the other
        keywords leave open (`resolution.resolve`). (templated)
    :param aws_conn_id: the Airflow connection to AWS; None takes boto3's default credentials.
        (templated)
    :param region_name: region of the Jetbridge stack. (templated)
    :param verify: whether, or with which certificates, to verify TLS. (templated)
    :param botocore_config: keyword arguments of botocore's ``Config``.
    """

    stack_template_fields: ClassVar[tuple[str, ...]] = (
        "aws_conn_id",
        "jetbridge_conn_id",
        "jetbridge_stack",
        "region_name",
        "verify",
    )

    jetbridge_stack: str | None
    jetbridge_conn_id: str | None
    aws_conn_id: str | None
    region_name: str | None
    verify: bool | str | None
    botocore_config: dict[str, Any] | None

    airflow: str | None = None

    _place: tuple[StackAddress, AwsAccess] | None = None

    @property
    def _stack(self) -> StackAddress:
        return self._resolved()[0]

    @property
    def _access(self) -> AwsAccess:
        return self._resolved()[1]

    def _resolved(self) -> tuple[StackAddress, AwsAccess]:
        """Once in a process, since Airflow may have to be asked for the connection.

        Raises:
            AirflowNotFoundException, ValueError: as `resolution.resolve` has it.
        """
        if self._place is None:
            from airflow_provider_jetbridge.resolution import resolve

            self._place = resolve(self.jetbridge_conn_id, self.jetbridge_stack, self._given_access)
        return self._place

    @property
    def _given_access(self) -> AwsAccess:
        """What the operator's own keywords say."""
        return AwsAccess.of(self.aws_conn_id, self.region_name, self.verify, self.botocore_config)

    def _hook(self) -> JetbridgeHook:
        from airflow_provider_jetbridge.hooks.jetbridge import JetbridgeHook

        return JetbridgeHook(self._access, self._stack, airflow=self.airflow)

"""Keywords of every operator and sensor in the provider: which stack, and how to reach AWS."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar

from airflow_provider_jetbridge.aws import AwsAccess

if TYPE_CHECKING:
    from airflow_provider_jetbridge.hooks.jetbridge import JetbridgeHook
    from airflow_provider_jetbridge.stack import StackAddress


class UsesStack:
    """Mixin that calls one stack of Jetbridge. It adds these keywords.

    :param jetbridge_stack: name or ARN of Jetbridge's CloudFormation stack. None takes the stack of
        ``jetbridge_conn_id``, or else ``[jetbridge] stack`` of Airflow's configuration. (templated)
    :param jetbridge_conn_id: an Airflow connection of type ``jetbridge``. It fills in what the
        other keywords don't give (`resolution.resolve`). (templated)
    :param aws_conn_id: the Airflow connection to AWS. None takes boto3's default credentials.
        (templated)
    :param region_name: the region of the Jetbridge stack. (templated)
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
        """Resolved once per process, because it may have to read the connection from Airflow.

        Raises:
            AirflowNotFoundException, ValueError: see `resolution.resolve`.
        """
        if self._place is None:
            from airflow_provider_jetbridge.resolution import resolve

            self._place = resolve(self.jetbridge_conn_id, self.jetbridge_stack, self._given_access)
        return self._place

    @property
    def _given_access(self) -> AwsAccess:
        """The access that the operator's own keywords give."""
        return AwsAccess.of(self.aws_conn_id, self.region_name, self.verify, self.botocore_config)

    def _hook(self) -> JetbridgeHook:
        from airflow_provider_jetbridge.hooks.jetbridge import JetbridgeHook

        return JetbridgeHook(self._access, self._stack, airflow=self.airflow)

"""What every operator and sensor of the provider shares: which stack, and how AWS is reached."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar

from airflow_provider_jetbridge import settings
from airflow_provider_jetbridge.aws import AwsAccess

if TYPE_CHECKING:
    from airflow_provider_jetbridge.hooks.jetbridge import JetbridgeHook


class UsesStack:
    """Calls one stack of Jetbridge; the class that it is mixed into takes these keywords.

    :param jetbridge_stack: the CloudFormation stack of Jetbridge; ``[jetbridge] stack`` of
        Airflow's configuration where it is None. (templated)
    :param aws_conn_id: the Airflow connection to AWS; None takes boto3's default credentials.
        (templated)
    :param region_name: region of the Jetbridge stack. (templated)
    :param verify: whether, or with which certificates, to verify TLS. (templated)
    :param botocore_config: keyword arguments of botocore's ``Config``.
    """

    stack_template_fields: ClassVar[tuple[str, ...]] = (
        "aws_conn_id",
        "jetbridge_stack",
        "region_name",
        "verify",
    )

    jetbridge_stack: str | None
    aws_conn_id: str | None
    region_name: str | None
    verify: bool | str | None
    botocore_config: dict[str, Any] | None

    @property
    def _stack(self) -> str:
        return self.jetbridge_stack or settings.stack()

    def _access(self) -> AwsAccess:
        return AwsAccess.of(self.aws_conn_id, self.region_name, self.verify, self.botocore_config)

    def _hook(self) -> JetbridgeHook:
        from airflow_provider_jetbridge.hooks.jetbridge import JetbridgeHook

        return JetbridgeHook(self._access(), self._stack)

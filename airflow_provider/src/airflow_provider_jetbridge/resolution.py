"""Finds the stack and the access to AWS from an operator's keywords, the connection and the
configuration."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

from airflow_provider_jetbridge import settings
from airflow_provider_jetbridge.aws import AwsAccess
from airflow_provider_jetbridge.stack import StackAddress

DEFAULT_AWS_CONN_ID = "aws_default"
FIELDS = ("stack", "region_name", "aws_conn_id")
"""The extra fields of a connection of type ``jetbridge``."""


@dataclass(frozen=True, slots=True)
class _Fields:
    stack: str | None = None
    region_name: str | None = None
    aws_conn_id: str | None = None


def resolve(
    jetbridge_conn_id: str | None, jetbridge_stack: str | None, access: AwsAccess
) -> tuple[StackAddress, AwsAccess]:
    """The stack, and the access to AWS for calling it.

    The operator's keywords come first, then the ``jetbridge`` connection, then ``[jetbridge]
    stack``:

    ========== ====================================================================
    stack      ``jetbridge_stack``; the connection's ``stack``; ``[jetbridge] stack``
    region     ``region_name``; the region in the stack's ARN; the connection's
               ``region_name``; that of the AWS connection
    AWS        ``aws_conn_id`` if it isn't ``aws_default``; the connection's
               ``aws_conn_id``; ``aws_default``
    ========== ====================================================================

    Without ``jetbridge_conn_id`` it reads nothing from Airflow.

    Raises:
        AirflowNotFoundException: there is no such connection.
        ValueError: the connection has another type, the stack's name or ARN is malformed, or the
            ARN and the keyword name different regions.
    """
    fields = _fields_of(jetbridge_conn_id) if jetbridge_conn_id else _Fields()
    address = StackAddress.parse(jetbridge_stack or fields.stack or settings.stack())
    if address.region and access.region_name and address.region != access.region_name:
        raise ValueError(
            f"region_name is {access.region_name}, and the stack's ARN is of {address.region}. "
            "Leave region_name out, or give the ARN of the stack that is meant"
        )
    region = access.region_name or address.region or fields.region_name
    aws_conn_id = access.aws_conn_id
    if aws_conn_id == DEFAULT_AWS_CONN_ID and fields.aws_conn_id:
        aws_conn_id = fields.aws_conn_id
    return address, replace(access, region_name=region, aws_conn_id=aws_conn_id)


def _fields_of(conn_id: str) -> _Fields:
    from airflow.providers.common.compat.sdk import BaseHook

    connection: Any = BaseHook.get_connection(conn_id)
    if connection.conn_type != "jetbridge":
        raise ValueError(
            f"Connection {conn_id!r} has type {connection.conn_type!r}; give one of type "
            "'jetbridge' as jetbridge_conn_id (and AWS connections as aws_conn_id)"
        )
    extra = connection.extra_dejson
    return _Fields(**{name: str(extra[name]).strip() for name in FIELDS if extra.get(name)})

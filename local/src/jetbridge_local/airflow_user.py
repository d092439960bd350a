"""The IAM user that an Airflow on the local cloud acts as.

It has what docs/reference/operations.md says of Airflow's role, the stack's ``AirflowPolicy``, and
the log bucket as Airflow's own remote logging needs it; nothing else. On the local cloud a user's
name serves as its access key id.
"""

import json
from collections.abc import Mapping, Sequence
from contextlib import suppress
from typing import Any

import boto3

NAME = "airflow"

Statement = Mapping[str, Any]


def make_airflow_user(
    environment: Mapping[str, str],
    *,
    stack: str,
    bucket: str,
    prefix: str,
    more: Sequence[Statement] = (),
) -> None:
    """Make the user, or give it these permissions in place of those that it has.

    ``environment`` are an administrator's variables for the cloud. ``more`` are statements for what
    an Airflow does besides Jetbridge, such as stock operators.
    """
    session = boto3.Session(
        aws_access_key_id=environment["AWS_ACCESS_KEY_ID"],
        aws_secret_access_key=environment["AWS_SECRET_ACCESS_KEY"],
        region_name=environment["AWS_REGION"],
    )
    make: Any = session.client
    iam = make("iam", endpoint_url=environment["AWS_ENDPOINT_URL"])
    formation = make("cloudformation", endpoint_url=environment["AWS_ENDPOINT_URL"])
    described = formation.describe_stacks(StackName=stack)["Stacks"][0]
    outputs = {each["OutputKey"]: each["OutputValue"] for each in described["Outputs"]}
    with suppress(iam.exceptions.EntityAlreadyExistsException):
        iam.create_user(UserName=NAME)
    iam.attach_user_policy(UserName=NAME, PolicyArn=outputs["AirflowPolicyArn"])
    document = {
        "Version": "2012-10-17",
        "Statement": [*remote_log_statements(bucket, prefix), *more],
    }
    iam.put_user_policy(UserName=NAME, PolicyName="airflow", PolicyDocument=json.dumps(document))


def remote_log_statements(bucket: str, prefix: str) -> list[Statement]:
    """What Airflow's S3TaskHandler does (amazon provider, ``log/s3_task_handler.py``): it looks for
    a log, reads it, writes it, and lists a task's logs by their prefix. Without the right to list
    the whole bucket, it would be denied a log that isn't there yet (S3 API reference,
    HeadObject)."""
    return [
        {
            "Sid": "Logs",
            "Effect": "Allow",
            "Action": ["s3:GetObject", "s3:PutObject"],
            "Resource": f"arn:aws:s3:::{bucket}/{prefix}*",
        },
        {
            "Sid": "ListLogs",
            "Effect": "Allow",
            "Action": "s3:ListBucket",
            "Resource": f"arn:aws:s3:::{bucket}",
        },
    ]

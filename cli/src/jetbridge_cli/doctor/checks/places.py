"""Checks the buckets, keys, log groups and subnets that the parameters name."""

from collections.abc import Iterator
from functools import partial

from botocore.exceptions import ClientError

from jetbridge_cli.doctor.deployment import Deployment
from jetbridge_cli.doctor.finding import Finding, Result, code_of, if_there

_GONE = ("404", "NoSuchBucket")
# EC2 API reference, "Error codes".
_NO_NETWORK = ("InvalidSubnetID.NotFound", "InvalidGroup.NotFound")
_NO_ENCRYPTION = "ServerSideEncryptionConfigurationNotFoundError"


def buckets(deployment: Deployment) -> Iterator[Result]:
    """Each bucket exists, and its key is in KmsKeyArns."""
    for parameter in ("AirflowLogBucket", "OffloadBucket"):
        bucket = deployment.parameters.get(parameter)
        if not bucket:
            continue
        if if_there(partial(deployment.aws.s3.head_bucket, Bucket=bucket), *_GONE) is None:
            yield _finding(
                "buckets",
                bucket,
                f"{parameter} names it, and there is no such bucket.",
                f"Create the bucket, or correct {parameter}.",
            )
            continue
        yield from _key_of(deployment, parameter, bucket)


def _key_of(deployment: Deployment, parameter: str, bucket: str) -> Iterator[Result]:
    ask = partial(deployment.aws.s3.get_bucket_encryption, Bucket=bucket)
    answer = if_there(ask, _NO_ENCRYPTION)
    if answer is None:
        return
    known = deployment.listed("KmsKeyArns")
    for rule in answer["ServerSideEncryptionConfiguration"]["Rules"]:
        key = rule.get("ApplyServerSideEncryptionByDefault", {}).get("KMSMasterKeyID")
        if key and key not in known and not any(arn.endswith(f"/{key}") for arn in known):
            yield _finding(
                "buckets",
                bucket,
                f"{parameter} is encrypted with {key}, which is not in KmsKeyArns: the functions "
                "may not use the key.",
                "Add the key's ARN to KmsKeyArns.",
            )


def keys(deployment: Deployment) -> Iterator[Result]:
    """Each of KmsKeyArns is enabled."""
    for arn in deployment.listed("KmsKeyArns"):
        found = if_there(partial(deployment.aws.kms.describe_key, KeyId=arn), "NotFoundException")
        state = str(found["KeyMetadata"]["KeyState"]) if found else "gone"
        if state != "Enabled":
            yield _finding(
                "KMS keys",
                arn,
                f"the key is {state}: what it encrypts can be neither read nor written.",
                "aws kms enable-key or cancel-key-deletion, or take it out of KmsKeyArns.",
            )


def groups(deployment: Deployment) -> Iterator[Result]:
    """The log groups in LiveLogGroupNames and AirflowLogGroup exist, and those for live logs have a
    subscription."""
    airflow = deployment.parameters.get("AirflowLogGroup", "")
    live = deployment.listed("LiveLogGroupNames")
    for parameter, names in (("AirflowLogGroup", [airflow]), ("LiveLogGroupNames", live)):
        for group in filter(None, names):
            if not deployment.has_log_group(group):
                yield _finding(
                    "log groups",
                    group,
                    f"{parameter} names it, and there is no such log group.",
                    f"aws logs create-log-group --log-group-name {group}, and deploy again.",
                )
    relay = deployment.functions.get("RelayLogsFunction", "")
    target = deployment.arn_of("lambda", f"function:{relay}")
    for group in live:
        ask = partial(deployment.aws.logs.describe_subscription_filters, logGroupName=group)
        answer = if_there(ask)
        if answer is None:
            continue
        if target not in {each["destinationArn"] for each in answer["subscriptionFilters"]}:
            yield _finding(
                "log groups",
                group,
                "LiveLogGroupNames names it, and relay_logs is not subscribed to it: its lines are "
                "shown only at the end.",
                "Deploy the stack without it in LiveLogGroupNames, and then with it again.",
            )


def subnets(deployment: Deployment) -> Iterator[Result]:
    """The subnets and security groups of notify_airflow exist."""
    ec2 = deployment.aws.ec2
    for parameter, kind in (("VpcSubnetIds", "Subnet"), ("VpcSecurityGroupIds", "Group")):
        for name in deployment.listed(parameter):
            try:
                if kind == "Subnet":
                    found = bool(ec2.describe_subnets(SubnetIds=[name])["Subnets"])
                else:
                    groups = ec2.describe_security_groups(GroupIds=[name])
                    found = bool(groups["SecurityGroups"])
            except ClientError as error:
                if code_of(error) not in _NO_NETWORK:
                    raise
                found = False
            if not found:
                yield _finding(
                    "subnets",
                    name,
                    f"{parameter} names it, and it doesn't exist: notify_airflow can't start.",
                    f"Correct {parameter}.",
                )


def _finding(check: str, subject: str, problem: str, fix: str) -> Finding:
    return Finding(check=check, subject=subject, problem=problem, fix=fix, section="places")

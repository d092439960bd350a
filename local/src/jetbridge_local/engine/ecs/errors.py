"""ECS's errors that several operations share, with ECS's own texts."""

from typing import Any

from ..errors import AwsError


def invalid_parameter(message: str) -> AwsError:
    return AwsError("InvalidParameterException", message)


def client_error(message: str) -> AwsError:
    return AwsError("ClientException", message)


def rate_exceeded() -> AwsError:
    return AwsError("ThrottlingException", "Rate exceeded")


def ec2_throttled(parameters: dict[str, Any]) -> AwsError:
    """What RunTask answers when EC2 throttles its questions about the subnets
    (dagster-io/dagster#33439) or the security groups (dask/dask-cloudprovider#56)."""
    network = parameters.get("networkConfiguration", {}).get("awsvpcConfiguration", {})
    if groups := network.get("securityGroups"):
        return invalid_parameter(
            f"Error retrieving security group information for [{', '.join(groups)}]: Request limit"
            " exceeded. (ErrorCode: RequestLimitExceeded)"
        )
    return invalid_parameter(
        f"Error retrieving subnet information for [{', '.join(network.get('subnets', []))}]: "
        "Rate exceeded (ErrorCode: Throttling)"
    )


def cluster_not_found() -> AwsError:
    return AwsError("ClusterNotFoundException", "Cluster not found.")

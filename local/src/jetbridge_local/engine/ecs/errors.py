"""ECS's errors that several operations share, with ECS's own texts."""

from ..errors import AwsError


def invalid_parameter(message: str) -> AwsError:
    return AwsError("InvalidParameterException", message)


def client_error(message: str) -> AwsError:
    return AwsError("ClientException", message)


def rate_exceeded(disguised: bool) -> AwsError:
    return AwsError(
        "InvalidParameterException" if disguised else "ThrottlingException", "Rate exceeded"
    )


def cluster_not_found() -> AwsError:
    return AwsError("ClusterNotFoundException", "Cluster not found.")

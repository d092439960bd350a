"""Finds the containers' subnets: the given ones, or those of the default VPC."""

from dataclasses import dataclass
from typing import TYPE_CHECKING

from botocore.exceptions import ClientError

from jetbridge_cli.aws import Aws
from jetbridge_cli.problems import Problem

if TYPE_CHECKING:
    from mypy_boto3_ec2.type_defs import FilterTypeDef, SubnetTypeDef

# AWS Batch takes up to 16 subnets in a compute environment (API reference of ComputeResource).
_MOST_SUBNETS = 3


@dataclass(frozen=True)
class Network:
    vpc_id: str
    subnet_ids: list[str]
    public_ip: bool

    @property
    def parameters(self) -> dict[str, str]:
        """The parameters of the quickstart's template."""
        return {
            "VpcId": self.vpc_id,
            "SubnetIds": ",".join(self.subnet_ids),
            "AssignPublicIp": "ENABLED" if self.public_ip else "DISABLED",
        }


def network_of(aws: Aws, subnet_ids: list[str], public_ip: bool) -> Network:
    """The network with these subnets. Without subnets, it takes some of the default VPC.

    Raises Problem if there is no default VPC, if a subnet doesn't exist, or if they belong to
    several VPCs.
    """
    subnets = _given(aws, subnet_ids) if subnet_ids else _default(aws)
    vpcs = {subnet["VpcId"] for subnet in subnets}
    if len(vpcs) > 1:
        raise Problem(
            f"--subnet: give subnets of only one VPC; these are in {', '.join(sorted(vpcs))}"
        )
    return Network(vpcs.pop(), [subnet["SubnetId"] for subnet in subnets], public_ip)


def _given(aws: Aws, subnet_ids: list[str]) -> list["SubnetTypeDef"]:
    try:
        found = aws.ec2.describe_subnets(SubnetIds=subnet_ids)["Subnets"]
    except ClientError as error:
        if not error.response["Error"]["Code"].startswith("InvalidSubnet"):
            raise
        message = error.response["Error"].get("Message", "")
        raise Problem(f"--subnet: {message}: is it another region or account?") from error
    return found


def _default(aws: Aws) -> list["SubnetTypeDef"]:
    """The default subnets. Each is public, because its VPC has an internet gateway (Amazon VPC user
    guide, "Default VPCs")."""
    filters: list[FilterTypeDef] = [{"Name": "default-for-az", "Values": ["true"]}]
    found = aws.ec2.describe_subnets(Filters=filters)["Subnets"]
    if not found:
        raise Problem(
            f"there is no default VPC in {aws.ec2.meta.region_name}: give --subnet with subnets "
            "that reach public.ecr.aws and CloudWatch Logs, private ones with --no-public-ip"
        )
    return sorted(found, key=lambda subnet: str(subnet["SubnetId"]))[:_MOST_SUBNETS]

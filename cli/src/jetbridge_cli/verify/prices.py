"""AWS's list prices in us-east-1, in US dollars, as far as a verification needs them.

``source`` is AWS's page. The figures were compared on 2026-11-28 with public articles that quote
those pages, not with the pages themselves; for the prices of public IPv4 addresses and of S3 no
such article was at hand. Other regions have other prices.
"""

from typing import NamedTuple


class Price(NamedTuple):
    """``usd`` for one ``unit``."""

    usd: float
    unit: str
    source: str


_HOURS_A_MONTH = 730

FARGATE_VCPU = Price(0.04048, "vCPU-hour", "aws.amazon.com/fargate/pricing, Linux/x86")
FARGATE_MEMORY = Price(0.004445, "GB-hour", "aws.amazon.com/fargate/pricing, Linux/x86")
PUBLIC_IPV4 = Price(0.005, "address-hour", "aws.amazon.com/vpc/pricing")
ALARM = Price(0.10 / _HOURS_A_MONTH, "alarm-hour", "aws.amazon.com/cloudwatch/pricing")
METRIC = Price(0.30 / _HOURS_A_MONTH, "metric-hour", "aws.amazon.com/cloudwatch/pricing")
LOGS = Price(0.50, "GB ingested", "aws.amazon.com/cloudwatch/pricing")
LAMBDA = Price(0.0000133334, "GB-second", "aws.amazon.com/lambda/pricing, Arm")
LAMBDA_REQUEST = Price(0.20e-6, "request", "aws.amazon.com/lambda/pricing")
DYNAMODB_WRITE = Price(0.625e-6, "write unit", "aws.amazon.com/dynamodb/pricing/on-demand")
SQS_REQUEST = Price(0.40e-6, "request", "aws.amazon.com/sqs/pricing")
S3_PUT = Price(5e-6, "request", "aws.amazon.com/s3/pricing")
EVENT = Price(1e-6, "event", "aws.amazon.com/eventbridge/pricing")

"""Which quota a run has reached, when AWS says that there is a limit but doesn't name it."""

import re

from jetbridge.failures.words import aws_words

# "AWS Fargate service quotas" (Amazon ECS developer guide); "Amazon ECS service event messages"
# says of these sentences that a quota is to be raised.
_FARGATE = (
    "The quota is that of AWS Fargate in Service Quotas: Fargate On-Demand vCPU resource count, or "
    "on Spot Fargate Spot vCPU resource count."
)
# "Amazon EC2 service quotas" (Amazon EC2 user guide).
_EC2 = (
    "The quota is one of Amazon EC2 in Service Quotas, in vCPUs for the family of instances: "
    "Running On-Demand ... instances, or All ... Spot Instance Requests."
)
_QUOTAS = (
    (
        r"limit (?:on|of) (?:the )?number of (?:tasks|(?:Fargate (?:Spot )?)?vCPUs)|"
        r"configuration is above your limit",
        _FARGATE,
    ),
    (r"VcpuLimitExceeded: |MaxSpotInstanceCountExceeded: |InstanceLimitExceeded: ", _EC2),
)


def quota_met(*texts: str) -> str:
    """A sentence that names the quota; empty if the texts mention no limit."""
    known = [aws_words(text) for text in texts]
    for pattern, quota in _QUOTAS:
        if any(re.search(pattern, text) for text in known):
            return quota
    return ""

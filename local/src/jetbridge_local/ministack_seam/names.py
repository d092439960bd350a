"""Names that CloudFormation makes: if one would be too long, the stack's part of it is cut.

ministack cuts what comes last, so names there always begin with the whole stack's name. On AWS a
policy for "<stack>-*" doesn't match a name of 64 characters of a stack with a long name ("IAM Role
for Custom Resource - Invoke Function Policy fails with long CF stack names",
aws-solutions/aws-waf-security-automations#143). How much CloudFormation cuts, AWS doesn't document.
"""

from typing import Any

from ministack.services.cloudformation import provisioners

_LONGER_THAN_ANY = 10_000


def install() -> None:
    whole_name = provisioners._physical_name

    def cut_name(stack_name: str, logical_id: str, *, max_len: int = 128, **options: Any) -> str:
        name = str(whole_name(stack_name, logical_id, max_len=_LONGER_THAN_ANY, **options))
        left = len(stack_name) - max(0, len(name) - max_len)
        if left < 1:
            return str(whole_name(stack_name, logical_id, max_len=max_len, **options))
        return name[:left] + name[len(stack_name) :]

    provisioners._physical_name = cut_name

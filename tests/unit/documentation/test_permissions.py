"""What the documentation says of the rights to deploy, against CloudFormation's own list.

CloudFormation makes, changes and removes a resource with its caller's rights. The schema of the
resource's type has them, under ``handlers`` (AWS CloudFormation CLI user guide, "Resource type
schema"). These are those of AWS::IAM::Role and AWS::IAM::ManagedPolicy, without the actions on
groups and users, which no template of this repository has.
"""

import re
from pathlib import Path

import pytest

DOCS = Path(__file__).resolve().parents[3] / "docs"

ROLE = {
    "create": "CreateRole PutRolePolicy AttachRolePolicy GetRole ListAttachedRolePolicies "
    "ListRolePolicies GetRolePolicy",
    "update": "UpdateRole UpdateRoleDescription UpdateAssumeRolePolicy DetachRolePolicy "
    "AttachRolePolicy DeleteRolePermissionsBoundary PutRolePermissionsBoundary DeleteRolePolicy "
    "PutRolePolicy TagRole UntagRole GetRole ListAttachedRolePolicies ListRolePolicies "
    "GetRolePolicy",
    "delete": "DeleteRole DetachRolePolicy DeleteRolePolicy GetRole ListAttachedRolePolicies "
    "ListRolePolicies",
}
MANAGED_POLICY = {
    "create": "CreatePolicy AttachRolePolicy GetPolicy ListEntitiesForPolicy GetPolicyVersion",
    "update": "DetachRolePolicy GetPolicy ListPolicyVersions CreatePolicyVersion "
    "DeletePolicyVersion AttachRolePolicy",
    "delete": "DetachRolePolicy GetPolicy ListPolicyVersions DeletePolicyVersion DeletePolicy "
    "ListEntitiesForPolicy",
}
# `jetbridge verify` changes no stack.
PAGES = {
    "how-to/deploy.md": ("create", "update", "delete"),
    "reference/cli.md": ("create", "delete"),
}


@pytest.mark.parametrize("page", PAGES)
def test_who_deploys_gets_what_cloudformation_needs_in_iam(page: str) -> None:
    [line] = [line for line in (DOCS / page).read_text().split("\n") if "`iam:CreateRole`" in line]
    named = set(re.findall(r"`(?:iam:)?([A-Z]\w+)`", line))
    needed = {
        action
        for kind in (ROLE, MANAGED_POLICY)
        for step in PAGES[page]
        for action in kind[step].split()
    }
    assert needed <= named

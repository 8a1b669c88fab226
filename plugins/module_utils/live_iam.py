# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Reads IAM roles by name, in the option names of amazon.aws.iam_role and iam_policy.

The Resource Groups Tagging API does not know roles, so they cannot be found by their tags.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ansible_collections.triflow.platform.plugins.module_utils.tags import COMPONENT, STACK, from_aws

if TYPE_CHECKING:
    from ansible_collections.triflow.platform.plugins.module_utils.resource import Api


def read(iam: Api, names: list[str]) -> list[dict[str, Any]]:
    """Those of the roles that are there, each followed by its inline policies: three calls a role and one a policy."""
    found: list[dict[str, Any]] = []
    for name in names:
        role = iam.call("get_role", on=name, absent=("NoSuchEntity",), RoleName=name).get("Role")
        if not role:
            continue
        tags = from_aws(role.get("Tags"))
        attached = iam.pages("list_attached_role_policies", "AttachedPolicies", on=name, RoleName=name)
        found.append(
            {
                "type": "role",
                "id": role["Arn"],
                "component": tags.get(COMPONENT),
                "stack": tags.get(STACK),
                "name": name,
                "role_id": role["RoleId"],
                "assume_role_policy_document": role["AssumeRolePolicyDocument"],
                "managed_policies": [policy["PolicyArn"] for policy in attached],
                "tags": tags,
            }
        )
        for policy in iam.pages("list_role_policies", "PolicyNames", on=name, RoleName=name):
            answer = iam.call("get_role_policy", on=name, RoleName=name, PolicyName=policy)
            found.append(
                {
                    "type": "role_policy",
                    "id": name,
                    "component": None,  # an inline policy has no tags: its role and name identify it
                    "stack": tags.get(STACK),
                    "iam_type": "role",
                    "iam_name": name,
                    "policy_name": policy,
                    "policy_json": answer["PolicyDocument"],
                }
            )
    return found

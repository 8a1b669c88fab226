"""Rules of security groups: the default group's own, and descriptions, which do not tell rules apart."""

from __future__ import annotations

import copy
from typing import Any

from moto.ec2.models import EC2Backend
from moto.ec2.models.security_groups import SecurityGroup, SecurityGroupRule

from lab.corrections.override import override


@override(EC2Backend, "create_security_group")
def _create_security_group(
    original: Any, self: EC2Backend, name: str, description: str, vpc_id: str | None = None, *more: Any, **options: Any
) -> SecurityGroup:
    """Amazon VPC user guide, Default security groups: it lets in everything that comes from itself.

    CreateSecurityGroup, Errors: InvalidVpcID.NotFound; moto makes a group without the rule of its outgoing traffic.
    """
    if vpc_id and not options.get("is_default"):
        self.get_vpc(vpc_id)
    group: SecurityGroup = original(self, name, description, vpc_id, *more, **options)
    if group.is_default:
        itself = {"GroupId": group.id, "UserId": self.account_id, "OwnerId": self.account_id}
        rule = SecurityGroupRule(self, "-1", group.id, None, None, None, source_group=itself, is_egress=False)
        group.ingress_rules.append(rule)
    return group


@override(SecurityGroupRule, "__eq__")
def _same(original: Any, self: SecurityGroupRule, other: SecurityGroupRule) -> bool:
    """RevokeSecurityGroupIngress and -Egress find a rule without its description; another one makes no second rule."""
    bare = []
    for rule in (self, other):
        bare.append(copy.copy(rule))
        bare[-1].source_group = {key: value for key, value in rule.source_group.items() if key != "Description"}
    result: bool = original(*bare)
    return result


@override(EC2Backend, "_sg_update_description")
def _update_description(original: Any, self: EC2Backend, given: SecurityGroupRule, rule: SecurityGroupRule) -> None:
    """UpdateSecurityGroupRuleDescriptionsIngress and -Egress: a description that is left out is removed."""
    for wanted, peer in ((given.ip_range, rule.ip_range), (given.source_group, rule.source_group)):
        if "Description" not in wanted:
            peer.pop("Description", None)
    original(self, given, rule)


def _description(self: SecurityGroupRule) -> str | None:
    """DescribeSecurityGroupRules: a rule has its description whatever its peer is, a CIDR block or a group."""
    return self.ip_range.get("Description") or self.source_group.get("Description")


SecurityGroupRule.description = property(_description)  # type: ignore[method-assign,assignment]

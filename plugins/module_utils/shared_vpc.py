# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""What is wrong with a stack's subnets in the VPC that is there: its own, or another stack's (ENV-1)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from ipaddress import IPv4Network
from typing import TYPE_CHECKING, Any

from ansible_collections.triflow.platform.plugins.module_utils.problems import Problem, problem
from ansible_collections.triflow.platform.plugins.module_utils.tags import COMPONENT, STACK, from_aws

if TYPE_CHECKING:
    from ansible_collections.triflow.platform.plugins.module_utils.resource import Api


def read(ec2: Api, owner: str) -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
    """The VPC of the stack ``owner`` and its subnets, as AWS describes them: two calls, one without a VPC."""
    ours = [{"Name": f"tag:{STACK}", "Values": [owner]}]
    vpcs = ec2.pages("describe_vpcs", "Vpcs", on=f"the VPC of {owner}", Filters=ours)
    if not vpcs:
        return [], []
    inside = [{"Name": "vpc-id", "Values": [vpc["VpcId"] for vpc in vpcs]}]
    return vpcs, ec2.pages("describe_subnets", "Subnets", on=f"the subnets of {owner}", Filters=inside)


def missing_problems(stack: str, owner: str, vpcs: Sequence[dict[str, Any]]) -> list[Problem]:
    """Refuse to build in the VPC of another stack that has none."""
    if owner == stack or vpcs:
        return []
    accepted = f"a stack with a VPC; run site.yml with the inventory of {owner} first"
    return [problem("vpc_owner", owner, "that stack has no VPC in this account and region", accepted)]


def range_problems(
    stack: str,
    owner: str,
    cidr: str,
    wanted: Mapping[str, Sequence[str]],
    vpcs: Sequence[dict[str, Any]],
    subnets: Sequence[dict[str, Any]],
) -> list[Problem]:
    """Refuse another stack's VPC with another range than ``cidr``, and subnets that overlap what is not the stack's.

    ``wanted`` has the CIDRs of the stack's subnets by variable. A subnet of that very range that carries no stack's tag
    is left to the role, which takes back what lost its tags.
    """
    problems = []
    there = [item["CidrBlock"] for vpc in vpcs for item in vpc["CidrBlockAssociationSet"]]
    if there and owner != stack and cidr not in there:
        problems.append(problem("vpc_cidr", cidr, f"the VPC is that of {owner}, and has another range", there[0]))
    for variable, blocks in wanted.items():
        for block in blocks:
            for subnet in subnets:
                whose = from_aws(subnet.get("Tags")).get(STACK)
                taken_back = whose is None and subnet["CidrBlock"] == block
                if whose == stack or taken_back or not IPv4Network(block).overlaps(IPv4Network(subnet["CidrBlock"])):
                    continue
                reason = f"it overlaps {subnet['CidrBlock']} of {subnet['SubnetId']}, which is "
                reason += f"the stack {whose}'s" if whose else "nobody's by its tags"
                problems.append(problem(variable, block, reason, f"a free range of the VPC {subnet['VpcId']}"))
    return problems


def fixed_problems(
    stack: str,
    cidr: str,
    zones: Sequence[str],
    wanted: Mapping[str, Sequence[str]],
    vpcs: Sequence[dict[str, Any]],
    subnets: Sequence[dict[str, Any]],
) -> list[Problem]:
    """Refuse another range of the VPC, and another range or zone of a subnet that stands: AWS changes none of them.

    ``wanted`` has the CIDRs of the stack's subnets by variable, in the order of the zones.
    """
    own = {
        tags[COMPONENT]: subnet
        for subnet in subnets
        if (tags := from_aws(subnet.get("Tags"))).get(STACK) == stack and COMPONENT in tags
    }
    problems = [
        problem("vpc_cidr", cidr, f"the VPC {vpc['VpcId']} has another range, and AWS changes none", vpc["CidrBlock"])
        for vpc in vpcs
        if from_aws(vpc.get("Tags")).get(STACK) == stack
        and cidr not in [item["CidrBlock"] for item in vpc["CidrBlockAssociationSet"]]
    ]
    for variable, blocks in wanted.items():
        tier = "public" if "public" in variable else "private"
        for zone, block in zip(zones, blocks, strict=False):
            component = f"subnet-{tier}-{zone[-1]}"
            live = own.get(component)
            if live and live["CidrBlock"] != block:
                reason = f"{component} ({live['SubnetId']}) has another range, and AWS changes none"
                problems.append(problem(variable, block, reason, live["CidrBlock"]))
            for subnet in subnets:
                if subnet["CidrBlock"] != block or subnet["AvailabilityZone"] == zone:
                    continue
                reason = f"{subnet['SubnetId']} has that range in {subnet['AvailabilityZone']}, and AWS moves no subnet"
                problems.append(problem(variable, block, reason, f"a range of its own for {zone}"))
    return problems

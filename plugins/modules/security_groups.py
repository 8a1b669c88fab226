#!/usr/bin/python
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
from __future__ import annotations

DOCUMENTATION = r"""
module: security_groups
version_added: 0.1.0
short_description: Security groups of a VPC with exactly these rules (NET-6, NET-7, NET-8)
author: TriFlow AI (@triflow-ai)
description:
  - Creates all groups of the list before it sets the rules, so the rules may name any of them.
  - A direction that is given has exactly its rules afterwards. AWS lets a new group send everything; that rule goes
    right after the creation.
  - A group is found by its tags, else by its name in the VPC. One that is not this stack's is refused, unless O(adopt)
    names it.
  - The group that AWS makes with the VPC has the name C(default). It is announced as created when it does not carry its
    tags yet, gets tags and rules like any other, and goes with its VPC.
  - AWS cannot change the name or description of a group; a difference there is refused.
  - The stock module sleeps three seconds for each group that it creates, and takes one group at a time, so groups that
    name each other need two runs each.
options:
  vpc_id:
    description: The VPC.
    type: str
    required: true
  groups:
    description: The groups.
    type: list
    elements: dict
    required: true
    suboptions:
      component:
        description: C(security-group-alb) and the like.
        type: str
        required: true
      name:
        description: The group's name, unique in the VPC.
        type: str
        required: true
      description:
        description: What the group is for, at most 255 characters.
        type: str
        required: true
      rules:
        description: All inbound rules. Not given, they are left as they are.
        type: list
        elements: dict
        suboptions: &rule
          proto:
            description: The protocol.
            type: str
            choices: [tcp, udp]
            default: tcp
          port:
            description: The port. For a range give O(groups[].rules[].from_port) and O(groups[].rules[].to_port).
            type: int
          from_port:
            description: First port of a range.
            type: int
          to_port:
            description: Last port of a range.
            type: int
          cidr_ip:
            description: Peer, an IPv4 range in CIDR notation without host bits.
            type: str
          group:
            description: Peer, the component of a group in this list.
            type: str
          group_id:
            description: Peer, the id of any other group.
            type: str
          description:
            description: What the rule is for, at most 255 characters.
            type: str
            default: ""
      rules_egress:
        description: All outbound rules, in the form of O(groups[].rules). Not given, they are left as they are.
        type: list
        elements: dict
        suboptions: *rule
extends_documentation_fragment:
  - triflow.platform.stack
  - triflow.platform.stack.state
  - amazon.aws.common.modules
  - amazon.aws.region.modules
  - amazon.aws.boto3
attributes:
  check_mode:
    description: Announces exactly what a run would do. The VPC may be one that is only announced.
    support: full
  diff_mode:
    description: Shows the fields that differ, a group of the list by its component.
    support: full
"""

EXAMPLES = r"""
- name: A database that only the tasks reach
  triflow.platform.security_groups:
    vpc_id: vpc-0a1b2c3d4e5f60718
    groups:
      - component: security-group-ecs
        name: triflow-prod-ecs
        description: Tasks
        rules: []
        rules_egress:
          - port: 5432
            group: security-group-rds
      - component: security-group-rds
        name: triflow-prod-rds
        description: Database
        rules:
          - port: 5432
            group: security-group-ecs
        rules_egress: []
  register: groups
"""

RETURN = r"""
changes:
  description: What was done, or would be.
  returned: always
  type: list
  elements: dict
  sample: [{component: security-group-rds, action: update, fields: [rules]}]
resources:
  description: The groups by component, each with its C(id) or a placeholder. Empty when absent.
  returned: always
  type: dict
  sample: {security-group-rds: {id: sg-0a1b2c3d4e5f60718, name: triflow-prod-rds}}
"""

from typing import Any, override

from ansible_collections.triflow.platform.plugins.module_utils import held, placeholders, security_group_rules
from ansible_collections.triflow.platform.plugins.module_utils.attempts import looks_again
from ansible_collections.triflow.platform.plugins.module_utils.ec2 import Ec2Resource, is_cidr
from ansible_collections.triflow.platform.plugins.module_utils.resource import Api, Run, StackModule
from ansible_collections.triflow.platform.plugins.module_utils.tags import STACK, from_aws

PREFIX = "security-group-"
DEFAULT = "default"
# option: where AWS describes the rules, end of the names of the calls that change them
DIRECTIONS = {"rules": ("IpPermissions", "ingress"), "rules_egress": ("IpPermissionsEgress", "egress")}
ALLOW_ALL = {"IpProtocol": "-1", "IpRanges": [{"CidrIp": "0.0.0.0/0"}]}


class Group(Ec2Resource):
    id_prefix = "sg-"
    tag_type = "security-group"
    fixed = ("name", "description")
    untagged_is_own = False  # its name may have been somebody else's first

    def __init__(
        self, api: Api, vpc_id: str, options: dict[str, Any], everywhere: list[dict[str, Any]], ids: dict[str, str]
    ) -> None:
        super().__init__(api, options["component"])
        self.vpc_id = vpc_id
        self.options = options
        self.everywhere = everywhere  # the account's groups
        self.described = [group for group in everywhere if group.get("VpcId") == vpc_id]
        self.ids = ids  # {component: id} of the list's groups, as far as they are there
        self.to_set: list[str] = []  # directions whose rules differ
        found = self._described_group()
        self.live = {
            option: security_group_rules.single(found[key]) for option, (key, _unused) in DIRECTIONS.items() if found
        }
        if found:
            ids[self.component] = found["GroupId"]

    def _described_group(self) -> dict[str, Any]:
        # Only what carries the stack's tag is deleted.
        present = self.api.module.params["state"] == "present"
        named = [
            group
            for group in self.described
            if group["GroupName"] == self.options["name"]
            and (present or from_aws(group.get("Tags")).get(STACK) == self.stack)
        ]
        ours = {group["GroupId"]: group for group in self.described if self.is_ours(group)}
        if not ours:
            return next(iter(named), {})
        elsewhere = [
            group
            for group in self.everywhere
            if self.is_ours(group) and group["GroupId"] not in ours and group["GroupName"] != DEFAULT
        ]

        def holds(api: Api, ids: list[str]) -> dict[str, list[str]]:
            """The VPC's own counts as used beside one of another VPC, which no part of the stack can have."""
            found = held.of_security_groups(api, ids)
            inside = [f"in the stack's VPC {self.vpc_id}"] if elsewhere else []
            return {key: (inside if key in ours else []) + value for key, value in found.items()}

        stays = self.one_of(
            [self._leftover(group) for group in [*ours.values(), *elsewhere]],
            holds,
            lambda live: all(live[field] == self.options[field] for field in self.fixed),
        )
        return ours[stays["id"]] if stays else {}

    @staticmethod
    def _leftover(group: dict[str, Any]) -> dict[str, Any]:
        return {
            "id": group["GroupId"],
            "name": group["GroupName"],
            "description": group["Description"],
            "tags": from_aws(group.get("Tags")),
        }

    @property
    def components(self) -> dict[str, str]:
        return {identifier: component for component, identifier in self.ids.items()}

    @override
    def find(self) -> dict[str, Any] | None:
        group = self._described_group()
        if not group or (group["GroupName"] == DEFAULT and STACK not in from_aws(group.get("Tags"))):
            return None
        rules = {
            option: [security_group_rules.flat(permission, self.components) for permission in permissions]
            for option, permissions in self.live.items()
        }
        return {
            "id": group["GroupId"],
            "name": group["GroupName"],
            "description": group["Description"],
            **rules,
            "tags": from_aws(group.get("Tags")),
        }

    @override
    def wanted(self, live: dict[str, Any] | None) -> dict[str, Any]:
        rules = {
            option: [security_group_rules.wanted(rule, self.components) for rule in self.options[option]]
            for option in DIRECTIONS
            if self.options[option] is not None
        }
        return {key: self.options[key] for key in self.fixed} | rules | {"tags": self.tags}

    @override
    def create(self, wanted: dict[str, Any]) -> str:
        self.to_set = [option for option in DIRECTIONS if option in wanted]
        if self.component in self.ids:  # the default group: it becomes a part of the stack
            self.update_tags({"id": self.ids[self.component]})
            return self.ids[self.component]
        answer = self.api.call(
            "create_security_group",
            on=self.component,
            VpcId=self.vpc_id,
            GroupName=wanted["name"],
            Description=wanted["description"],
            TagSpecifications=self.tag_specifications(),
        )
        self.ids[self.component] = answer["GroupId"]
        self._change("revoke_security_group_egress", [ALLOW_ALL])
        self.live = {option: [] for option in DIRECTIONS}
        return self.ids[self.component]

    @override
    def update(self, live: dict[str, Any], wanted: dict[str, Any], fields: list[str]) -> None:
        if "tags" in fields:
            self.update_tags(live)
        self.to_set = [option for option in DIRECTIONS if option in fields]

    def set_rules(self) -> None:
        """Carry out what `create` and `update` have left, now that every group of the list is there."""
        wanted = self.wanted(None)
        for option in self.to_set:
            _unused, direction = DIRECTIONS[option]
            steps = security_group_rules.steps(self.live[option], wanted[option], self.ids)
            self._change(f"authorize_security_group_{direction}", steps.authorize)
            self._change(f"update_security_group_rule_descriptions_{direction}", steps.describe)
            self._change(f"revoke_security_group_{direction}", steps.revoke)

    def empty(self) -> None:
        """Revoke every rule: AWS deletes no group that another one's rule names."""
        for option, permissions in self.live.items():
            self._change(f"revoke_security_group_{DIRECTIONS[option][1]}", permissions)
        further = {live["id"] for live in self.leftovers}
        for group in self.everywhere:
            for key, direction in DIRECTIONS.values() if group["GroupId"] in further else ():
                if group[key]:
                    revoke = f"revoke_security_group_{direction}"
                    self.api.call(revoke, on=self.component, GroupId=group["GroupId"], IpPermissions=group[key])

    def _change(self, operation: str, permissions: list[dict[str, Any]]) -> None:
        if permissions:
            group_id = self.ids[self.component]
            self.api.call(operation, on=self.component, GroupId=group_id, IpPermissions=permissions)

    @override
    def delete(self, live: dict[str, Any]) -> None:
        refused = ("DependencyViolation",)
        if not self.api.call("delete_security_group", on=self.component, absent=refused, GroupId=live["id"]):
            users = ", ".join(self._users(live["id"])) or "something that AWS does not name"
            self.api.module.fail_json(
                msg=f"{self.component} ({live['id']}) is still used by {users}: remove that first, then run again"
            )

    def _users(self, group_id: str) -> list[str]:
        interfaces = self.api.pages(
            "describe_network_interfaces",
            "NetworkInterfaces",
            on=self.component,
            Filters=[{"Name": "group-id", "Values": [group_id]}],
        )
        naming = [
            f"a rule of {group['GroupName']} ({group['GroupId']})"
            for group in self.described
            if group["GroupId"] not in self.components
            and any(
                pair["GroupId"] == group_id
                for key, _unused in DIRECTIONS.values()
                for permission in group[key]
                for pair in permission.get("UserIdGroupPairs", [])
            )
        ]
        return naming + [f"{item['NetworkInterfaceId']} ({item.get('Description', '')})" for item in interfaces]


def problem_of(entry: dict[str, Any], components: list[str]) -> str | None:
    """What is wrong with an element of ``groups``."""
    component = entry["component"]
    if not component.startswith(PREFIX):
        return f"component {component} does not begin with {PREFIX}"
    for option in DIRECTIONS:
        rules = entry[option] or []
        for rule in rules:
            if rule["group"] and rule["group"] not in components:
                return f"{option} of {component} name the group {rule['group']}, which is not in groups"
            if rule["cidr_ip"] and not is_cidr(rule["cidr_ip"]):
                return f"cidr_ip {rule['cidr_ip']} of {component} is not an IPv4 range without host bits: 10.0.0.0/16"
        identities = [security_group_rules.identity(security_group_rules.wanted(rule, {})) for rule in rules]
        if len(set(identities)) < len(rules):
            return f"{option} of {component} hold the same rule twice"
    return None


@looks_again
def main() -> None:
    number, text, required = {"type": "int"}, {"type": "str"}, {"type": "str", "required": True}
    rule_options = {
        "proto": {"type": "str", "choices": ["tcp", "udp"], "default": "tcp"},
        **dict.fromkeys(("port", "from_port", "to_port"), number),
        **dict.fromkeys(("cidr_ip", "group", "group_id"), text),
        "description": {"type": "str", "default": ""},
    }
    rules = {
        "type": "list",
        "elements": "dict",
        "options": rule_options,
        "mutually_exclusive": [("port", "from_port"), ("port", "to_port"), ("cidr_ip", "group", "group_id")],
        "required_one_of": [("port", "from_port"), ("cidr_ip", "group", "group_id")],
        "required_together": [("from_port", "to_port")],
    }
    group_options = {
        **dict.fromkeys(("component", "name", "description"), required),
        **dict.fromkeys(DIRECTIONS, rules),
    }
    module = StackModule(
        {
            "vpc_id": {"type": "str", "required": True},
            "groups": {"type": "list", "elements": "dict", "required": True, "options": group_options},
        }
    )
    vpc_id, entries = module.params["vpc_id"], module.params["groups"]
    present = module.params["state"] == "present"
    for entry in entries:
        problem = problem_of(entry, [other["component"] for other in entries])
        if problem:
            module.fail_json(msg=problem)
        if not present and entry["name"] == DEFAULT:
            module.fail_json(msg=f"{entry['component']} goes with its VPC: AWS deletes it in no other way")
    api = module.api("ec2")
    everywhere = []
    if not placeholders.within(vpc_id):  # a second one may be in another VPC
        everywhere = api.pages("describe_security_groups", "SecurityGroups", on="the security groups")
    ids: dict[str, str] = {}
    groups = [Group(api, vpc_id, entry, everywhere, ids) for entry in entries]
    run = Run(module)
    if not present and not module.check_mode:
        for group in groups:
            group.empty()
    run.converge(groups)
    for group in groups:
        group.set_rules()
    run.exit()


if __name__ == "__main__":
    main()

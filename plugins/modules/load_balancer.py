#!/usr/bin/python
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
from __future__ import annotations

DOCUMENTATION = r"""
module: load_balancer
version_added: 0.1.0
short_description: An application load balancer with its attributes (ALB-1, ALB-8)
author: TriFlow AI (@triflow-ai)
description:
  - Creates the load balancer without waiting for it, and changes in place what AWS can change.
  - It is found by its name. One that is not this stack's is refused, unless O(adopt) names it.
  - The stock module manages the listeners with it, waits for the load balancer each time, and in check mode gives no
    ARN of one that it would leave as it is. Here the listeners follow when the certificate is issued.
options:
  name:
    description: Name of the load balancer, at most 32 characters.
    type: str
    required: true
  subnet_ids:
    description: Subnets in at least two availability zones.
    type: list
    elements: str
  security_group_ids:
    description: Security groups.
    type: list
    elements: str
  scheme:
    description: Whether it has public addresses. AWS cannot change it.
    type: str
    choices: [internet-facing, internal]
    default: internet-facing
  ip_address_type:
    description: Addresses of clients.
    type: str
    choices: [ipv4, dualstack]
    default: ipv4
  deletion_protection:
    description:
      - AWS refuses to delete the load balancer while this is on. O(state=absent) lifts it only when this is false.
    type: bool
    default: true
  drop_invalid_header_fields:
    description: Drop header fields whose names are not valid, instead of passing them to the targets.
    type: bool
  idle_timeout:
    description: Seconds after which a connection without data is closed, 1 to 4000.
    type: int
  access_logs:
    description: Write access logs to O(access_logs_bucket).
    type: bool
  access_logs_bucket:
    description: Bucket of the access logs, in the same region. Its policy must let Elastic Load Balancing write.
    type: str
  access_logs_prefix:
    description: Beginning of the keys of the access logs.
    type: str
  wait_timeout:
    description:
      - Longest wait for a deleted load balancer to be gone with its network interfaces, in seconds. Its subnets and
        security groups cannot be deleted earlier.
    type: int
    default: 600
extends_documentation_fragment:
  - triflow.platform.stack
  - triflow.platform.stack.state
  - triflow.platform.plan
  - amazon.aws.common.modules
  - amazon.aws.region.modules
  - amazon.aws.boto3
attributes:
  check_mode:
    description: Announces exactly what a run would do. The ids may be of things that are only announced.
    support: full
"""

EXAMPLES = r"""
- name: Load balancer
  triflow.platform.load_balancer:
    name: triflow-prod
    subnet_ids: [subnet-0a1b2c3d4e5f60718, subnet-0a1b2c3d4e5f60719]
    security_group_ids: [sg-0a1b2c3d4e5f60718]
    drop_invalid_header_fields: true
"""

RETURN = r"""
changes:
  description: What was done, or would be.
  returned: always
  type: list
  elements: dict
  sample: [{component: load-balancer, action: update, fields: [drop_invalid_header_fields]}]
resources:
  description: The load balancer by component, its C(id) being the ARN or a placeholder. Empty when absent.
  returned: always
  type: dict
"""

from functools import cached_property
from typing import Any, override

from ansible_collections.triflow.platform.plugins.module_utils.attempts import looks_again
from ansible_collections.triflow.platform.plugins.module_utils.elbv2 import (
    NamedResource,
    attributes,
    read_tags,
    typed,
)
from ansible_collections.triflow.platform.plugins.module_utils.resource import Run, StackModule
from ansible_collections.triflow.platform.plugins.module_utils.statuses import alive, explained
from ansible_collections.triflow.platform.plugins.module_utils.tags import to_aws

# option: its attribute in ModifyLoadBalancerAttributes, and its type
ATTRIBUTES: dict[str, tuple[str, type]] = {
    "deletion_protection": ("deletion_protection.enabled", bool),
    "drop_invalid_header_fields": ("routing.http.drop_invalid_header_fields.enabled", bool),
    "idle_timeout": ("idle_timeout.timeout_seconds", int),
    "access_logs": ("access_logs.s3.enabled", bool),
    "access_logs_bucket": ("access_logs.s3.bucket", str),
    "access_logs_prefix": ("access_logs.s3.prefix", str),
}
OPTIONS = ("name", "subnet_ids", "security_group_ids", "scheme", "ip_address_type")


class LoadBalancer(NamedResource):
    id_prefix = "arn:aws:elasticloadbalancing:::loadbalancer/"
    fixed = ("scheme",)

    def __init__(self, module: StackModule) -> None:
        super().__init__(module.api("elbv2"), "load-balancer", module.params["name"])
        self.module = module

    @override
    def find(self) -> dict[str, Any] | None:
        return self.live

    @cached_property
    def live(self) -> dict[str, Any] | None:
        gone = ("LoadBalancerNotFound",)
        answer = self.api.call("describe_load_balancers", on=self.component, absent=gone, Names=[self.name])
        if not answer:
            return None
        described = answer["LoadBalancers"][0]
        state = described["State"]
        if self.module.params["state"] == "present" and not alive("load balancer", state["Code"]):
            said = explained("load balancer", state["Code"], state.get("Reason", ""))
            self.module.fail(f"Load balancer {self.name} is {said}")
        arn = described["LoadBalancerArn"]
        answer = self.api.call("describe_load_balancer_attributes", on=self.component, LoadBalancerArn=arn)
        values = {item["Key"]: item["Value"] for item in answer["Attributes"]}
        return {
            "id": arn,
            "name": described["LoadBalancerName"],
            "dns_name": described["DNSName"],
            "subnet_ids": [zone["SubnetId"] for zone in described["AvailabilityZones"]],
            "security_group_ids": described.get("SecurityGroups", []),
            "scheme": described["Scheme"],
            "ip_address_type": described["IpAddressType"],
            **{option: typed(values[key], like) for option, (key, like) in ATTRIBUTES.items() if key in values},
            "tags": read_tags(self.api, [arn])[arn],
        }

    @override
    def wanted(self, live: dict[str, Any] | None) -> dict[str, Any]:
        return {option: self.module.params[option] for option in (*OPTIONS, *ATTRIBUTES)} | {"tags": self.tags}

    @override
    def create(self, wanted: dict[str, Any]) -> str:
        answer = self.api.call(
            "create_load_balancer",
            on=self.component,
            Name=self.name,
            Type="application",
            Scheme=wanted["scheme"],
            IpAddressType=wanted["ip_address_type"],
            Subnets=wanted["subnet_ids"],
            SecurityGroups=wanted["security_group_ids"],
            Tags=to_aws(self.tags),
        )
        arn = str(answer["LoadBalancers"][0]["LoadBalancerArn"])
        self._set_attributes(arn, {option: wanted[option] for option in ATTRIBUTES if wanted[option] is not None})
        return arn

    def _set_attributes(self, arn: str, options: dict[str, Any]) -> None:
        if options:
            writes = "the bucket's policy has to let Elastic Load Balancing write: run playbooks/data.yml first"
            self.api.call(
                "modify_load_balancer_attributes",
                on=self.component,
                advice=writes if options.get("access_logs") else None,
                LoadBalancerArn=arn,
                Attributes=attributes({ATTRIBUTES[option][0]: value for option, value in options.items()}),
            )

    @override
    def update(self, live: dict[str, Any], wanted: dict[str, Any], fields: list[str]) -> None:
        setters = {
            "subnet_ids": ("set_subnets", "Subnets"),
            "security_group_ids": ("set_security_groups", "SecurityGroups"),
            "ip_address_type": ("set_ip_address_type", "IpAddressType"),
        }
        for field, (operation, parameter) in setters.items():
            if field in fields:
                self.api.call(operation, on=self.component, LoadBalancerArn=live["id"], **{parameter: wanted[field]})
        changed = [field for field in fields if field in ATTRIBUTES]
        if any(field.startswith("access_logs") for field in changed):  # AWS checks the three together
            changed += [option for option in ATTRIBUTES if option.startswith("access_logs")]
        self._set_attributes(live["id"], {option: wanted[option] for option in changed if wanted[option] is not None})
        if "tags" in fields:
            self.update_tags(live)

    @override
    def delete(self, live: dict[str, Any]) -> None:
        if live["deletion_protection"]:
            self._set_attributes(live["id"], {"deletion_protection": False})
        self.api.call("delete_load_balancer", on=self.component, LoadBalancerArn=live["id"])

    def wait_until_gone(self) -> None:
        """AWS keeps its network interfaces for some minutes, and with them its subnets and security groups."""
        self.module.api("ec2").wait(
            "network_interfaces_gone",
            on=self.component,
            timeout=self.module.params["wait_timeout"],
            Filters=[{"Name": "description", "Values": [f"ELB app/{self.name}/*"]}],
        )


@looks_again
def main() -> None:
    ids = {"type": "list", "elements": "str"}
    module = StackModule(
        {
            "name": {"type": "str", "required": True},
            "subnet_ids": ids,
            "security_group_ids": ids,
            "scheme": {"type": "str", "choices": ["internet-facing", "internal"], "default": "internet-facing"},
            "ip_address_type": {"type": "str", "choices": ["ipv4", "dualstack"], "default": "ipv4"},
            **{option: {"type": like.__name__} for option, (_key, like) in ATTRIBUTES.items()},
            "deletion_protection": {"type": "bool", "default": True},
            "wait_timeout": {"type": "int", "default": 600},
        },
        required_if=[
            ("state", "present", ["subnet_ids", "security_group_ids"]),
            ("access_logs", True, ["access_logs_bucket"]),
        ],
    )
    balancer = LoadBalancer(module)
    absent = module.params["state"] == "absent"
    if not absent and len(module.params["subnet_ids"]) < 2:
        module.fail("subnet_ids: an application load balancer takes subnets in at least two availability zones")
    own = balancer.live if balancer.live and not balancer.is_foreign(balancer.live, balancer.stack) else None
    if absent and module.params["deletion_protection"] and own and own["deletion_protection"]:
        module.fail(
            f"Load balancer {balancer.name} is protected: deleting it takes deletion_protection: false "
            "(variable alb_deletion_protection), given on purpose for this run"
        )
    run = Run(module)
    run.converge([balancer])
    foreign = balancer.live and not own
    if absent and not foreign and not module.check_mode:
        balancer.wait_until_gone()
    run.exit()


if __name__ == "__main__":
    main()

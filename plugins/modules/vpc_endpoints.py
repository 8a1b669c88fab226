#!/usr/bin/python
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
from __future__ import annotations

DOCUMENTATION = r"""
module: vpc_endpoints
version_added: 0.1.0
short_description: Gateway and interface endpoints of a VPC (NET-5)
author: TriFlow AI (@triflow-ai)
description:
  - Creates endpoints and does not wait for them, and changes what C(ModifyVpcEndpoint) can change in place.
  - An endpoint is found by its tags, else by its VPC, type and service unless it carries another stack's tag. One that
    AWS shows as deleting, deleted, rejected, failed or expired is not there.
  - The stock module never changes an endpoint, and creates a second one when the route tables change.
options:
  vpc_id:
    description: The VPC.
    type: str
    required: true
  endpoints:
    description: The endpoints.
    type: list
    elements: dict
    required: true
    suboptions:
      component:
        description: C(endpoint-s3) and the like.
        type: str
        required: true
      service_name:
        description: C(com.amazonaws.ap-northeast-2.s3) and the like. Another service is another endpoint.
        type: str
        required: true
      type:
        description: C(gateway) adds routes to route tables, C(interface) addresses in subnets.
        type: str
        choices: [gateway, interface]
        required: true
      route_table_ids:
        description: Route tables of a gateway endpoint.
        type: list
        elements: str
      subnet_ids:
        description: Subnets of an interface endpoint.
        type: list
        elements: str
      security_group_ids:
        description: Security groups of an interface endpoint.
        type: list
        elements: str
      private_dns_enabled:
        description: Whether the service's public name leads to an interface endpoint.
        type: bool
      policy:
        description: Endpoint policy. AWS allows everything when there is none.
        type: dict
  purge:
    description: Delete the stack's other endpoints in the VPC, those whose component begins with C(endpoint-).
    type: bool
    default: true
  wait_timeout:
    description:
      - Longest wait for each deleted endpoint to be gone with its network interfaces, in seconds. Its subnets and
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
- name: S3 without the NAT gateway
  triflow.platform.vpc_endpoints:
    vpc_id: vpc-0a1b2c3d4e5f60718
    endpoints:
      - component: endpoint-s3
        type: gateway
        service_name: com.amazonaws.ap-northeast-2.s3
        route_table_ids: [rtb-0a1b2c3d4e5f60718]
"""

RETURN = r"""
changes:
  description: What was done, or would be.
  returned: always
  type: list
  elements: dict
  sample: [{component: endpoint-s3, action: update, fields: [route_table_ids]}]
resources:
  description: The endpoints by component, each with its C(id) or a placeholder. Empty when absent.
  returned: always
  type: dict
  sample: {endpoint-s3: {id: vpce-0a1b2c3d4e5f60718, type: gateway}}
waited:
  description: Seconds waited for deleted endpoints to be gone.
  returned: always
  type: dict
  sample: {endpoint-logs: 40.1}
"""

import json
from typing import Any, override

from ansible_collections.amazon.aws.plugins.module_utils.policy import compare_policies
from ansible_collections.triflow.platform.plugins.module_utils import placeholders, twice
from ansible_collections.triflow.platform.plugins.module_utils.attempts import looks_again
from ansible_collections.triflow.platform.plugins.module_utils.ec2 import Ec2Resource
from ansible_collections.triflow.platform.plugins.module_utils.resource import Api, Run, StackModule
from ansible_collections.triflow.platform.plugins.module_utils.statuses import NEVER, with_meaning
from ansible_collections.triflow.platform.plugins.module_utils.tags import COMPONENT, STACK, from_aws

PREFIX = "endpoint-"
GONE = with_meaning("VPC endpoint", NEVER)
# option: its name in CreateVpcEndpoint; ModifyVpcEndpoint puts Add or Remove before those of a list
LISTS = {"route_table_ids": "RouteTableIds", "subnet_ids": "SubnetIds", "security_group_ids": "SecurityGroupIds"}


class Endpoint(Ec2Resource):
    id_prefix = "vpce-"
    tag_type = "vpc-endpoint"
    fixed = ("service_name", "type")

    def __init__(
        self, api: Api, options: dict[str, Any], described: list[dict[str, Any]], leaving: dict[str, str]
    ) -> None:
        super().__init__(api, options["component"])
        self.options = options
        self.described = described
        self.leaving = leaving  # {id: component} of what is being deleted

    @override
    def find(self) -> dict[str, Any] | None:
        alive = [endpoint for endpoint in self.described if endpoint["State"].lower() not in GONE]
        tagged = [endpoint for endpoint in alive if self.is_ours(endpoint)]
        # Only what carries the stack's tag is deleted.
        stacks = (self.stack, None) if self.api.module.params["state"] == "present" else (self.stack,)
        same = [
            endpoint
            for endpoint in alive
            if endpoint["ServiceName"] == self.options["service_name"]
            and endpoint["VpcEndpointType"].lower() == self.options["type"]
            and from_aws(endpoint.get("Tags")).get(STACK) in stacks
        ]
        found = {endpoint["VpcEndpointId"]: self._live(endpoint) for endpoint in tagged or same[:1]}
        return self.one_of(
            list(found.values()),
            # Route tables lead to a gateway endpoint, and names to the addresses of an interface endpoint.
            lambda _api, ids: {
                identifier: twice.counted(
                    ["route table"] * len(found[identifier]["route_table_ids"])
                    + ["subnet"] * len(found[identifier]["subnet_ids"])
                )
                for identifier in ids
            },
            lambda live: all(live[field] == self.options[field] for field in self.fixed),
        )

    @staticmethod
    def _live(endpoint: dict[str, Any]) -> dict[str, Any]:
        return {
            "id": endpoint["VpcEndpointId"],
            "service_name": endpoint["ServiceName"],
            "type": endpoint["VpcEndpointType"].lower(),
            "route_table_ids": endpoint["RouteTableIds"],
            "subnet_ids": endpoint["SubnetIds"],
            "security_group_ids": [group["GroupId"] for group in endpoint["Groups"]],
            "private_dns_enabled": endpoint["PrivateDnsEnabled"],
            "policy": json.loads(endpoint["PolicyDocument"]),
            "tags": from_aws(endpoint.get("Tags")),
        }

    @override
    def wanted(self, live: dict[str, Any] | None) -> dict[str, Any]:
        wanted = {key: value for key, value in self.options.items() if key not in ("component", "vpc_id")}
        if live and wanted["policy"] and not compare_policies(live["policy"], wanted["policy"]):
            wanted["policy"] = live["policy"]  # the same in AWS's spelling
        return {**wanted, "tags": self.tags}

    @override
    def create(self, wanted: dict[str, Any]) -> str:
        parameters = {name: wanted[option] for option, name in LISTS.items() if wanted[option] is not None}
        answer = self.api.call(
            "create_vpc_endpoint",
            on=self.component,
            VpcId=self.options["vpc_id"],
            ServiceName=wanted["service_name"],
            VpcEndpointType=wanted["type"].capitalize(),
            TagSpecifications=self.tag_specifications(),
            **parameters,
            **self._settings(wanted, ["private_dns_enabled", "policy"]),
        )
        return str(answer["VpcEndpoint"]["VpcEndpointId"])

    @staticmethod
    def _settings(wanted: dict[str, Any], fields: list[str]) -> dict[str, Any]:
        settings = {}
        if "private_dns_enabled" in fields and wanted["private_dns_enabled"] is not None:
            settings["PrivateDnsEnabled"] = wanted["private_dns_enabled"]
        if "policy" in fields and wanted["policy"] is not None:
            settings["PolicyDocument"] = json.dumps(wanted["policy"])
        return settings

    @override
    def update(self, live: dict[str, Any], wanted: dict[str, Any], fields: list[str]) -> None:
        changes = self._settings(wanted, fields)
        for option in set(LISTS) & set(fields):
            changes[f"Add{LISTS[option]}"] = sorted(set(wanted[option]) - set(live[option]))
            changes[f"Remove{LISTS[option]}"] = sorted(set(live[option]) - set(wanted[option]))
        changes = {name: value for name, value in changes.items() if value != []}
        if changes:
            self.api.call("modify_vpc_endpoint", on=self.component, VpcEndpointId=live["id"], **changes)
        if "tags" in fields:
            self.update_tags(live)

    @override
    def delete(self, live: dict[str, Any]) -> None:
        answer = self.api.call("delete_vpc_endpoints", on=self.component, VpcEndpointIds=[live["id"]])
        for failure in answer["Unsuccessful"]:
            self.api.module.fail_json(
                msg=f"{self.component} ({live['id']}) was not deleted: {failure['Error']['Message']}"
            )
        self.leaving[live["id"]] = self.component


@looks_again
def main() -> None:
    ids = {"type": "list", "elements": "str"}
    endpoint_options = {
        "component": {"type": "str", "required": True},
        "service_name": {"type": "str", "required": True},
        "type": {"type": "str", "choices": ["gateway", "interface"], "required": True},
        **dict.fromkeys(LISTS, ids),
        "private_dns_enabled": {"type": "bool"},
        "policy": {"type": "dict"},
    }
    module = StackModule(
        {
            "vpc_id": {"type": "str", "required": True},
            "endpoints": {"type": "list", "elements": "dict", "required": True, "options": endpoint_options},
            "purge": {"type": "bool", "default": True},
            "wait_timeout": {"type": "int", "default": 600},
        }
    )
    vpc_id, entries = module.params["vpc_id"], module.params["endpoints"]
    for entry in entries:
        if not entry["component"].startswith(PREFIX):
            module.fail_json(msg=f"component {entry['component']} does not begin with {PREFIX}")
    api = module.api("ec2")
    described = []
    if not placeholders.within(vpc_id):
        inside = [{"Name": "vpc-id", "Values": [vpc_id]}]
        described = api.pages("describe_vpc_endpoints", "VpcEndpoints", on="the endpoints", Filters=inside)
    own = {
        endpoint["VpcEndpointId"]: endpoint
        for endpoint in described
        if (tags := from_aws(endpoint.get("Tags"))).get(STACK) == module.params["stack"]
        and tags.get(COMPONENT, "").startswith(PREFIX)
    }
    leaving = {
        identifier: from_aws(endpoint["Tags"])[COMPONENT]
        for identifier, endpoint in own.items()
        if endpoint["State"].lower() == "deleting"
    }
    endpoints = [Endpoint(api, {**entry, "vpc_id": vpc_id}, described, leaving) for entry in entries]
    listed = [
        live["id"] for endpoint in endpoints if (found := endpoint.find()) for live in (found, *endpoint.leftovers)
    ]
    run = Run(module)
    run.converge(endpoints)
    for identifier, endpoint in own.items():
        if module.params["purge"] and identifier not in listed and endpoint["State"].lower() not in GONE:
            options = {
                "component": from_aws(endpoint["Tags"])[COMPONENT],
                "service_name": endpoint["ServiceName"],
                "type": endpoint["VpcEndpointType"].lower(),
            }
            run.absent(Endpoint(api, options, [endpoint], leaving))
    waited = {}
    for identifier, component in leaving.items() if not module.check_mode else ():
        timeout = module.params["wait_timeout"]
        waited[component] = api.wait("vpc_endpoint_deleted", on=component, timeout=timeout, VpcEndpointIds=[identifier])
    run.exit(waited=waited)


if __name__ == "__main__":
    main()

#!/usr/bin/python
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
from __future__ import annotations

DOCUMENTATION = r"""
module: vpc_nat_gateways
version_added: 0.1.0
short_description: NAT gateways, each with an Elastic IP of its own (NET-4)
author: TriFlow AI (@triflow-ai)
description:
  - Creates public NAT gateways and does not wait for them. C(state=absent) deletes them, waits until they are gone and
    releases their addresses.
  - An address is tagged while it is allocated and found again by its tags, so a run that was killed before it created
    the gateway loses none. The stock module allocates an address without tags first.
  - A gateway that AWS shows as failed, deleting or deleted is not there.
options:
  gateways:
    description: The NAT gateways.
    type: list
    elements: dict
    required: true
    suboptions:
      component:
        description: C(nat-gateway-a) and the like. The address of this one is C(elastic-ip-a).
        type: str
        required: true
      subnet_id:
        description: The public subnet. Required with O(state=present). A gateway cannot move to another one.
        type: str
  wait_timeout:
    description: Longest wait for deleted gateways to be gone, in seconds.
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
    description: Announces exactly what a run would do. The subnet may be one that is only announced.
    support: full
"""

EXAMPLES = r"""
- name: One NAT gateway
  triflow.platform.vpc_nat_gateways:
    gateways:
      - component: nat-gateway-a
        subnet_id: subnet-0a1b2c3d4e5f60718
  register: vpc_nat
"""

RETURN = r"""
changes:
  description: What was done, or would be, for each gateway and each address.
  returned: always
  type: list
  elements: dict
  sample:
    - {component: elastic-ip-a, action: create, fields: []}
    - {component: nat-gateway-a, action: create, fields: []}
resources:
  description: The gateways and addresses by component, each with its C(id) or a placeholder. Empty when absent.
  returned: always
  type: dict
  sample: {nat-gateway-a: {id: nat-0a1b2c3d4e5f60718, subnet_id: subnet-0a1b2c3d4e5f60718}}
waited:
  description: Seconds waited for deleted gateways to be gone.
  returned: always
  type: dict
  sample: {nat-gateway-a: 75.2}
"""

import hashlib
from datetime import UTC, datetime
from typing import Any, override

from ansible_collections.triflow.platform.plugins.module_utils import held
from ansible_collections.triflow.platform.plugins.module_utils.attempts import looks_again
from ansible_collections.triflow.platform.plugins.module_utils.ec2 import Ec2Resource
from ansible_collections.triflow.platform.plugins.module_utils.resource import Api, Run, StackModule
from ansible_collections.triflow.platform.plugins.module_utils.statuses import PASSES, READY, with_meaning
from ansible_collections.triflow.platform.plugins.module_utils.tags import COMPONENT, from_aws

PREFIX = "nat-gateway-"
ALIVE = with_meaning("NAT gateway", READY, PASSES)


class NatGateway(Ec2Resource):
    id_prefix = "nat-"
    tag_type = "natgateway"
    fixed = ("subnet_id",)

    def __init__(self, api: Api, component: str, subnet_id: str | None, described: list[dict[str, Any]]) -> None:
        super().__init__(api, component)
        self.subnet_id = subnet_id
        self.described = described
        self.allocation_id = ""

    @override
    def find(self) -> dict[str, Any] | None:
        alive = [gateway for gateway in self.described if gateway["State"] in ALIVE]
        tagged = [gateway for gateway in alive if self.is_ours(gateway)]
        untagged = [
            gateway
            for gateway in alive
            if gateway["SubnetId"] == self.subnet_id and COMPONENT not in from_aws(gateway.get("Tags"))
        ]
        return self.one_of(
            [self._live(gateway) for gateway in tagged or untagged[:1]],
            held.of_nat_gateways,
            lambda live: live["subnet_id"] == self.subnet_id,
        )

    @staticmethod
    def _live(gateway: dict[str, Any]) -> dict[str, Any]:
        addresses = gateway["NatGatewayAddresses"]
        return {
            "id": gateway["NatGatewayId"],
            "subnet_id": gateway["SubnetId"],
            "state": gateway["State"],
            "allocation_ids": [address["AllocationId"] for address in addresses if "AllocationId" in address],
            "tags": from_aws(gateway.get("Tags")),
        }

    @override
    def wanted(self, live: dict[str, Any] | None) -> dict[str, Any]:
        return {"subnet_id": self.subnet_id, "tags": self.tags}

    @override
    def create(self, wanted: dict[str, Any]) -> str:
        # AWS remembers a token for longer than the gateway lives: a former gateway or a later hour makes another one.
        former = sorted(
            gateway["NatGatewayId"]
            for gateway in self.described
            if gateway["SubnetId"] == self.subnet_id and gateway["State"] not in ALIVE
        )
        parts = [self.stack, self.component, self.allocation_id, *former, datetime.now(UTC).strftime("%Y-%m-%dT%H")]
        answer = self.api.call(
            "create_nat_gateway",
            on=self.component,
            SubnetId=self.subnet_id,
            AllocationId=self.allocation_id,
            ClientToken=hashlib.sha256(" ".join(parts).encode()).hexdigest(),
            TagSpecifications=self.tag_specifications(),
        )
        return str(answer["NatGateway"]["NatGatewayId"])

    @override
    def update(self, live: dict[str, Any], wanted: dict[str, Any], fields: list[str]) -> None:
        self.update_tags(live)

    @override
    def delete(self, live: dict[str, Any]) -> None:
        self.api.call("delete_nat_gateway", on=self.component, absent=("NatGatewayNotFound",), NatGatewayId=live["id"])


class Address(Ec2Resource):
    id_prefix = "eipalloc-"
    tag_type = "elastic-ip"

    def __init__(self, gateway: NatGateway, described: list[dict[str, Any]]) -> None:
        super().__init__(gateway.api, "elastic-ip-" + gateway.component.removeprefix(PREFIX))
        self.gateway = gateway
        self.described = described

    @override
    def find(self) -> dict[str, Any] | None:
        gateway = self.gateway.find() if self.gateway.subnet_id else None
        used = gateway["allocation_ids"] if gateway else []
        ours = [address for address in self.described if self.is_ours(address)]
        if not any(address["AllocationId"] in used for address in ours):
            ours = [address for address in self.described if address["AllocationId"] in used][:1] + ours
        live = self.one_of(
            [
                {
                    "id": address["AllocationId"],
                    "public_ip": address["PublicIp"],
                    "tags": from_aws(address.get("Tags")),
                }
                for address in ours
            ],
            self._holds,
        )
        if live:
            self.gateway.allocation_id = live["id"]
        return live

    def _holds(self, api: Api, ids: list[str]) -> dict[str, list[str]]:
        """By what each is used. A gateway that is to go does not count: its address goes with it."""
        return held.of_addresses(api, ids, [gateway["id"] for gateway in self.gateway.leftovers])

    @override
    def wanted(self, live: dict[str, Any] | None) -> dict[str, Any]:
        return {"tags": self.tags}

    @override
    def create(self, wanted: dict[str, Any]) -> str:
        answer = self.api.call(
            "allocate_address", on=self.component, Domain="vpc", TagSpecifications=self.tag_specifications()
        )
        self.gateway.allocation_id = answer["AllocationId"]
        return self.gateway.allocation_id

    @override
    def update(self, live: dict[str, Any], wanted: dict[str, Any], fields: list[str]) -> None:
        self.update_tags(live)

    @override
    def delete(self, live: dict[str, Any]) -> None:
        # A gateway holds its address until it is gone. What is left over goes with the gateway that is left over.
        holders = [gateway["id"] for gateway in self.gateway.leftovers if live["id"] in gateway["allocation_ids"]]
        if holders and self.api.module.params["state"] == "present":
            timeout = self.api.module.params["wait_timeout"]
            self.api.wait("nat_gateway_deleted", on=self.gateway.component, timeout=timeout, NatGatewayIds=holders)
        gone = ("InvalidAllocationID.NotFound",)
        self.api.call("release_address", on=self.component, absent=gone, AllocationId=live["id"])


@looks_again
def main() -> None:
    gateway_options = {"component": {"type": "str", "required": True}, "subnet_id": {"type": "str"}}
    module = StackModule(
        {
            "gateways": {"type": "list", "elements": "dict", "required": True, "options": gateway_options},
            "wait_timeout": {"type": "int", "default": 600},
        }
    )
    present = module.params["state"] == "present"
    for entry in module.params["gateways"]:
        if not entry["component"].startswith(PREFIX):
            module.fail_json(msg=f"component {entry['component']} does not begin with {PREFIX}")
        if present and not entry["subnet_id"]:
            module.fail_json(msg=f"{entry['component']} has no subnet_id: state present needs it")
    api = module.api("ec2")
    described = api.pages("describe_nat_gateways", "NatGateways", on="the NAT gateways")
    addresses = api.call("describe_addresses", on="the addresses")["Addresses"]
    # Without its subnet a gateway is found by its tags alone: only what is tagged is deleted.
    gateways = [
        NatGateway(api, entry["component"], entry["subnet_id"] if present else None, described)
        for entry in module.params["gateways"]
    ]
    run = Run(module)
    waited = {}
    if present:
        run.converge(item for gateway in gateways for item in (Address(gateway, addresses), gateway))
    else:
        run.converge(gateways)
        going = {
            entry["NatGatewayId"]: gateway.component
            for gateway in gateways
            for entry in described
            if gateway.is_ours(entry) and entry["State"] in (*ALIVE, "deleting")
        }
        if going and not module.check_mode:  # a gateway holds its address until it is gone
            names, timeout = ", ".join(going.values()), module.params["wait_timeout"]
            waited[names] = api.wait("nat_gateway_deleted", on=names, timeout=timeout, NatGatewayIds=list(going))
        run.converge(Address(gateway, addresses) for gateway in gateways)
    run.exit(waited=waited)


if __name__ == "__main__":
    main()

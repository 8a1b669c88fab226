#!/usr/bin/python
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
from __future__ import annotations

DOCUMENTATION = r"""
module: vpc_route_tables
version_added: 0.1.0
short_description: Route tables of a VPC with exactly these subnets and routes (NET-2, NET-3, NET-4)
author: TriFlow AI (@triflow-ai)
description:
  - Creates route tables, moves subnets to them from whichever table they are in, and sets their routes.
  - Only routes that somebody created are managed. The VPC's own, those of gateway endpoints and other routes to a
    prefix list, and propagated ones are left alone.
  - A table is found by its tags, else it is one that serves this table's subnets and no others, unless it carries
    another stack's tag.
  - The stock module sleeps five seconds whenever it changes something, takes one table at a time, and stumbles over the
    routes of gateway endpoints.
options:
  vpc_id:
    description: The VPC.
    type: str
    required: true
  route_tables:
    description: The route tables. With O(state=absent) an empty list is all of the stack in the VPC.
    type: list
    elements: dict
    required: true
    suboptions:
      component:
        description: C(route-table-public) and the like.
        type: str
        required: true
      subnet_ids:
        description: All subnets of the table. Not given, they are left as they are.
        type: list
        elements: str
      routes:
        description: All routes of the table. Not given, they are left as they are.
        type: list
        elements: dict
        suboptions:
          destination_cidr_block:
            description: IPv4 range in CIDR notation without host bits.
            type: str
            required: true
          gateway_id:
            description: Target, an internet gateway.
            type: str
          nat_gateway_id:
            description: Target, a NAT gateway.
            type: str
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
- name: Public route table
  triflow.platform.vpc_route_tables:
    vpc_id: vpc-0a1b2c3d4e5f60718
    route_tables:
      - component: route-table-public
        subnet_ids: [subnet-0a1b2c3d4e5f60718]
        routes:
          - destination_cidr_block: 0.0.0.0/0
            gateway_id: igw-0a1b2c3d4e5f60718
"""

RETURN = r"""
changes:
  description: What was done, or would be.
  returned: always
  type: list
  elements: dict
  sample: [{component: route-table-public, action: update, fields: [routes]}]
resources:
  description: The route tables by component, each with its C(id) or a placeholder. Empty when absent.
  returned: always
  type: dict
  sample: {route-table-public: {id: rtb-0a1b2c3d4e5f60718, subnet_ids: [subnet-0a1b2c3d4e5f60718]}}
"""

from typing import Any, override

from ansible.module_utils.common.dict_transformations import camel_dict_to_snake_dict, snake_dict_to_camel_dict
from ansible_collections.triflow.platform.plugins.module_utils import consistency, held, placeholders
from ansible_collections.triflow.platform.plugins.module_utils.attempts import looks_again
from ansible_collections.triflow.platform.plugins.module_utils.ec2 import Ec2Resource, is_cidr
from ansible_collections.triflow.platform.plugins.module_utils.resource import Api, Run, StackModule
from ansible_collections.triflow.platform.plugins.module_utils.tags import COMPONENT, STACK, from_aws

PREFIX = "route-table-"
DESTINATIONS = ("destination_cidr_block", "destination_ipv6_cidr_block")


def is_main(table: dict[str, Any]) -> bool:
    """Whether it is the VPC's main route table: that one goes with the VPC."""
    return any(association["Main"] for association in table["Associations"])


def associations_of(table: dict[str, Any]) -> dict[str, str]:
    """``{subnet: association}`` of a table, an internet gateway in a subnet's place included."""
    return {
        association.get("SubnetId") or association["GatewayId"]: association["RouteTableAssociationId"]
        for association in table["Associations"]
        if not association["Main"] and association["AssociationState"]["State"] in ("associating", "associated")
    }


def managed_routes(table: dict[str, Any]) -> list[dict[str, Any]]:
    """The routes that somebody created, with their destination and target."""
    return [
        camel_dict_to_snake_dict(
            {key: value for key, value in route.items() if key not in ("Origin", "State", "InstanceOwnerId")}
        )
        for route in table["Routes"]
        if route["Origin"] == "CreateRoute" and "DestinationPrefixListId" not in route
    ]


def destination_of(route: dict[str, Any]) -> tuple[str, str]:
    """How the route names its destination, and the destination."""
    return next((key, route[key]) for key in DESTINATIONS if key in route)


class Associations:
    """Where each subnet of the VPC is, kept up to date while tables take subnets from each other."""

    def __init__(self, described: list[dict[str, Any]], wanted: list[str]) -> None:
        self.there = {
            subnet: (association, table["RouteTableId"])
            for table in described
            for subnet, association in associations_of(table).items()
        }
        self.wanted = wanted  # by any table of the list: such a subnet is moved there, never left without a table

    def set(self, api: Api, component: str, table: str, subnets: list[str]) -> None:
        """The table has exactly these subnets, but for those that another table of the list is going to take."""
        for subnet in subnets:
            association, current = self.there.get(subnet, ("", ""))
            if not association:
                answer = api.call("associate_route_table", on=component, RouteTableId=table, SubnetId=subnet)
                self.there[subnet] = (answer["AssociationId"], table)
            elif current != table:
                answer = api.call(
                    "replace_route_table_association", on=component, AssociationId=association, RouteTableId=table
                )
                self.there[subnet] = (answer["NewAssociationId"], table)
        for subnet, (association, current) in list(self.there.items()):
            if current == table and subnet not in [*subnets, *self.wanted]:
                gone = ("InvalidAssociationID.NotFound",)
                api.call("disassociate_route_table", on=component, absent=gone, AssociationId=association)
                del self.there[subnet]


class RouteTable(Ec2Resource):
    id_prefix = "rtb-"
    tag_type = "route-table"

    def __init__(
        self,
        api: Api,
        vpc_id: str,
        options: dict[str, Any],
        tables: list[dict[str, Any]],
        associations: Associations,
    ) -> None:
        super().__init__(api, options["component"])
        self.vpc_id = vpc_id
        self.options = options
        self.tables = tables
        self.associations = associations

    @override
    def find(self) -> dict[str, Any] | None:
        return self.one_of(
            [
                {
                    "id": table["RouteTableId"],
                    "subnet_ids": list(associations_of(table)),
                    "routes": managed_routes(table),
                    "tags": from_aws(table.get("Tags")),
                }
                for table in self.tables
            ],
            held.of_route_tables,
        )

    @override
    def wanted(self, live: dict[str, Any] | None) -> dict[str, Any]:
        routes = self.options["routes"]
        if routes is not None:
            routes = [{key: value for key, value in route.items() if value is not None} for route in routes]
        return {"subnet_ids": self.options["subnet_ids"], "routes": routes, "tags": self.tags}

    @override
    def create(self, wanted: dict[str, Any]) -> str:
        tags = self.tag_specifications()
        answer = self.api.call("create_route_table", on=self.component, VpcId=self.vpc_id, TagSpecifications=tags)
        table: str = answer["RouteTable"]["RouteTableId"]
        self._set_routes(table, [], wanted["routes"] or [])
        self.associations.set(self.api, self.component, table, wanted["subnet_ids"] or [])
        return table

    @override
    def update(self, live: dict[str, Any], wanted: dict[str, Any], fields: list[str]) -> None:
        if "routes" in fields:
            self._set_routes(live["id"], live["routes"], wanted["routes"])
        if "subnet_ids" in fields:
            self.associations.set(self.api, self.component, live["id"], wanted["subnet_ids"])
        if "tags" in fields:
            self.update_tags(live)

    def _set_routes(self, table: str, live: list[dict[str, Any]], wanted: list[dict[str, Any]]) -> None:
        def change(operation: str, route: dict[str, Any]) -> None:
            parameters = snake_dict_to_camel_dict(route, capitalize_first=True)
            self.api.call(operation, on=self.component, RouteTableId=table, **parameters)

        former = {destination_of(route): route for route in live}
        for route in wanted:
            known = former.pop(destination_of(route), None)
            if known != route:
                change("replace_route" if known else "create_route", route)
        for destination in former:
            change("delete_route", dict([destination]))

    @override
    def delete(self, live: dict[str, Any]) -> None:
        self.associations.set(self.api, self.component, live["id"], [])
        gone = ("InvalidRouteTableID.NotFound",)
        self.api.call("delete_route_table", on=self.component, absent=gone, RouteTableId=live["id"])


def found(module: StackModule, entry: dict[str, Any], described: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """The tables of an element of ``route_tables``: what carries its tags, else the one with its subnets."""
    stack = module.params["stack"]
    carried = [from_aws(table.get("Tags")) for table in described]
    same = [
        table
        for table, tags in zip(described, carried, strict=True)
        if (tags.get(STACK), tags.get(COMPONENT)) == (stack, entry["component"])
    ]
    if same or module.params["state"] == "absent":
        return same  # only what is tagged is deleted
    listed = [other["component"] for other in module.params["route_tables"]]
    for table, tags in zip(described, carried, strict=True):
        subnets = set(associations_of(table))
        lost = tags.get(STACK) in (stack, None) and tags.get(COMPONENT) not in listed and not is_main(table)
        if lost and subnets and subnets <= set(entry["subnet_ids"] or ()):
            return [table]
    return []


def read(api: Api, vpc_id: str) -> list[dict[str, Any]]:
    """The route tables of the VPC, none while that is only announced."""
    if placeholders.within(vpc_id):
        return []
    inside = [{"Name": "vpc-id", "Values": [vpc_id]}]
    return api.pages("describe_route_tables", "RouteTables", on="the route tables", Filters=inside)


def is_late(entry: dict[str, Any], tables: list[dict[str, Any]]) -> bool:
    """Whether a table has to be there, since only its routes are asked for, and AWS does not list it yet."""
    return not tables and entry["subnet_ids"] is None


def problem_of(entry: dict[str, Any], elsewhere: list[str]) -> str | None:
    """What is wrong with an element of ``route_tables``. ``elsewhere``: subnets of the others."""
    component, routes = entry["component"], entry["routes"] or []
    if not component.startswith(PREFIX):
        return f"component {component} does not begin with {PREFIX}"
    for subnet in set(entry["subnet_ids"] or ()) & set(elsewhere):
        return f"{subnet} is in {component} and in another route table: AWS takes one"
    destinations = [route["destination_cidr_block"] for route in routes]
    for destination in destinations:
        if not is_cidr(destination):
            return f"destination {destination} of {component} is not an IPv4 range without host bits: 10.0.0.0/16"
        if destinations.count(destination) > 1:
            return f"{component} has two routes to {destination}"
    return None


@looks_again
def main() -> None:
    route = {
        "type": "list",
        "elements": "dict",
        "options": {
            "destination_cidr_block": {"type": "str", "required": True},
            "gateway_id": {"type": "str"},
            "nat_gateway_id": {"type": "str"},
        },
        "mutually_exclusive": [("gateway_id", "nat_gateway_id")],
        "required_one_of": [("gateway_id", "nat_gateway_id")],
    }
    table_options = {
        "component": {"type": "str", "required": True},
        "subnet_ids": {"type": "list", "elements": "str"},
        "routes": route,
    }
    module = StackModule(
        {
            "vpc_id": {"type": "str", "required": True},
            "route_tables": {"type": "list", "elements": "dict", "required": True, "options": table_options},
        }
    )
    vpc_id, entries = module.params["vpc_id"], module.params["route_tables"]
    present = module.params["state"] == "present"
    for entry in entries:
        others = [other for other in entries if other is not entry]
        problem = problem_of(entry, [subnet for other in others for subnet in other["subnet_ids"] or []])
        if problem:
            module.fail_json(msg=problem)
    api = module.api("ec2")
    described = read(api, vpc_id)
    listed = [(entry, found(module, entry, described)) for entry in entries]
    patience = consistency.Patience("a route table is listed as it was")
    while present and not module.check_mode and any(is_late(entry, tables) for entry, tables in listed):
        if not patience.goes_on(consistency.LISTED_SECONDS):
            break
        described = read(api, vpc_id)
        listed = [(entry, found(module, entry, described)) for entry in entries]
    if not present and not entries:
        tables = {table["RouteTableId"]: table for table in described if not is_main(table)}
        tags = {identifier: from_aws(table.get("Tags")) for identifier, table in tables.items()}
        listed = [
            ({"component": tags[identifier].get(COMPONENT, identifier)}, [table])
            for identifier, table in tables.items()
            if tags[identifier].get(STACK) == module.params["stack"]
        ]
    wanted = [subnet for entry in entries for subnet in entry["subnet_ids"] or [] if present]
    associations = Associations(described, wanted)
    run = Run(module)
    run.converge(RouteTable(api, vpc_id, entry, carriers, associations) for entry, carriers in listed)
    run.exit()


if __name__ == "__main__":
    main()

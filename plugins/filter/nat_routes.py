# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from ansible.errors import AnsibleFilterError

DOCUMENTATION = r"""
name: nat_routes
version_added: 0.1.0
short_description: Routes of the private subnets through the NAT gateways (NET-4)
author: TriFlow AI (@triflow-ai)
description:
  - Gives each zone's private route table its default route, to the zone's own NAT gateway or to the only one. Without
    a NAT gateway it has no routes.
positional: nat_gateway_ids
options:
  _input:
    description: Last letters of the availability zones.
    type: list
    elements: str
    required: true
  nat_gateway_ids:
    description: None, one for all zones, or one for each zone in the zones' order.
    type: list
    elements: str
    required: true
"""

EXAMPLES = r"""
route_tables: "{{ ['a', 'c'] | triflow.platform.nat_routes(['nat-0a1b2c3d4e5f60718']) }}"
"""

RETURN = r"""
_value:
  description: The O(triflow.platform.vpc_route_tables#module:route_tables), without their subnets.
  type: list
  elements: dict
  sample:
    - component: route-table-private-a
      routes: [{destination_cidr_block: 0.0.0.0/0, nat_gateway_id: nat-0a1b2c3d4e5f60718}]
"""


def nat_routes(zones: Sequence[str], nat_gateway_ids: Sequence[str]) -> list[dict[str, Any]]:
    """The private route tables with their routes."""
    if len(nat_gateway_ids) not in (0, 1, len(zones)):
        raise AnsibleFilterError(
            f"nat_routes: {len(nat_gateway_ids)} NAT gateways for {len(zones)} zones: give none, one or one per zone"
        )
    gateways = [*nat_gateway_ids] * len(zones) if len(nat_gateway_ids) == 1 else [*nat_gateway_ids]
    routes = [[{"destination_cidr_block": "0.0.0.0/0", "nat_gateway_id": gateway}] for gateway in gateways]
    return [
        {"component": f"route-table-private-{zone}", "routes": routes[position] if routes else []}
        for position, zone in enumerate(zones)
    ]


class FilterModule:
    """Ansible's entry point."""

    def filters(self) -> dict[str, Callable[..., Any]]:
        return {"nat_routes": nat_routes}

"""Subnets and Availability Zones: sizes that AWS refuses, and the opt-in status."""

from __future__ import annotations

import ipaddress
from typing import Any

from moto.core.responses import ActionResult
from moto.ec2.exceptions import InvalidSubnetRangeError
from moto.ec2.models.availability_zones_and_regions import Zone
from moto.ec2.responses import EC2Response

from lab.corrections.override import override


@override(EC2Response, "create_subnet")
def _create_subnet(original: Any, self: EC2Response) -> ActionResult:
    """CreateSubnet, CidrBlock: between /16 and /28, else InvalidSubnet.Range."""
    block = self._get_param("CidrBlock")
    if block:
        try:
            network = ipaddress.IPv4Network(block, strict=False)
        except ValueError:
            network = None
        if network and not 16 <= network.prefixlen <= 28:
            raise InvalidSubnetRangeError(block)
    result: ActionResult = original(self)
    return result


# DescribeAvailabilityZones, OptInStatus: the zones of a region need no opting in; Local Zones do, moto has none.
Zone.opt_in_status = "opt-in-not-required"  # type: ignore[attr-defined]

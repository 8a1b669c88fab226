"""Resource Groups Tagging API: moto leaves out resource types that AWS lists."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import moto.ec2.models
import moto.rds.models
from moto.core.resource_tagging import TaggedResource

from lab.corrections.override import override


@override(moto.rds.models.RDSBackend, "iter_tagged_resources")
def with_groups(original: Callable[[Any], Iterator[TaggedResource]], backend: Any) -> Iterator[TaggedResource]:
    """Subnet groups and parameter groups too ("Resource types you can use with Resource Groups", Amazon RDS)."""
    yield from original(backend)
    groups = {"rds:subgrp": backend.subnet_groups, "rds:pg": backend.db_parameter_groups}
    for resource_type, found in groups.items():
        for group in found.values():
            tags = {tag["Key"]: tag["Value"] for tag in group.get_tags()}
            yield TaggedResource(arn=group.arn, tags=tags, resource_type=resource_type)


@override(moto.ec2.models.EC2Backend, "iter_tagged_resources")
def with_addresses(original: Callable[[Any], Iterator[TaggedResource]], backend: Any) -> Iterator[TaggedResource]:
    """Elastic IPs and VPC endpoints too ("Resource types you can use with Resource Groups", Amazon EC2)."""
    yield from original(backend)
    prefix = f"arn:{backend.partition}:ec2:{backend.region_name}:{backend.account_id}"
    found = {
        "elastic-ip": [address.allocation_id for address in backend.addresses if address.allocation_id],
        "vpc-endpoint": list(backend.vpc_end_points),
    }
    for kind, identifiers in found.items():
        for identifier in identifiers:
            tags = dict(backend.tags.get(identifier, {}))
            yield TaggedResource(arn=f"{prefix}:{kind}/{identifier}", tags=tags, resource_type=f"ec2:{kind}")

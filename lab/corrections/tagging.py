"""Resource Groups Tagging API: moto leaves out resource types that AWS lists."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import moto.ec2.models
import moto.elbv2.models
import moto.events.models
import moto.rds.models
import moto.resourcegroupstaggingapi.models
from moto.core.resource_tagging import TaggedResource
from moto.ecr.models import ecr_backends
from moto.route53.models import route53_backends

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


@override(moto.elbv2.models.ELBv2Backend, "iter_tagged_resources")
def with_listeners(original: Callable[[Any], Iterator[TaggedResource]], backend: Any) -> Iterator[TaggedResource]:
    """Listeners too ("Resource types you can use with Resource Groups", Elastic Load Balancing V2)."""
    yield from original(backend)
    for balancer in backend.load_balancers.values():
        for arn in balancer.listeners:
            tags = backend.tagging_service.get_tag_dict_for_resource(arn)
            yield TaggedResource(arn=arn, tags=tags, resource_type="elasticloadbalancing:listener")


@override(moto.events.models.EventsBackend, "iter_tagged_resources")
def with_rules(original: Callable[[Any], Iterator[TaggedResource]], backend: Any) -> Iterator[TaggedResource]:
    """Rules too ("Resource types you can use with Resource Groups", Amazon EventBridge)."""
    yield from original(backend)
    for bus in backend.event_buses.values():
        for rule in bus.rules.values():
            tags = backend.tagger.get_tag_dict_for_resource(rule.arn)
            yield TaggedResource(arn=rule.arn, tags=tags, resource_type="events:rule")


@dataclass
class Listed:
    """A service that moto does not ask for its tagged resources."""

    resources: list[TaggedResource]

    def iter_tagged_resources(self) -> Iterator[TaggedResource]:
        yield from self.resources


@override(moto.resourcegroupstaggingapi.models, "iter_taggable_backends")
def with_services(original: Callable[[str, str], Iterator[Any]], account_id: str, region_name: str) -> Iterator[Any]:
    """Repositories, and in us-east-1 hosted zones ("Resource types you can use with Resource Groups", Amazon ECR,
    Amazon Route 53; a global resource is listed in that region)."""
    yield from original(account_id, region_name)
    ecr = ecr_backends[account_id][region_name]
    repositories = [
        TaggedResource(
            arn=repository.arn,
            tags=ecr.tagger.get_tag_dict_for_resource(repository.arn),
            resource_type="ecr:repository",
        )
        for repository in ecr.repositories.values()
    ]
    yield Listed(repositories)
    if region_name == "us-east-1":
        route53 = route53_backends[account_id]["aws"]
        zones = [
            TaggedResource(
                arn=f"arn:aws:route53:::hostedzone/{identifier}",
                tags=dict(route53.list_tags_for_resource(identifier)),
                resource_type="route53:hostedzone",
            )
            for identifier in route53.zones
        ]
        yield Listed(zones)

"""RDS subnet groups, and what instances keep from being deleted."""

from __future__ import annotations

from typing import Any

from moto.ec2.models.subnets import Subnet
from moto.rds.exceptions import DBSubnetGroupNotFoundError, RDSClientError
from moto.rds.models import DBSubnetGroup, RDSBackend

from lab.corrections.override import override


def _check_subnets(subnets: list[Subnet]) -> None:
    """CreateDBSubnetGroup and ModifyDBSubnetGroup: one VPC, subnets in at least two Availability Zones."""
    if len({subnet.vpc_id for subnet in subnets}) > 1:
        raise RDSClientError("InvalidSubnet", "The requested subnets are not all in a common VPC.")
    zones = {subnet.availability_zone for subnet in subnets}
    if len(zones) < 2:
        raise RDSClientError(
            "DBSubnetGroupDoesNotCoverEnoughAZs",
            "The DB subnet group doesn't meet Availability Zone (AZ) coverage requirement. "
            f"Current AZ coverage: {', '.join(sorted(zones))}. Add subnets to cover at least 2 AZs.",
        )


@override(RDSBackend, "create_subnet_group")
def _create_subnet_group(
    original: Any, self: RDSBackend, name: str, description: str, subnets: list[Subnet], tags: Any
) -> DBSubnetGroup:
    """CreateDBSubnetGroup: AZ coverage, DBSubnetGroupAlreadyExists."""
    if name in self.subnet_groups:
        raise RDSClientError("DBSubnetGroupAlreadyExists", f"The DB subnet group '{name}' already exists.")
    _check_subnets(subnets)
    group: DBSubnetGroup = original(self, name, description, subnets, tags)
    return group


@override(RDSBackend, "modify_db_subnet_group")
def _modify_subnet_group(
    _unused: Any, self: RDSBackend, name: str, description: str | None, subnets: list[Subnet]
) -> DBSubnetGroup:
    """ModifyDBSubnetGroup: the group stays (moto forgets it), a subnet that an instance may use cannot go."""
    group = self.subnet_groups.get(name)
    if group is None:
        raise DBSubnetGroupNotFoundError(name)
    _check_subnets(subnets)
    group.subnets = subnets
    if description is not None:
        group.description = description
    return group


@override(RDSBackend, "delete_subnet_group")
def _delete_subnet_group(original: Any, self: RDSBackend, name: str) -> DBSubnetGroup:
    """DeleteDBSubnetGroup: InvalidDBSubnetGroupStateFault while an instance is in it."""
    for instance in self.databases.values():
        group = getattr(instance, "db_subnet_group", None)
        if isinstance(group, DBSubnetGroup) and group.name == name.lower():
            raise RDSClientError(
                "InvalidDBSubnetGroupStateFault",
                f"Cannot delete the subnet group '{name}' because at least one database instance: "
                f"{instance.db_instance_identifier} is still using it.",
            )
    deleted: DBSubnetGroup = original(self, name)
    return deleted

"""Service-linked roles, which a fresh account lacks: the first call that needs one makes it, and may fail.

moto has none, and asks for none.
"""

from __future__ import annotations

from typing import NamedTuple

from moto.core.models import DEFAULT_ACCOUNT_ID
from moto.iam.models import IAMBackend, iam_backends

from lab.aws_like import ANSWERS


class ServiceRole(NamedTuple):
    """Calls that need a role, and what they say while IAM does not know it everywhere; no code: they pass."""

    calls: tuple[str, ...]  # service as in the signature, and operation
    role: str
    principal: str
    code: str
    message: str
    source: str


ROLES = (
    ServiceRole(
        ("ecs:CreateCluster", "ecs:CreateService"),
        "AWSServiceRoleForECS",
        "ecs.amazonaws.com",
        "InvalidParameterException",
        "Unable to assume the service linked role. Please verify that the ECS service linked role exists.",
        "ECS API Reference, CreateCluster; IAM User Guide, Changes that I make are not always immediately visible",
    ),
    ServiceRole(
        ("rds:CreateDBInstance",),
        "AWSServiceRoleForRDS",
        "rds.amazonaws.com",
        "InvalidParameterValue",
        "Unable to create the resource. Verify that you have permission to create service linked role. "
        "Otherwise wait and try again later.",
        "Amazon RDS User Guide, Using service-linked roles for Amazon RDS",
    ),
    ServiceRole(
        ("elasticloadbalancing:CreateLoadBalancer",),
        "AWSServiceRoleForElasticLoadBalancing",
        "elasticloadbalancing.amazonaws.com",
        "",
        "",
        "Elastic Load Balancing User Guide, Service-linked role",
    ),
    ServiceRole(
        ("application-autoscaling:RegisterScalableTarget",),
        "AWSServiceRoleForApplicationAutoScaling_ECSService",
        "ecs.application-autoscaling.amazonaws.com",
        "",
        "",
        "Application Auto Scaling User Guide, Service-linked roles",
    ),
)


class ServiceRoles:
    """Makes the roles as calls need them."""

    def __init__(self) -> None:
        self.unknown: dict[str, int] = {}  # answers in which a new role is not known yet

    def refusal(self, service: str, operation: str) -> ServiceRole | None:
        """What to refuse the call with, None when it is let through."""
        for row in ROLES:
            if f"{service}:{operation}" in row.calls:
                self._make(row)
                if self.unknown.get(row.role, 0) > 0:
                    self.unknown[row.role] -= 1
                    return row
        return None

    def _make(self, row: ServiceRole) -> None:
        iam: IAMBackend = iam_backends[DEFAULT_ACCOUNT_ID]["aws"]
        if not any(role.name == row.role for role in iam.roles.values()):
            policy = (
                '{"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "sts:AssumeRole", '
                f'"Principal": {{"Service": "{row.principal}"}}}}]}}'
            )
            path = f"/aws-service-role/{row.principal}/"
            iam.create_role(row.role, policy, path, None, "", [], "3600", linked_service=row.principal)
            self.unknown[row.role] = ANSWERS if row.code else 0

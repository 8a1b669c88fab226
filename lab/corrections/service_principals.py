"""What AWS's own services, and the roles that they take on, may do in the lab: by the policies that are stored.

IAM user guide, "Policy evaluation logic". Amazon SNS developer guide, "Managing Amazon SNS encryption keys" on services
that publish to an encrypted topic.
"""

from __future__ import annotations

import json
from typing import Any

from moto.iam.models import Role, iam_backends
from moto.kms.models import kms_backends
from moto.sns.models import Topic

from lab.corrections.policy import Request, Values, is_allowed


def service_may(document: str, service: str, action: str, resource: str, account: str, context: Values) -> bool:
    """Whether a resource's policy lets a service such as sns.amazonaws.com do something on its own behalf."""
    return is_allowed(document, Request(action, resource, account, frozenset({service}), context))


def role_of(arn: str) -> Role | None:
    account = arn.split(":")[4]
    return next((role for role in iam_backends[account]["aws"].roles.values() if role.arn == arn), None)


def service_may_assume(service: str, arn: str, context: Values | None = None, region: str = "") -> bool:
    """Whether the role trusts a service. With a region, by the service's regional name too."""
    role = role_of(arn)
    names = {service, service.replace(".", f".{region}.", 1)} if region else {service}
    return bool(role) and is_allowed(
        _with(role.assume_role_policy_document, Resource="*"),  # type: ignore[union-attr]
        Request("sts:AssumeRole", arn, arn.split(":")[4], frozenset(names), context or {}),
    )


def role_may(arn: str, action: str, resource: str) -> bool:
    """Whether one of the role's inline policies allows it; the stack's roles have no other ones."""
    role, account = role_of(arn), arn.split(":")[4]
    request = Request(action, resource, account, frozenset({arn}))
    return bool(role) and any(
        is_allowed(_with(document, Principal="*"), request)
        for document in role.policies.values()  # type: ignore[union-attr]
    )


def _with(document: str | dict[str, Any], **element: str) -> str:
    """The policy with an element that this kind of policy has none of."""
    content = json.loads(document) if isinstance(document, str) else document
    found = content["Statement"] if isinstance(content["Statement"], list) else [content["Statement"]]
    return json.dumps({"Statement": [{**element, **statement} for statement in found]})


def may_publish(topic: Topic, service: str, source_arn: str) -> bool:
    """Whether a service may publish to the topic, and use its key when it is encrypted.

    CloudWatch tells the source's account and ARN; that EventBridge does is not documented, and for encrypted topics the
    Amazon SNS developer guide rules it out.
    """
    account = topic.account_id
    context: Values = {}
    if service == "cloudwatch.amazonaws.com":
        keys = {"aws:sourceaccount": account, "aws:sourceowner": account, "aws:sourcearn": source_arn}
        context = {key: [value] for key, value in keys.items()}
    if not service_may(topic.policy, service, "SNS:Publish", topic.arn, account, context):
        return False
    key_id = topic.kms_master_key_id
    if not key_id:
        return True
    backend = kms_backends[account][topic.sns_backend.region_name]
    key = backend.keys.get(backend.any_id_to_key_id(key_id) or "")
    # The AWS managed key's policy names no service but SNS itself.
    if key is None or not key.enabled or key.key_manager == "AWS":
        return False
    return all(
        service_may(key.policy, service, action, key.arn, account, context)
        for action in ("kms:GenerateDataKey", "kms:Decrypt")
    )

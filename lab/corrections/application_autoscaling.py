"""Application Auto Scaling: tags, policies by name, and what a scalable target brings and takes with it."""

from __future__ import annotations

import json
from typing import Any

from moto.applicationautoscaling.exceptions import AWSValidationException
from moto.applicationautoscaling.models import (
    ApplicationAutoscalingBackend,
    FakeApplicationAutoscalingPolicy,
    FakeScalableTarget,
)
from moto.applicationautoscaling.responses import ApplicationAutoScalingResponse
from moto.core.exceptions import JsonRESTError
from moto.ecs.models import ecs_backends

from lab.corrections.override import add, override

RUNNING = {"DynamicScalingInSuspended": False, "DynamicScalingOutSuspended": False, "ScheduledScalingSuspended": False}


class ObjectNotFoundError(JsonRESTError):
    """400 ObjectNotFoundException."""

    def __init__(self, message: str) -> None:
        super().__init__("ObjectNotFoundException", message)


class ResourceNotFoundError(JsonRESTError):
    """400 ResourceNotFoundException."""

    def __init__(self, arn: str) -> None:
        super().__init__("ResourceNotFoundException", f"No resource found: {arn}")


def _missing(namespace: str, resource: str, dimension: str) -> ObjectNotFoundError:
    return ObjectNotFoundError(
        f"No scalable target registered for service namespace: {namespace}, resource ID: {resource}, "
        f"scalable dimension: {dimension}"
    )


@override(ApplicationAutoscalingBackend, "register_scalable_target")
def _register(original: Any, self: ApplicationAutoscalingBackend, *arguments: Any, **options: Any) -> Any:
    """RegisterScalableTarget: both capacities at first, the minimum not above the maximum; then within both.

    "If you specify a minimum capacity above the current capacity, the resource scales out at once", and the other way.
    """
    namespace, resource, dimension = arguments[:3]
    there = self.targets.get(dimension, {}).get(resource)
    least, most = options.get("min_capacity"), options.get("max_capacity")
    if not there and (least is None or most is None):
        raise AWSValidationException("MinCapacity and MaxCapacity must be specified for a new scalable target")
    least = there.min_capacity if least is None and there else least
    most = there.max_capacity if most is None and there else most
    if (least or 0) > (most or 0):
        raise AWSValidationException("Maximum capacity cannot be less than minimum capacity")
    target: FakeScalableTarget = original(self, *arguments, **options)
    target.suspended_state = {**RUNNING, **(target.suspended_state or {})}  # type: ignore[assignment, dict-item]
    target.role_arn = target.role_arn or (
        f"arn:aws:iam::{self.account_id}:role/aws-service-role/ecs.application-autoscaling.amazonaws.com/"
        "AWSServiceRoleForApplicationAutoScaling_ECSService"
    )
    if namespace == "ecs":
        _unused, cluster, name = resource.split("/")
        service = ecs_backends[self.account_id][self.region_name]._get_service(cluster, name)
        service.desired_count = min(max(service.desired_count, int(least or 0)), int(most or 0))
    return target


@override(ApplicationAutoScalingResponse, "register_scalable_target")
def _register_call(original: Any, self: ApplicationAutoScalingResponse) -> str:
    """RegisterScalableTarget, Tags: "to tag the scalable target when it is created"."""
    backend = self.applicationautoscaling_backend
    resource, dimension = self._get_param("ResourceId"), self._get_param("ScalableDimension")
    there = resource in backend.targets.get(dimension, {})
    tags = self._get_param("Tags") or {}
    if there and tags:
        raise AWSValidationException(
            "Tags can only be specified when a scalable target is registered for the first time"
        )
    answer: str = original(self)
    if not there:
        backend.targets[dimension][resource].tags = dict(self._get_param("Tags") or {})  # type: ignore[attr-defined]
    return answer


def _by_arn(self: ApplicationAutoScalingResponse) -> dict[str, str]:
    arn = self._get_param("ResourceARN")
    for targets in self.applicationautoscaling_backend.targets.values():
        for target in targets.values():
            if target.arn == arn:
                tags: dict[str, str] = target.tags  # type: ignore[attr-defined]
                return tags
    raise ResourceNotFoundError(arn)


@add(ApplicationAutoScalingResponse)
def list_tags_for_resource(self: ApplicationAutoScalingResponse) -> str:
    """ListTagsForResource, which moto lacks."""
    return json.dumps({"Tags": _by_arn(self)})


@add(ApplicationAutoScalingResponse)
def tag_resource(self: ApplicationAutoScalingResponse) -> str:
    """TagResource, which moto lacks."""
    _by_arn(self).update(self._get_param("Tags"))
    return json.dumps({})


@add(ApplicationAutoScalingResponse)
def untag_resource(self: ApplicationAutoScalingResponse) -> str:
    """UntagResource, which moto lacks."""
    tags = _by_arn(self)
    for key in self._get_param("TagKeys"):
        tags.pop(key, None)
    return json.dumps({})


@override(ApplicationAutoscalingBackend, "deregister_scalable_target")
def _deregister(original: Any, self: ApplicationAutoscalingBackend, namespace: str, r_id: str, dimension: str) -> None:
    """DeregisterScalableTarget deletes the scaling policies and scheduled actions that belong to the target."""
    if r_id not in self.targets.get(dimension, {}):
        raise _missing(namespace, r_id, dimension)
    original(self, namespace, r_id, dimension)
    for policy in list(self.policies.values()):
        if (policy.resource_id, policy.scalable_dimension) == (r_id, dimension):
            self.delete_scaling_policy(policy.policy_name, namespace, r_id, dimension)
    self.scheduled_actions = [
        action
        for action in self.scheduled_actions
        if (action.resource_id, action.scalable_dimension) != (r_id, dimension)
    ]


@override(ApplicationAutoscalingBackend, "put_scaling_policy")
def _put_policy(
    original: Any,
    self: ApplicationAutoscalingBackend,
    policy_name: str,
    service_namespace: str,
    resource_id: str,
    scalable_dimension: str,
    *rest: Any,
    **options: Any,
) -> FakeApplicationAutoscalingPolicy:
    """PutScalingPolicy: needs its target; an updated policy keeps its ARN, and its old alarms go."""
    if resource_id not in self.targets.get(scalable_dimension, {}):
        raise _missing(service_namespace, resource_id, scalable_dimension)
    key = FakeApplicationAutoscalingPolicy.formulate_key(
        service_namespace, resource_id, scalable_dimension, policy_name
    )
    before = self.policies.get(key)
    if before:
        before.delete_alarms(self.account_id, self.region_name)
    policy: FakeApplicationAutoscalingPolicy = original(
        self, policy_name, service_namespace, resource_id, scalable_dimension, *rest, **options
    )
    if before:
        policy.policy_arn = before.policy_arn
    return policy


@override(ApplicationAutoScalingResponse, "describe_scaling_policies")
def _describe_policies(original: Any, self: ApplicationAutoScalingResponse) -> str:
    """DescribeScalingPolicies, PolicyNames: only these."""
    answer: str = original(self)
    names = self._get_param("PolicyNames")
    if not names:
        return answer
    content = json.loads(answer)
    content["ScalingPolicies"] = [item for item in content["ScalingPolicies"] if item["PolicyName"] in names]
    return json.dumps(content)

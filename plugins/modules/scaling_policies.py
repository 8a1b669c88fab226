#!/usr/bin/python
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
from __future__ import annotations

DOCUMENTATION = r"""
module: scaling_policies
version_added: 0.1.0
short_description: Scaling policies of ECS services
author: TriFlow AI (@triflow-ai)
description:
  - Gives the services exactly these policies; one that is not listed goes (CMP-5, CMP-6).
  - A policy carries no tags. It belongs to its scalable target, which does.
options:
  resource_ids:
    description: The services whose policies these are, C(service/<cluster>/<service>).
    type: list
    elements: str
    required: true
  policies:
    description: The policies.
    type: list
    elements: dict
    required: true
    suboptions:
      component:
        description: Component, which starts with C(scaling-policy-).
        type: str
        required: true
      resource_id:
        description: The service, one of O(resource_ids).
        type: str
        required: true
      name:
        description: Name of the policy.
        type: str
        required: true
      policy_type:
        description: How it scales.
        type: str
        choices: [StepScaling, TargetTrackingScaling]
        required: true
      configuration:
        description:
          - C(StepScalingPolicyConfiguration) or C(TargetTrackingScalingPolicyConfiguration) of the Application Auto
            Scaling API reference.
        type: dict
        required: true
extends_documentation_fragment:
  - triflow.platform.stack
  - triflow.platform.plan
  - amazon.aws.common.modules
  - amazon.aws.region.modules
  - amazon.aws.boto3
"""

EXAMPLES = r"""
- name: Scale out by one task at a time
  triflow.platform.scaling_policies:
    resource_ids: [service/triflow-prod/backend]
    policies:
      - component: scaling-policy-backend-out
        resource_id: service/triflow-prod/backend
        name: triflow-prod-backend-out
        policy_type: StepScaling
        configuration:
          AdjustmentType: ChangeInCapacity
          Cooldown: 60
          StepAdjustments: [{MetricIntervalLowerBound: 0, ScalingAdjustment: 1}]
"""

RETURN = r"""
changes:
  description: What was done, or would be.
  returned: always
  type: list
  elements: dict
  sample: [{component: scaling-policy-backend-out, action: update, fields: [configuration]}]
resources:
  description: The policies by component, each with its ARN as C(id) or a placeholder.
  returned: always
  type: dict
"""

from typing import Any, override

from ansible_collections.triflow.platform.plugins.module_utils.attempts import looks_again
from ansible_collections.triflow.platform.plugins.module_utils.resource import Api, Resource, Run, StackModule

SERVICE: dict[str, Any] = {"ServiceNamespace": "ecs", "ScalableDimension": "ecs:service:DesiredCount"}
CONFIGURATION = "PolicyConfiguration"  # at the end of both parameters
# What AWS adds to a configuration that does not say it.
DEFAULTS: dict[str, dict[str, Any]] = {
    "StepScaling": {"MetricAggregationType": "Average"},
    "TargetTrackingScaling": {"DisableScaleIn": False},
}


class Policy(Resource):
    id_prefix = "arn:aws:autoscaling:::scalingPolicy:"

    def __init__(self, api: Api, options: dict[str, Any], described: dict[str, Any] | None) -> None:
        super().__init__(options["component"])
        self.api = api
        self.options = options
        self.described = described
        self.policy = {**SERVICE, "ResourceId": options["resource_id"], "PolicyName": options["name"]}

    @override
    def find(self) -> dict[str, Any] | None:
        if self.described is None:
            return None
        kind = self.described["PolicyType"]
        return {
            "id": self.described["PolicyARN"],
            "name": self.described["PolicyName"],
            "resource_id": self.described["ResourceId"],
            "policy_type": kind,
            "configuration": {**DEFAULTS.get(kind, {}), **self.described.get(f"{kind}{CONFIGURATION}", {})},
        }

    @override
    def wanted(self, live: dict[str, Any] | None) -> dict[str, Any]:
        wanted = {key: value for key, value in self.options.items() if key != "component"}
        return {**wanted, "configuration": {**DEFAULTS[wanted["policy_type"]], **wanted["configuration"]}}

    @override
    def create(self, wanted: dict[str, Any]) -> str:
        kind = wanted["policy_type"]
        configuration = {f"{kind}{CONFIGURATION}": wanted["configuration"]}
        answer = self.api.call("put_scaling_policy", on=self.component, PolicyType=kind, **self.policy, **configuration)
        return str(answer["PolicyARN"])

    @override
    def update(self, live: dict[str, Any], wanted: dict[str, Any], fields: list[str]) -> None:
        if "policy_type" in fields:  # which AWS does not change
            self.delete(live)
        self.create(wanted)

    @override
    def delete(self, live: dict[str, Any]) -> None:
        self.api.call("delete_scaling_policy", on=self.component, **self.policy)


@looks_again
def main() -> None:
    options = {
        "component": {"type": "str", "required": True},
        "resource_id": {"type": "str", "required": True},
        "name": {"type": "str", "required": True},
        "policy_type": {"type": "str", "choices": ["StepScaling", "TargetTrackingScaling"], "required": True},
        "configuration": {"type": "dict", "required": True},
    }
    module = StackModule(
        {
            "resource_ids": {"type": "list", "elements": "str", "required": True},
            "policies": {"type": "list", "elements": "dict", "required": True, "options": options},
        },
        state=False,
    )
    entries, resource_ids = module.params["policies"], module.params["resource_ids"]
    for entry in entries:
        if entry["resource_id"] not in resource_ids:
            module.fail(
                f"resource_id of {entry['component']} is {entry['resource_id']}: it must be one of resource_ids, "
                f"{', '.join(resource_ids)}"
            )
    api = module.api("application-autoscaling")
    there = {
        (resource, policy["PolicyName"]): policy
        for resource in resource_ids
        for policy in api.pages(
            "describe_scaling_policies", "ScalingPolicies", on=resource, ResourceId=resource, **SERVICE
        )
    }
    listed = [(entry["resource_id"], entry["name"]) for entry in entries]
    run = Run(module)
    for key, policy in there.items():
        if key not in listed:
            surplus = {"component": f"scaling-policy {key[1]}", "resource_id": key[0], "name": key[1]}
            run.absent(Policy(api, surplus, policy))
    for entry, key in zip(entries, listed, strict=True):
        run.present(Policy(api, entry, there.get(key)))
    run.exit()


if __name__ == "__main__":
    main()

#!/usr/bin/python
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
from __future__ import annotations

DOCUMENTATION = r"""
module: lb_weights
version_added: 0.1.0
short_description: Shift the traffic of a listener between target groups
author: TriFlow AI (@triflow-ai)
description:
  - Sets exactly the listed target groups with their weights in the default action of a listener. Its protocol,
    certificates, policy, rules and tags stay as they are, and so does the load balancer.
  - A listener whose default action is anything else than forwarding is refused.
  - The change takes effect at once for new requests. With stickiness a client stays where it is until the time is over.
options:
  load_balancer_arn:
    description: The load balancer.
    type: str
    required: true
  port:
    description: Port of the listener.
    type: int
    default: 443
  target_groups:
    description:
      - All target groups that the listener shall forward to, one to five (C(ForwardActionConfig) of the Elastic Load
        Balancing API reference). At least one weight is over 0. In check mode they may be ones that are only announced.
    type: list
    elements: dict
    required: true
    suboptions:
      target_group_arn:
        description: The target group.
        type: str
        required: true
      weight:
        description: Its share of the sum of all weights, 0 to 999.
        type: int
        required: true
  stickiness_duration:
    description:
      - Seconds that a client stays with a target group, 1 to 604800; 0 switches that off. Without it, it is left as it
        is.
    type: int
extends_documentation_fragment:
  - triflow.platform.stack
  - triflow.platform.plan
  - amazon.aws.common.modules
  - amazon.aws.region.modules
  - amazon.aws.boto3
"""

EXAMPLES = r"""
- name: A tenth of the traffic to the canary
  triflow.platform.lb_weights:
    load_balancer_arn: "{{ load_balancer }}"
    target_groups:
      - target_group_arn: "{{ main }}"
        weight: 90
      - target_group_arn: "{{ canary }}"
        weight: 10
    stickiness_duration: 3600
"""

RETURN = r"""
changes:
  description: What was done, or would be.
  returned: always
  type: list
  elements: dict
  sample: [{component: listener-443, action: update, fields: [target_groups]}]
resources:
  description: The listener as C(listener-<port>), with its ARN as C(id), its target groups and stickiness.
  returned: always
  type: dict
"""

from typing import Any, override

from ansible_collections.triflow.platform.plugins.module_utils import placeholders
from ansible_collections.triflow.platform.plugins.module_utils.attempts import looks_again
from ansible_collections.triflow.platform.plugins.module_utils.elbv2 import (
    forward_of,
    forward_request,
    weights_problem,
)
from ansible_collections.triflow.platform.plugins.module_utils.resource import Api, Resource, Run, StackModule


class Weights(Resource):
    """The default forward action of a listener that is there, or in check mode only announced."""

    id_prefix = "arn:aws:elasticloadbalancing:::listener/"

    def __init__(self, api: Api, listener: dict[str, Any] | None) -> None:
        super().__init__(f"listener-{api.module.params['port']}")
        self.api = api
        self.listener = listener

    @override
    def find(self) -> dict[str, Any] | None:
        if self.listener is None:
            return None
        (action,) = self.listener["DefaultActions"]
        forward = forward_of(action)
        return {
            "id": self.listener["ListenerArn"],
            "target_groups": forward["target_groups"],
            "stickiness_duration": forward["stickiness_duration"] or 0,
        }

    @override
    def wanted(self, live: dict[str, Any] | None) -> dict[str, Any]:
        params = self.api.module.params
        return {
            "target_groups": [dict(group) for group in params["target_groups"]],
            "stickiness_duration": params["stickiness_duration"],
        }

    @override
    def create(self, wanted: dict[str, Any]) -> str:
        raise NotImplementedError  # main refuses a listener that is not there

    @override
    def update(self, live: dict[str, Any], wanted: dict[str, Any], fields: list[str]) -> None:
        given = {key: value for key, value in wanted.items() if value is not None}
        action = forward_request({**live, **given})
        self.api.call("modify_listener", on=self.component, ListenerArn=live["id"], DefaultActions=[action])


def find_listener(api: Api, load_balancer_arn: str, port: int) -> dict[str, Any]:
    listeners = api.pages("describe_listeners", "Listeners", on="the listeners", LoadBalancerArn=load_balancer_arn)
    found = next((listener for listener in listeners if listener["Port"] == port), None)
    if found is None:
        api.module.fail(f"the load balancer {load_balancer_arn} has no listener on port {port}: run playbooks/edge.yml")
    kinds = [action["Type"] for action in found["DefaultActions"]]
    if kinds != ["forward"]:
        api.module.fail(
            f"the default action of the listener on port {port} is {', '.join(kinds)}: "
            "only one that forwards has weights"
        )
    return found


@looks_again
def main() -> None:
    group = {"target_group_arn": {"type": "str", "required": True}, "weight": {"type": "int", "required": True}}
    module = StackModule(
        {
            "load_balancer_arn": {"type": "str", "required": True},
            "port": {"type": "int", "default": 443},
            "target_groups": {"type": "list", "elements": "dict", "required": True, "options": group},
            "stickiness_duration": {"type": "int"},
        },
        state=False,
    )
    problem = weights_problem(module.params["target_groups"], module.params["stickiness_duration"])
    if problem:
        module.fail(problem)
    api, arn = module.api("elbv2"), module.params["load_balancer_arn"]
    listener = None if placeholders.within(arn) else find_listener(api, arn, module.params["port"])
    run = Run(module)
    run.present(Weights(api, listener))
    run.exit()


if __name__ == "__main__":
    main()

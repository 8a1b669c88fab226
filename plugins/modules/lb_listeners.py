#!/usr/bin/python
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
from __future__ import annotations

DOCUMENTATION = r"""
module: lb_listeners
version_added: 0.1.0
short_description: Listeners of an application load balancer (ALB-2, ALB-3)
author: TriFlow AI (@triflow-ai)
description:
  - A listener is found by its port, which is unique on a load balancer. Listeners on other ports are left alone.
  - A listener either redirects to HTTPS or forwards to target groups, and has no further rules. One that somebody added
    is removed.
  - The weights belong to whoever shifts traffic during a release. While a listener forwards to all the listed target
    groups, and otherwise only to further ones of this stack, they are left as they are.
  - The stock module manages listeners only together with their load balancer, and waits for that.
options:
  load_balancer_arn:
    description: The load balancer.
    type: str
    required: true
  listeners:
    description: The listeners. With O(state=absent) an empty list means all that the load balancer has.
    type: list
    elements: dict
    required: true
    suboptions:
      component:
        description: C(listener-443) and the like.
        type: str
        required: true
      port:
        description: Port that it listens on.
        type: int
        required: true
      protocol:
        description: Protocol that it speaks.
        type: str
        choices: [HTTP, HTTPS]
        default: HTTP
      ssl_policy:
        description: Security policy of TLS. Required with C(HTTPS).
        type: str
      certificate_arn:
        description: The certificate, which has to be issued. Required with C(HTTPS).
        type: str
      redirect_port:
        description: Redirect every request to HTTPS on this port, for good (301).
        type: int
      target_groups:
        description: Forward to these target groups.
        type: list
        elements: dict
        suboptions:
          target_group_arn:
            description: The target group.
            type: str
            required: true
          weight:
            description: Its share of the sum of all weights, 0 to 999.
            type: int
            default: 100
      stickiness_duration:
        description: Seconds that a client stays with a target group, 1 to 604800. Without it, it does not.
        type: int
extends_documentation_fragment:
  - triflow.platform.stack
  - triflow.platform.stack.state
  - triflow.platform.plan
  - amazon.aws.common.modules
  - amazon.aws.region.modules
  - amazon.aws.boto3
attributes:
  check_mode:
    description: Announces exactly what a run would do. The load balancer may be one that is only announced.
    support: full
"""

EXAMPLES = r"""
- name: Redirect to HTTPS
  triflow.platform.lb_listeners:
    load_balancer_arn: "{{ load_balancer.resources['load-balancer'].id }}"
    listeners:
      - component: listener-80
        port: 80
        redirect_port: 443
"""

RETURN = r"""
changes:
  description: What was done, or would be.
  returned: always
  type: list
  elements: dict
  sample: [{component: listener-443, action: update, fields: [ssl_policy]}]
resources:
  description: The listeners by component, the C(id) being the ARN or a placeholder. Empty when absent.
  returned: always
  type: dict
"""

from typing import Any, override

from ansible.module_utils.common.dict_transformations import camel_dict_to_snake_dict, snake_dict_to_camel_dict
from ansible_collections.triflow.platform.plugins.module_utils import placeholders
from ansible_collections.triflow.platform.plugins.module_utils.attempts import looks_again
from ansible_collections.triflow.platform.plugins.module_utils.elbv2 import (
    forward_of,
    forward_request,
    read_tags,
)
from ansible_collections.triflow.platform.plugins.module_utils.resource import Api, Resource, Run, StackModule
from ansible_collections.triflow.platform.plugins.module_utils.tags import COMPONENT, STACK, to_aws

PREFIX = "listener-"
# What AWS fills in where a redirect leaves a part of the address as it is.
SAME_ADDRESS = {"Host": "#{host}", "Path": "/#{path}", "Query": "#{query}"}


def action_of(described: dict[str, Any]) -> dict[str, Any]:
    """A default action as `wanted_action` spells it; any other kind as AWS describes it, in snake case."""
    if described["Type"] == "redirect":
        redirect = SAME_ADDRESS | described["RedirectConfig"]
        return {"type": "redirect", **camel_dict_to_snake_dict(redirect)}
    if described["Type"] == "forward" and "ForwardConfig" in described:
        return {"type": "forward", **forward_of(described)}
    shown: dict[str, Any] = camel_dict_to_snake_dict({key: value for key, value in described.items() if key != "Order"})
    return shown


def wanted_action(options: dict[str, Any]) -> dict[str, Any]:
    if options["redirect_port"]:
        redirect = {
            **SAME_ADDRESS,
            "Protocol": "HTTPS",
            "Port": str(options["redirect_port"]),
            "StatusCode": "HTTP_301",
        }
        return {"type": "redirect", **camel_dict_to_snake_dict(redirect)}
    return {
        "type": "forward",
        "target_groups": [dict(group) for group in options["target_groups"]],
        "stickiness_duration": options["stickiness_duration"],
    }


def to_request(action: dict[str, Any]) -> dict[str, Any]:
    """What `wanted_action` gives, as CreateListener takes it."""
    if action["type"] == "redirect":
        redirect = {key: value for key, value in action.items() if key != "type"}
        return {"Type": "redirect", "RedirectConfig": snake_dict_to_camel_dict(redirect, capitalize_first=True)}
    return forward_request(action)


class Listener(Resource):
    id_prefix = "arn:aws:elasticloadbalancing:::listener/"
    untagged_is_own = True  # it is on a load balancer of the stack

    def __init__(self, api: Api, options: dict[str, Any], described: dict[str, Any] | None) -> None:
        super().__init__(options["component"])
        self.api = api
        self.options = options
        self.described = described  # as DescribeListeners gives it, with its "Tags" and "Rules"
        self.tags = api.module.tags_of(self.component)

    @override
    def find(self) -> dict[str, Any] | None:
        listener = self.described
        if listener is None:
            return None
        return {
            "id": listener["ListenerArn"],
            "port": listener["Port"],
            "protocol": listener["Protocol"],
            "ssl_policy": listener.get("SslPolicy"),
            "certificate_arn": next((item["CertificateArn"] for item in listener.get("Certificates", [])), None),
            "default_actions": [action_of(action) for action in listener["DefaultActions"]],
            "rules": [
                camel_dict_to_snake_dict({key: rule[key] for key in ("Priority", "Conditions", "Actions")})
                for rule in listener["Rules"]
            ],
            "tags": listener["Tags"],
        }

    @override
    def wanted(self, live: dict[str, Any] | None) -> dict[str, Any]:
        action = wanted_action(self.options)
        if live and action["type"] == "forward" and self._is_shifting_traffic(live, action):
            action["target_groups"] = live["default_actions"][0]["target_groups"]
        names = ("port", "protocol", "ssl_policy", "certificate_arn")
        return {
            **{name: self.options[name] for name in names},
            "default_actions": [action],
            "rules": [],
            "tags": self.tags,
        }

    def _is_shifting_traffic(self, live: dict[str, Any], wanted: dict[str, Any]) -> bool:
        """Whether the live weights are somebody's who may set them: all target groups wanted, the others ours."""
        (first, *others) = live["default_actions"]
        if others or first["type"] != "forward" or "target_groups" not in first:
            return False
        weights = {group["target_group_arn"]: group["weight"] for group in first["target_groups"]}
        listed = {group["target_group_arn"] for group in wanted["target_groups"]}
        further = sorted(set(weights) - listed)
        stack = self.api.module.params["stack"]
        return (
            listed <= set(weights)
            and sum(weights.values()) > 0
            and all(tags.get(STACK) == stack for tags in read_tags(self.api, further).values())
        )

    @staticmethod
    def _settings(wanted: dict[str, Any]) -> dict[str, Any]:
        settings = {
            "Port": wanted["port"],
            "Protocol": wanted["protocol"],
            "DefaultActions": [to_request(action) for action in wanted["default_actions"]],
        }
        if wanted["protocol"] == "HTTPS":
            settings["SslPolicy"] = wanted["ssl_policy"]
            settings["Certificates"] = [{"CertificateArn": wanted["certificate_arn"]}]
        return settings

    @override
    def create(self, wanted: dict[str, Any]) -> str:
        answer = self.api.call(
            "create_listener",
            on=self.component,
            LoadBalancerArn=self.api.module.params["load_balancer_arn"],
            Tags=to_aws(self.tags),
            **self._settings(wanted),
        )
        return str(answer["Listeners"][0]["ListenerArn"])

    @override
    def update(self, live: dict[str, Any], wanted: dict[str, Any], fields: list[str]) -> None:
        if set(fields) - {"rules", "tags"}:
            self.api.call("modify_listener", on=self.component, ListenerArn=live["id"], **self._settings(wanted))
        if "rules" in fields and self.described:
            for rule in self.described["Rules"]:
                self.api.call("delete_rule", on=self.component, RuleArn=rule["RuleArn"])
        if "tags" in fields:
            self.api.call("add_tags", on=self.component, ResourceArns=[live["id"]], Tags=to_aws(self.tags))

    @override
    def delete(self, live: dict[str, Any]) -> None:
        self.api.call("delete_listener", on=self.component, absent=("ListenerNotFound",), ListenerArn=live["id"])


def describe(api: Api, load_balancer_arn: str, ports: list[int]) -> dict[int, dict[str, Any]]:
    """``{port: listener}`` of those on the ports, or of all without any, each with its tags and further rules."""
    found = {
        listener["Port"]: listener
        for listener in api.pages(
            "describe_listeners", "Listeners", on="the listeners", LoadBalancerArn=load_balancer_arn
        )
        if listener["Port"] in ports or not ports
    }
    tags = read_tags(api, [listener["ListenerArn"] for listener in found.values()])
    for listener in found.values():
        arn = listener["ListenerArn"]
        rules = api.pages("describe_rules", "Rules", on="the listeners", ListenerArn=arn)
        listener["Rules"] = [rule for rule in rules if not rule["IsDefault"]]
        listener["Tags"] = tags[arn]
    return found


@looks_again
def main() -> None:
    text, number = {"type": "str"}, {"type": "int"}
    group_options = {
        "target_group_arn": {"type": "str", "required": True},
        "weight": {"type": "int", "default": 100},
    }
    options = {
        "component": {"type": "str", "required": True},
        "port": {"type": "int", "required": True},
        "protocol": {"type": "str", "choices": ["HTTP", "HTTPS"], "default": "HTTP"},
        **dict.fromkeys(("ssl_policy", "certificate_arn"), text),
        **dict.fromkeys(("redirect_port", "stickiness_duration"), number),
        "target_groups": {"type": "list", "elements": "dict", "options": group_options},
    }
    module = StackModule(
        {
            "load_balancer_arn": {"type": "str", "required": True},
            "listeners": {
                "type": "list",
                "elements": "dict",
                "required": True,
                "options": options,
                "mutually_exclusive": [("redirect_port", "target_groups")],
                "required_one_of": [("redirect_port", "target_groups")],
                "required_if": [("protocol", "HTTPS", ["ssl_policy", "certificate_arn"])],
            },
        }
    )
    arn, entries = module.params["load_balancer_arn"], module.params["listeners"]
    for entry in entries:
        if not entry["component"].startswith(PREFIX):
            module.fail(f"component {entry['component']} does not begin with {PREFIX}")
    api = module.api("elbv2")
    found = {} if placeholders.within(arn) else describe(api, arn, [entry["port"] for entry in entries])
    if module.params["state"] == "absent" and not entries:
        entries = [
            {"component": listener["Tags"].get(COMPONENT, f"{PREFIX}{port}"), "port": port}
            for port, listener in sorted(found.items())
        ]
    run = Run(module)
    run.converge([Listener(api, entry, found.get(entry["port"])) for entry in entries])
    run.exit()


if __name__ == "__main__":
    main()

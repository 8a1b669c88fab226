#!/usr/bin/python
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
from __future__ import annotations

DOCUMENTATION = r"""
module: target_groups
version_added: 0.1.0
short_description: Target groups of an application load balancer (ALB-4, ALB-5, ALB-6)
author: TriFlow AI (@triflow-ai)
description:
  - Target groups for IP addresses, as Fargate tasks have them. Who registers targets is not this module's business.
  - A target group is found by its name. One that is not this stack's is refused, unless O(adopt) names it.
  - AWS sets protocol and VPC once; a difference there is refused. The port is set once, too, and left as it is, since
    an C(ip) target is registered with its own.
  - The stock module has no check mode, and calls a group with an C(app_cookie) changed each time.
options:
  vpc_id:
    description: The VPC. Required when O(state=present).
    type: str
  target_groups:
    description: The target groups.
    type: list
    elements: dict
    required: true
    suboptions:
      component:
        description: C(target-group-backend) and the like.
        type: str
        required: true
      name:
        description: Name of the target group, at most 32 characters.
        type: str
        required: true
      protocol:
        description: Protocol of the targets.
        type: str
        choices: [HTTP, HTTPS]
        default: HTTP
      port:
        description: Port of the targets. Required when O(state=present).
        type: int
      health_check_path:
        description: Path of the health check.
        type: str
      health_check_port:
        description: Port of the health check, or C(traffic-port).
        type: str
      health_check_protocol:
        description: Protocol of the health check.
        type: str
        choices: [HTTP, HTTPS]
      health_check_interval:
        description: Seconds between two health checks, 5 to 300.
        type: int
      health_check_timeout:
        description: Seconds after which a health check without an answer has failed, 2 to 120.
        type: int
      healthy_threshold_count:
        description: Health checks in a row that make a target healthy, 2 to 10.
        type: int
      unhealthy_threshold_count:
        description: Failed health checks in a row that make a target unhealthy, 2 to 10.
        type: int
      successful_response_codes:
        description: HTTP codes of a healthy target, such as C(200) or C(200-299).
        type: str
      deregistration_delay:
        description: Seconds that a leaving target may finish its requests in, 0 to 3600.
        type: int
      stickiness:
        description: Whether a client stays with a target.
        type: bool
      stickiness_type:
        description:
          - C(lb_cookie) is the load balancer's own cookie, whose name is fixed; C(app_cookie) follows one of the
            application.
        type: str
        choices: [lb_cookie, app_cookie]
      stickiness_duration:
        description: Seconds that a client stays with a target, 1 to 604800.
        type: int
      stickiness_cookie_name:
        description: Name of the application's cookie, with C(app_cookie) only.
        type: str
extends_documentation_fragment:
  - triflow.platform.stack
  - triflow.platform.stack.state
  - triflow.platform.plan
  - amazon.aws.common.modules
  - amazon.aws.region.modules
  - amazon.aws.boto3
attributes:
  check_mode:
    description: Announces exactly what a run would do. The VPC may be one that is only announced.
    support: full
"""

EXAMPLES = r"""
- name: Target group of the backend
  triflow.platform.target_groups:
    vpc_id: vpc-0a1b2c3d4e5f60718
    target_groups:
      - component: target-group-backend
        name: triflow-prod-backend
        port: 8000
        health_check_path: /health
        deregistration_delay: 30
        stickiness: true
        stickiness_type: lb_cookie
        stickiness_duration: 3600
"""

RETURN = r"""
changes:
  description: What was done, or would be.
  returned: always
  type: list
  elements: dict
  sample: [{component: target-group-backend, action: update, fields: [health_check_path]}]
resources:
  description: The target groups by component, the C(id) being the ARN or a placeholder. Empty when absent.
  returned: always
  type: dict
"""

from functools import cached_property
from typing import Any, override

from ansible_collections.triflow.platform.plugins.module_utils.attempts import looks_again
from ansible_collections.triflow.platform.plugins.module_utils.elbv2 import (
    NamedResource,
    attributes,
    read_tags,
    typed,
)
from ansible_collections.triflow.platform.plugins.module_utils.resource import Api, Run, StackModule
from ansible_collections.triflow.platform.plugins.module_utils.tags import to_aws

PREFIX = "target-group-"
FIXED = {"protocol": "Protocol", "port": "Port", "vpc_id": "VpcId"}
# option: its name in CreateTargetGroup and ModifyTargetGroup
SETTINGS = {
    "health_check_path": "HealthCheckPath",
    "health_check_port": "HealthCheckPort",
    "health_check_protocol": "HealthCheckProtocol",
    "health_check_interval": "HealthCheckIntervalSeconds",
    "health_check_timeout": "HealthCheckTimeoutSeconds",
    "healthy_threshold_count": "HealthyThresholdCount",
    "unhealthy_threshold_count": "UnhealthyThresholdCount",
}
# option: its attribute in ModifyTargetGroupAttributes, and its type
ATTRIBUTES: dict[str, tuple[str, type]] = {
    "deregistration_delay": ("deregistration_delay.timeout_seconds", int),
    "stickiness": ("stickiness.enabled", bool),
    "stickiness_type": ("stickiness.type", str),
    "stickiness_cookie_name": ("stickiness.app_cookie.cookie_name", str),
}


def attributes_of(kind: str | None) -> dict[str, tuple[str, type]]:
    """ATTRIBUTES with the stickiness duration of the kind of cookie: each has its own."""
    return ATTRIBUTES | {"stickiness_duration": (f"stickiness.{kind or 'lb_cookie'}.duration_seconds", int)}


class TargetGroup(NamedResource):
    id_prefix = "arn:aws:elasticloadbalancing:::targetgroup/"
    fixed = ("vpc_id", "protocol")

    def __init__(
        self, api: Api, options: dict[str, Any], described: dict[str, Any] | None, tags: dict[str, str]
    ) -> None:
        super().__init__(api, options["component"], options["name"])
        self.options = options
        self.described = described
        self.live_tags = tags

    @override
    def find(self) -> dict[str, Any] | None:
        return self.live

    @cached_property
    def live(self) -> dict[str, Any] | None:
        group = self.described
        if not group:
            return None
        arn = group["TargetGroupArn"]
        answer = self.api.call("describe_target_group_attributes", on=self.component, TargetGroupArn=arn)
        values = {item["Key"]: item["Value"] for item in answer["Attributes"]}
        known = attributes_of(values.get("stickiness.type"))
        return {
            "id": arn,
            "name": group["TargetGroupName"],
            **{option: group.get(name) for option, name in (FIXED | SETTINGS).items()},
            "successful_response_codes": group.get("Matcher", {}).get("HttpCode"),
            **{option: typed(values[key], like) for option, (key, like) in known.items() if key in values},
            "tags": self.live_tags,
        }

    @override
    def wanted(self, live: dict[str, Any] | None) -> dict[str, Any]:
        wanted = {key: value for key, value in self.options.items() if key != "component"} | {"tags": self.tags}
        if live:  # Elastic Load Balancing, RegisterTargets: a target's own port overrides the group's, which stays
            wanted["port"] = live["port"]
        return wanted

    def _settings(self, wanted: dict[str, Any], fields: list[str]) -> dict[str, Any]:
        settings = {SETTINGS[field]: wanted[field] for field in fields if field in SETTINGS}
        if "successful_response_codes" in fields:
            settings["Matcher"] = {"HttpCode": wanted["successful_response_codes"]}
        return settings

    def _set_attributes(self, arn: str, wanted: dict[str, Any], fields: list[str]) -> None:
        known = attributes_of(wanted["stickiness_type"])
        if any(field.startswith("stickiness") for field in fields):  # AWS checks them together
            fields = [*fields, *(option for option in known if option.startswith("stickiness"))]
        values = {known[field][0]: wanted[field] for field in fields if field in known and wanted[field] is not None}
        if values:
            self.api.call(
                "modify_target_group_attributes",
                on=self.component,
                TargetGroupArn=arn,
                Attributes=attributes(values),
            )

    @override
    def create(self, wanted: dict[str, Any]) -> str:
        given = [field for field, value in wanted.items() if value is not None]
        answer = self.api.call(
            "create_target_group",
            on=self.component,
            Name=self.name,
            TargetType="ip",
            **{name: wanted[option] for option, name in FIXED.items()},
            **self._settings(wanted, given),
            Tags=to_aws(self.tags),
        )
        arn = str(answer["TargetGroups"][0]["TargetGroupArn"])
        self._set_attributes(arn, wanted, given)
        return arn

    @override
    def update(self, live: dict[str, Any], wanted: dict[str, Any], fields: list[str]) -> None:
        settings = self._settings(wanted, fields)
        if settings:
            self.api.call("modify_target_group", on=self.component, TargetGroupArn=live["id"], **settings)
        self._set_attributes(live["id"], wanted, fields)
        if "tags" in fields:
            self.update_tags(live)

    @override
    def delete(self, live: dict[str, Any]) -> None:
        self.api.call("delete_target_group", on=self.component, TargetGroupArn=live["id"])


def problem_of(entry: dict[str, Any], present: bool) -> str | None:
    """What is wrong with an element of ``target_groups``."""
    component, name = entry["component"], entry["stickiness_cookie_name"]
    if not component.startswith(PREFIX):
        return f"component {component} does not begin with {PREFIX}"
    if present and entry["port"] is None:
        return f"port of {component} is missing"
    if entry["stickiness_type"] == "lb_cookie" and name:
        return f"stickiness_cookie_name {name} of {component}: the name of an lb_cookie is fixed, app_cookie takes one"
    if entry["stickiness_type"] == "app_cookie" and not name:
        return f"stickiness_cookie_name of {component} is missing: app_cookie follows the application's cookie"
    return None


@looks_again
def main() -> None:
    text, number, protocol = {"type": "str"}, {"type": "int"}, {"type": "str", "choices": ["HTTP", "HTTPS"]}
    options = {
        "component": {"type": "str", "required": True},
        "name": {"type": "str", "required": True},
        "protocol": {**protocol, "default": "HTTP"},
        "port": number,
        **dict.fromkeys(("health_check_path", "health_check_port", "successful_response_codes"), text),
        "health_check_protocol": protocol,
        **dict.fromkeys(("health_check_interval", "health_check_timeout"), number),
        **dict.fromkeys(("healthy_threshold_count", "unhealthy_threshold_count", "deregistration_delay"), number),
        "stickiness": {"type": "bool"},
        "stickiness_type": {"type": "str", "choices": ["lb_cookie", "app_cookie"]},
        "stickiness_duration": number,
        "stickiness_cookie_name": text,
    }
    module = StackModule(
        {
            "vpc_id": text,
            "target_groups": {"type": "list", "elements": "dict", "required": True, "options": options},
        },
        required_if=[("state", "present", ["vpc_id"])],
    )
    entries = module.params["target_groups"]
    for entry in entries:
        problem = problem_of(entry, module.params["state"] == "present")
        if problem:
            module.fail(problem)
    api = module.api("elbv2")
    # All of the account's: asked by name, AWS answers with an error when one of the names is not there.
    groups = {
        group["TargetGroupName"]: group
        for group in api.pages("describe_target_groups", "TargetGroups", on="the target groups")
    }
    same = {entry["name"]: groups[entry["name"]]["TargetGroupArn"] for entry in entries if entry["name"] in groups}
    tags = read_tags(api, same.values())
    run = Run(module)
    run.converge(
        TargetGroup(
            api,
            {**entry, "vpc_id": module.params["vpc_id"]},
            groups.get(entry["name"]),
            tags.get(same.get(entry["name"], ""), {}),
        )
        for entry in entries
    )
    run.exit()


if __name__ == "__main__":
    main()

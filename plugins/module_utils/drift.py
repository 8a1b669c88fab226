"""What a stack's live state differs in from its variables: pure functions on what a plan has said."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Mapping
from typing import Any

from ansible_collections.triflow.platform.plugins.module_utils import twice

# How the ARNs of what a component is once go on after region and account. Snapshots, tasks and revisions of a
# component carry its tags, too, and are many.
ONCE = (
    "acm:certificate/",
    "cloudwatch:alarm:",
    "ec2:elastic-ip/",
    "ec2:internet-gateway/",
    "ec2:natgateway/",
    "ec2:route-table/",
    "ec2:security-group/",
    "ec2:subnet/",
    "ec2:vpc/",
    "ec2:vpc-endpoint/",
    "ec2:vpc-flow-log/",
    "ecr:repository/",
    "ecs:cluster/",
    "ecs:service/",
    "elasticloadbalancing:loadbalancer/",
    "elasticloadbalancing:targetgroup/",
    "events:rule/",
    "firehose:deliverystream/",
    "iam:role/",
    "kms:key/",
    "lambda:function:",
    "logs:log-group:",
    "rds:db:",
    "rds:pg:",
    "rds:subgrp:",
    "route53:hostedzone/",
    "s3:",
    "secretsmanager:secret:",
    "sns:",
    "sqs:",
)


def fields(before: Any, after: Any, name: str) -> dict[str, dict[str, Any]]:
    """``{field: {"before", "after"}}``, a mapping's keys apart: ``tags.Name``."""
    if not (isinstance(before, dict) and isinstance(after, dict)):
        return {name: {"before": before, "after": after}}
    found: dict[str, dict[str, Any]] = {}
    for key in sorted({**before, **after}):
        if before.get(key) != after.get(key):
            found |= fields(before.get(key), after.get(key), f"{name}.{key}" if name else str(key))
    return found


def find(components: dict[str, dict[str, Any]], resources: list[dict[str, str]] | None) -> dict[str, Any]:
    """The drift of one stack.

    ``components`` is what the plan has said of each component, ``resources`` what carries the stack's tag (None: not
    looked at). Returns ``differs`` (``{component: fields}``), ``missing`` (components), ``orphans``: what no variable
    asks for, ``{"component", "arn"}`` each, and ``twice``: what carries a component's tags more than once,
    ``{"component", "arns", "leftovers"}`` each. A run deletes the leftovers, and refuses where more than one is in use.
    """
    planned: dict[str, list[str]] = {"create": [], "update": [], "delete": [], "none": []}
    leftovers: dict[str, list[str]] = defaultdict(list)
    for name, said in sorted(components.items()):
        component = twice.component_of(name) if said["action"] == "delete" else ""
        if component:
            leftovers[component].append(_arn(said["before"]["id"], resources or []))
        else:
            planned[said["action"]].append(name)
    wanted = set(components) - set(planned["delete"])
    orphans = [
        {"component": found["component"], "arn": found["arn"]}
        for found in resources or []
        if found["component"] not in wanted and not found["going"]
    ]
    known = {found["component"] for found in orphans}
    orphans += [  # what no tag can show
        {"component": component, "arn": str(components[component]["before"].get("id", ""))}
        for component in planned["delete"]
        if component not in known
    ]
    return {
        "differs": {
            name: fields(components[name]["before"], components[name]["after"], "") for name in planned["update"]
        },
        "missing": planned["create"],
        "orphans": orphans,
        "twice": _twice([found for found in resources or [] if found["component"] in wanted], leftovers),
    }


def _arn(identifier: str, resources: list[dict[str, str]]) -> str:
    """The ARN that ends with an id, where the tags show one."""
    return next((found["arn"] for found in resources if found["arn"].endswith(identifier)), identifier)


def _twice(resources: list[dict[str, str]], leftovers: Mapping[str, list[str]]) -> list[dict[str, Any]]:
    carriers: dict[tuple[str, str], list[str]] = defaultdict(list)
    for found in resources:
        parts = found["arn"].split(":", 5)
        place = f"{parts[2]}:{parts[5]}"
        kind = next((kind for kind in ONCE if place.startswith(kind)), "")
        if kind and not found["going"]:
            carriers[found["component"], kind].append(found["arn"])
    several = {component: arns for (component, _kind), arns in carriers.items() if len(arns) > 1}
    return [
        {
            "component": component,
            "arns": sorted({*several.get(component, []), *leftovers.get(component, [])}),
            "leftovers": sorted(leftovers.get(component, [])),
        }
        for component in sorted({*several, *leftovers})
    ]


def _text(value: Any) -> str:
    if value is None:
        return "(none)"
    return value if isinstance(value, str) and value else json.dumps(value, ensure_ascii=False, sort_keys=True)


def _lines(name: str, before: Any, after: Any) -> list[str]:
    """A field in a line, or the elements of a list that are too many (-) and too few (+)."""
    if not (isinstance(before, list) and isinstance(after, list)):
        return [f"    {name}: {_text(before)} -> {_text(after)}"]
    return [
        f"    {name}:",
        *(f"      - {_text(item)}" for item in before if item not in after),
        *(f"      + {_text(item)}" for item in after if item not in before),
    ]


def describe(found: dict[str, Any]) -> list[str]:
    """The lines of the report, none without drift."""
    lines = []
    for component, changed in found["differs"].items():
        lines += [f"  differs: {component} (is -> is to be)"]
        lines += [line for name, pair in changed.items() for line in _lines(name, pair["before"], pair["after"])]
    lines += [f"  missing: {component}" for component in found["missing"]]
    for several in found["twice"]:
        lines += [f"  twice:   {several['component']}"]
        lines += [f"    {arn}{' (a run deletes it)' * (arn in several['leftovers'])}" for arn in several["arns"]]
    lines += [f"  orphan:  {orphan['component']} {orphan['arn']}".rstrip() for orphan in found["orphans"]]
    return lines

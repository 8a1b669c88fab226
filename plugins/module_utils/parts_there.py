# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Which of the components that a run needs and does not make are there: only these kinds are read."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import TYPE_CHECKING, Any

from ansible_collections.triflow.platform.plugins.module_utils import acm, elbv2, live_ecs, live_edge
from ansible_collections.triflow.platform.plugins.module_utils.parts import PLACES, Needed
from ansible_collections.triflow.platform.plugins.module_utils.problems import Problem, problem
from ansible_collections.triflow.platform.plugins.module_utils.statuses import alive
from ansible_collections.triflow.platform.plugins.module_utils.tags import COMPONENT, STACK, from_aws

if TYPE_CHECKING:
    from ansible_collections.triflow.platform.plugins.module_utils.resource import StackModule

There = set[tuple[str, str]]  # component and stack


def part_problems(module: StackModule, needed: Sequence[Needed]) -> list[Problem]:
    """One problem for each part that needs what is not there. A plan may do without what another stack lends."""
    stack = module.params["stack"]
    asked = [need for need in needed if not (module.check_mode and need["owner"] != stack)]
    there = _there(module, asked)
    missing = [need for need in asked if (need["component"], need["owner"]) not in there]
    return [
        _problem([need for need in missing if need["part"] == part], stack)
        for part in dict.fromkeys(need["part"] for need in missing)
    ]


def _problem(missing: list[Needed], stack: str) -> Problem:
    components = ", ".join(need["component"] for need in missing)
    part = missing[0]["part"].replace(":", ", ")
    verb = "is" if len(missing) == 1 else "are"
    tags: dict[str, list[str]] = {}
    for need in missing:
        place = PLACES[need["maker"]]
        of_playbook = tags.setdefault(place.playbook + (f" of {need['owner']}" if need["owner"] != stack else ""), [])
        of_playbook += [place.tag] if place.tag not in of_playbook else []
    first = [f"{playbook} (--tags {','.join(names)})" for playbook, names in tags.items()]
    reason = f"{components} {verb} not there, and no part of this run makes {'it' if len(missing) == 1 else 'them'}"
    return problem("part", part, reason, f"run {' and '.join(first)} first, or give this run these tags, too")


def _there(module: StackModule, needed: Sequence[Needed]) -> There:
    found: There = set()
    for kinds, read in READERS.items():
        of_kind = [need for need in needed if _is(need["component"], kinds)]
        if of_kind:
            found |= set(read(module, of_kind))
    return found


def _is(component: str, kinds: Iterable[str]) -> bool:
    return any(component == kind or component.startswith(f"{kind}-") for kind in kinds)


def _of_ec2(
    operation: str, key: str, there: Callable[[dict[str, Any]], bool] = lambda _item: True
) -> Callable[[StackModule, list[Needed]], Iterable[tuple[str, str]]]:
    """A reader of what carries the tags of this stack, or of the one that lends it: one call."""

    def read(module: StackModule, needed: list[Needed]) -> Iterable[tuple[str, str]]:
        filters = [{"Name": f"tag:{STACK}", "Values": sorted({need["owner"] for need in needed})}]
        found = module.api("ec2").pages(operation, key, on=needed[0]["component"], Filters=filters)
        tagged = [from_aws(item["Tags"]) for item in found if there(item)]
        return [(tags.get(COMPONENT, ""), tags[STACK]) for tags in tagged]

    return read


def _target_groups(module: StackModule, _needed: list[Needed]) -> Iterable[tuple[str, str]]:
    """A target group that a load balancer uses is behind the listener: without one ECS takes no service."""
    api, stack = module.api("elbv2"), module.params["stack"]
    groups = api.pages("describe_target_groups", "TargetGroups", on="the target groups")
    tags = elbv2.read_tags(api, [group["TargetGroupArn"] for group in groups])
    for group in groups:
        of_group = tags.get(group["TargetGroupArn"], {})
        if of_group.get(STACK) == stack:
            yield of_group.get(COMPONENT, ""), stack
            if group["LoadBalancerArns"]:
                yield "listener-443", stack


def _load_balancers(module: StackModule, _needed: list[Needed]) -> Iterable[tuple[str, str]]:
    api, stack = module.api("elbv2"), module.params["stack"]
    balancers = api.pages("describe_load_balancers", "LoadBalancers", on="the load balancers")
    tags = elbv2.read_tags(api, [balancer["LoadBalancerArn"] for balancer in balancers])
    return [(named.get(COMPONENT, ""), stack) for named in tags.values() if named.get(STACK) == stack]


def _services(module: StackModule, _needed: list[Needed]) -> Iterable[tuple[str, str]]:
    stack = module.params["stack"]
    return [(entry["component"], stack) for entry in live_ecs.read(module.api("ecs"), stack, stack)]


def _each(
    there: Callable[[StackModule, str], bool],
) -> Callable[[StackModule, list[Needed]], Iterable[tuple[str, str]]]:
    """A reader of what is asked for by its name."""

    def read(module: StackModule, needed: list[Needed]) -> Iterable[tuple[str, str]]:
        return [(need["component"], need["owner"]) for need in needed if there(module, need["name"])]

    return read


def _cluster(module: StackModule, _name: str) -> bool:
    stack = module.params["stack"]
    clusters = module.api("ecs").call("describe_clusters", on=stack, clusters=[stack])["clusters"]
    return any(cluster["status"] != "INACTIVE" for cluster in clusters)


def _certificate(module: StackModule, domain: str) -> bool:
    return bool(acm.choose(acm.read_certificates(module.api("acm"), domain), module.params["stack"]))


def _zone(module: StackModule, name: str) -> bool:
    return bool(live_edge.read_zone(module.api("route53"), name, module.params["stack"]))


def _database(module: StackModule, name: str) -> bool:
    gone = ("DBInstanceNotFound",)
    return bool(module.api("rds").call("describe_db_instances", on=name, absent=gone, DBInstanceIdentifier=name))


def _bucket(module: StackModule, name: str) -> bool:
    answer = module.api("s3").call("head_bucket", on=name, absent=("404", "NoSuchBucket"), Bucket=name)
    return bool(answer)


def _role(module: StackModule, name: str) -> bool:
    return bool(module.api("iam").call("get_role", on=name, absent=("NoSuchEntity",), RoleName=name))


def _log_group(module: StackModule, name: str) -> bool:
    groups: list[dict[str, Any]] = module.api("logs").pages(
        "describe_log_groups", "logGroups", on=name, logGroupNamePrefix=name
    )
    return any(group["logGroupName"] == name for group in groups)


def _scalable_target(module: StackModule, name: str) -> bool:
    api = module.api("application-autoscaling")
    given: Any = {"ServiceNamespace": "ecs", "ResourceIds": [name]}
    return bool(api.call("describe_scalable_targets", on=name, **given)["ScalableTargets"])


READERS: dict[tuple[str, ...], Callable[[StackModule, list[Needed]], Iterable[tuple[str, str]]]] = {
    ("vpc",): _of_ec2("describe_vpcs", "Vpcs"),
    ("subnet",): _of_ec2("describe_subnets", "Subnets"),
    ("security-group",): _of_ec2("describe_security_groups", "SecurityGroups"),
    ("nat-gateway",): _of_ec2(
        "describe_nat_gateways", "NatGateways", lambda gateway: alive("NAT gateway", gateway["State"])
    ),
    ("load-balancer",): _load_balancers,
    ("target-group", "listener"): _target_groups,
    ("service",): _services,
    ("cluster",): _each(_cluster),
    ("certificate",): _each(_certificate),
    ("hosted-zone",): _each(_zone),
    ("database",): _each(_database),
    ("bucket",): _each(_bucket),
    ("role",): _each(_role),
    ("log-group",): _each(_log_group),
    ("scalable-target",): _each(_scalable_target),
}

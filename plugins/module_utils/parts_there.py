# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Which of the components that a run needs and does not make are there.

Most of it preflight has read already: the network, and what stands under the names that the stack claims. The rest is
asked for, of these kinds only.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import TYPE_CHECKING, Any

from ansible_collections.triflow.platform.plugins.module_utils import acm, live_edge, standing
from ansible_collections.triflow.platform.plugins.module_utils.parts import PLACES, Needed
from ansible_collections.triflow.platform.plugins.module_utils.problems import Problem, problem
from ansible_collections.triflow.platform.plugins.module_utils.statuses import alive
from ansible_collections.triflow.platform.plugins.module_utils.tags import COMPONENT, STACK, from_aws

if TYPE_CHECKING:
    from ansible_collections.triflow.platform.plugins.module_utils.resource import StackModule


def part_problems(
    account: standing.Account, known: standing.Known, network: Iterable[dict[str, Any]], needed: Sequence[Needed]
) -> list[Problem]:
    """One problem for each part that needs what is not there. A plan may do without what another stack lends.

    ``known`` is what stands under the claimed names; ``network`` are the VPC and its subnets, as EC2 describes them.
    """
    module, stack = account.module, account.module.params["stack"]
    asked = [need for need in needed if not (module.check_mode and need["owner"] != stack)]
    tagged = {_component(item) for item in [*network, *_nat_gateways(module, asked)]}
    claims = {claim["component"]: (claim["kind"], claim["name"]) for claim in module.params["claims"]}

    def is_there(need: Needed) -> bool:
        component = need["component"]
        if (component, need["owner"]) in tagged:
            return True
        if component == "listener-443":
            # A target group that a load balancer uses is behind it: without one ECS takes no service.
            return any(found.fields.get("load_balancer_arns") for found in known.values())
        kind, name = claims.get(component, ("", ""))
        if kind in standing.READERS:
            return _stands(account, known, kind, name)
        return any(component.startswith(start) and read(module, need["name"]) for start, read in READERS.items())

    missing = [need for need in asked if not is_there(need)]
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


def _stands(account: standing.Account, known: standing.Known, kind: str, name: str) -> bool:
    """What the tags say is the stack's own is not in ``known``, and may be gone: they are late."""
    if (kind, name) in known:
        return True
    return account.is_own(kind, name) and any(standing.READERS[kind](account, [name]))


def _component(item: dict[str, Any]) -> tuple[str, str]:
    """Component and stack, by the tags."""
    tags = from_aws(item.get("Tags"))
    return tags.get(COMPONENT, ""), tags.get(STACK, "")


def _nat_gateways(module: StackModule, needed: Sequence[Needed]) -> list[dict[str, Any]]:
    """This stack's, or those of the one that lends its own: one call, when one is needed."""
    owners = sorted({need["owner"] for need in needed if need["component"].startswith("nat-gateway")})
    if not owners:
        return []
    filters = [{"Name": f"tag:{STACK}", "Values": owners}]
    found = module.api("ec2").pages("describe_nat_gateways", "NatGateways", on="the NAT gateways", Filters=filters)
    return [gateway for gateway in found if alive("NAT gateway", gateway["State"])]


def _has_certificate(module: StackModule, domain: str) -> bool:
    return bool(acm.choose(acm.read_certificates(module.api("acm"), domain), module.params["stack"]))


def _has_zone(module: StackModule, name: str) -> bool:
    return bool(live_edge.read_zone(module.api("route53"), name, module.params["stack"]))


def _has_scalable_target(module: StackModule, name: str) -> bool:
    api = module.api("application-autoscaling")
    given: Any = {"ServiceNamespace": "ecs", "ResourceIds": [name]}
    return bool(api.call("describe_scalable_targets", on=name, **given)["ScalableTargets"])


READERS: dict[str, Callable[[StackModule, str], bool]] = {  # by how the component begins
    "certificate": _has_certificate,
    "hosted-zone": _has_zone,
    "scalable-target": _has_scalable_target,
}

"""Which parts a command runs, what they need, and what is said of a command that leaves preflight out."""

from __future__ import annotations

import re
from typing import Any

import pytest
from ansible.inventory.manager import InventoryManager
from ansible.parsing.dataloader import DataLoader
from ansible.playbook import Playbook
from ansible.vars.manager import VariableManager
from ansible_collections.triflow.platform.plugins.module_utils import parts
from ansible_collections.triflow.platform.plugins.plugin_utils import chosen

from tests.conftest import PROJECT

VARIABLES = {
    "stack_name": "triflow-test",
    "stack_foundation": False,
    "vpc_owner": "triflow-test",
    "vpc_availability_zones": ["ap-northeast-2a", "ap-northeast-2c"],
    "vpc_nat_gateways": "single",
    "s3_owner": "triflow-test",
    "s3_bucket_name": "triflow-test-bucket",
    "dns_domain_name": "example.com",
    "dns_zone_name": "example.com",
    "logs_group_prefix": "/ecs/triflow-test/",
    "alb_target_groups": ["backend"],
    "alb_access_logs": False,
    "ecs_services": [{"name": "backend", "target_group": "backend"}, {"name": "worker"}],
    "autoscaling_services": ["backend"],
    "nights_enabled": True,
}
ALL = ("all",)


@pytest.fixture(scope="module")
def site() -> list[Any]:
    return plays("site.yml")


def plays(name: str) -> list[Any]:
    loader = DataLoader()
    loader.set_basedir(str(PROJECT))
    manager = VariableManager(loader, InventoryManager(loader, ["localhost,"]))
    return list(Playbook.load(str(PROJECT / name), variable_manager=manager, loader=loader).get_plays())


def of(found: list[Any], *only: str, skipped: tuple[str, ...] = ()) -> list[str]:
    return chosen.in_order(list(chosen.tasks(found, only or ALL, skipped)))


def needed(found: list[str], **change: Any) -> dict[str, list[str]]:
    lists: dict[str, list[str]] = {}
    for need in parts.needed(found, VARIABLES | change):
        lists.setdefault(need["part"], []).append(need["component"])
    return lists


def test_the_whole_stack_needs_nothing(site: list[Any]) -> None:
    found = of(site)
    assert needed(found) == {}
    assert {need.part for need in parts.NEEDS} <= set(found)
    assert set(parts.PLACES) <= set(found)


def test_each_part_is_run_by_its_playbook_and_tag() -> None:
    for part, place in parts.PLACES.items():
        assert part in of(plays(place.playbook), place.tag)


@pytest.mark.parametrize(
    ("tags", "needs"),
    [
        (["vpc"], {}),
        (["security_groups"], {"security_groups": ["vpc"]}),
        (["vpc", "security_groups"], {}),
        (["rds"], {"rds": ["subnet-private-a", "subnet-private-c", "security-group-rds"]}),
        (["s3"], {}),
        (["logs"], {"logs:archive": ["bucket"]}),
        (["s3", "logs"], {}),
        (["dns"], {"dns:records": ["load-balancer"]}),
        (
            ["alb"],
            {
                "alb": ["vpc", "subnet-public-a", "subnet-public-c", "security-group-alb"],
                "dns:ready": ["certificate"],
                "alb:ready": ["certificate"],
            },
        ),
        (["vpc", "security_groups", "dns", "alb"], {}),
        (
            ["ecs"],
            {
                "ecs:ready": [
                    *("subnet-private-a", "subnet-private-c", "security-group-ecs", "log-group-backend"),
                    *("log-group-worker", "target-group-backend", "listener-443", "role-execution", "role-task"),
                ]
            },
        ),
        (["autoscaling"], {"autoscaling": ["service-backend"]}),
        (["nights"], {"nights": ["service-backend", "scalable-target-backend"]}),
        (["alarms", "dashboard"], {"alarms": ["load-balancer"], "dashboard": ["load-balancer"]}),
        (["iam", "ecr", "notifications", "budget"], {}),
    ],
    ids=lambda value: ",".join(value) if isinstance(value, list) else "",
)
def test_what_the_chosen_parts_need(site: list[Any], tags: list[str], needs: dict[str, list[str]]) -> None:
    assert needed(of(site, *tags)) == needs


def test_what_is_skipped_is_needed(site: list[Any]) -> None:
    assert needed(of(site, skipped=("s3",))) == {"logs:archive": ["bucket"]}


def test_what_is_made_later_is_needed() -> None:
    assert needed(["alb:ready", "dns"])["alb:ready"] == ["load-balancer", "target-group-backend", "certificate"]


def test_what_another_stack_lends_is_asked_for_there() -> None:
    lent = {"vpc_owner": "triflow-shared", "s3_owner": "triflow-shared", "vpc_nat_gateways": "shared"}
    found = parts.needed(["vpc", "s3", "security_groups", "logs", "logs:archive"], VARIABLES | lent)
    assert [(need["component"], need["owner"]) for need in found] == [
        ("nat-gateway-a", "triflow-shared"),  # preflight asks for the VPC and the bucket in any case
    ]


@pytest.mark.parametrize(
    ("switch", "part", "component"),
    [("alb_access_logs", "alb", "bucket"), ("nights_enabled", "nights", "scalable-target-backend")],
)
def test_a_switch_that_is_off_needs_nothing(switch: str, part: str, component: str) -> None:
    for on in (True, False):
        assert (component in needed([part], **{switch: on}).get(part, [])) is on


def test_a_foundation_needs_what_it_is_made_of(site: list[Any]) -> None:
    assert needed(of(site, skipped=("vpc",)), stack_foundation=True) == {}


def test_every_component_that_a_role_asks_for_is_in_the_table() -> None:
    asked = {
        (path.parts[-3], component)
        for path in PROJECT.glob("roles/*/*/*.yml")
        for component in re.findall(r"'([a-z0-9-]+)' \| triflow\.platform\.component_id", path.read_text())
    }
    known = {(need.part.partition(":")[0], need.components) for need in parts.NEEDS}
    # The canary's comes after the target groups of its release, and the shared gateway with its VPC.
    assert asked - known == {("vpc", "internet-gateway")}


@pytest.mark.parametrize(
    ("playbook", "start", "skipped", "says"),
    [
        ("playbooks/network.yml", "Read the network", (), "--tags vpc"),
        ("playbooks/observability.yml", "Log group of what Firehose*", (), "--tags logs"),
        ("playbooks/release.yml", "Read the service and its canary", (), "--tags all"),
        ("playbooks/data.yml", None, ("always",), "--skip-tags always"),
        ("playbooks/data.yml", "Checked already", (), None),
        ("playbooks/data.yml", None, ("rds",), None),
        ("playbooks/cost.yml", None, ("always",), None),
    ],
)
def test_what_leaves_preflight_out_is_refused(
    playbook: str, start: str | None, skipped: tuple[str, ...], says: str | None
) -> None:
    found = plays(playbook)
    with_tags = list(chosen.tasks(found, ALL, skipped))
    said = list(chosen.left_out(with_tags, list(chosen.tasks(found, ALL, ())), start))
    if says is None:
        assert said == []
    else:
        assert says in said[0]
        assert "it leaves out preflight" in said[0]

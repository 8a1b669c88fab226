"""security_groups (NET-6, NET-7, NET-8)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import pytest
from ansible_collections.triflow.platform.plugins.module_utils import placeholders
from ansible_collections.triflow.platform.plugins.module_utils.resource import Api

from tests.conftest import Lab
from tests.modules.conftest import RunModule
from tests.modules.grammar import Case, walk
from tests.modules.tagging import expected_tags, lose_tags, tag_list, tags

MODULE = "security_groups"
ANYWHERE = "0.0.0.0/0"
ALLOW_ALL = [("-1", None, ANYWHERE, None)]


@dataclass(frozen=True)
class Network:
    """A VPC of the test's own."""

    ec2: Any
    vpc: str

    def groups(self) -> dict[str, dict[str, Any]]:
        """The VPC's groups by name."""
        inside = [{"Name": "vpc-id", "Values": [self.vpc]}]
        return {
            group["GroupName"]: group for group in self.ec2.describe_security_groups(Filters=inside)["SecurityGroups"]
        }

    def rules(self, name: str) -> dict[str, list[tuple[Any, ...]]]:
        """Protocol, first port, peer (a group by its name) and description of each rule."""
        groups = self.groups()
        names = {group["GroupId"]: group["GroupName"] for group in groups.values()}
        return {
            direction: sorted(
                (
                    permission["IpProtocol"],
                    permission.get("FromPort"),
                    peer.get("CidrIp") or names[peer["GroupId"]],
                    peer.get("Description"),
                )
                for permission in groups[name][key]
                for peer in [*permission["IpRanges"], *permission["UserIdGroupPairs"]]
            )
            for direction, key in (("in", "IpPermissions"), ("out", "IpPermissionsEgress"))
        }

    def state(self) -> dict[str, Any]:
        """The rules of each group and a tag of the stack's own. The default group is left out."""
        return {
            name: (self.rules(name), tags(group).get("team"))
            for name, group in self.groups().items()
            if name != "default"
        }

    def open(self, group_id: str, **peer: str) -> None:
        """Let something in by hand."""
        kind = "IpRanges" if "CidrIp" in peer else "UserIdGroupPairs"
        permission = {"IpProtocol": "tcp", "FromPort": 22, "ToPort": 22, kind: [peer]}
        self.ec2.authorize_security_group_ingress(GroupId=group_id, IpPermissions=[permission])


@pytest.fixture
def network(ec2: Any) -> Network:
    return Network(ec2, ec2.create_vpc(CidrBlock="10.0.0.0/16")["Vpc"]["VpcId"])


def alb(**options: Any) -> dict[str, Any]:
    """The load balancer's group, which names that of the tasks before that is there."""
    group = {"component": "security-group-alb", "name": "alb", "description": "Load balancer"}
    rules = [{"port": 443, "cidr_ip": ANYWHERE, "description": "Clients"}]
    return {**group, "rules": rules, "rules_egress": [{"port": 8000, "group": "security-group-ecs"}], **options}


def ecs(**options: Any) -> dict[str, Any]:
    group = {"component": "security-group-ecs", "name": "ecs", "description": "Tasks"}
    return {**group, "rules": [{"port": 8000, "group": "security-group-alb"}], "rules_egress": [], **options}


def default(**options: Any) -> dict[str, Any]:
    group = {"component": "security-group-default", "name": "default", "description": "default VPC security group"}
    return {**group, "rules": [], "rules_egress": [], **options}


def test_grammar(lab: Lab, network: Network, run_module: RunModule) -> None:
    other = [{"port": 443, "cidr_ip": ANYWHERE, "description": "Anybody"}, {"port": 80, "cidr_ip": "10.0.0.0/8"}]
    ranged = [{"from_port": 8000, "to_port": 8010, "group": "security-group-alb", "description": "Range"}]
    no_peer, two_peers, stranger = (
        {"port": 1},
        {"port": 1, "group": "x", "cidr_ip": ANYWHERE},
        {"port": 1, "group": "x"},
    )
    case = Case(
        module=MODULE,
        options={"vpc_id": network.vpc, "groups": [alb(), ecs()]},
        update={
            "groups": [alb(rules=other), ecs(rules=ranged, rules_egress=[{"port": 443, "cidr_ip": ANYWHERE}])],
            "tags": {"team": "platform"},
        },
        read=network.state,
        created={
            "alb": ({"in": [("tcp", 443, ANYWHERE, "Clients")], "out": [("tcp", 8000, "ecs", None)]}, None),
            "ecs": ({"in": [("tcp", 8000, "alb", None)], "out": []}, None),
        },
        updated={
            "alb": (
                {
                    "in": [("tcp", 80, "10.0.0.0/8", None), ("tcp", 443, ANYWHERE, "Anybody")],
                    "out": [("tcp", 8000, "ecs", None)],
                },
                "platform",
            ),
            "ecs": ({"in": [("tcp", 8000, "alb", "Range")], "out": [("tcp", 443, ANYWHERE, None)]}, "platform"),
        },
        deleted={},
        creates=["security-group-alb", "security-group-ecs"],
        named=["security-group-alb", "security-group-ecs"],
        updates={
            "security-group-alb": ["rules", "tags"],
            "security-group-ecs": ["rules", "rules_egress", "tags"],
        },
        deletes=["security-group-alb", "security-group-ecs"],
        refused=[
            ({"stack": None}, "stack is not set"),
            ({"groups": [alb(component="alb")]}, "component alb does not begin with security-group-"),
            ({"groups": [{"component": "security-group-alb"}]}, "missing required arguments: description, name"),
            ({"groups": [alb(rules=[no_peer])]}, "one of the following is required: cidr_ip, group, group_id"),
            ({"groups": [alb(rules=[two_peers])]}, "mutually exclusive: cidr_ip|group|group_id"),
            ({"groups": [alb(rules=[stranger])]}, "rules of security-group-alb name the group x, which is not"),
            ({"groups": [alb()]}, "rules_egress of security-group-alb name the group security-group-ecs"),
            ({"groups": [ecs(rules=[{"cidr_ip": ANYWHERE}])]}, "one of the following is required: port, from_port"),
            ({"groups": [ecs(rules=[{"from_port": 1, "cidr_ip": ANYWHERE}])]}, "from_port, to_port"),
            ({"groups": [ecs(rules=[{"port": 1, "cidr_ip": "10.0.0.1/8"}])]}, "10.0.0.1/8 of security-group-ecs is no"),
            (
                {"groups": [ecs(rules=[{"port": 1, "cidr_ip": ANYWHERE, "description": text} for text in "ab"])]},
                "rules of security-group-ecs hold the same rule twice",
            ),
        ],
    )
    walk(case, lab, run_module)


def test_new_groups_let_nothing_out_and_know_each_other_in_one_run(
    lab: Lab, network: Network, run_module: RunModule
) -> None:
    before = len(lab.calls())
    run_module(MODULE, vpc_id=network.vpc, groups=[alb(), ecs()])
    assert [call["operation"] for call in lab.calls()[before:]] == [
        "DescribeSecurityGroups",
        "CreateSecurityGroup",
        "RevokeSecurityGroupEgress",
        "CreateSecurityGroup",
        "RevokeSecurityGroupEgress",
        "AuthorizeSecurityGroupIngress",
        "AuthorizeSecurityGroupEgress",
        "AuthorizeSecurityGroupIngress",
    ]


def test_foreign_rules_are_shown_and_revoked(network: Network, run_module: RunModule) -> None:
    options = {"vpc_id": network.vpc, "groups": [alb(), ecs()]}
    run_module(MODULE, **options)
    built = network.state()
    groups = network.groups()
    network.open(groups["ecs"]["GroupId"], CidrIp="203.0.113.7/32")
    network.open(groups["ecs"]["GroupId"], GroupId=groups["default"]["GroupId"], Description="mine")
    plan = run_module(MODULE, check=True, **options)
    result = run_module(MODULE, **options)
    assert plan["diff"] == result["diff"]
    assert [(change["action"], change["fields"]) for change in result["changes"]] == [
        ("none", []),
        ("update", ["rules"]),
    ]
    (diff,) = result["diff"]
    (kept,) = diff["after"]["rules"]
    assert kept == {
        "proto": "tcp", "from_port": 8000, "to_port": 8000, "group": "security-group-alb", "description": "",
    }  # fmt: skip
    ssh = {"proto": "tcp", "from_port": 22, "to_port": 22}
    foreign = [rule for rule in diff["before"]["rules"] if rule != kept]
    assert len(foreign) == 2
    assert {**ssh, "cidr_ip": "203.0.113.7/32", "description": ""} in foreign
    assert {**ssh, "group_id": groups["default"]["GroupId"], "description": "mine"} in foreign
    assert network.state() == built
    assert run_module(MODULE, **options)["changed"] is False


@pytest.mark.parametrize("text", ["Anybody", ""])
def test_description_is_changed_in_place(lab: Lab, network: Network, run_module: RunModule, text: str) -> None:
    run_module(MODULE, vpc_id=network.vpc, groups=[alb(), ecs()])
    changed = alb(rules=[{"port": 443, "cidr_ip": ANYWHERE, "description": text}])
    before = len(lab.calls())
    run_module(MODULE, vpc_id=network.vpc, groups=[changed, ecs()])
    assert [call["operation"] for call in lab.calls()[before:]] == [
        "DescribeSecurityGroups",
        "UpdateSecurityGroupRuleDescriptionsIngress",
    ]
    assert network.rules("alb")["in"] == [("tcp", 443, ANYWHERE, text or None)]


def test_what_is_not_given_is_left_as_it_is(network: Network, run_module: RunModule) -> None:
    run_module(MODULE, vpc_id=network.vpc, groups=[alb(), ecs()])
    before = network.state()
    result = run_module(MODULE, vpc_id=network.vpc, groups=[alb(rules=None, rules_egress=None)])
    assert result["changed"] is False
    assert network.state() == before


def test_group_of_another_list_is_named_by_its_id(network: Network, run_module: RunModule) -> None:
    made = run_module(MODULE, vpc_id=network.vpc, groups=[alb(rules_egress=[])])["resources"]["security-group-alb"]
    tasks = ecs(rules=[{"port": 8000, "group_id": made["id"]}])
    run_module(MODULE, vpc_id=network.vpc, groups=[tasks])
    assert network.rules("ecs")["in"] == [("tcp", 8000, "alb", None)]
    # In one list it is the same rule.
    assert run_module(MODULE, vpc_id=network.vpc, groups=[alb(rules_egress=[]), tasks])["changed"] is False


@pytest.mark.parametrize(
    ("changed", "message"),
    [
        ({"description": "ALB"}, "is Load balancer and cannot become ALB: delete it first"),
        ({"name": "front"}, "is alb and cannot become front: delete it first"),
    ],
)
def test_name_and_description_do_not_change(
    network: Network, run_module: RunModule, changed: dict[str, str], message: str
) -> None:
    run_module(MODULE, vpc_id=network.vpc, groups=[alb(), ecs()])
    before = network.state()
    result = run_module(MODULE, vpc_id=network.vpc, groups=[ecs(rules=[]), alb(**changed)])
    assert message in result["msg"]
    assert network.state() == before


def test_default_group_is_taken_over_and_closed(network: Network, run_module: RunModule, stack: str) -> None:
    assert network.rules("default") == {"in": [("-1", None, "default", None)], "out": ALLOW_ALL}
    options = {"vpc_id": network.vpc, "groups": [default()]}
    plan = run_module(MODULE, check=True, **options)
    result = run_module(MODULE, **options)
    assert (
        plan["changes"]
        == result["changes"]
        == [{"component": "security-group-default", "action": "create", "fields": []}]
    )
    assert plan["diff"] == result["diff"]
    assert network.rules("default") == {"in": [], "out": []}
    assert tags(network.groups()["default"]) == expected_tags(stack, "security-group-default")
    assert result["resources"]["security-group-default"]["id"] == network.groups()["default"]["GroupId"]
    assert list(network.groups()) == ["default"]
    assert run_module(MODULE, **options)["changed"] is False
    network.open(network.groups()["default"]["GroupId"], CidrIp=ANYWHERE)
    assert run_module(MODULE, **options)["changes"][0]["fields"] == ["rules"]
    assert network.rules("default") == {"in": [], "out": []}


def test_default_group_is_never_deleted(network: Network, run_module: RunModule) -> None:
    run_module(MODULE, vpc_id=network.vpc, groups=[default(), ecs(rules=[])])
    result = run_module(MODULE, vpc_id=network.vpc, groups=[ecs(rules=[]), default()], state="absent")
    assert "security-group-default goes with its VPC" in result["msg"]
    assert sorted(network.groups()) == ["default", "ecs"]


@pytest.mark.parametrize("point", ["revoke_security_group_egress", "authorize_security_group_ingress"])
def test_run_goes_on_where_a_killed_one_stopped(
    network: Network, run_module: RunModule, monkeypatch: pytest.MonkeyPatch, point: str
) -> None:
    options = {"vpc_id": network.vpc, "groups": [alb(), ecs()]}
    call = Api.call

    def killed(self: Api, operation: str, /, **parameters: Any) -> dict[str, Any]:
        if operation == point:
            self.module.fail_json(msg="killed")
        return call(self, operation, **parameters)

    with monkeypatch.context() as patch:
        patch.setattr(Api, "call", killed)
        assert run_module(MODULE, **options)["msg"] == "killed"
    assert run_module(MODULE, **options)["changed"] is True
    assert network.state() == {
        "alb": ({"in": [("tcp", 443, ANYWHERE, "Clients")], "out": [("tcp", 8000, "ecs", None)]}, None),
        "ecs": ({"in": [("tcp", 8000, "alb", None)], "out": []}, None),
    }
    assert run_module(MODULE, **options)["changed"] is False


@pytest.mark.parametrize("changed_tag", ["all", "component"])
def test_group_that_lost_its_tag_is_found_by_its_name(
    network: Network, run_module: RunModule, changed_tag: str
) -> None:
    options: dict[str, Any] = {"vpc_id": network.vpc, "groups": [ecs(rules=[])]}
    made = run_module(MODULE, **options)["resources"]["security-group-ecs"]["id"]
    if changed_tag == "all":
        lose_tags(network.ec2, made)
        assert f"ecs ({made}) is there and has no tag triflow:stack" in run_module(MODULE, **options)["msg"]
        options["adopt"] = ["security-group-ecs"]
    else:
        network.ec2.create_tags(Resources=[made], Tags=tag_list({"triflow:component": "security-group-mine"}))
    result = run_module(MODULE, **options)
    assert [(change["action"], change["fields"]) for change in result["changes"]] == [("update", ["tags"])]
    assert result["resources"]["security-group-ecs"]["id"] == made


def test_only_what_is_tagged_is_deleted(network: Network, run_module: RunModule) -> None:
    options = {"vpc_id": network.vpc, "groups": [alb(), ecs()]}
    made = run_module(MODULE, **options)["resources"]["security-group-ecs"]["id"]
    run_module(MODULE, vpc_id=network.vpc, groups=[alb(rules_egress=[])])
    lose_tags(network.ec2, made)
    network.ec2.revoke_security_group_ingress(GroupId=made, IpPermissions=network.groups()["ecs"]["IpPermissions"])
    result = run_module(MODULE, **options, state="absent")
    assert [change["action"] for change in result["changes"]] == ["delete", "none"]
    assert sorted(network.groups()) == ["default", "ecs"]


def test_another_stack_is_left_alone(network: Network, run_module: RunModule) -> None:
    run_module(MODULE, vpc_id=network.vpc, groups=[ecs(rules=[])], stack="other")
    result = run_module(MODULE, vpc_id=network.vpc, groups=[ecs(name="mine", rules=[])])
    assert result["changes"][0]["action"] == "create"
    # Two groups of one name cannot be in a VPC: what another stack has is not taken.
    taken = alb(name="ecs", rules_egress=[])
    assert "is there and belongs to the stack other." in run_module(MODULE, vpc_id=network.vpc, groups=[taken])["msg"]
    run_module(MODULE, vpc_id=network.vpc, groups=[taken, ecs(name="mine", rules=[])], state="absent")
    assert sorted(network.groups()) == ["default", "ecs"]


def test_refused_deletion_says_what_uses_the_group(network: Network, run_module: RunModule) -> None:
    options = {"vpc_id": network.vpc, "groups": [ecs(), alb()]}
    made = run_module(MODULE, **options)["resources"]["security-group-ecs"]["id"]
    foreign = network.ec2.create_security_group(VpcId=network.vpc, GroupName="mine", Description="mine")["GroupId"]
    network.open(foreign, GroupId=made)
    subnet = network.ec2.create_subnet(VpcId=network.vpc, CidrBlock="10.0.1.0/24")["Subnet"]["SubnetId"]
    interface = network.ec2.create_network_interface(SubnetId=subnet, Groups=[made], Description="a task")
    used = interface["NetworkInterface"]["NetworkInterfaceId"]
    assert run_module(MODULE, **options, state="absent")["msg"] == (
        f"security-group-ecs ({made}) is still used by a rule of mine ({foreign}), {used} (a task): "
        "remove that first, then run again"
    )


def test_plan_in_a_vpc_that_is_only_announced(lab: Lab, run_module: RunModule) -> None:
    before = len(lab.calls())
    vpc = placeholders.make("vpc-", "vpc")
    result = run_module(MODULE, check=True, vpc_id=vpc, groups=[alb(), ecs(), default()])
    assert [change["action"] for change in result["changes"]] == ["create"] * 3
    assert all(placeholders.within(group["id"]) for group in result["resources"].values())
    assert lab.calls()[before:] == []


def test_one_call_reads_them_all(lab: Lab, network: Network, run_module: RunModule) -> None:
    options = {"vpc_id": network.vpc, "groups": [alb(), ecs(), default()]}
    run_module(MODULE, **options)
    before = len(lab.calls())
    run_module(MODULE, **options)
    assert [call["operation"] for call in lab.calls()[before:]] == ["DescribeSecurityGroups"]

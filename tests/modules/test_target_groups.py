"""target_groups (ALB-4, ALB-5, ALB-6)."""

from __future__ import annotations

from typing import Any

from ansible_collections.triflow.platform.plugins.module_utils import placeholders

from tests.modules.conftest import RunModule
from tests.modules.edge import Edge, edge
from tests.modules.grammar import Case, walk
from tests.modules.tagging import expected_tags

__all__ = ["edge"]
MODULE = "target_groups"
ATTRIBUTES = ("deregistration_delay.timeout_seconds", "stickiness.enabled", "stickiness.type")


def backend(stack: str, **more: Any) -> dict[str, Any]:
    return {
        "component": "target-group-backend",
        "name": f"{stack}-backend",
        "port": 8000,
        "health_check_path": "/health",
        "health_check_port": "8000",
        "health_check_protocol": "HTTP",
        "health_check_interval": 15,
        "health_check_timeout": 5,
        "healthy_threshold_count": 2,
        "unhealthy_threshold_count": 3,
        "successful_response_codes": "200",
        "deregistration_delay": 30,
        "stickiness": True,
        "stickiness_type": "lb_cookie",
        "stickiness_duration": 3600,
        **more,
    }


def canary(stack: str) -> dict[str, Any]:
    return {"component": "target-group-canary", "name": f"{stack}-canary", "port": 8000}


def group(edge: Edge, name: str) -> dict[str, Any] | None:
    found = edge.elb.describe_target_groups()["TargetGroups"]
    return next((item for item in found if item["TargetGroupName"] == name), None)


def attributes(edge: Edge, arn: str) -> dict[str, str]:
    found = edge.elb.describe_target_group_attributes(TargetGroupArn=arn)["Attributes"]
    return {item["Key"]: item["Value"] for item in found}


def test_grammar(edge: Edge, stack: str, run_module: RunModule) -> None:
    def read() -> Any:
        found = {}
        for name in ("backend", "canary"):
            item = group(edge, f"{stack}-{name}")
            if item:
                values = attributes(edge, item["TargetGroupArn"])
                kind = values["stickiness.type"]
                found[name] = (
                    (item["Protocol"], item["Port"], item["TargetType"], item["VpcId"]),
                    (item["HealthCheckProtocol"], item["HealthCheckPort"], item["HealthCheckPath"]),
                    (item["HealthCheckIntervalSeconds"], item["HealthCheckTimeoutSeconds"]),
                    (item["HealthyThresholdCount"], item["UnhealthyThresholdCount"], item["Matcher"]["HttpCode"]),
                    tuple(values[key] for key in ATTRIBUTES),
                    values[f"stickiness.{kind}.duration_seconds"],
                    values["stickiness.app_cookie.cookie_name"],
                    edge.tags(item["TargetGroupArn"]),
                )
        return found

    kind = ("HTTP", 8000, "ip", edge.vpc)
    tags = expected_tags(stack, "target-group-backend")
    plain = (
        kind,
        ("HTTP", "traffic-port", "/"),
        (30, 5),
        (5, 2, "200"),
        ("300", "false", "lb_cookie"),
        "86400",
        "",
        expected_tags(stack, "target-group-canary"),
    )
    application = {"stickiness_type": "app_cookie", "stickiness_cookie_name": "SESSION", "stickiness_duration": 60}
    case = Case(
        module=MODULE,
        options={"vpc_id": edge.vpc, "target_groups": [backend(stack), canary(stack)]},
        update={"target_groups": [backend(stack, health_check_path="/ready", **application), canary(stack)]},
        read=read,
        created={
            "backend": (
                kind,
                ("HTTP", "8000", "/health"),
                (15, 5),
                (2, 3, "200"),
                ("30", "true", "lb_cookie"),
                "3600",
                "",
                tags,
            ),
            "canary": plain,
        },
        updated={
            "backend": (
                kind,
                ("HTTP", "8000", "/ready"),
                (15, 5),
                (2, 3, "200"),
                ("30", "true", "app_cookie"),
                "60",
                "SESSION",
                tags,
            ),
            "canary": plain,
        },
        deleted={},
        creates=["target-group-backend", "target-group-canary"],
        named=["target-group-backend", "target-group-canary"],
        updates={
            "target-group-backend": [
                "health_check_path",
                "stickiness_type",
                "stickiness_duration",
                "stickiness_cookie_name",
            ]
        },
        deletes=["target-group-backend", "target-group-canary"],
        refused=[
            ({"vpc_id": None}, "state is present but all of the following are missing: vpc_id"),
            ({"target_groups": [{**canary(stack), "component": "group"}]}, "does not begin with target-group-"),
            ({"target_groups": [backend(stack, port=None)]}, "port of target-group-backend is missing"),
            ({"target_groups": [backend(stack, stickiness_cookie_name="MINE")]}, "the name of an lb_cookie is fixed"),
            ({"target_groups": [backend(stack, stickiness_type="app_cookie")]}, "app_cookie follows the application's"),
            ({"target_groups": [backend(stack, protocol="TCP")]}, "value of protocol must be one of"),
        ],
    )
    walk(case, edge.lab, run_module)


def test_the_plan_of_a_vpc_that_is_only_announced(stack: str, run_module: RunModule) -> None:
    result = run_module(
        MODULE, check=True, vpc_id=placeholders.make("vpc-", "vpc"), target_groups=[backend(stack), canary(stack)]
    )
    assert [change["action"] for change in result["changes"]] == ["create", "create"]
    assert placeholders.within(result["resources"]["target-group-backend"]["id"])


def test_another_port_leaves_the_group_its_own(edge: Edge, stack: str, run_module: RunModule) -> None:
    """A target of the type ip is registered with its own port: the group's is only a default."""
    arguments = {"vpc_id": edge.vpc, "target_groups": [backend(stack)]}
    run_module(MODULE, **arguments)
    arguments["target_groups"] = [backend(stack, port=9000, health_check_path="/ready")]
    result = run_module(MODULE, **arguments)
    assert [change["fields"] for change in result["changes"]] == [["health_check_path"]]
    found = group(edge, f"{stack}-backend")
    assert found
    assert (found["Port"], found["HealthCheckPath"]) == (8000, "/ready")
    assert run_module(MODULE, **arguments)["changed"] is False


def test_another_vpc_is_refused_before_anything_changes(edge: Edge, stack: str, run_module: RunModule) -> None:
    run_module(MODULE, vpc_id=edge.vpc, target_groups=[backend(stack)])
    changed = backend(stack, health_check_path="/ready")
    result = run_module(MODULE, vpc_id="vpc-0123456789abcdef0", target_groups=[changed])
    assert "vpc_id of target-group-backend" in result["msg"]
    found = group(edge, f"{stack}-backend")
    assert found
    assert found["HealthCheckPath"] == "/health"


def test_a_changed_health_check_is_shown_and_put_right(edge: Edge, stack: str, run_module: RunModule) -> None:
    arguments = {"vpc_id": edge.vpc, "target_groups": [backend(stack)]}
    arn = run_module(MODULE, **arguments)["resources"]["target-group-backend"]["id"]
    edge.elb.modify_target_group(TargetGroupArn=arn, HealthCheckPath="/", HealthyThresholdCount=9)
    result = run_module(MODULE, **arguments)
    assert result["diff"][0]["before"] == {"health_check_path": "/", "healthy_threshold_count": 9}
    assert result["diff"][0]["after"] == {"health_check_path": "/health", "healthy_threshold_count": 2}
    assert run_module(MODULE, **arguments)["changed"] is False


def test_what_is_not_given_is_left(edge: Edge, stack: str, run_module: RunModule) -> None:
    run_module(MODULE, vpc_id=edge.vpc, target_groups=[backend(stack)])
    bare = {key: backend(stack)[key] for key in ("component", "name", "port")}
    assert run_module(MODULE, vpc_id=edge.vpc, target_groups=[bare])["changed"] is False


def test_only_the_stacks_own_goes(edge: Edge, stack: str, run_module: RunModule) -> None:
    edge.target_group(f"{stack}-backend", stack="another")
    result = run_module(MODULE, vpc_id=edge.vpc, target_groups=[backend(stack)])
    assert "belongs to the stack another" in result["msg"]
    assert run_module(MODULE, target_groups=[backend(stack)], state="absent")["changed"] is False
    assert group(edge, f"{stack}-backend")

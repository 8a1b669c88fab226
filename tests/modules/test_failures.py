"""What AWS does not allow, in each place that asks it; tests/unit/test_failures.py has the sentences."""

from __future__ import annotations

import json
from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

import botocore.endpoint
import pytest
from ansible.errors import AnsibleActionFail
from ansible.module_utils.common.collections import ImmutableDict
from ansible.module_utils.testing import patch_module_args
from ansible_collections.triflow.platform.plugins.module_utils.resource import StackModule
from ansible_collections.triflow.platform.plugins.plugin_utils import lock

from tests.conftest import Lab
from tests.modules.conftest import RunModule
from tests.modules.controller import RunAction, run_action

__all__ = ["run_action"]

ME = "arn:aws:sts::123456789012:assumed-role/deploy/me"
PREFLIGHT = {
    "availability_zones": ["ap-northeast-2a"],
    "vpc_cidr": "10.0.0.0/16",
    "subnet_cidrs": {"vpc_private_subnet_cidrs": ["10.0.1.0/24"]},
}


@pytest.fixture
def deny(monkeypatch: pytest.MonkeyPatch) -> Callable[[str], None]:
    """``deny("DescribeVpcs")``: from now on nobody may."""
    denied: set[str] = set()
    ask = botocore.endpoint.Endpoint.make_request

    def make_request(self: Any, operation_model: Any, request_dict: Any) -> Any:
        name = operation_model.name
        if name not in denied:
            return ask(self, operation_model, request_dict)
        words = (
            f"User: {ME} is not authorized to perform: aws:{name} on resource: * because no identity-based policy "
            f"allows the aws:{name} action"
        )
        error = {"Code": "AccessDenied", "Message": words}
        return SimpleNamespace(status_code=403), {"Error": error, "ResponseMetadata": {"HTTPStatusCode": 403}}

    monkeypatch.setattr(botocore.endpoint.Endpoint, "make_request", make_request)
    return denied.add


def check(message: str, call: str, resource: str) -> None:
    """The sentence has each of its four parts once."""
    operation = call.rpartition(" ")[2]
    assert f"{call} failed on {resource}: User: {ME} is not authorized to perform: aws:{operation}" in message
    assert message.count("is not authorized to perform") == 1
    assert message.endswith(
        f"(AccessDenied). Grant aws:{operation} on * to assumed-role/deploy/me, or use another identity."
    )


@pytest.mark.parametrize(
    ("module", "options", "call", "on"),
    [
        ("account_preflight", PREFLIGHT, "sts GetCallerIdentity", ""),
        ("account_preflight", PREFLIGHT, "ec2 DescribeAvailabilityZones", "the region ap-northeast-2"),
        ("ecs_cluster", {"name": "{stack}"}, "ecs DescribeClusters", "{stack}"),
        ("ecs_cluster", {"name": "{stack}"}, "ecs CreateCluster", "{stack}"),
        ("hosted_zone", {"name": "{stack}.com"}, "route53 ListHostedZonesByName", "{stack}.com"),
        ("stack_info", {"services": ["ec2"]}, "ec2 DescribeVpcs", "the network"),
    ],
    ids=["identity", "call", "list", "write", "pages", "another call"],
)
def test_a_module_is_not_allowed(
    module: str, options: dict[str, Any], call: str, on: str, stack: str, deny: Any, run_module: RunModule
) -> None:
    given = {name: value.format(stack=stack) if isinstance(value, str) else value for name, value in options.items()}
    if module == "account_preflight":
        given |= {"vpc_owner": stack, "bucket_name": stack, "bucket_owner": stack}
    deny(call.rpartition(" ")[2])
    result = run_module(module, **given)
    assert result["failed"], result
    name = on.format(stack=stack)
    resource = f"{name} of stack {stack}" if name else f"stack {stack}"
    check(result["msg"], call, resource)
    assert (result["failure"]["call"], result["failure"]["resource"]) == (call, resource)


def test_a_module_that_waits_is_not_allowed(
    lab: Lab, stack: str, deny: Any, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, value in lab.environment.items():
        monkeypatch.setenv(name, value)
    deny("DescribeNatGateways")
    with patch_module_args({"stack": stack}), pytest.raises(SystemExit):
        StackModule({}).api("ec2").wait(
            "nat_gateway_available", on="nat-gateway-a", timeout=1, NatGatewayIds=["nat-0a1b2c3d"]
        )
    result = json.loads(capsys.readouterr().out)
    check(result["msg"], "ec2 DescribeNatGateways", f"nat-gateway-a of stack {stack}")


@pytest.mark.parametrize("code", ["ExpiredToken", "InvalidClientTokenId", "RequestTimeTooSkewed"])
def test_credentials_that_aws_refuses_are_a_problem_of_the_preflight(
    code: str, stack: str, run_module: RunModule, monkeypatch: pytest.MonkeyPatch
) -> None:
    error = {"Error": {"Code": code, "Message": "no."}, "ResponseMetadata": {"HTTPStatusCode": 403}}
    monkeypatch.setattr(
        botocore.endpoint.Endpoint, "make_request", lambda *_unused: (SimpleNamespace(status_code=403), error)
    )
    result = run_module("account_preflight", **PREFLIGHT, vpc_owner=stack, bucket_name=stack, bucket_owner=stack)
    (problem,) = result["problems"]
    assert problem["variable"] == "AWS credentials"
    assert problem["reason"] == f"no ({code})"
    assert {
        "ExpiredToken": "Renew",
        "InvalidClientTokenId": "the region is not enabled",
        "RequestTimeTooSkewed": "NTP",
    }[code] in problem["accepted"]


def test_an_action_on_the_controller_is_not_allowed(
    stack: str, deny: Any, run_action: RunAction, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(lock, "run", "0a0a0a0a")
    monkeypatch.setattr("ansible.context.CLIARGS", ImmutableDict(args=("site.yml",)))
    deny("PutParameter")
    with pytest.raises(AnsibleActionFail) as caught:
        run_action("stack_lock")
    assert str(caught.value).startswith("Cannot take the lock: ")
    check(str(caught.value), "ssm PutParameter", f"stack {stack}")


@pytest.mark.parametrize(
    ("guard", "call", "on"),
    [
        (None, "s3 CreateBucket", "bucket of "),
        ({"locked": True, "account": "123456789012"}, "sts GetCallerIdentity", "bucket of "),
    ],
    ids=["creation", "account"],
)
def test_the_stock_layer_is_not_allowed(
    guard: Any, call: str, on: str, stack: str, deny: Any, run_action: RunAction
) -> None:
    deny(call.rpartition(" ")[2])
    with pytest.raises(AnsibleActionFail) as caught:
        run_action(
            "stock", module="amazon.aws.s3_bucket", component="bucket", live=[], options={"name": stack}, guard=guard
        )
    check(str(caught.value), call, f"{on}stack {stack}")

"""What a person reads at the end of a run that AWS did not allow to go on, wherever it was: one sentence a failure."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from tests.conftest import Lab
from tests.faults.answers import IDENTITY, Answer, Call, error
from tests.faults.proxy import Proxy, Rule, answered
from tests.integration.playbook import Played, play

# A task fails for each host, as it would in a stack of that name.
TASKS = """
- hosts: all
  gather_facts: false
  vars:
    ansible_connection: triflow.platform.forked
    ansible_python_interpreter: "{{ ansible_playbook_python }}"
  module_defaults:
    group/triflow.platform.aws: {region: ap-northeast-2, stack: "{{ inventory_hostname }}"}
  tasks:
    - name: Preflight
      triflow.platform.account_preflight:
        availability_zones: [ap-northeast-2a]
        vpc_owner: preflight
        vpc_cidr: 10.0.0.0/16
        subnet_cidrs: {}
        bucket_name: preflight
        bucket_owner: preflight
      when: inventory_hostname == 'preflight'
    - name: List
      triflow.platform.stack_info:
        services: [ec2]
      when: inventory_hostname == 'list'
    - name: Stock module
      triflow.platform.stock:
        module: amazon.aws.ec2_vpc_net
        component: vpc
        live: []
        options: {cidr_block: [10.0.0.0/16], name: vpc, dns_hostnames: false, dns_support: false}
      when: inventory_hostname == 'stock'
    - name: Wait
      triflow.platform.wait:
        nat_gateways: [nat-0a1b2c3d4e5f60718]
        timeout: 5
      when: inventory_hostname == 'wait'
    - name: Loop
      triflow.platform.ecs_cluster: {name: "{{ item }}"}
      loop: [one, two]
      when: inventory_hostname == 'loop'
    - name: Dies
      amazon.aws.ec2_vpc_subnet_info: {region: ap-northeast-2}
      when: inventory_hostname == 'dies'
"""
DENIED = (
    "DescribeAvailabilityZones",
    "DescribeInternetGateways",
    "ModifyVpcAttribute",
    "DescribeNatGateways",
    "CreateCluster",
)


@pytest.fixture
def proxy(lab: Lab) -> Iterator[Proxy]:
    with closing(Proxy(lab.environment["AWS_ENDPOINT_URL"])) as made:
        yield made


def denied(operation: str) -> Rule:
    def answer(call: Call) -> Answer:
        words = (
            f"User: {IDENTITY} is not authorized to perform: aws:{operation} on resource: * because no identity-based "
            f"policy allows the aws:{operation} action"
        )
        return error(call, 403, "AccessDenied", words)

    return Rule(f"*:{operation}", answered(answer))


def thin(_call: Call) -> Answer:
    """An answer that lacks what each has, by which a stock module dies."""
    item = b"<item><state>available</state></item>"
    body = b"<DescribeSubnetsResponse><subnetSet>" + item + b"</subnetSet></DescribeSubnetsResponse>"
    return Answer(200, [("Content-Type", "text/xml")], body)


def failed(run: Played, host: str) -> list[str]:
    """What the run printed of a host's failures."""
    summary = run.output.rpartition("SUMMARY")[2]
    lines = summary.splitlines()
    start = next(number for number, line in enumerate(lines) if line.startswith(f"{host}: "))
    found = []
    for line in lines[start + 1 :]:
        if not line.startswith("  "):
            break
        if line.startswith("  failed: "):
            found.append(line.removeprefix("  failed: "))
    return found


def test_each_failure_is_told_with_call_resource_reason_and_remedy(
    empty_lab: Lab, proxy: Proxy, tmp_path: Path
) -> None:
    (tmp_path / "failing.yml").write_text(TASKS)
    (tmp_path / "hosts").write_text("\n".join(("preflight", "list", "stock", "wait", "loop", "dies")))
    with proxy.faults(*map(denied, DENIED), Rule("ec2:DescribeSubnets", answered(thin))):
        run = play(
            empty_lab,
            tmp_path,
            str(tmp_path / "failing.yml"),
            "-i",
            str(tmp_path / "hosts"),
            AWS_ENDPOINT_URL=proxy.url,
        )
    assert run.exit_code == 2, run.output
    for host, task, call, resource in (
        ("preflight", "Preflight", "ec2 DescribeAvailabilityZones", "the region ap-northeast-2 of stack preflight"),
        ("list", "List", "ec2 DescribeInternetGateways", "the network of stack list"),
        ("stock", "Stock module", "amazon.aws.ec2_vpc_net ModifyVpcAttribute", "vpc of stack stock"),
        ("wait", "Wait", "ec2 DescribeNatGateways", "nat-0a1b2c3d4e5f60718 of stack wait"),
        ("loop", "Loop (one)", "ecs CreateCluster", "one of stack loop"),
    ):
        line = failed(run, host)[0]
        operation = call.rpartition(" ")[2]
        assert line.startswith(f"{task}: "), line
        assert f"{call} failed on {resource}: " in line, line
        assert line.count("is not authorized to perform") == 1
        assert f"(AccessDenied). Grant aws:{operation} on * to user/deployer, or use another identity." in line, line
    assert [line[:10] for line in failed(run, "loop")] == ["Loop (one)", "Loop (two)"]
    (line,) = failed(run, "dies")
    assert line.startswith("Dies: It failed: KeyError: 'SubnetId'. It is a fault of the module"), line

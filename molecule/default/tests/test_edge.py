"""ALB-1..8, OPT-2 and ENV-5, read with boto3."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

Aws = Callable[[str], Any]
Balancer = dict[str, Any]
POLICY = "ELBSecurityPolicy-TLS13-1-2-2021-06"


@pytest.fixture
def balancer(aws: Aws, vpc: dict[str, Any]) -> Balancer:
    found = aws("elbv2").describe_load_balancers()["LoadBalancers"]
    inside = [item for item in found if item["VpcId"] == vpc["VpcId"]]
    assert len(inside) == 1
    return dict(inside[0])


@pytest.fixture
def attributes(aws: Aws, balancer: Balancer) -> dict[str, str]:
    found = aws("elbv2").describe_load_balancer_attributes(LoadBalancerArn=balancer["LoadBalancerArn"])["Attributes"]
    return {item["Key"]: item["Value"] for item in found}


@pytest.fixture
def listeners(aws: Aws, balancer: Balancer) -> dict[int, dict[str, Any]]:
    found = aws("elbv2").describe_listeners(LoadBalancerArn=balancer["LoadBalancerArn"])["Listeners"]
    return {item["Port"]: item for item in found}


@pytest.fixture
def target_group(aws: Aws, stack: str) -> dict[str, Any]:
    found = aws("elbv2").describe_target_groups(Names=[f"{stack}-backend"])["TargetGroups"]
    return dict(found[0])


@pytest.fixture
def certificate(aws: Aws, domain: str) -> dict[str, Any]:
    acm = aws("acm")
    found = acm.list_certificates()["CertificateSummaryList"]
    arns = [item["CertificateArn"] for item in found if item["DomainName"] == domain]
    assert len(arns) == 1
    return dict(acm.describe_certificate(CertificateArn=arns[0])["Certificate"])


@pytest.fixture
def zone(aws: Aws, zone_name: str) -> str:
    zones = aws("route53").list_hosted_zones()["HostedZones"]
    found = [item for item in zones if item["Name"] == f"{zone_name}." and not item["Config"]["PrivateZone"]]
    assert len(found) == 1
    return str(found[0]["Id"].removeprefix("/hostedzone/"))


@pytest.fixture
def records(aws: Aws, zone: str) -> dict[tuple[str, str], dict[str, Any]]:
    found = aws("route53").list_resource_record_sets(HostedZoneId=zone)["ResourceRecordSets"]
    return {(item["Name"], item["Type"]): item for item in found}


def test_load_balancer_is_public_in_both_zones(aws: Aws, balancer: Balancer, stack: str) -> None:
    """ALB-1"""
    assert (balancer["Type"], balancer["Scheme"]) == ("application", "internet-facing")
    assert balancer["IpAddressType"] == "ipv4"
    assert balancer["State"]["Code"] == "active"
    subnets = [zone["SubnetId"] for zone in balancer["AvailabilityZones"]]
    described = aws("ec2").describe_subnets(SubnetIds=subnets)["Subnets"]
    assert {subnet["CidrBlock"] for subnet in described} == {"10.0.1.0/24", "10.0.2.0/24"}
    groups = aws("ec2").describe_security_groups(GroupIds=balancer["SecurityGroups"])["SecurityGroups"]
    assert [group["GroupName"] for group in groups] == [f"{stack}-alb"]


def test_invalid_headers_are_dropped(attributes: dict[str, str]) -> None:
    """ALB-1"""
    assert attributes["routing.http.drop_invalid_header_fields.enabled"] == "true"


def test_port_80_redirects_to_443(listeners: dict[int, dict[str, Any]]) -> None:
    """ALB-2"""
    assert listeners[80]["Protocol"] == "HTTP"
    (action,) = listeners[80]["DefaultActions"]
    redirect = action["RedirectConfig"]
    assert (redirect["StatusCode"], redirect["Protocol"], redirect["Port"]) == ("HTTP_301", "HTTPS", "443")
    assert (redirect["Host"], redirect["Path"], redirect["Query"]) == ("#{host}", "/#{path}", "#{query}")


def test_port_443_forwards_to_the_tasks(
    listeners: dict[int, dict[str, Any]], certificate: dict[str, Any], target_group: dict[str, Any]
) -> None:
    """ALB-3"""
    listener = listeners[443]
    assert (listener["Protocol"], listener["SslPolicy"]) == ("HTTPS", POLICY)
    assert [item["CertificateArn"] for item in listener["Certificates"]] == [certificate["CertificateArn"]]
    (action,) = listener["DefaultActions"]
    assert action["Type"] == "forward"
    (group,) = action["ForwardConfig"]["TargetGroups"]
    assert group["TargetGroupArn"] == target_group["TargetGroupArn"]
    assert group["Weight"] > 0


def test_listeners_have_no_other_rules(aws: Aws, listeners: dict[int, dict[str, Any]]) -> None:
    """ALB-2, ALB-3"""
    assert set(listeners) == {80, 443}
    for listener in listeners.values():
        rules = aws("elbv2").describe_rules(ListenerArn=listener["ListenerArn"])["Rules"]
        assert [rule["Priority"] for rule in rules] == ["default"]


def test_policy_is_tls_1_2_and_1_3_only(aws: Aws) -> None:
    """ALB-3"""
    (policy,) = aws("elbv2").describe_ssl_policies(Names=[POLICY])["SslPolicies"]
    assert set(policy["SslProtocols"]) == {"TLSv1.2", "TLSv1.3"}


def group_attributes(aws: Aws, target_group: dict[str, Any]) -> dict[str, str]:
    arn = target_group["TargetGroupArn"]
    found = aws("elbv2").describe_target_group_attributes(TargetGroupArn=arn)["Attributes"]
    return {item["Key"]: item["Value"] for item in found}


def test_target_group(aws: Aws, target_group: dict[str, Any], vpc: dict[str, Any]) -> None:
    """ALB-4"""
    assert target_group["TargetType"] == "ip"
    assert (target_group["Protocol"], target_group["Port"]) == ("HTTP", 8000)
    assert target_group["VpcId"] == vpc["VpcId"]
    assert group_attributes(aws, target_group)["deregistration_delay.timeout_seconds"] == "30"


def test_health_check(target_group: dict[str, Any]) -> None:
    """ALB-5"""
    assert target_group["HealthCheckEnabled"] is True
    assert target_group["HealthCheckPath"] == "/health"
    assert (target_group["HealthCheckProtocol"], target_group["HealthCheckPort"]) == ("HTTP", "traffic-port")
    assert (target_group["HealthCheckIntervalSeconds"], target_group["HealthCheckTimeoutSeconds"]) == (15, 5)
    assert (target_group["HealthyThresholdCount"], target_group["UnhealthyThresholdCount"]) == (2, 3)
    assert target_group["Matcher"] == {"HttpCode": "200"}


def test_stickiness(aws: Aws, target_group: dict[str, Any], listeners: dict[int, dict[str, Any]]) -> None:
    """ALB-6: to a target, and to a target group while a release runs two of them."""
    attributes = group_attributes(aws, target_group)
    assert (attributes["stickiness.enabled"], attributes["stickiness.type"]) == ("true", "lb_cookie")
    assert attributes["stickiness.lb_cookie.duration_seconds"] == "3600"
    stickiness = listeners[443]["DefaultActions"][0]["ForwardConfig"]["TargetGroupStickinessConfig"]
    assert stickiness == {"Enabled": True, "DurationSeconds": 3600}


def test_certificate_covers_the_domain_and_its_wildcard(certificate: dict[str, Any], domain: str) -> None:
    """ALB-7"""
    assert certificate["Status"] == "ISSUED"
    assert certificate["Type"] == "AMAZON_ISSUED"
    assert set(certificate["SubjectAlternativeNames"]) == {domain, f"*.{domain}"}


def test_validation_record_is_there_for_the_renewal(
    certificate: dict[str, Any], records: dict[tuple[str, str], dict[str, Any]]
) -> None:
    """ALB-7"""
    options = certificate["DomainValidationOptions"]
    assert {option["ValidationMethod"] for option in options} == {"DNS"}
    for option in options:
        record = option["ResourceRecord"]
        (value,) = records[record["Name"], "CNAME"]["ResourceRecords"]
        assert value["Value"].rstrip(".") == record["Value"].rstrip(".")


def test_access_logs_are_off(attributes: dict[str, str]) -> None:
    """ALB-8"""
    assert attributes["access_logs.s3.enabled"] == "false"


def test_name_leads_to_the_load_balancer(
    records: dict[tuple[str, str], dict[str, Any]], balancer: Balancer, domain: str
) -> None:
    """OPT-2, ENV-5: the domain, and no name below it. The zone of another stack may come to lie there (ALB-7)."""
    alias = records[f"{domain}.", "A"]["AliasTarget"]
    assert alias["DNSName"].rstrip(".") == balancer["DNSName"]
    assert alias["HostedZoneId"] == balancer["CanonicalHostedZoneId"]
    assert {name for name, kind in records if kind in ("A", "AAAA")} == {f"{domain}."}


def test_zone_carries_the_stacks_tags(aws: Aws, zone: str, stack: str) -> None:
    """OPT-2"""
    found = aws("route53").list_tags_for_resource(ResourceType="hostedzone", ResourceId=zone)["ResourceTagSet"]["Tags"]
    assert {tag["Key"]: tag["Value"] for tag in found}["triflow:stack"] == stack

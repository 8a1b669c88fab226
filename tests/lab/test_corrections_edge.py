"""Route 53, ACM and Elastic Load Balancing in the lab: what AWS documents and moto does differently."""

from __future__ import annotations

import json
import time
from dataclasses import dataclass
from typing import Any

import pytest

from tests.lab.conftest import Account, refused

REGION = "ap-northeast-2"
SEOUL = "ZWKZPGTI48KDX"
DELIVERY = "logdelivery.elasticloadbalancing.amazonaws.com"
# MOTO_ACM_VALIDATION_WAIT and the time that a call takes.
ISSUE_SECONDS = 10


@dataclass(frozen=True)
class Edge:
    """Clients, and a VPC with public subnets in two zones and a security group."""

    elb: Any
    acm: Any
    dns: Any
    s3: Any
    vpc: str
    subnets: list[str]
    group: str

    def balancer(self, name: str = "edge", **options: Any) -> dict[str, Any]:
        wanted = {"Name": name, "Subnets": self.subnets, "SecurityGroups": [self.group], **options}
        created: dict[str, Any] = self.elb.create_load_balancer(**wanted)["LoadBalancers"][0]
        return created

    def targets(self, name: str = "targets") -> str:
        created = self.elb.create_target_group(Name=name, Protocol="HTTP", Port=8000, VpcId=self.vpc, TargetType="ip")
        arn: str = created["TargetGroups"][0]["TargetGroupArn"]
        return arn

    def listener(self, balancer: str, port: int = 80, **options: Any) -> dict[str, Any]:
        wanted = {"Protocol": "HTTP", "DefaultActions": [redirect()], **options}
        created: dict[str, Any] = self.elb.create_listener(LoadBalancerArn=balancer, Port=port, **wanted)["Listeners"][
            0
        ]
        return created

    def linked(self, group: str) -> list[str]:
        found = self.elb.describe_target_groups(TargetGroupArns=[group])["TargetGroups"][0]
        arns: list[str] = found.get("LoadBalancerArns", [])
        return arns

    def zone(self, name: str, reference: str | None = None) -> str:
        created = self.dns.create_hosted_zone(Name=name, CallerReference=reference or f"{name}-{time.monotonic_ns()}")
        identifier: str = created["HostedZone"]["Id"].removeprefix("/hostedzone/")
        return identifier

    def servers(self, zone: str) -> list[str]:
        found: list[str] = self.dns.get_hosted_zone(Id=zone)["DelegationSet"]["NameServers"]
        return found

    def change(self, zone: str, action: str, *records: dict[str, Any]) -> None:
        changes = [{"Action": action, "ResourceRecordSet": record} for record in records]
        self.dns.change_resource_record_sets(HostedZoneId=zone, ChangeBatch={"Changes": changes})

    def records(self, zone: str) -> dict[tuple[str, str], dict[str, Any]]:
        found = self.dns.list_resource_record_sets(HostedZoneId=zone)["ResourceRecordSets"]
        return {(record["Name"], record["Type"]): record for record in found if record["Type"] not in ("NS", "SOA")}

    def certificate(self, domain: str = "triflow-ai.com") -> str:
        requested = self.acm.request_certificate(
            DomainName=domain, SubjectAlternativeNames=[domain, f"*.{domain}"], ValidationMethod="DNS"
        )
        arn: str = requested["CertificateArn"]
        return arn

    def describe(self, certificate: str) -> dict[str, Any]:
        found: dict[str, Any] = self.acm.describe_certificate(CertificateArn=certificate)["Certificate"]
        return found

    def validation(self, certificate: str) -> list[dict[str, Any]]:
        self.describe(certificate)
        options = self.describe(certificate)["DomainValidationOptions"]
        records = {option["ResourceRecord"]["Name"]: option["ResourceRecord"]["Value"] for option in options}
        return [record(name, "CNAME", value) for name, value in records.items()]

    def is_issued(self, certificate: str, seconds: float = ISSUE_SECONDS) -> bool:
        """Whether it is issued within the time."""
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            if self.describe(certificate)["Status"] == "ISSUED":
                return True
        return False

    def issued(self) -> str:
        certificate = self.certificate()
        self.change(self.zone("triflow-ai.com"), "CREATE", *self.validation(certificate))
        assert self.is_issued(certificate)
        return certificate


def redirect() -> dict[str, Any]:
    return {"Type": "redirect", "RedirectConfig": {"Protocol": "HTTPS", "Port": "443", "StatusCode": "HTTP_301"}}


def forward(*groups: str) -> dict[str, Any]:
    return {"Type": "forward", "ForwardConfig": {"TargetGroups": [{"TargetGroupArn": group} for group in groups]}}


def record(name: str, kind: str, *values: str, **options: Any) -> dict[str, Any]:
    return {
        "Name": name,
        "Type": kind,
        "TTL": 300,
        "ResourceRecords": [{"Value": value} for value in values],
        **options,
    }


@pytest.fixture
def edge(account: Account) -> Edge:
    lab, ec2, vpc = account.lab, account.ec2, account.vpc()
    gateway = ec2.create_internet_gateway()["InternetGateway"]["InternetGatewayId"]
    ec2.attach_internet_gateway(InternetGatewayId=gateway, VpcId=vpc)
    return Edge(
        elb=lab.aws("elbv2"),
        acm=lab.aws("acm"),
        dns=lab.aws("route53"),
        s3=lab.aws("s3"),
        vpc=vpc,
        subnets=[account.subnet(vpc, "10.0.1.0/24", "a"), account.subnet(vpc, "10.0.2.0/24", "c")],
        group=ec2.create_security_group(GroupName="alb", Description="x", VpcId=vpc)["GroupId"],
    )


def test_attributes_have_their_defaults(edge: Edge) -> None:
    balancer, group = edge.balancer()["LoadBalancerArn"], edge.targets()
    found = edge.elb.describe_load_balancer_attributes(LoadBalancerArn=balancer)["Attributes"]
    attributes = {item["Key"]: item["Value"] for item in found}
    assert attributes["idle_timeout.timeout_seconds"] == "60"
    assert attributes["access_logs.s3.enabled"] == attributes["deletion_protection.enabled"] == "false"
    assert attributes["routing.http.drop_invalid_header_fields.enabled"] == "false"
    found = edge.elb.describe_target_group_attributes(TargetGroupArn=group)["Attributes"]
    attributes = {item["Key"]: item["Value"] for item in found}
    assert attributes["deregistration_delay.timeout_seconds"] == "300"
    assert attributes["stickiness.lb_cookie.duration_seconds"] == "86400"
    assert attributes["stickiness.app_cookie.duration_seconds"] == "86400"
    assert attributes["stickiness.app_cookie.cookie_name"] == ""
    with refused("ValidationError", "stickiness.colour"):
        edge.elb.modify_target_group_attributes(
            TargetGroupArn=group, Attributes=[{"Key": "stickiness.colour", "Value": "red"}]
        )


def test_fifty_tags(edge: Edge) -> None:
    balancer = edge.balancer()["LoadBalancerArn"]
    tags = [{"Key": str(number), "Value": "x"} for number in range(50)]
    edge.elb.add_tags(ResourceArns=[balancer], Tags=tags)
    with refused("TooManyTags"):
        edge.elb.add_tags(ResourceArns=[balancer], Tags=[{"Key": "one more", "Value": "x"}])


def test_access_logs_need_a_bucket_that_lets_the_service_write(edge: Edge) -> None:
    balancer = edge.balancer()["LoadBalancerArn"]

    def switch_on() -> None:
        values = {"access_logs.s3.enabled": "true", "access_logs.s3.bucket": "logs", "access_logs.s3.prefix": "alb"}
        edge.elb.modify_load_balancer_attributes(
            LoadBalancerArn=balancer, Attributes=[{"Key": key, "Value": value} for key, value in values.items()]
        )

    with refused("InvalidConfigurationRequest", "cannot be empty"):
        edge.elb.modify_load_balancer_attributes(
            LoadBalancerArn=balancer, Attributes=[{"Key": "access_logs.s3.enabled", "Value": "true"}]
        )
    with refused("InvalidConfigurationRequest", "must exist"):
        switch_on()
    edge.s3.create_bucket(Bucket="logs", CreateBucketConfiguration={"LocationConstraint": REGION})
    with refused("InvalidConfigurationRequest", "Access Denied"):
        switch_on()
    allow = {"Effect": "Allow", "Principal": {"Service": DELIVERY}, "Action": "s3:PutObject"}
    for resource, taken in (("other/*", False), ("alb/AWSLogs/123456789012/*", True)):
        statement = {**allow, "Resource": f"arn:aws:s3:::logs/{resource}"}
        edge.s3.put_bucket_policy(Bucket="logs", Policy=json.dumps({"Statement": [statement]}))
        if taken:
            switch_on()
        else:
            with refused("InvalidConfigurationRequest", "Access Denied"):
                switch_on()


def test_load_balancer_needs_two_zones_a_gateway_and_a_name_of_its_own(edge: Edge, account: Account) -> None:
    with refused("ValidationError", "two different Availability Zones"):
        edge.balancer(Subnets=edge.subnets[:1])
    with refused("InvalidConfigurationRequest", "same Availability Zone"):
        edge.balancer(Subnets=[edge.subnets[0], account.subnet(edge.vpc, "10.0.3.0/24", "a")])
    with refused("InvalidSecurityGroup"):
        edge.balancer(SecurityGroups=["sg-0123456789abcdef0"])
    with refused("ValidationError", "up to 32 letters"):
        edge.balancer("a" * 33)
    closed = account.vpc()
    subnets = [account.subnet(closed, "10.0.1.0/24", "a"), account.subnet(closed, "10.0.2.0/24", "c")]
    with refused("InvalidSubnet", "no internet gateway"):
        edge.balancer(Subnets=subnets)
    first = edge.balancer()
    assert edge.balancer()["LoadBalancerArn"] == first["LoadBalancerArn"]
    with refused("DuplicateLoadBalancerName"):
        edge.balancer(Scheme="internal")
    assert first["CanonicalHostedZoneId"] == SEOUL


def test_deletion_protection(edge: Edge) -> None:
    balancer = edge.balancer()["LoadBalancerArn"]

    def protect(value: str) -> None:
        edge.elb.modify_load_balancer_attributes(
            LoadBalancerArn=balancer, Attributes=[{"Key": "deletion_protection.enabled", "Value": value}]
        )

    protect("true")
    with refused("OperationNotPermitted"):
        edge.elb.delete_load_balancer(LoadBalancerArn=balancer)
    protect("false")
    edge.elb.delete_load_balancer(LoadBalancerArn=balancer)


def test_load_balancer_holds_its_group_and_subnets(edge: Edge, account: Account) -> None:
    edge.balancer()
    with refused("DependencyViolation"):
        account.ec2.delete_security_group(GroupId=edge.group)
    with refused("DependencyViolation"):
        account.ec2.delete_subnet(SubnetId=edge.subnets[0])


def test_listeners_share_no_port_and_have_complete_actions(edge: Edge) -> None:
    balancer, group = edge.balancer()["LoadBalancerArn"], edge.targets()
    listener = edge.listener(balancer)
    assert "SslPolicy" not in listener
    (action,) = listener["DefaultActions"]
    assert action["RedirectConfig"] == {
        "Protocol": "HTTPS",
        "Port": "443",
        "StatusCode": "HTTP_301",
        "Host": "#{host}",
        "Path": "/#{path}",
        "Query": "#{query}",
    }
    with refused("DuplicateListener"):
        edge.listener(balancer)
    simple = {"Type": "forward", "TargetGroupArn": group}
    (action,) = edge.listener(balancer, 8080, DefaultActions=[simple])["DefaultActions"]
    assert action["ForwardConfig"]["TargetGroups"] == [{"TargetGroupArn": group, "Weight": 1}]


def test_https_listener_needs_an_issued_certificate(edge: Edge) -> None:
    balancer = edge.balancer()["LoadBalancerArn"]
    with refused("ValidationError", "certificate must be specified"):
        edge.listener(balancer, 443, Protocol="HTTPS")
    with refused("CertificateNotFound"):
        unknown = f"arn:aws:acm:{REGION}:123456789012:certificate/unknown"
        edge.listener(balancer, 443, Protocol="HTTPS", Certificates=[{"CertificateArn": unknown}])
    pending = edge.certificate("triflow.dev")
    with refused("UnsupportedCertificate"):
        edge.listener(balancer, 443, Protocol="HTTPS", Certificates=[{"CertificateArn": pending}])
    issued = {"Protocol": "HTTPS", "Certificates": [{"CertificateArn": edge.issued()}]}
    with refused("SSLPolicyNotFound"):
        edge.listener(balancer, 443, SslPolicy="Newest", **issued)
    listener = edge.listener(balancer, 443, SslPolicy="ELBSecurityPolicy-TLS13-1-2-2021-06", **issued)["ListenerArn"]
    with refused("UnsupportedCertificate"):
        edge.elb.modify_listener(ListenerArn=listener, Certificates=[{"CertificateArn": pending}])
    plain = edge.elb.modify_listener(ListenerArn=listener, Protocol="HTTP")["Listeners"][0]
    assert "SslPolicy" not in plain
    assert not plain.get("Certificates")


def test_target_group_follows_the_listeners(edge: Edge) -> None:
    first, second = edge.balancer()["LoadBalancerArn"], edge.balancer("second")["LoadBalancerArn"]
    one, two = edge.targets("one"), edge.targets("two")
    assert edge.linked(one) == []
    listener = edge.listener(first, DefaultActions=[forward(one)])["ListenerArn"]
    assert edge.linked(one) == [first]
    with refused("TargetGroupAssociationLimit"):
        edge.listener(second, DefaultActions=[forward(one)])
    with refused("ResourceInUse"):
        edge.elb.delete_target_group(TargetGroupArn=one)
    edge.elb.modify_listener(ListenerArn=listener, DefaultActions=[forward(two)])
    assert (edge.linked(one), edge.linked(two)) == ([], [first])
    with refused("TargetGroupNotFound"):
        edge.elb.modify_listener(ListenerArn=listener, DefaultActions=[forward(two.replace("two", "three"))])
    edge.elb.delete_load_balancer(LoadBalancerArn=first)
    assert edge.linked(two) == []
    edge.elb.delete_target_group(TargetGroupArn=two)


def test_certificate_is_issued_when_its_records_are_there(edge: Edge) -> None:
    certificate = edge.certificate()
    assert "ResourceRecord" not in edge.describe(certificate)["DomainValidationOptions"][0]
    records = edge.validation(certificate)
    assert len(records) == 1  # the domain and its wildcard share one
    zone = edge.zone("triflow-ai.com")
    assert not edge.is_issued(certificate, 2)
    edge.change(zone, "CREATE", *records)
    assert edge.is_issued(certificate)


def test_zone_that_its_parent_does_not_name_is_not_asked(edge: Edge) -> None:
    parent, child = edge.zone("triflow-ai.com"), edge.zone("lab.triflow-ai.com")
    certificate = edge.certificate("lab.triflow-ai.com")
    edge.change(child, "CREATE", *edge.validation(certificate))
    assert not edge.is_issued(certificate, 2)
    edge.change(parent, "CREATE", record("lab.triflow-ai.com", "NS", *edge.servers(child)))
    assert edge.is_issued(certificate)


def test_certificates_with_larger_keys_are_listed_when_asked_for(edge: Edge) -> None:
    """ListCertificates, Filters, keyTypes."""
    requested = {
        algorithm: edge.acm.request_certificate(
            DomainName="keys.triflow-ai.com", ValidationMethod="DNS", KeyAlgorithm=algorithm
        )["CertificateArn"]
        for algorithm in ("RSA_2048", "RSA_4096", "EC_prime256v1")
    }

    def listed(**options: Any) -> set[str]:
        found = edge.acm.list_certificates(**options)["CertificateSummaryList"]
        return {item["CertificateArn"] for item in found} & set(requested.values())

    assert listed() == {requested["RSA_2048"]}
    assert listed(Includes={"keyTypes": ["EC_prime256v1"]}) == {requested["EC_prime256v1"]}
    assert listed(Includes={"keyTypes": [*requested]}) == set(requested.values())
    assert edge.describe(requested["RSA_4096"])["KeyAlgorithm"] == "RSA_4096"


def test_certificate_in_use_stays(edge: Edge) -> None:
    balancer, certificate = edge.balancer()["LoadBalancerArn"], edge.issued()
    listener = edge.listener(balancer, 443, Protocol="HTTPS", Certificates=[{"CertificateArn": certificate}])
    assert edge.describe(certificate)["InUseBy"] == [balancer]
    with refused("ResourceInUseException"):
        edge.acm.delete_certificate(CertificateArn=certificate)
    edge.elb.delete_listener(ListenerArn=listener["ListenerArn"])
    assert edge.describe(certificate)["InUseBy"] == []
    edge.acm.delete_certificate(CertificateArn=certificate)


def test_token_of_a_deleted_certificate(edge: Edge) -> None:
    def request() -> str:
        arn: str = edge.acm.request_certificate(DomainName="triflow-ai.com", IdempotencyToken="one")["CertificateArn"]
        return arn

    first = request()
    edge.acm.delete_certificate(CertificateArn=first)
    assert request() != first


def test_each_zone_has_its_own_name_servers(edge: Edge) -> None:
    first, second = edge.zone("triflow-ai.com", "one"), edge.zone("triflow-ai.com", "two")
    assert not set(edge.servers(first)) & set(edge.servers(second))
    assert [server.rpartition(".")[2] for server in edge.servers(first)] == ["com", "net", "org", "uk"]
    with refused("HostedZoneAlreadyExists"):
        edge.zone("other.com", "one")


def test_zones_are_listed_from_a_name_on(edge: Edge) -> None:
    for name in ("zebra.com", "lab.triflow-ai.com", "triflow-ai.com"):
        edge.zone(name)
    zones = edge.dns.list_hosted_zones_by_name(DNSName="triflow-ai.com")["HostedZones"]
    assert [zone["Name"] for zone in zones] == ["triflow-ai.com.", "lab.triflow-ai.com.", "zebra.com."]


def test_zone_with_records_stays(edge: Edge) -> None:
    zone = edge.zone("triflow-ai.com")
    delegation = record("lab.triflow-ai.com", "NS", "ns-1.example.com")
    edge.change(zone, "CREATE", delegation)
    with refused("HostedZoneNotEmpty"):
        edge.dns.delete_hosted_zone(Id=zone)
    edge.change(zone, "DELETE", delegation)
    edge.dns.delete_hosted_zone(Id=zone)


def test_change_batch_is_all_or_nothing(edge: Edge) -> None:
    zone = edge.zone("triflow-ai.com")
    good, bad = record("a.triflow-ai.com", "A", "192.0.2.1"), record("a.triflow-ai.org", "A", "192.0.2.1")
    with refused("InvalidChangeBatch", "not permitted in zone"):
        edge.change(zone, "UPSERT", good, bad)
    assert edge.records(zone) == {}
    edge.change(zone, "UPSERT", good)
    with refused("InvalidChangeBatch", "already exists"):
        edge.change(zone, "CREATE", good)
    with refused("InvalidChangeBatch", "do not match"):
        edge.change(zone, "DELETE", {**good, "TTL": 60})
    with refused("InvalidChangeBatch", "conflicting"):
        edge.change(zone, "CREATE", record("a.triflow-ai.com", "CNAME", "b.triflow-ai.com"))
    with refused("InvalidChangeBatch", "not found"):
        edge.change(zone, "DELETE", record("b.triflow-ai.com", "A", "192.0.2.1"))
    edge.change(zone, "DELETE", good)
    assert edge.records(zone) == {}


@pytest.fixture
def aliased(edge: Edge) -> tuple[Edge, str, str]:
    return edge, edge.zone("triflow-ai.com"), edge.balancer()["DNSName"]


def test_names_come_back_as_route_53_writes_them(aliased: tuple[Edge, str, str]) -> None:
    edge, zone, target = aliased
    alias = {"HostedZoneId": SEOUL, "DNSName": target.upper(), "EvaluateTargetHealth": False}
    edge.change(zone, "CREATE", {"Name": "*.TRIFLOW-ai.com", "Type": "A", "AliasTarget": alias})
    found = edge.records(zone)["\\052.triflow-ai.com.", "A"]
    assert found["AliasTarget"]["DNSName"] == f"{target}."
    with refused("InvalidChangeBatch", "does not lie within"):
        elsewhere = {**alias, "HostedZoneId": "Z2P70J7EXAMPLE"}
        edge.change(zone, "UPSERT", {"Name": "triflow-ai.com", "Type": "A", "AliasTarget": elsewhere})

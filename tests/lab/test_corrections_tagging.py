"""The Resource Groups Tagging API as the lab's corrections restore it."""

from __future__ import annotations

from tests.conftest import Lab

TAGS = [{"Key": "tagging-test", "Value": "yes"}]


def found(lab: Lab, *types: str, region: str = "ap-northeast-2") -> set[str]:
    answer = lab.aws("resourcegroupstaggingapi", region_name=region).get_resources(
        TagFilters=[{"Key": "tagging-test", "Values": ["yes"]}], ResourceTypeFilters=list(types)
    )
    return {item["ResourceARN"].split(":", 5)[5] for item in answer["ResourceTagMappingList"]}


def test_get_resources_lists_subnet_groups_and_parameter_groups(empty_lab: Lab) -> None:
    ec2, rds = empty_lab.aws("ec2"), empty_lab.aws("rds")
    vpc = ec2.create_vpc(CidrBlock="10.9.0.0/16")["Vpc"]["VpcId"]
    subnets = [
        ec2.create_subnet(VpcId=vpc, CidrBlock=f"10.9.{number}.0/24", AvailabilityZone=f"ap-northeast-2{zone}")
        for number, zone in enumerate("ac")
    ]
    rds.create_db_subnet_group(
        DBSubnetGroupName="tagged",
        DBSubnetGroupDescription="tagged",
        SubnetIds=[subnet["Subnet"]["SubnetId"] for subnet in subnets],
        Tags=TAGS,
    )
    rds.create_db_parameter_group(
        DBParameterGroupName="tagged", DBParameterGroupFamily="postgres14", Description="tagged", Tags=TAGS
    )
    assert found(empty_lab, "rds:subgrp", "rds:pg") == {"subgrp:tagged", "pg:tagged"}
    assert found(empty_lab, "rds:pg") == {"pg:tagged"}


def test_get_resources_lists_addresses_and_endpoints(empty_lab: Lab) -> None:
    ec2 = empty_lab.aws("ec2")
    vpc = ec2.create_vpc(CidrBlock="10.9.0.0/16")["Vpc"]["VpcId"]
    address = ec2.allocate_address(Domain="vpc", TagSpecifications=[{"ResourceType": "elastic-ip", "Tags": TAGS}])[
        "AllocationId"
    ]
    endpoint = ec2.create_vpc_endpoint(
        VpcId=vpc,
        ServiceName="com.amazonaws.ap-northeast-2.s3",
        TagSpecifications=[{"ResourceType": "vpc-endpoint", "Tags": TAGS}],
    )["VpcEndpoint"]["VpcEndpointId"]
    assert found(empty_lab, "ec2:elastic-ip", "ec2:vpc-endpoint") == {
        f"elastic-ip/{address}",
        f"vpc-endpoint/{endpoint}",
    }


def test_get_resources_lists_repositories_and_rules(empty_lab: Lab) -> None:
    empty_lab.aws("ecr").create_repository(repositoryName="tagged", tags=TAGS)
    empty_lab.aws("ecr").create_repository(repositoryName="untagged")
    empty_lab.aws("events").put_rule(Name="tagged", ScheduleExpression="rate(1 day)", Tags=TAGS)
    assert found(empty_lab) == {"repository/tagged", "rule/tagged"}
    assert found(empty_lab, "ecr:repository") == {"repository/tagged"}
    empty_lab.aws("ecr").delete_repository(repositoryName="tagged")
    empty_lab.aws("events").delete_rule(Name="tagged")
    assert found(empty_lab) == set()


def test_get_resources_lists_hosted_zones_in_us_east_1_alone(empty_lab: Lab) -> None:
    route53 = empty_lab.aws("route53")
    zone = route53.create_hosted_zone(Name="tagged.example", CallerReference="1")["HostedZone"]["Id"].split("/")[-1]
    route53.change_tags_for_resource(ResourceType="hostedzone", ResourceId=zone, AddTags=TAGS)
    assert found(empty_lab, region="us-east-1") == {f"hostedzone/{zone}"}
    assert found(empty_lab) == set()


def test_get_resources_lists_listeners(empty_lab: Lab) -> None:
    ec2, elbv2 = empty_lab.aws("ec2"), empty_lab.aws("elbv2")
    vpc = ec2.create_vpc(CidrBlock="10.9.0.0/16")["Vpc"]["VpcId"]
    gateway = ec2.create_internet_gateway()["InternetGateway"]["InternetGatewayId"]
    ec2.attach_internet_gateway(InternetGatewayId=gateway, VpcId=vpc)
    subnets = [
        ec2.create_subnet(VpcId=vpc, CidrBlock=f"10.9.{number}.0/24", AvailabilityZone=f"ap-northeast-2{zone}")[
            "Subnet"
        ]["SubnetId"]
        for number, zone in enumerate("ac")
    ]
    (balancer,) = elbv2.create_load_balancer(Name="tagged", Subnets=subnets)["LoadBalancers"]
    action = {"Type": "redirect", "RedirectConfig": {"Protocol": "HTTPS", "Port": "443", "StatusCode": "HTTP_301"}}
    (listener,) = elbv2.create_listener(
        LoadBalancerArn=balancer["LoadBalancerArn"], Protocol="HTTP", Port=80, DefaultActions=[action], Tags=TAGS
    )["Listeners"]
    assert found(empty_lab) == {listener["ListenerArn"].split(":", 5)[5]}

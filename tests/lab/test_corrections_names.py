"""What every service refuses: parameters that break its API's model, and names and tags."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from botocore.exceptions import ClientError

from tests.conftest import Lab

LONG = {"Key": "k" * 128, "Value": ""}
OWNER = {"Key": "Owner", "Value": "R&D, team #2"}
TRUST = '{"Version": "2012-10-17", "Statement": []}'
BUDGET = {"BudgetType": "COST", "TimeUnit": "MONTHLY", "BudgetLimit": {"Amount": "1", "Unit": "USD"}}
GROUP = {"DBParameterGroupFamily": "postgres14", "Description": "x"}
ALARM: dict[str, Any] = {
    "ComparisonOperator": "GreaterThanThreshold",
    "EvaluationPeriods": 1,
    "MetricName": "x",
    "Namespace": "x",
    "Period": 60,
    "Statistic": "Sum",
    "Threshold": 1,
}


@pytest.fixture
def vpc(lab: Lab) -> Iterator[str]:
    ec2 = lab.aws("ec2")
    identifier: str = ec2.create_vpc(CidrBlock="10.0.0.0/16")["Vpc"]["VpcId"]
    yield identifier
    ec2.delete_vpc(VpcId=identifier)


def refused(lab: Lab, service: str, operation: str, **parameters: Any) -> tuple[str, str]:
    with pytest.raises(ClientError) as error:
        getattr(lab.aws(service), operation)(**parameters)
    found = error.value.response["Error"]
    return found["Code"], found["Message"]


@pytest.mark.parametrize(
    ("service", "operation", "parameters", "code", "part"),
    [
        # names that the API's model rules out
        ("logs", "create_log_group", {"logGroupName": "/aws/tri flow"}, "InvalidParameterException", "logGroupName"),
        ("ecr", "create_repository", {"repositoryName": "A/b"}, "InvalidParameterException", "repositoryName"),
        ("iam", "create_role", {"RoleName": "x" * 65, "AssumeRolePolicyDocument": TRUST}, "ValidationError", "64"),
        ("events", "put_rule", {"Name": "a b", "ScheduleExpression": "rate(1 day)"}, "ValidationException", "Name"),
        ("firehose", "create_delivery_stream", {"DeliveryStreamName": "a b"}, "InvalidArgumentException", "pattern"),
        ("cloudwatch", "put_metric_alarm", {**ALARM, "AlarmName": "x" * 256}, "ValidationError", "255"),
        # and those that its reference only does
        ("logs", "create_log_group", {"logGroupName": "aws/x"}, "InvalidParameterException", "aws/x"),
        ("ecs", "create_cluster", {"clusterName": "a b"}, "InvalidParameterException", "a b"),
        ("sns", "create_topic", {"Name": "a b"}, "InvalidParameter", "a b"),
        ("sqs", "create_queue", {"QueueName": "x" * 81}, "InvalidParameterValue", "80"),
        (
            "rds",
            "create_db_parameter_group",
            {**GROUP, "DBParameterGroupName": "a--b"},
            "InvalidParameterValue",
            "a--b",
        ),
        ("kms", "create_alias", {"AliasName": "alias/aws/x", "TargetKeyId": "x"}, "ValidationException", "alias/aws/x"),
        ("ssm", "put_parameter", {"Name": "/aws/x", "Value": "x", "Type": "String"}, "ValidationException", "/aws/x"),
        (
            "budgets",
            "create_budget",
            {"AccountId": "123456789012", "Budget": {**BUDGET, "BudgetName": "a:b"}},
            "InvalidParameterException",
            "a:b",
        ),
        # tags
        (
            "ec2",
            "create_vpc",
            {"TagSpecifications": [{"ResourceType": "vpc", "Tags": [LONG]}]},
            "InvalidParameterValue",
            "127",
        ),
        (
            "rds",
            "create_db_parameter_group",
            {**GROUP, "DBParameterGroupName": "ab", "Tags": [OWNER]},
            "InvalidParameterValue",
            "Owner",
        ),
        (
            "iam",
            "create_role",
            {"RoleName": "ab", "AssumeRolePolicyDocument": TRUST, "Tags": [OWNER]},
            "ValidationError",
            "Tags.1.member.Value",
        ),
        (
            "logs",
            "create_log_group",
            {"logGroupName": "/ab", "tags": {"Owner": "R&D"}},
            "InvalidParameterException",
            "tags.Owner.member",
        ),
        (
            "ecs",
            "create_cluster",
            {"clusterName": "ab", "tags": [{"key": "Owner", "value": "R&D"}]},
            "InvalidParameterException",
            "tags.1.member.value",
        ),
        ("acm", "request_certificate", {"DomainName": "a.com", "Tags": [OWNER]}, "ValidationException", "Tags.1"),
    ],
)
def test_refused(lab: Lab, service: str, operation: str, parameters: dict[str, Any], code: str, part: str) -> None:
    """API references of the services, as plugins/module_utils/aws_names.py and aws_tags.py name them."""
    given = {"CidrBlock": "10.0.0.0/16", **parameters} if operation == "create_vpc" else parameters
    found, message = refused(lab, service, operation, **given)
    assert found == code
    assert part in message


def test_names_of_load_balancing_and_of_security_groups(lab: Lab, vpc: str) -> None:
    """CreateSecurityGroup; CreateLoadBalancer and CreateTargetGroup (API references)."""
    assert refused(lab, "ec2", "create_security_group", GroupName="sg-prod-alb", Description="x", VpcId=vpc) == (
        "InvalidParameterValue",
        "Value (sg-prod-alb) for parameter GroupName is invalid. It takes up to 255 letters, digits, spaces and "
        "._-:/()#,@[]+=&;{}!$*, not beginning with sg-.",
    )
    code, message = refused(lab, "elbv2", "create_load_balancer", Name="internal-tools", Subnets=["subnet-1"])
    assert (code, "internal-tools" in message) == ("ValidationError", True)
    code, message = refused(lab, "elbv2", "create_target_group", Name="a_b", Protocol="HTTP", Port=80, VpcId=vpc)
    assert (code, "a_b" in message) == ("ValidationError", True)


def test_iam_tells_no_case_of_tag_keys_apart(lab: Lab) -> None:
    """IAM user guide, "Tags for AWS Identity and Access Management resources": rules for tagging."""
    tags = [{"Key": "Owner", "Value": "a"}, {"Key": "owner", "Value": "b"}]
    assert refused(lab, "iam", "create_role", RoleName="ab", AssumeRolePolicyDocument=TRUST, Tags=tags) == (
        "InvalidInput",
        "Duplicate tag keys found. Please note that Tag keys are case insensitive.",
    )


def test_a_hosted_zone_has_ten_tags(lab: Lab) -> None:
    """ChangeTagsForResource, Amazon Route 53 API reference."""
    route53 = lab.aws("route53")
    zone = route53.create_hosted_zone(Name="names.example.com", CallerReference="names")["HostedZone"]["Id"]
    place = {"ResourceType": "hostedzone", "ResourceId": zone.split("/")[-1]}
    tags = [{"Key": str(number), "Value": "x"} for number in range(11)]
    assert refused(lab, "route53", "change_tags_for_resource", **place, AddTags=tags)[0] == "InvalidInput"
    route53.change_tags_for_resource(**place, AddTags=tags[:10])
    assert refused(lab, "route53", "change_tags_for_resource", **place, AddTags=tags[10:])[0] == "InvalidInput"
    assert len(route53.list_tags_for_resource(**place)["ResourceTagSet"]["Tags"]) == 10
    route53.change_tags_for_resource(**place, AddTags=tags[:1])  # one that is there
    route53.delete_hosted_zone(Id=zone)


def test_a_bucket_s_name_and_tags(lab: Lab) -> None:
    """PutBucketTagging, Amazon S3 API reference; "General purpose bucket naming rules", Amazon S3 user guide."""
    s3, place = lab.aws("s3"), {"LocationConstraint": lab.environment["AWS_REGION"]}
    found = refused(lab, "s3", "create_bucket", Bucket="xn--triflow", CreateBucketConfiguration=place)
    assert found == ("InvalidBucketName", "The specified bucket is not valid.")
    s3.create_bucket(Bucket="triflow-names", CreateBucketConfiguration=place)
    found = refused(lab, "s3", "put_bucket_tagging", Bucket="triflow-names", Tagging={"TagSet": [OWNER]})
    assert found == ("InvalidTag", "The TagValue you have provided is invalid")
    s3.put_bucket_tagging(Bucket="triflow-names", Tagging={"TagSet": [{"Key": "소유자", "Value": "연구 1팀"}]})
    s3.delete_bucket(Bucket="triflow-names")


def test_a_secret_stands_in_no_refusal(lab: Lab) -> None:
    """Shapes with the trait sensitive are left out of what a service says."""
    text = "hunter2" * 10000
    _code, message = refused(lab, "secretsmanager", "create_secret", Name="names", SecretString=text)
    assert "hunter2" not in message


@pytest.mark.parametrize("value", ["R&D, team #2", ""])
def test_what_other_services_take(lab: Lab, value: str) -> None:
    """TagQueue, Amazon SQS API reference: any characters."""
    sqs = lab.aws("sqs")
    url = sqs.create_queue(QueueName="names", tags={"Owner": value})["QueueUrl"]
    assert sqs.list_queue_tags(QueueUrl=url)["Tags"] == {"Owner": value}
    sqs.delete_queue(QueueUrl=url)

"""The access log: one line per API call with AWS's name of the operation, and nothing of what was sent."""

from __future__ import annotations

import functools
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from lab.access_log import AccessLog, is_write
from tests.conftest import Lab
from tests.lab.conftest import refused


def logged(lab: Lab, call: Callable[[], Any]) -> list[tuple[str, str, int, bool]]:
    before = len(lab.calls())
    call()
    return [(line["service"], line["operation"], line["status"], line["write"]) for line in lab.calls()[before:]]


def test_operations_of_every_protocol_have_their_names(lab: Lab) -> None:
    cases: list[tuple[str, str, dict[str, Any], tuple[str, str, bool]]] = [
        ("ec2", "describe_vpcs", {}, ("ec2", "DescribeVpcs", False)),
        ("rds", "describe_db_instances", {}, ("rds", "DescribeDBInstances", False)),
        ("elbv2", "describe_load_balancers", {}, ("elasticloadbalancing", "DescribeLoadBalancers", False)),
        ("sts", "get_caller_identity", {}, ("sts", "GetCallerIdentity", False)),
        ("ecs", "create_cluster", {"clusterName": "x"}, ("ecs", "CreateCluster", True)),
        ("logs", "create_log_group", {"logGroupName": "/x"}, ("logs", "CreateLogGroup", True)),
        ("cloudwatch", "describe_alarms", {}, ("monitoring", "DescribeAlarms", False)),
        ("backup", "list_backup_vaults", {}, ("backup", "ListBackupVaults", False)),
        ("scheduler", "create_schedule_group", {"Name": "x"}, ("scheduler", "CreateScheduleGroup", True)),
        ("s3", "list_buckets", {}, ("s3", "ListBuckets", False)),
        ("route53", "list_hosted_zones", {}, ("route53", "ListHostedZones", False)),
    ]
    lab.reset()
    for service, method, parameters, expected in cases:
        client = lab.aws(service)
        (line,) = logged(lab, functools.partial(getattr(client, method), **parameters))
        assert (line[0], line[1], line[3]) == expected
        assert 200 <= line[2] < 300


def test_s3_calls_are_told_apart_by_method_path_and_query(empty_lab: Lab) -> None:
    s3 = empty_lab.aws("s3")

    def calls() -> None:
        s3.create_bucket(Bucket="log-x", CreateBucketConfiguration={"LocationConstraint": "ap-northeast-2"})
        s3.put_bucket_versioning(Bucket="log-x", VersioningConfiguration={"Status": "Enabled"})
        s3.put_object(Bucket="log-x", Key="a/b", Body=b"x")
        s3.get_object(Bucket="log-x", Key="a/b")
        s3.list_objects_v2(Bucket="log-x")
        s3.head_bucket(Bucket="log-x")

    assert [(operation, write) for _service, operation, _status, write in logged(empty_lab, calls)] == [
        ("CreateBucket", True),
        ("PutBucketVersioning", True),
        ("PutObject", True),
        ("GetObject", False),
        ("ListObjectsV2", False),
        ("HeadBucket", False),
    ]


def test_refused_calls_are_logged_with_their_status(lab: Lab) -> None:
    def refused_call() -> None:
        with refused("InvalidVpcID.NotFound"):
            lab.aws("ec2").delete_vpc(VpcId="vpc-0123456789abcdef0")

    assert logged(lab, refused_call) == [("ec2", "DeleteVpc", 400, True)]


def test_log_holds_no_credentials_and_no_parameters(lab: Lab) -> None:
    secret = "a-secret-value-of-the-caller"
    lab.aws("secretsmanager").create_secret(Name="x", SecretString=secret)
    url = lab.aws("s3").generate_presigned_url("get_object", Params={"Bucket": "x", "Key": "y"})
    assert "AKIALAPTOPLABEXAMPLE" in url
    text = (lab.directory / "access.jsonl").read_text()
    for word in (secret, lab.environment["AWS_ACCESS_KEY_ID"], "Signature", lab.environment["AWS_SECRET_ACCESS_KEY"]):
        assert word not in text
        assert word not in (lab.directory / "emulator.log").read_text()


@pytest.mark.parametrize(
    ("operation", "write"),
    [
        ("DescribeVpcs", False),
        ("BatchGetImage", False),
        ("SimulatePrincipalPolicy", False),
        ("FilterLogEvents", False),
        ("LookupEvents", False),
        ("AssumeRole", False),
        ("PutObject", True),
        ("GenerateDataKey", True),
        ("TagResource", True),
        ("BatchDeleteImage", True),
        ("Unknown", True),
    ],
)
def test_what_counts_as_a_write(operation: str, write: bool) -> None:
    assert is_write(operation) is write


@pytest.mark.parametrize("service", ["ec2", "rds", "s3", "logs", "backup"])
def test_region_that_does_not_exist_is_refused(lab: Lab, service: str) -> None:
    client = lab.aws(service, region_name="ap-nowhere-1")
    calls = {
        "ec2": "describe_vpcs",
        "rds": "describe_db_instances",
        "s3": "list_buckets",
        "logs": "describe_log_groups",
        "backup": "list_backup_vaults",
    }
    codes = {"s3": "AuthorizationHeaderMalformed", "ec2": "SignatureDoesNotMatch", "rds": "SignatureDoesNotMatch"}
    with refused(codes.get(service, "InvalidSignatureException"), "valid region"):
        getattr(client, calls[service])()


def test_a_full_disk_takes_the_line_and_not_the_answer(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "log").symlink_to("/dev/full")

    def application(_environ: Any, start_response: Any) -> list[bytes]:
        start_response("200 OK", [])
        return [b"done"]

    log = AccessLog(application, tmp_path / "log")
    for _call in range(2):
        assert log({"HTTP_X_AMZ_TARGET": "Any.Call"}, lambda *_unused: None) == [b"done"]
    assert "The access log lacks 2 calls: " in capsys.readouterr().err

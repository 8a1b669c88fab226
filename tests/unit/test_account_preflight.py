"""What account_preflight makes of AWS's answers."""

from __future__ import annotations

from typing import Any

import boto3
import pytest
from ansible_collections.triflow.platform.plugins.module_utils.account_names import bucket_problems, lender_problems
from ansible_collections.triflow.platform.plugins.modules.account_preflight import (
    account_problems,
    read_zones,
    region_problems,
    resolve_engine_version,
    zone_problems,
)
from botocore.exceptions import ClientError
from botocore.stub import Stubber

MISSING: list[Any] = [{"variable": "s3_owner"}]
HEAD = {"Bucket": "triflow-ai-prod", "ExpectedBucketOwner": "123456789012"}


class Rds:
    """Stands for the base's Api of rds."""

    def __init__(self, running: str | None, offered: list[str]) -> None:
        self.running = running
        self.offered = offered

    def call(self, operation: str, **_unused: Any) -> dict[str, Any] | None:
        assert operation == "describe_db_instances"
        return {"DBInstances": [{"EngineVersion": self.running}]} if self.running else None

    def pages(self, operation: str, key: str, **parameters: Any) -> list[dict[str, str]]:
        assert (operation, key, parameters["Engine"]) == ("describe_db_engine_versions", "DBEngineVersions", "postgres")
        families = [family for wish in parameters.get("Filters", []) for family in wish["Values"]]
        return [
            {"EngineVersion": version}
            for version in self.offered
            if not families or f"postgres{version.partition('.')[0]}" in families
        ]


def resolve(wish: str, running: str | None = None) -> str:
    rds: Any = Rds(running, ["13.20", "14.9", "14.18", "15.4"])
    return resolve_engine_version(rds, wish, "triflow-prod-db")


@pytest.mark.parametrize(
    ("wish", "running", "version"),
    [
        ("14", None, "14.18"),
        ("14.9", None, "14.9"),
        ("14", "14.9", "14.9"),
        ("14", "14.10", "14.10"),
        ("14.10", "14.10", "14.10"),
        ("14.9", "14.18", "14.18"),
        ("14.18", "14.9", "14.18"),
        ("15", "14.18", "15.4"),
        ("13", "14.10", "14.10"),
    ],
)
def test_engine_version(wish: str, running: str | None, version: str) -> None:
    assert resolve(wish, running) == version


def test_engine_version_not_on_offer_names_those_of_its_major_version() -> None:
    with pytest.raises(ValueError, match=r"14\.10 is not on offer; on offer are: 14\.9, 14\.18$"):
        resolve("14.10")


OF_A_REGION = ["11.22-rds.20240418", "14.9", "14.22", "14.22-rds.20270401", "15.4"]


@pytest.mark.parametrize(
    ("wish", "running", "version"),
    [
        ("14", None, "14.22-rds.20270401"),
        ("14.9", None, "14.9"),
        ("14.22-rds.20270401", None, "14.22-rds.20270401"),
        ("11", None, "11.22-rds.20240418"),
        ("14", "14.22-rds.20270401", "14.22-rds.20270401"),
        ("14", "14.22-R1", "14.22-R1"),
        ("14.22", "14.22-rds.20270401", "14.22-rds.20270401"),
    ],
)
def test_engine_version_in_a_region_with_extended_support(wish: str, running: str | None, version: str) -> None:
    rds: Any = Rds(running, OF_A_REGION)
    assert resolve_engine_version(rds, wish, "triflow-prod-db") == version


def test_a_major_version_not_on_offer_names_the_major_versions() -> None:
    rds: Any = Rds(None, OF_A_REGION)
    with pytest.raises(ValueError, match=r"16 is not on offer; on offer are the major versions 11, 14, 15$"):
        resolve_engine_version(rds, "16", "triflow-prod-db")


@pytest.mark.parametrize("region", ["ap-northeast-2", "cn-north-1", "us-gov-west-1"])
def test_region_of_any_partition(region: str) -> None:
    assert region_problems(region) == []


def test_region_that_is_none() -> None:
    (found,) = region_problems("ap-northest-2")
    assert found["variable"] == "stack_region"
    assert "did you mean ap-northeast-2" in found["accepted"]


def test_account() -> None:
    assert account_problems(None, "123456789012") == []
    assert account_problems("123456789012", "123456789012") == []
    (found,) = account_problems("999999999999", "123456789012")
    assert (found["variable"], found["value"]) == ("stack_account_id", "999999999999")
    assert "123456789012" in found["reason"]


def test_zones() -> None:
    offered = ["ap-northeast-2a", "ap-northeast-2c"]
    assert zone_problems(["ap-northeast-2c"], offered, "ap-northeast-2") == []
    (found,) = zone_problems(["ap-northeast-2a", "ap-northeast-2z"], offered, "ap-northeast-2")
    assert found["value"] == "ap-northeast-2z"
    assert found["accepted"] == "of ap-northeast-2a, ap-northeast-2c"


def head_bucket(status: int, region: str | None = None) -> list[Any]:
    s3 = boto3.client("s3", region_name="ap-northeast-2", aws_access_key_id="x", aws_secret_access_key="x")
    with Stubber(s3) as stub:
        if status == 200:
            stub.add_response("head_bucket", {"BucketRegion": region} if region else {}, HEAD)
        else:
            # The client asks the bucket's own region after a redirect, so a 301 that gets here is final.
            stub.add_client_error("head_bucket", str(status), http_status_code=status, expected_params=HEAD)
        return bucket_problems(s3, "triflow-ai-prod", "123456789012", "ap-northeast-2", MISSING)


def test_bucket_that_is_free_or_ours() -> None:
    assert head_bucket(404) == MISSING
    assert head_bucket(200, "ap-northeast-2") == []
    assert head_bucket(200) == []


@pytest.mark.parametrize(
    ("status", "region", "reason", "accepted"),
    [
        (403, None, "another account has a bucket of that name", "unique in all of AWS"),
        (200, "us-east-1", "in another region", "it is in us-east-1, not in ap-northeast-2"),
        (301, None, "in another region", "not in ap-northeast-2"),
    ],
)
def test_bucket_that_cannot_be_used(status: int, region: str | None, reason: str, accepted: str) -> None:
    (found,) = head_bucket(status, region)
    assert (found["variable"], found["value"]) == ("s3_bucket_name", "triflow-ai-prod")
    assert reason in found["reason"]
    assert accepted in found["accepted"]


def test_bucket_that_another_stack_was_to_make() -> None:
    """ENV-4"""
    assert lender_problems("triflow-ai-prod", "triflow-prod", "triflow-prod") == []
    (found,) = lender_problems("triflow-ai-nonprod", "triflow-dev", "triflow-nonprod")
    assert (found["variable"], found["value"]) == ("s3_owner", "triflow-nonprod")
    assert "no bucket triflow-ai-nonprod" in found["reason"]
    assert "inventory of triflow-nonprod" in found["accepted"]


def test_other_failure_of_the_bucket_is_passed_on() -> None:
    with pytest.raises(ClientError):
        head_bucket(500)


def test_a_zone_in_which_aws_has_trouble_is_one_of_the_region() -> None:
    """Amazon EC2 API reference, AvailabilityZone, State."""

    class Ec2:
        def call(self, operation: str, **_unused: Any) -> dict[str, Any]:
            assert operation == "describe_availability_zones"
            states = {"a": "available", "b": "impaired", "c": "constrained", "d": "information", "e": "unavailable"}
            return {"AvailabilityZones": [{"ZoneName": name, "State": state} for name, state in states.items()]}

    ec2: Any = Ec2()
    assert read_zones(ec2, "ap-northeast-2") == ["a", "b", "c", "d"]

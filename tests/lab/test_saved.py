"""python -m lab save and load: account and database are what they were."""

from __future__ import annotations

from typing import Any

import psycopg
import pytest

from lab.aws_like import ANSWERS
from lab.state import LabError
from tests.conftest import Lab
from tests.lab.conftest import Account, refused

BUCKET = "kept-objects"


def look(lab: Lab) -> dict[str, Any]:
    """Some of everything, as boto3 and SQL show it."""
    objects = lab.aws("s3").list_objects_v2(Bucket=BUCKET)["Contents"]
    queues = lab.aws("sqs").list_queues().get("QueueUrls")
    with psycopg.connect(lab.database_url) as connection:
        tables = connection.execute("SELECT tablename FROM pg_tables WHERE schemaname = 'public'").fetchall()
        roles = connection.execute("SELECT oid, rolname, rolpassword, rolcreatedb FROM pg_authid ORDER BY 1").fetchall()
        settings = connection.execute("SELECT * FROM pg_db_role_setting").fetchall()
        rows = connection.execute("SELECT * FROM thing").fetchall() if ("thing",) in tables else None
    databases = lab.aws("rds").describe_db_instances()["DBInstances"]
    for database in databases:
        database.pop("LatestRestorableTime")  # five minutes ago
    return {
        "vpcs": lab.aws("ec2").describe_vpcs()["Vpcs"],
        "there": lab.aws("ec2", region_name="eu-west-1").describe_vpcs()["Vpcs"],
        "objects": {entry["Key"]: entry for entry in objects},
        "content": lab.aws("s3").get_object(Bucket=BUCKET, Key="large")["Body"].read(),
        "roles": lab.aws("iam").list_roles()["Roles"],
        "tasks": lab.aws("ecs").list_task_definitions()["taskDefinitionArns"],
        "queues": queues,
        "databases": databases,
        "certificates": lab.aws("acm").list_certificates()["CertificateSummaryList"],
        "sql": (sorted(tables), roles, rows, settings),
    }


def register(lab: Lab) -> int:
    container = {"name": "one", "image": "one", "memory": 128}
    made = lab.aws("ecs").register_task_definition(family="kept", containerDefinitions=[container])
    return int(made["taskDefinition"]["revision"])


def build(lab: Lab) -> None:
    account = Account(lab)
    account.subnet_group()
    account.database(DBSubnetGroupName="private")
    lab.aws("ec2", region_name="eu-west-1").create_vpc(CidrBlock="10.1.0.0/16")
    lab.aws("s3").create_bucket(Bucket=BUCKET, CreateBucketConfiguration={"LocationConstraint": "ap-northeast-2"})
    lab.aws("s3").put_object(Bucket=BUCKET, Key="large", Body=b"large" * 2_000_000)
    lab.aws("sqs").create_queue(QueueName="kept")
    lab.aws("acm").request_certificate(DomainName="example.com", ValidationMethod="DNS")
    register(lab)
    with psycopg.connect(lab.database_url, autocommit=True) as connection:
        connection.execute("CREATE TABLE thing AS SELECT 1 AS number")
        connection.execute("CREATE ROLE reader LOGIN")
        connection.execute("ALTER ROLE reader SET work_mem = '8MB'")


def change(lab: Lab) -> None:
    lab.aws("rds").delete_db_instance(DBInstanceIdentifier="triflow", SkipFinalSnapshot=True)
    lab.aws("ec2", region_name="eu-west-1").create_vpc(CidrBlock="10.2.0.0/16")
    lab.aws("s3").put_object(Bucket=BUCKET, Key="large", Body=b"small")
    lab.aws("s3").put_object(Bucket=BUCKET, Key="new", Body=b"new")
    lab.aws("sqs").create_queue(QueueName="new")
    lab.aws("sqs").delete_queue(QueueUrl=lab.aws("sqs").get_queue_url(QueueName="kept")["QueueUrl"])
    with psycopg.connect(lab.database_url, autocommit=True) as connection:
        connection.execute("CREATE ROLE writer")


def test_everything_is_as_it_was_each_time_it_is_loaded(empty_lab: Lab) -> None:
    build(empty_lab)
    before = look(empty_lab)
    assert before["sql"][2] == [(1,)]
    empty_lab.save("built")
    assert look(empty_lab) == before
    revisions, vpcs = [], set()
    for _time in range(3):
        change(empty_lab)
        assert {key for key, value in look(empty_lab).items() if value != before[key]} >= {"there", "content", "sql"}
        calls = len(empty_lab.calls())
        empty_lab.load("built")
        assert look(empty_lab) == before
        assert len(empty_lab.calls()) > calls
        # What is made now is numbered as it would have been then, and has an identifier of its own.
        revisions.append(register(empty_lab))
        vpcs.add(Account(empty_lab).vpc())
    assert revisions == [2, 2, 2]
    assert len(vpcs) == 3


def test_each_name_is_a_state_of_its_own(empty_lab: Lab) -> None:
    sqs = empty_lab.aws("sqs")

    def names() -> list[str]:
        return [url.rsplit("/", 1)[-1] for url in sqs.list_queues().get("QueueUrls", [])]

    empty_lab.save("하나 / one")
    sqs.create_queue(QueueName="first")
    empty_lab.save("two")
    empty_lab.load("하나 / one")
    assert names() == []
    sqs.create_queue(QueueName="second")
    empty_lab.save("three")
    empty_lab.load("two")
    assert names() == ["first"]
    empty_lab.save("three")
    empty_lab.reset()
    empty_lab.load("three")
    assert names() == ["first"]


def test_a_name_that_is_none_and_one_that_is_not_known(empty_lab: Lab) -> None:
    empty_lab.save("known")
    with pytest.raises(LabError, match=r"No state is saved as unknown\. These are: .*known"):
        empty_lab.load("unknown")
    refusal = empty_lab.command("load", "unknown")
    assert (refusal.returncode, refusal.stdout) == (1, "")
    assert "known" in refusal.stderr
    for name in ("", "two\nlines", "x" * 101):
        with pytest.raises(LabError, match="1 to 100 characters"):
            empty_lab.save(name)


def test_what_was_late_is_as_late_after_the_load(empty_lab: Lab) -> None:
    ec2 = empty_lab.aws("ec2")
    tags = [{"ResourceType": "vpc", "Tags": [{"Key": "late", "Value": "yes"}]}]
    wanted = [{"Name": "tag:late", "Values": ["yes"]}]

    def seen() -> list[int]:
        return [len(ec2.describe_vpcs(Filters=wanted)["Vpcs"]) for _answer in range(ANSWERS + 1)]

    with empty_lab.like_aws():
        ec2.create_vpc(CidrBlock="10.0.0.0/16", TagSpecifications=tags)
        empty_lab.save("late")
        for _time in range(2):
            assert seen() == [0] * ANSWERS + [1]
            empty_lab.load("late")
        assert seen() == [0] * ANSWERS + [1]


def test_sessions_outlive_a_save_and_no_load(empty_lab: Lab) -> None:
    for change_data in (False, True):
        with psycopg.connect(empty_lab.database_url, autocommit=True) as session:
            session.execute("CREATE TEMPORARY TABLE mine (id int)")
            empty_lab.save("sessions")
            session.execute("SELECT FROM mine")
            if change_data:
                session.execute("CREATE TABLE changed (id int)")
            empty_lab.load("sessions")
            with pytest.raises(psycopg.OperationalError):
                session.execute("SELECT FROM mine")
    with psycopg.connect(empty_lab.database_url) as session:
        assert session.execute("SELECT to_regclass('changed')").fetchone() == (None,)


def test_a_refused_call_is_refused_after_a_load_too(empty_lab: Lab) -> None:
    empty_lab.save("without")
    Account(empty_lab).subnet_group()
    empty_lab.load("without")
    with refused("DBSubnetGroupNotFoundFault"):
        empty_lab.aws("rds").describe_db_subnet_groups(DBSubnetGroupName="private")

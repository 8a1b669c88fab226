"""RDS instances that answer: master user, managed password and database in the lab's PostgreSQL."""

from __future__ import annotations

import json
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import psycopg
import pytest

from tests.lab.conftest import Account, refused


def credentials(account: Account, name: str = "triflow") -> dict[str, str]:
    secret = account.describe(name)["MasterUserSecret"]
    value = account.secretsmanager.get_secret_value(SecretId=secret["SecretArn"])["SecretString"]
    content: dict[str, str] = json.loads(value)
    return content


def connect(account: Account, password: str, name: str = "triflow", **options: Any) -> psycopg.Connection[Any]:
    instance = account.describe(name)
    return psycopg.connect(
        host=instance["Endpoint"]["Address"],
        port=instance["Endpoint"]["Port"],
        user=instance["MasterUsername"],
        password=password,
        sslrootcert=account.lab.environment["PGSSLROOTCERT"],
        **{"dbname": instance["DBName"], "sslmode": "verify-full", "connect_timeout": 10, **options},
    )


def test_managed_password_opens_the_database_of_the_instance(account: Account) -> None:
    account.database()
    secret = credentials(account)
    assert set(secret) == {"username", "password"}
    assert secret["username"] == "triflow_admin"
    managed = account.describe()["MasterUserSecret"]
    assert managed["SecretStatus"] == "active"
    assert managed["KmsKeyId"].startswith("arn:aws:kms:ap-northeast-2:")
    with connect(account, secret["password"]) as connection:
        assert connection.execute("SELECT current_user, current_database()").fetchone() == ("triflow_admin", "triflow")


def test_instances_that_are_made_at_once_have_the_password_of_their_role(account: Account) -> None:
    names = [f"triflow-{number}" for number in range(8)]
    with ThreadPoolExecutor(len(names)) as pool:
        for made in [pool.submit(account.database, name) for name in names]:
            made.result()
    passwords = {credentials(account, name)["password"] for name in names}
    assert len(passwords) == 1
    with connect(account, passwords.pop(), names[0]) as connection:
        assert connection.execute("SELECT current_user").fetchone() == ("triflow_admin",)


def test_master_user_is_no_superuser_and_creates_the_extensions_all_the_same(account: Account) -> None:
    account.database()
    with connect(account, credentials(account)["password"], autocommit=True) as connection:
        row = connection.execute(
            "SELECT rolsuper, rolcreaterole, rolcreatedb FROM pg_roles WHERE rolname = current_user"
        )
        assert row.fetchone() == (False, True, True)
        for name in ("vector", "uuid-ossp", "pg_trgm", "pg_stat_statements"):
            connection.execute(f'CREATE EXTENSION "{name}"')
        connection.execute("CREATE ROLE application LOGIN PASSWORD 'long enough'")
        connection.execute("CREATE TABLE item (embedding vector(2))")
        connection.execute("GRANT SELECT ON item TO application")
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            connection.execute("COPY item TO PROGRAM 'true'")
    with psycopg.connect(account.lab.database_url) as connection:
        extensions = connection.execute("SELECT extname FROM pg_extension WHERE extname <> 'plpgsql'").fetchall()
        assert {name for (name,) in extensions} == {"vector", "uuid-ossp", "pg_trgm", "pg_stat_statements"}


def test_given_password_opens_the_database_and_can_be_changed(account: Account) -> None:
    account.database(ManageMasterUserPassword=None, MasterUserPassword="first-password")
    connect(account, "first-password").close()
    account.rds.modify_db_instance(DBInstanceIdentifier="triflow", MasterUserPassword="second-password")
    connect(account, "second-password").close()
    with pytest.raises(psycopg.OperationalError, match="password authentication failed"):
        connect(account, "first-password")


def test_modify_db_instance_turns_managed_password_on_and_rotates_it(account: Account) -> None:
    account.database(ManageMasterUserPassword=None, MasterUserPassword="first-password")
    assert "MasterUserSecret" not in account.describe()
    account.rds.modify_db_instance(DBInstanceIdentifier="triflow", ManageMasterUserPassword=True, ApplyImmediately=True)
    first = credentials(account)["password"]
    connect(account, first).close()
    account.rds.modify_db_instance(DBInstanceIdentifier="triflow", RotateMasterUserPassword=True, ApplyImmediately=True)
    second = credentials(account)["password"]
    assert second != first
    connect(account, second).close()
    with pytest.raises(psycopg.OperationalError, match="password authentication failed"):
        connect(account, first)


def test_delete_db_instance_takes_the_data_and_leaves_an_empty_database(account: Account) -> None:
    account.database()
    with connect(account, credentials(account)["password"]) as connection:
        connection.execute("CREATE TABLE item (id int)")
        connection.execute("CREATE ROLE application LOGIN PASSWORD 'long enough'")
    account.rds.delete_db_instance(DBInstanceIdentifier="triflow", SkipFinalSnapshot=True)
    with psycopg.connect(account.lab.database_url) as connection:
        assert connection.execute("SELECT to_regclass('item')").fetchone() == (None,)
        roles = "SELECT rolname FROM pg_roles WHERE rolname IN ('triflow_admin', 'application')"
        assert connection.execute(roles).fetchall() == []


@pytest.mark.parametrize("way", ["snapshot", "time"])
def test_restored_instance_has_the_data_and_its_own_secret(account: Account, way: str) -> None:
    account.database()
    source = credentials(account)["password"]
    with connect(account, source) as connection:
        connection.execute("CREATE TABLE item AS SELECT 42 AS id")
    if way == "snapshot":
        account.rds.create_db_snapshot(DBInstanceIdentifier="triflow", DBSnapshotIdentifier="drill")
        account.rds.restore_db_instance_from_db_snapshot(
            DBInstanceIdentifier="restored", DBSnapshotIdentifier="drill", ManageMasterUserPassword=True
        )
    else:
        account.rds.restore_db_instance_to_point_in_time(
            SourceDBInstanceIdentifier="triflow",
            TargetDBInstanceIdentifier="restored",
            UseLatestRestorableTime=True,
            ManageMasterUserPassword=True,
        )
    restored = account.describe("restored")
    assert restored["MasterUserSecret"]["SecretArn"] != account.describe()["MasterUserSecret"]["SecretArn"]
    with connect(account, credentials(account, "restored")["password"], "restored") as connection:
        assert connection.execute("SELECT id FROM item").fetchone() == (42,)
    account.rds.delete_db_instance(DBInstanceIdentifier="restored", SkipFinalSnapshot=True)
    with connect(account, source) as connection:
        assert connection.execute("SELECT id FROM item").fetchone() == (42,)


def test_restored_instance_does_not_inherit_password_management(account: Account) -> None:
    account.database()
    account.rds.create_db_snapshot(DBInstanceIdentifier="triflow", DBSnapshotIdentifier="drill")
    account.rds.restore_db_instance_from_db_snapshot(DBInstanceIdentifier="one", DBSnapshotIdentifier="drill")
    account.rds.restore_db_instance_to_point_in_time(
        SourceDBInstanceIdentifier="triflow", TargetDBInstanceIdentifier="two", UseLatestRestorableTime=True
    )
    for name in ("one", "two"):
        assert "MasterUserSecret" not in account.describe(name)
    connect(account, credentials(account)["password"]).close()


def test_deleted_replica_leaves_the_secret_and_the_data_of_its_source(account: Account) -> None:
    account.database(BackupRetentionPeriod=7)
    account.rds.create_db_instance_read_replica(DBInstanceIdentifier="reader", SourceDBInstanceIdentifier="triflow")
    account.rds.delete_db_instance(DBInstanceIdentifier="reader", SkipFinalSnapshot=True)
    connect(account, credentials(account)["password"]).close()


def test_snapshot_of_a_deleted_instance_can_be_restored(account: Account) -> None:
    account.database()
    account.rds.delete_db_instance(DBInstanceIdentifier="triflow", FinalDBSnapshotIdentifier="last")
    account.rds.restore_db_instance_from_db_snapshot(
        DBInstanceIdentifier="restored", DBSnapshotIdentifier="last", ManageMasterUserPassword=True
    )
    connect(account, credentials(account, "restored")["password"], "restored").close()


def test_reserved_master_username_is_refused(account: Account) -> None:
    with refused("InvalidParameterValue", "reserved word"):
        account.database(MasterUsername="rdsadmin")


def test_managed_secret_is_rotated_every_week(account: Account) -> None:
    """RDS user guide, "Password management with Amazon RDS and AWS Secrets Manager"."""
    account.database()
    secret = account.secretsmanager.describe_secret(SecretId=account.describe()["MasterUserSecret"]["SecretArn"])
    assert secret["RotationEnabled"] is True
    assert secret["RotationRules"]["AutomaticallyAfterDays"] == 7
    assert secret["OwningService"] == "rds"


def test_no_password_stands_in_a_statement(account: Account) -> None:
    """Whoever may read pg_stat_statements, such as the application, would have the master's password."""
    account.database()
    account.database(
        "other", MasterUsername="other_admin", ManageMasterUserPassword=None, MasterUserPassword="first-one"
    )
    account.rds.modify_db_instance(DBInstanceIdentifier="other", MasterUserPassword="second-one")
    passwords = [credentials(account)["password"], "first-one", "second-one"]
    with psycopg.connect(account.lab.database_url) as connection:
        connection.execute("CREATE EXTENSION pg_stat_statements")
        texts = [text for (text,) in connection.execute("SELECT query FROM pg_stat_statements").fetchall()]
        verifiers = connection.execute("SELECT rolpassword FROM pg_authid WHERE rolname LIKE '%_admin'").fetchall()
    changes = [text for text in texts if text.startswith("ALTER ROLE")]
    assert changes
    assert [text for text in texts if any(password in text for password in passwords)] == []
    assert all(text.startswith("SCRAM-SHA-256$") for (text,) in verifiers)

"""What failed, on what, why and what to do: whatever was raised, as one sentence."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import boto3
import botocore.parsers
import psycopg
import pytest
from ansible_collections.triflow.platform.plugins.module_utils import failures, retries
from ansible_collections.triflow.platform.plugins.module_utils.hidden import HIDDEN
from ansible_collections.triflow.platform.plugins.module_utils.remedies import CALLER_REMEDIES, RESOURCE_REMEDIES
from ansible_collections.triflow.platform.plugins.module_utils.remedies_postgresql import POSTGRESQL_REMEDIES
from botocore import exceptions
from botocore.stub import Stubber

USER = "arn:aws:sts::123456789012:assumed-role/deploy/me"
DENIED = f"User: {USER} is not authorized to perform: ec2:CreateVpc on resource: arn:aws:ec2:ap-northeast-2:1:vpc/*"
URL = "https://ec2.ap-northeast-2.amazonaws.com/"


def refused(code: str, words: str = "no", operation: str = "CreateVpc") -> Exception:
    error: Exception = exceptions.ClientError({"Error": {"Code": code, "Message": words}}, operation)
    return error


def of_postgresql(words: str, code: str | None = None) -> Exception:
    kind = psycopg.errors.lookup(code) if code else psycopg.OperationalError
    return kind(words)


def server(words: str) -> Exception:
    return of_postgresql(f'connection failed: connection to server at "db" (10.0.0.1), port 5432 failed: {words}')


AWS: list[tuple[Any, str]] = [
    (refused("KMSKeyNotAccessibleFault", "The specified key is not accessible"), "the KMS key may not be used"),
    (refused("AccessDeniedException", DENIED.replace("ec2:CreateVpc", "kms:Decrypt")), "the KMS key may not be used"),
    (
        refused("UnauthorizedOperation", f"{DENIED} with an explicit deny in a service control policy"),
        "the organization does not allow it",
    ),
    (
        refused("AccessDenied", f"{DENIED} because no service control policy allows the ec2:CreateVpc action"),
        "the organization does not allow it",
    ),
    (
        refused("AccessDenied", f"{DENIED} with an explicit deny in a resource control policy"),
        "the organization does not allow it",
    ),
    (
        refused("AccessDenied", f"{DENIED} because no permissions boundary allows the ec2:CreateVpc action"),
        "the permissions boundary does not allow it",
    ),
    (
        refused("AccessDenied", f"{DENIED} because no session policy allows the ec2:CreateVpc action"),
        "the session policy does not allow it",
    ),
    (
        refused("AccessDenied", f"{DENIED} because no VPC endpoint policy allows the ec2:CreateVpc action"),
        "the VPC endpoint does not allow it",
    ),
    (refused("AccessDenied", f"{DENIED} with an explicit deny in an identity-based policy"), "a policy denies it"),
    (refused("AccessDenied", f"{DENIED} with an explicit deny"), "a policy denies it"),
    (
        refused("UnauthorizedOperation", f"{DENIED} because no identity-based policy allows the ec2:CreateVpc action"),
        "no policy allows it",
    ),
    (refused("AuthorizationError", "not authorized", "CreateTopic"), "no policy allows it"),
    (refused("403", "Forbidden", "HeadBucket"), "no policy allows it"),
    (refused("AccessDeniedException", DENIED), "no policy allows it"),
    (
        refused("RequestTimeTooSkewed", "The difference between the times is too large"),
        "the clock of this machine is wrong",
    ),
    (
        refused(
            "InvalidSignatureException", "Signature expired: 20260120T030000Z is now earlier than 20260120T030500Z"
        ),
        "the clock of this machine is wrong",
    ),
    (refused("SignatureDoesNotMatch", "Signature not yet current"), "the clock of this machine is wrong"),
    (refused("SignatureDoesNotMatch", "The signature we calculated does not match"), "the signature is wrong"),
    (refused("ExpiredToken", "The security token included in the request is expired"), "the credentials have expired"),
    (refused("ExpiredTokenException"), "the credentials have expired"),
    (refused("RequestExpired", "Request has expired."), "the credentials have expired"),
    (exceptions.UnauthorizedSSOTokenError(), "the credentials have expired"),
    (exceptions.SSOTokenLoadError(error_msg="no token"), "there is no sign-on"),
    (exceptions.NoCredentialsError(), "there are no credentials"),
    (exceptions.ProfileNotFound(profile="nobody"), "boto3 cannot read the credentials"),
    (refused("InvalidClientTokenId", "The security token is invalid"), "AWS does not know these credentials"),
    (refused("UnrecognizedClientException"), "AWS does not know these credentials"),
    (refused("AuthFailure", "AWS was not able to validate the credentials"), "AWS does not know these credentials"),
    (refused("OptInRequired", "You are not subscribed"), "the account may not use this service or region"),
    (refused("ThrottlingException", "Rate exceeded"), "AWS is asked too often"),
    (refused("RequestLimitExceeded"), "AWS is asked too often"),
    (refused("SlowDown"), "AWS is asked too often"),
    (refused("PriorRequestNotComplete"), "AWS is asked too often"),
    (
        retries.AnswerLost(service="ec2", operation="CreateVpc", reason="no answer in time"),
        "nobody knows whether the call was carried out",
    ),
    (refused("502", "what answered is not AWS: it is an HTML page"), "AWS does not answer as it should"),
    (refused("InternalFailure"), "AWS does not answer as it should"),
    (refused("503", "Service Unavailable"), "AWS does not answer as it should"),
    (refused("RequestTimeout"), "AWS does not answer as it should"),
    (
        botocore.parsers.ResponseParserError("Unable to parse response (no), invalid XML received."),
        "AWS does not answer as it should",
    ),
    (
        exceptions.EndpointConnectionError(endpoint_url=URL, error="[Errno -2] Name or service not known"),
        "the name of AWS's endpoint is not resolved",
    ),
    (exceptions.SSLError(endpoint_url=URL, error="no"), "AWS's endpoint does not prove to be AWS"),
    (exceptions.EndpointConnectionError(endpoint_url=URL, error="refused"), "AWS cannot be reached"),
    (exceptions.ConnectTimeoutError(endpoint_url=URL), "AWS cannot be reached"),
    (exceptions.ReadTimeoutError(endpoint_url=URL), "the connection to AWS was cut"),
    (exceptions.ConnectionClosedError(endpoint_url=URL), "the connection to AWS was cut"),
    (refused("AuthorizationHeaderMalformed", "the region 'x' is wrong"), "the region is wrong"),
    (exceptions.NoRegionError(), "the region is wrong"),
    (refused("InsufficientDBInstanceCapacity"), "AWS has no capacity of that kind there now"),
    (refused("InsufficientInstanceCapacity"), "AWS has no capacity of that kind there now"),
    (refused("InsufficientFreeAddressesInSubnet"), "the subnet has no free address"),
    (refused("VpcLimitExceeded"), "a quota of the account is used up"),
    (refused("LimitExceededException"), "a quota of the account is used up"),
    (refused("ServiceQuotaExceededException"), "a quota of the account is used up"),
    (refused("TooManyBuckets"), "a quota of the account is used up"),
    (refused("DependencyViolation"), "something still uses it"),
    (refused("ResourceInUseException"), "something still uses it"),
    (refused("InvalidVpcID.NotFound"), "it is not there"),
    (refused("NoSuchEntity"), "it is not there"),
    (exceptions.ParamValidationError(report="Unknown parameter"), "boto3 does not take the parameters"),
]
POSTGRESQL: list[tuple[Any, str]] = [
    (server("FATAL:  terminating connection due to administrator command"), "the connection was cut"),
    (of_postgresql("server closed the connection unexpectedly", "08006"), "the connection was cut"),
    (of_postgresql("consuming input failed: SSL SYSCALL error: EOF detected"), "the connection was cut"),
    (of_postgresql("the connection is lost"), "the connection was cut"),
    (
        server("SSL error: certificate verify failed"),
        "the server does not prove to be the database, so the password was not sent",
    ),
    (
        server('authentication method requirement "scram-sha-256" failed'),
        "the server does not prove to be the database, so the password was not sent",
    ),
    (server('FATAL:  password authentication failed for user "triflow_admin"'), "wrong password"),
    (server('FATAL:  no pg_hba.conf entry for host "10.0.0.2", no encryption'), "the server does not let this user in"),
    (server('FATAL:  database "nowhere" does not exist'), "no such database"),
    (server("FATAL:  sorry, too many clients already"), "all connections are taken"),
    (server("FATAL:  remaining connection slots are reserved for rds_reserved"), "all connections are taken"),
    (server("FATAL:  the database system is starting up"), "the server starts, stops or recovers"),
    (server("Connection refused\n\tIs the server running on that host?"), "nothing listens there"),
    (of_postgresql('could not translate host name "db" to address: no'), "the server's name is not resolved"),
    (of_postgresql("connection timeout expired"), "the server cannot be reached from here"),
    (server("timeout expired"), "the server cannot be reached from here"),
    (
        of_postgresql("cannot execute CREATE EXTENSION in a read-only transaction", "25006"),
        "the server takes no writes now",
    ),
    (of_postgresql("canceling statement due to lock timeout", "55P03"), "another session holds a lock"),
    (of_postgresql("canceling statement due to user request", "57014"), "somebody ended the statement"),
    (
        of_postgresql("canceling statement due to statement timeout", "57014"),
        "the statement took longer than its limit",
    ),
    (of_postgresql("deadlock detected", "40P01"), "another session did the same at that moment"),
    (of_postgresql("could not extend file: No space left on device", "53100"), "the storage is full"),
    (of_postgresql("out of memory", "53200"), "the server has no memory left"),
    (of_postgresql('permission denied to create extension "vector"', "42501"), "the user may not do this"),
    (of_postgresql('extension "x" is not available', "0A000"), "the server has no such extension"),
    (of_postgresql("must be loaded via shared_preload_libraries", "55000"), "the extension's library is not loaded"),
]


def matches(remedy: str, row: Any) -> bool:
    return re.fullmatch(re.sub(r"\\{\w+\\}", ".+", re.escape(row.remedy)), remedy) is not None


@pytest.mark.parametrize(
    ("raised", "reason", "rows"),
    [
        *((raised, reason, (*CALLER_REMEDIES, *RESOURCE_REMEDIES)) for raised, reason in AWS),
        *((raised, reason, POSTGRESQL_REMEDIES) for raised, reason in POSTGRESQL),
    ],
)
def test_each_fault_has_the_remedy_of_its_row(raised: Exception, reason: str, rows: tuple[Any, ...]) -> None:
    (row,) = (row for row in rows if row.reason == reason)
    assert matches(failures.explain(raised, "ec2 create_vpc", "vpc", "test").remedy, row)


def test_no_row_is_without_an_example() -> None:
    assert {row.reason for row in (*CALLER_REMEDIES, *RESOURCE_REMEDIES)} == {reason for _raised, reason in AWS}
    assert {row.reason for row in POSTGRESQL_REMEDIES} == {reason for _raised, reason in POSTGRESQL}


@pytest.mark.parametrize(
    ("raised", "given", "sentence"),
    [
        (
            refused(
                "UnauthorizedOperation", f"{DENIED} because no identity-based policy allows the ec2:CreateVpc action"
            ),
            {"call": "ec2 create_vpc", "on": "vpc", "stack": "test"},
            f"ec2 CreateVpc failed on vpc of stack test: {DENIED} because no identity-based policy allows the "
            "ec2:CreateVpc action (UnauthorizedOperation). Grant ec2:CreateVpc on arn:aws:ec2:ap-northeast-2:1:vpc/* "
            "to assumed-role/deploy/me, or use another identity.",
        ),
        (
            refused("AccessDenied", "Access Denied", "ListBuckets"),
            {"call": "s3 list_buckets", "stack": "test"},
            "s3 ListBuckets failed on stack test: Access Denied (AccessDenied). Grant what s3 ListBuckets needs on its "
            "resource to the identity that runs this, or use another identity.",
        ),
        (
            refused(
                "UnauthorizedOperation", "You are not authorized. Encoded authorization failure message: 4GI-x_OHl="
            ),
            {"call": "ec2 create_vpc", "on": "vpc"},
            "ec2 CreateVpc failed on vpc: You are not authorized (UnauthorizedOperation). Grant what ec2 CreateVpc "
            "needs on its resource to the identity that runs this, or use another identity.\n"
            "  Why: aws sts decode-authorization-message --encoded-message 4GI-x_OHl=",
        ),
        (
            exceptions.WaiterError(
                "db", "An error occurred (AccessDenied): no", {"Error": {"Code": "AccessDenied", "Message": "no"}}
            ),
            {"call": "rds DescribeDBInstances", "on": "db", "stack": "test", "remedy": "Look at it"},
            "rds DescribeDBInstances failed on db of stack test: no (AccessDenied). Grant what rds DescribeDBInstances "
            "needs on its resource to the identity that runs this, or use another identity.",
        ),
        (
            exceptions.WaiterError("db", "Max attempts exceeded", {"DBInstances": []}),
            {"call": "rds DescribeDBInstances", "on": "db", "remedy": "After 60 s it is creating. Run again"},
            "rds DescribeDBInstances failed on db: Max attempts exceeded. After 60 s it is creating. Run again.",
        ),
        (
            refused("ResourceInUse", "in use", "DeleteTargetGroup"),
            {"call": "elbv2 delete_target_group", "on": "tg", "remedy": "Take it off the listener"},
            "elbv2 DeleteTargetGroup failed on tg: in use (ResourceInUse). Take it off the listener.",
        ),
        (
            botocore.parsers.ResponseParserError(
                "Unable to parse response (no), invalid XML received. Further retries may succeed:\nb'<html>...'"
            ),
            {"call": "rds DescribeDBInstances", "on": "db"},
            "rds DescribeDBInstances failed on db: Unable to parse response (no), invalid XML received. It passes by "
            "itself mostly: look at the AWS Health Dashboard, and run again; what is done stays done.",
        ),
        (
            server(
                'FATAL:  database "nowhere" does not exist\nMultiple connection attempts failed. All failures:\n- x'
            ),
            {"call": "PostgreSQL connection", "on": "database nowhere", "stack": "test"},
            'PostgreSQL connection failed on database nowhere of stack test: connection to server at "db" (10.0.0.1), '
            'port 5432 failed: FATAL: database "nowhere" does not exist. RDS makes the database of rds_database_name '
            "with the instance only: correct the variable, or CREATE DATABASE.",
        ),
        (
            KeyError("Parameter"),
            {"call": "ssm GetParameter"},
            f"ssm GetParameter failed: KeyError: 'Parameter'. {failures.CRASH}.",
        ),
        (
            {
                "failed": True,
                "msg": "Failed to create VPC: An error occurred (VpcLimitExceeded) when calling the CreateVpc "
                "operation (reached max retries: 4): too many",
                "error": {"code": "VpcLimitExceeded", "message": "too many"},
            },
            {"call": "amazon.aws.ec2_vpc_net", "on": "vpc", "stack": "test"},
            "amazon.aws.ec2_vpc_net CreateVpc failed on vpc of stack test: Failed to create VPC: too many "
            "(VpcLimitExceeded). Ask for more in Service Quotas, or delete what is not needed, then run again.",
        ),
        (
            {"failed": True, "msg": "no quota"},
            {"call": "amazon.aws.ec2_vpc_net", "on": "vpc", "stack": "test"},
            f"amazon.aws.ec2_vpc_net failed on vpc of stack test: no quota. {failures.ELSE}.",
        ),
        (
            {
                "failed": True,
                "msg": "MODULE FAILURE\nSee stdout/stderr",
                "module_stderr": "Traceback\n  x\nKeyError: 'id'\n",
            },
            {"call": "amazon.aws.kms_key", "on": "key"},
            f"amazon.aws.kms_key failed on key: KeyError: 'id'. {failures.CRASH}.",
        ),
        (
            {"failed": True, "msg": None, "rc": -9, "module_stderr": "", "module_stdout": ""},
            {"call": "amazon.aws.kms_key", "on": "key"},
            f"amazon.aws.kms_key failed on key: it ended with the code -9, and said nothing. {failures.CRASH}.",
        ),
    ],
)
def test_a_sentence_has_call_resource_reason_and_remedy_once(raised: Any, given: dict[str, Any], sentence: str) -> None:
    assert failures.explain(raised, **given).sentence == sentence


def client(service: str) -> Any:
    return boto3.client(service, region_name="ap-northeast-2", aws_access_key_id="a", aws_secret_access_key="b")


@pytest.mark.parametrize(
    "ask",
    [
        lambda ec2: ec2.describe_vpcs(),
        lambda ec2: list(ec2.get_paginator("describe_vpcs").paginate()),
        lambda ec2: ec2.describe_vpcs(Nothing=1),
    ],
    ids=["call", "pages", "parameters"],
)
def test_the_call_is_known_without_being_told(ask: Callable[[Any], object]) -> None:
    ec2 = client("ec2")
    with Stubber(ec2) as stub:
        stub.add_client_error("describe_vpcs", "AccessDenied", "no")
        with pytest.raises((exceptions.ClientError, exceptions.ParamValidationError)) as caught:
            ask(ec2)
    assert failures.explain(caught.value, on="vpc").call == "ec2 DescribeVpcs"


@pytest.mark.parametrize(
    "raised",
    [
        of_postgresql('missing "=" after "hunter-2-secret" in connection info string'),
        of_postgresql("invalid connection option in postgresql://admin:hunter-2-secret@db/triflow"),
        refused("ValidationException", "Value 'hunter-2-secret' at 'secretString' failed to satisfy constraint"),
        refused("ClientException", "Value hunter-2-secret at 'containerDefinitions.1.environment.2.value' is bad"),
        exceptions.ParamValidationError(
            report="Invalid type for parameter SecretString, value: hunter-2-secret, type: <class 'str'>, valid types: "
        ),
        KeyError("password=hunter-2-secret"),
        {"failed": True, "msg": "bad: postgresql://admin:hunter-2-secret@db"},
    ],
)
def test_no_secret_is_shown(raised: Any) -> None:
    known = ["hunter-2-secret"] if "missing" in str(raised) else []
    failure = failures.explain(raised, "x", "y", secrets=known)
    assert "hunter-2-secret" not in failure.sentence + str(failure.result)
    assert HIDDEN in failure.sentence


def test_a_page_in_the_place_of_an_answer_is_cut() -> None:
    assert len(failures.explain(refused("ValidationError", "x" * 9000)).sentence) < 1000


@pytest.mark.parametrize(
    ("result", "found"),
    [
        ({"msg": "no quota"}, [("", "no quota")]),
        (
            {
                "msg": "One or more items failed",
                "results": [
                    {"item": "a", "msg": "no quota", "failed": True},
                    {"item": "b", "changed": True},
                    {"item": "d", "msg": "no zone", "exception": "(traceback unavailable)"},
                    {"item": {"name": "c"}, "_ansible_item_label": "c", "msg": "no name", "failed": True},
                ],
            },
            [("a", "no quota"), ("d", "no zone"), ("c", "no name")],
        ),
        ({"msg": "", "module_stderr": "KeyError: 'id'"}, [("", f"It failed: KeyError: 'id'. {failures.CRASH}.")]),
        ({"censored": "the output has been hidden"}, [("", "the output has been hidden")]),
        ({}, [("", "")]),
    ],
)
def test_the_failures_of_a_task(result: dict[str, Any], found: list[tuple[str, str]]) -> None:
    assert list(failures.messages(result)) == found

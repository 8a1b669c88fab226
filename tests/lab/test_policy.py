"""Evaluation of policy documents (lab/corrections/policy.py) against what the IAM user guide documents."""

from __future__ import annotations

import json
from typing import Any

import pytest

from lab.corrections import policy

BUCKET = "arn:aws:s3:::triflow"
ROLE = "arn:aws:iam::123456789012:role/tenant"
ROOT = "arn:aws:iam::123456789012:root"


def request(action: str = "s3:GetObject", key: str = "a", **context: Any) -> policy.Request:
    """A call by the role; context keys are given with `__` for `:` and `/`."""
    values = {name.replace("__", ":", 1).replace("__", "/"): value for name, value in context.items()}
    listed = {name: value if isinstance(value, list) else [value] for name, value in values.items()}
    return policy.Request(action, f"{BUCKET}/{key}", "123456789012", frozenset({ROLE, ROOT}), listed)


def statement(**elements: Any) -> str:
    given = {"Effect": "Allow", "Principal": "*", "Action": "s3:*", "Resource": f"{BUCKET}/*"} | elements
    return json.dumps({"Statement": [{name: value for name, value in given.items() if value is not None}]})


@pytest.mark.parametrize(
    ("condition", "context", "holds"),
    [
        ({"StringEquals": {"s3:prefix": "a"}}, {"s3:prefix": ["a"]}, True),
        ({"StringEquals": {"S3:Prefix": ["b", "a"]}}, {"s3:prefix": ["a"]}, True),
        ({"StringEquals": {"s3:prefix": "A"}}, {"s3:prefix": ["a"]}, False),
        ({"StringEqualsIgnoreCase": {"s3:prefix": "A"}}, {"s3:prefix": ["a"]}, True),
        ({"StringEquals": {"s3:prefix": "a*"}}, {"s3:prefix": ["ab"]}, False),
        ({"StringLike": {"s3:prefix": "a*"}}, {"s3:prefix": ["ab"]}, True),
        ({"StringLike": {"s3:prefix": "a?"}}, {"s3:prefix": ["abc"]}, False),
        ({"StringNotLike": {"s3:prefix": ["a*", "b*"]}}, {"s3:prefix": ["bc"]}, False),
        ({"StringNotLike": {"s3:prefix": ["a*", "b*"]}}, {"s3:prefix": ["c"]}, True),
        # An absent key: no match, and a match for a negated operator.
        ({"StringEquals": {"s3:prefix": "a"}}, {}, False),
        ({"StringNotEquals": {"s3:prefix": "a"}}, {}, True),
        ({"StringNotLike": {"s3:prefix": "a*"}}, {}, True),
        ({"ArnNotLike": {"aws:SourceArn": "arn:aws:s3:::*"}}, {}, True),
        ({"NumericLessThan": {"s3:TlsVersion": 1.2}}, {}, False),
        ({"Bool": {"aws:SecureTransport": "false"}}, {}, False),
        ({"StringEqualsIfExists": {"s3:prefix": "a"}}, {}, True),
        ({"StringEqualsIfExists": {"s3:prefix": "a"}}, {"s3:prefix": ["b"]}, False),
        ({"Null": {"s3:RequestObjectTag/class": "true"}}, {}, True),
        ({"Null": {"s3:RequestObjectTag/class": "true"}}, {"s3:requestobjecttag/class": ["logs"]}, False),
        ({"Null": {"s3:RequestObjectTag/class": False}}, {"s3:requestobjecttag/class": ["logs"]}, True),
        ({"Bool": {"aws:SecureTransport": False}}, {"aws:securetransport": ["true"]}, False),
        ({"Bool": {"aws:SecureTransport": "true"}}, {"aws:securetransport": ["true"]}, True),
        ({"NumericLessThan": {"s3:TlsVersion": "1.2"}}, {"s3:tlsversion": ["1.3"]}, False),
        ({"NumericGreaterThanEquals": {"s3:TlsVersion": "1.3"}}, {"s3:tlsversion": ["1.3"]}, True),
        ({"NumericLessThan": {"s3:max-keys": "10"}}, {"s3:max-keys": ["many"]}, False),
        ({"ArnLike": {"aws:PrincipalArn": "arn:aws:iam::*:role/t*"}}, {"aws:principalarn": [ROLE]}, True),
        ({"ArnEquals": {"aws:PrincipalArn": "arn:aws:iam::*:user/t*"}}, {"aws:principalarn": [ROLE]}, False),
        ({"ArnLike": {"aws:PrincipalArn": "*"}}, {"aws:principalarn": [ROLE]}, False),
        ({"IpAddress": {"aws:SourceIp": "127.0.0.0/8"}}, {"aws:sourceip": ["127.0.0.1"]}, True),
        ({"NotIpAddress": {"aws:SourceIp": "10.0.0.0/8"}}, {"aws:sourceip": ["127.0.0.1"]}, True),
        (
            {"DateLessThan": {"aws:CurrentTime": "2026-01-01T00:00:00Z"}},
            {"aws:currenttime": ["2025-01-01T00:00:00+00:00"]},
            True,
        ),
        # Keys with several values.
        (
            {"ForAllValues:StringEquals": {"s3:RequestObjectTagKeys": ["a", "b"]}},
            {"s3:requestobjecttagkeys": ["a"]},
            True,
        ),
        (
            {"ForAllValues:StringEquals": {"s3:RequestObjectTagKeys": ["a"]}},
            {"s3:requestobjecttagkeys": ["a", "c"]},
            False,
        ),
        ({"ForAllValues:StringEquals": {"s3:RequestObjectTagKeys": ["a"]}}, {}, True),
        (
            {"ForAnyValue:StringEquals": {"s3:RequestObjectTagKeys": ["a"]}},
            {"s3:requestobjecttagkeys": ["a", "c"]},
            True,
        ),
        ({"ForAnyValue:StringEquals": {"s3:RequestObjectTagKeys": ["a"]}}, {}, False),
        (
            {"ForAnyValue:StringNotEquals": {"s3:RequestObjectTagKeys": ["a"]}},
            {"s3:requestobjecttagkeys": ["a"]},
            False,
        ),
        # Operators and keys are all needed, values are alternatives.
        ({"StringEquals": {"s3:prefix": "a", "s3:delimiter": "/"}}, {"s3:prefix": ["a"]}, False),
        ({"StringEquals": {"s3:prefix": "a"}, "Bool": {"aws:SecureTransport": "true"}}, {"s3:prefix": ["a"]}, False),
        # Variables.
        (
            {"StringLike": {"s3:prefix": "tenants/${aws:PrincipalTag/tenant_id}/*"}},
            {"s3:prefix": ["tenants/7/x"], "aws:principaltag/tenant_id": ["7"]},
            True,
        ),
        (
            {"StringLike": {"s3:prefix": "tenants/${aws:PrincipalTag/tenant_id}/*"}},
            {"s3:prefix": ["tenants/8/x"], "aws:principaltag/tenant_id": ["7"]},
            False,
        ),
        (
            {"StringLike": {"s3:prefix": "tenants/${aws:PrincipalTag/tenant_id}/*"}},
            {"s3:prefix": ["tenants//x"]},
            False,
        ),
        ({"StringEquals": {"s3:prefix": "${aws:PrincipalTag/t, 'none'}"}}, {"s3:prefix": ["none"]}, True),
        ({"StringLike": {"s3:prefix": "a${*}"}}, {"s3:prefix": ["ab"]}, False),
        (
            {"StringLike": {"s3:prefix": "${aws:PrincipalTag/t}"}},
            {"s3:prefix": ["x"], "aws:principaltag/t": ["*"]},
            False,
        ),
    ],
)
def test_conditions(condition: dict[str, Any], context: dict[str, list[str]], holds: bool) -> None:
    assert policy.conditions_hold(condition, context) is holds


@pytest.mark.parametrize(
    ("elements", "allowed"),
    [
        ({}, True),
        ({"Action": "S3:getobject"}, True),
        ({"Action": ["s3:Put*", "s3:Get?bject"]}, True),
        ({"Action": "s3:PutObject"}, False),
        ({"Action": None, "NotAction": "s3:PutObject"}, True),
        ({"Action": None, "NotAction": "s3:Get*"}, False),
        ({"Resource": f"{BUCKET}/A"}, False),
        ({"Resource": BUCKET}, False),
        ({"Resource": None, "NotResource": f"{BUCKET}/b*"}, True),
        ({"Resource": None, "NotResource": f"{BUCKET}/a*"}, False),
        ({"Resource": f"{BUCKET}/${{aws:PrincipalTag/x}}*"}, False),
        ({"Principal": {"AWS": ROLE}}, True),
        ({"Principal": {"AWS": ["arn:aws:iam::123456789012:role/other", ROOT]}}, True),
        ({"Principal": {"AWS": "123456789012"}}, True),
        ({"Principal": {"AWS": "arn:aws:iam::123456789012:role/other"}}, False),
        ({"Principal": {"AWS": "arn:aws:iam::999999999999:root"}}, False),
        ({"Principal": {"Service": "logs.amazonaws.com"}}, False),
        ({"Principal": None, "NotPrincipal": {"AWS": ROLE}}, False),
        ({"Principal": None, "NotPrincipal": {"AWS": "999999999999"}}, True),
    ],
)
def test_elements_of_a_statement(elements: dict[str, Any], allowed: bool) -> None:
    assert policy.is_allowed(statement(**elements), request()) is allowed


def test_deny_beats_allow() -> None:
    allow = json.loads(statement())["Statement"]
    deny = json.loads(statement(Effect="Deny", Condition={"Bool": {"aws:SecureTransport": "false"}}))["Statement"]
    document = json.dumps({"Statement": allow + deny})
    assert policy.is_allowed(document, request(aws__securetransport="true"))
    assert not policy.is_allowed(document, request(aws__securetransport="false"))
    assert policy.is_denied(document, request(aws__securetransport="false"))


@pytest.mark.parametrize(
    "document",
    [
        "{",
        "[]",
        statement(Effect="Maybe"),
        statement(Principal=None),
        statement(Resource="arn:aws:s3:::other/*"),
        statement(Action=None),
        statement(Condition={"StringEqual": {"s3:prefix": "a"}}),
        statement(Condition={"ForSomeValues:StringEquals": {"s3:prefix": "a"}}),
    ],
)
def test_put_bucket_policy_refuses(document: str) -> None:
    with pytest.raises(policy.MalformedPolicyError):
        policy.check(document, "triflow")


def test_put_bucket_policy_refuses_a_long_one() -> None:
    """Amazon S3 user guide, "Bucket policies": 20 KB."""
    policy.check(statement(Sid="a" * 20000), "triflow")
    with pytest.raises(policy.MalformedPolicyError):
        policy.check(statement(Sid="a" * 20480), "triflow")


def test_put_bucket_policy_takes_a_sound_policy() -> None:
    policy.check(
        statement(Resource=[BUCKET, f"{BUCKET}/*"], Condition={"StringNotLikeIfExists": {"s3:prefix": "a"}}), "triflow"
    )

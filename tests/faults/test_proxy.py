"""The proxy: what a client sees of each fault, and what the lab has carried out meanwhile."""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any

import pytest
from botocore.config import Config
from botocore.exceptions import ClientError, ConnectionClosedError
from botocore.parsers import ResponseParserError

from tests.faults import answers
from tests.faults.answers import Answer, Call
from tests.faults.bench import Bench
from tests.faults.proxy import Rule, answered, cut_after, cut_before, page, truncated

# A service of each protocol, with a call that reads.
READS: dict[str, tuple[str, str, dict[str, Any]]] = {
    "ec2": ("ec2", "describe_vpcs", {}),
    "query": ("iam", "list_roles", {}),
    "s3": ("s3", "get_bucket_policy", {"Bucket": "none"}),
    "rest-xml": ("route53", "list_hosted_zones", {}),
    "json": ("ecs", "list_clusters", {}),
    "rest-json": ("lambda", "list_functions", {}),
    "cloudwatch": ("cloudwatch", "describe_alarms", {}),
    "tagging": ("resourcegroupstaggingapi", "get_resources", {}),
}
CODES: dict[Callable[[Call], Answer], dict[str, str]] = {
    answers.throttled: {
        "ec2": "RequestLimitExceeded", "query": "Throttling", "s3": "SlowDown", "rest-xml": "PriorRequestNotComplete",
        "json": "ThrottlingException", "rest-json": "TooManyRequestsException", "cloudwatch": "Throttling",
        "tagging": "ThrottledException",
    },
    answers.denied: {
        "ec2": "UnauthorizedOperation", "query": "AccessDenied", "s3": "AccessDenied", "rest-xml": "AccessDenied",
        "json": "AccessDeniedException", "rest-json": "AccessDeniedException",
    },
    answers.expired: {
        "ec2": "RequestExpired", "query": "ExpiredToken", "s3": "ExpiredToken", "rest-xml": "ExpiredToken",
        "json": "ExpiredTokenException", "rest-json": "ExpiredTokenException",
    },
    answers.internal: {"ec2": "InternalError", "query": "InternalFailure", "s3": "InternalError"},
    answers.unavailable: {"ec2": "Unavailable", "query": "ServiceUnavailable", "json": "ServiceUnavailable"},
}  # fmt: skip
CASES = [(how, protocol, code) for how, codes in CODES.items() for protocol, code in codes.items()]


@functools.cache
def client(bench: Bench, service: str) -> Any:
    """One that asks once."""
    return bench.behind.aws(service, config=Config(retries={"total_max_attempts": 1}))


@pytest.mark.parametrize(
    ("how", "protocol", "code"), CASES, ids=[f"{how.__name__}-{name}" for how, name, _code in CASES]
)
def test_a_refusal_is_in_the_words_of_its_service(
    bench: Bench, how: Callable[[Call], Answer], protocol: str, code: str
) -> None:
    service, operation, parameters = READS[protocol]
    with bench.proxy.faults(Rule("*", answered(how))), pytest.raises(ClientError) as refusal:
        getattr(client(bench, service), operation)(**parameters)
    assert refusal.value.response["Error"]["Code"] == code
    assert refusal.value.response["Error"]["Message"]


@pytest.mark.parametrize(("fault", "made"), [(cut_before, 0), (cut_after, 1)])
def test_a_cut_connection(bench: Bench, fault: Any, made: int) -> None:
    bench.lab.reset()
    sqs = client(bench, "sqs")
    with bench.proxy.faults(Rule("sqs:Create*", fault, times=1)):
        with pytest.raises(ConnectionClosedError):
            sqs.create_queue(QueueName="cut")
        assert len(bench.lab.aws("sqs").list_queues().get("QueueUrls", [])) == made
        sqs.create_queue(QueueName="cut")
        assert [call.name for call in bench.proxy.met()] == ["sqs:CreateQueue"]
        assert [entry.call.name for entry in bench.proxy.log] == ["sqs:CreateQueue"] * 2


@pytest.mark.parametrize("fault", [page, truncated])
@pytest.mark.parametrize(("protocol", "key"), [("ec2", "Vpcs"), ("json", "clusterArns")])
def test_garbage_is_no_answer(bench: Bench, fault: Any, protocol: str, key: str) -> None:
    """botocore refuses some of it, and takes the rest for an answer that holds nothing."""
    service, operation, _parameters = READS[protocol]
    with bench.proxy.faults(Rule("*", fault)):
        try:
            answer = getattr(client(bench, service), operation)()
        except ResponseParserError:
            answer = {}
    assert key not in answer
    assert key in getattr(client(bench, service), operation)()


def test_a_rule_takes_the_calls_that_it_names() -> None:
    def taken(rule: Rule, *names: tuple[str, bool]) -> list[bool]:
        calls = [Call(name.partition(":")[0], name.partition(":")[2], "json", write) for name, write in names]
        return [rule.takes(call, 0.1) for call in calls]

    read, write, other = ("ecs:ListClusters", False), ("ecs:CreateCluster", True), ("ecr:CreateRepository", True)
    assert taken(Rule("ecs:*", page), read, write, other) == [True, True, False]
    assert taken(Rule("*", page, writes=True), read, write, other) == [False, True, True]
    assert taken(Rule("*", page, times=1), write, write, other) == [True, False, True]
    assert taken(Rule("*", page, first=2, times=1), write, write, write) == [False, True, False]
    assert taken(Rule("*", page, share=0.05), write) == [False]

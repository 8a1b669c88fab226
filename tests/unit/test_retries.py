"""How calls of AWS are repeated: real clients of boto3 against a server that answers as it is told."""

from __future__ import annotations

import json
import re
import threading
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import SimpleNamespace
from typing import Any, NamedTuple

import boto3
import botocore
import botocore.endpoint
import botocore.loaders
import botocore.session
import pytest
from ansible_collections.amazon.aws.plugins.module_utils.retries import AWSRetry
from ansible_collections.triflow.platform.plugins.module_utils import consistency, progress, retries, retry_tables
from botocore import xform_name
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError, ConnectionClosedError, EndpointConnectionError

Make = Callable[..., Any]

SESSION = botocore.session.get_session()
LOADER = botocore.loaders.create_loader()  # reads each service's model once


class Answer(NamedTuple):
    status: int = 200
    body: str = ""
    headers: dict[str, str] = {}  # noqa: RUF012
    cut: bool = False  # the connection is closed without an answer


CUT = Answer(cut=True)
PAGE = "<!DOCTYPE html><html><body><h1>Bad Gateway</h1></body></html>"


def error(code: str, status: int = 400, headers: dict[str, str] | None = None) -> Answer:
    """An error of a JSON service, named as the protocol has it."""
    return Answer(status, json.dumps({"__type": code, "message": f"words of {code}"}), headers or {})


def query_error(code: str, status: int = 400) -> Answer:
    return Answer(status, f"<ErrorResponse><Error><Code>{code}</Code><Message>words</Message></Error></ErrorResponse>")


def ec2_error(code: str, status: int = 400) -> Answer:
    return Answer(
        status, f"<Response><Errors><Error><Code>{code}</Code><Message>words</Message></Error></Errors></Response>"
    )


class Server:
    """Answers with each of ``answers`` once, and with the last one from then on."""

    def __init__(self) -> None:
        self.answers: list[Answer] = []
        self.bodies: list[bytes] = []
        outer = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                outer.bodies.append(self.rfile.read(int(self.headers.get("Content-Length") or 0)))
                answer = outer.answers.pop(0) if len(outer.answers) > 1 else outer.answers[0]
                if answer.cut:
                    return
                self.send_response(answer.status)
                for name, value in answer.headers.items():
                    self.send_header(name, value)
                self.send_header("Content-Length", str(len(answer.body)))
                self.end_headers()
                self.wfile.write(answer.body.encode())

            do_GET = do_PUT = do_DELETE = do_POST

            def log_message(self, *_unused: Any) -> None:
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        threading.Thread(target=self.server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True).start()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server.server_address[1]}"

    def says(self, *answers: Answer) -> None:
        self.answers = list(answers)
        self.bodies = []


@pytest.fixture(scope="module")
def server() -> Iterator[Server]:
    made = Server()
    yield made
    made.server.shutdown()
    made.server.server_close()


@pytest.fixture(autouse=True)
def slept(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """The pauses between the calls; the clock goes on by them alone. Jitter takes the most that it may."""
    pauses: list[float] = []
    clock = SimpleNamespace(monotonic=lambda: sum(pauses), sleep=pauses.append)
    for module in (retries, botocore.endpoint):
        monkeypatch.setattr(module, "time", clock)
    monkeypatch.setattr(retries, "random", SimpleNamespace(uniform=lambda _least, most: most))
    return pauses


@pytest.fixture(autouse=True)
def said(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    lines: list[str] = []
    monkeypatch.setattr(progress, "show", lines.append)
    return lines


@pytest.fixture
def make(server: Server, monkeypatch: pytest.MonkeyPatch) -> Iterator[Make]:
    """``make("ecs")`` is a client of the server, under the policy."""
    monkeypatch.delenv("AWS_MAX_ATTEMPTS", raising=False)
    monkeypatch.setattr(botocore.session, "create_loader", lambda *_unused: LOADER)
    retries.install(seconds=retries.SECONDS)

    def client(service: str, **options: Any) -> Any:
        session = boto3.Session(aws_access_key_id="nobody", aws_secret_access_key="nobody", region_name="us-east-1")
        return session.client(service, **{"endpoint_url": server.url, **options})

    yield client
    retries.install(seconds=retries.SECONDS)


DONE = Answer(body="{}")
CLUSTERS = Answer(body=json.dumps({"clusters": [{"clusterName": "one"}]}))
VPCS = Answer(body="<DescribeVpcsResponse><vpcSet/></DescribeVpcsResponse>")


@pytest.mark.parametrize("row", retry_tables.PASSING_CODES, ids=lambda row: row.code)
def test_a_read_is_repeated_after_each_code(
    row: retry_tables.PassingCode, make: Make, server: Server, slept: list[float]
) -> None:
    reads: dict[str, tuple[str, str, dict[str, Any]]] = {
        "": ("ecs", "describe_clusters", {}),
        "ce": ("ce", "get_cost_categories", {"TimePeriod": {"Start": "2026-01-01", "End": "2026-02-01"}}),
        "kms": ("kms", "list_keys", {}),
        "ssm": ("ssm", "describe_parameters", {}),
        "sqs": ("sqs", "list_queues", {}),
    }
    if row.service in ("sns", "sts"):
        service, operation = {"sns": ("sns", "list_topics"), "sts": ("sts", "get_caller_identity")}[row.service]
        name = "".join(word.title() for word in operation.split("_"))
        server.says(query_error(row.code), Answer(body=f"<{name}Response><{name}Result/></{name}Response>"))
        getattr(make(service), operation)()
    else:
        service, operation, options = reads[row.service]
        server.says(error(row.code), DONE)
        getattr(make(service), operation)(**options)
    assert len(server.bodies) == 2
    assert slept == [1]
    assert row.source


@pytest.mark.parametrize("status", [row.status for row in retry_tables.PASSING_STATUSES])
def test_a_read_is_repeated_after_each_status(status: int, make: Make, server: Server, slept: list[float]) -> None:
    server.says(error("SomethingElse", status), Answer(status, PAGE), Answer(status), CLUSTERS)
    assert make("ecs").describe_clusters()["clusters"]
    assert slept == [1, 2, 4]


@pytest.mark.parametrize(
    ("code", "status"),
    [
        ("AccessDeniedException", 400),
        ("ExpiredTokenException", 400),
        ("LimitExceededException", 400),
        ("LimitExceededException", 429),  # a quota, whatever the status
        ("ServiceQuotaExceededException", 402),
        ("InsufficientAddressCapacity", 500),
        ("ValidationException", 400),
        ("NotImplemented", 501),
    ],
)
def test_what_lasts_is_not_repeated(code: str, status: int, make: Make, server: Server, slept: list[float]) -> None:
    server.says(error(code, status))
    with pytest.raises(ClientError) as caught:
        make("ecs").describe_clusters()
    assert caught.value.response["Error"]["Code"] == code
    assert (len(server.bodies), slept) == (1, [])


def test_it_doubles_its_pauses_and_has_an_end(make: Make, server: Server, slept: list[float], said: list[str]) -> None:
    server.says(error("ThrottlingException"))
    with pytest.raises(ClientError):
        make("ecs").describe_clusters()
    assert slept == [1, 2, 4, 8, 16, 20, 20, 20, 20, 9]
    assert len(server.bodies) == 11
    assert len(said) == len(slept)
    assert said[1] == "ecs DescribeClusters: ThrottlingException, repeated in 2.0 s (1 s of at most 120 s)"


def test_the_bound_is_given(make: Make, server: Server, slept: list[float]) -> None:
    retries.install(seconds=5)
    server.says(error("ThrottlingException"))
    with pytest.raises(ClientError):
        make("ecs").describe_clusters()
    assert slept == [1, 2, 2]


def test_each_pause_is_any_up_to_its_most(make: Make, server: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    """Full jitter: many clients that were refused at once do not come back at once."""
    asked: list[tuple[float, float]] = []

    def uniform(least: float, most: float) -> float:
        asked.append((least, most))
        return most / 2

    monkeypatch.setattr(retries, "random", SimpleNamespace(uniform=uniform))
    server.says(*[error("ThrottlingException")] * 3, DONE)
    make("ecs").describe_clusters()
    assert asked == [(0, 1), (0, 2), (0, 4)]


@pytest.mark.parametrize(("header", "value"), [("Retry-After", "7"), ("x-amz-retry-after", "7000")])
def test_aws_says_when_to_come_back(header: str, value: str, make: Make, server: Server, slept: list[float]) -> None:
    server.says(error("ThrottlingException", headers={header: value}), DONE)
    make("ecs").describe_clusters()
    assert slept == [7]


def test_a_date_to_come_back_is_no_number(make: Make, server: Server, slept: list[float]) -> None:
    server.says(error("ServiceUnavailable", 503, {"Retry-After": "Wed, 21 Oct 2026 07:28:00 GMT"}), DONE)
    make("ecs").describe_clusters()
    assert slept == [1]


def test_a_refusal_after_a_write_has_its_own_seconds(
    make: Make, server: Server, slept: list[float], said: list[str]
) -> None:
    """consistency.PASSING: by code, operation and words; at regular pauses."""
    server.says(ec2_error("InvalidVpcID.NotFound"))
    with pytest.raises(ClientError):
        make("ec2").create_subnet(VpcId="vpc-1", CidrBlock="10.0.0.0/24")
    assert slept[:5] == [1, 2, 4, 5, 5]
    assert sum(slept) == 60
    assert "ec2 CreateSubnet: InvalidVpcID.NotFound" in said[0]
    with pytest.raises(ClientError):
        make("ec2").describe_subnets(SubnetIds=["subnet-1"])
    assert sum(slept) == 60


@pytest.mark.parametrize(
    "row", [row for row in consistency.PASSING if row.operations], ids=lambda row: f"{row.code} {row.message}"
)
def test_each_refusal_after_a_write_is_waited_for(row: consistency.Passing, slept: list[float]) -> None:
    model = SESSION.get_service_model(row.service)
    names = sorted(name for name in model.operation_names if xform_name(name).startswith(row.operations))
    refused = {"Error": {"Code": row.code, "Message": f"It is so: {row.message} now"}}
    for name in names:
        slept.clear()
        context = {"client_config": Config(retries={"total_max_attempts": retries._Once(1)})}
        answer = (SimpleNamespace(status_code=400, headers={}), refused)
        for _bound in range(100):
            pause = retries._needs_retry(answer, model.operation_model(name), None, {"context": context})
            if pause is None:
                break
            slept.append(pause)
        assert (name, sum(slept)) == (name, row.seconds)


def test_a_read_whose_connection_is_cut_is_repeated(make: Make, server: Server, slept: list[float]) -> None:
    server.says(CUT, CUT, CLUSTERS)
    assert make("ecs").describe_clusters()["clusters"]
    assert slept == [1, 2]


def test_a_connection_that_is_never_made_is_repeated(make: Make, slept: list[float]) -> None:
    with pytest.raises(EndpointConnectionError):
        make("ec2", endpoint_url="http://127.0.0.1:1").create_vpc(CidrBlock="10.0.0.0/16")
    assert sum(slept) == 120


@pytest.mark.parametrize(
    ("words", "pauses"),
    [
        ("[Errno -2] Name or service not known", 0),
        ("[Errno 8] nodename nor servname provided, or not known", 0),
        ("[Errno -3] Temporary failure in name resolution", 120),
    ],
)
def test_a_name_that_nobody_has_lasts(
    words: str, pauses: int, make: Make, slept: list[float], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Such as that of a region which does not exist."""

    def send(_unused: Any, request: Any) -> Any:
        raise EndpointConnectionError(endpoint_url=request.url, error=words)

    monkeypatch.setattr(botocore.endpoint.Endpoint, "_send", send)
    with pytest.raises(EndpointConnectionError):
        make("ecs").describe_clusters()
    assert sum(slept) == pauses


@pytest.mark.parametrize(
    "answer", [CUT, ec2_error("InternalError", 500), Answer(502, PAGE), Answer(504), Answer(200, PAGE)]
)
def test_a_write_whose_answer_is_lost_is_not_repeated(
    answer: Answer, make: Make, server: Server, slept: list[float]
) -> None:
    server.says(answer)
    with pytest.raises(retries.AnswerLost, match="The answer to ec2 CreateVpc is lost") as caught:
        make("ec2").create_vpc(CidrBlock="10.0.0.0/16")
    assert isinstance(caught.value, BotoCoreError)  # so that a stock module takes it for AWS's
    assert retries.LOST_WORDS in str(caught.value)
    assert retries.lost(caught.value)
    assert retries.lost(caught.value, "CreateVpc")
    assert not retries.lost(caught.value, "CreateSubnet")
    assert (len(server.bodies), slept) == (1, [])


def test_what_is_not_lost() -> None:
    assert not retries.lost(ConnectionClosedError(endpoint_url="https://ecs"), "DescribeServices")
    assert not retries.lost(ClientError({"Error": {"Code": "Throttling"}}, "CreateVpc"), "CreateVpc")


@pytest.mark.parametrize("answer", [ec2_error("RequestLimitExceeded", 503), ec2_error("Unavailable", 503)])
def test_a_write_that_was_refused_is_repeated(answer: Answer, make: Make, server: Server) -> None:
    server.says(answer, Answer(body="<CreateVpcResponse><vpc><vpcId>vpc-1</vpcId></vpc></CreateVpcResponse>"))
    assert make("ec2").create_vpc(CidrBlock="10.0.0.0/16")["Vpc"]["VpcId"] == "vpc-1"
    assert len(server.bodies) == 2


def token_of(body: bytes) -> str:
    found = re.search(rb'[tT]oken"?[:=] ?"?([0-9a-f-]+)', body)
    assert found, body
    return found[1].decode()


@pytest.mark.parametrize(
    ("service", "operation", "options", "answer"),
    [
        ("ecs", "create_service", {"serviceName": "a"}, DONE),
        ("ecs", "run_task", {"taskDefinition": "a"}, DONE),  # botocore's own
        ("acm", "request_certificate", {"DomainName": "example.com"}, DONE),
        (
            "ec2",
            "create_vpc_endpoint",
            {"VpcId": "vpc-1", "ServiceName": "s3"},
            Answer(body="<CreateVpcEndpointResponse/>"),
        ),
        (
            "ec2",
            "create_flow_logs",
            {"ResourceIds": ["vpc-1"], "ResourceType": "VPC"},
            Answer(body="<CreateFlowLogsResponse/>"),
        ),
    ],
)
def test_a_write_with_a_token_is_repeated_under_it(
    service: str, operation: str, options: dict[str, Any], answer: Answer, make: Make, server: Server
) -> None:
    server.says(CUT, Answer(500), answer)
    client = make(service)
    getattr(client, operation)(**options)
    getattr(client, operation)(**options)
    *first, second = [token_of(body) for body in server.bodies]
    assert len(first) == 3
    assert len(set(first)) == 1
    assert second != first[0]
    assert len(second) <= 36


def test_a_given_token_is_kept(make: Make, server: Server) -> None:
    server.says(DONE)
    make("ecs").create_service(serviceName="a", clientToken="abc123")
    assert token_of(server.bodies[0]) == "abc123"


@pytest.mark.parametrize("token", retry_tables.TOKENS, ids=lambda token: token.operation)
def test_botocore_does_not_fill_the_tokens_of_the_table(token: retry_tables.Token) -> None:
    model = SESSION.get_service_model(token.service).operation_model(token.operation)
    assert token.member in model.input_shape.members
    assert token.member not in model.idempotent_members
    assert token.source


@pytest.mark.parametrize("row", retry_tables.SAFE_TO_REPEAT, ids=lambda row: f"{row.service}-{row.operations[0]}")
def test_each_row_names_operations_that_there_are(row: retry_tables.Repeatable) -> None:
    known = SESSION.get_service_model(row.service).operation_names
    for start in row.operations:
        assert [name for name in known if name.startswith(start)], start
    assert row.source


def test_a_write_that_says_all_is_repeated(make: Make, server: Server) -> None:
    server.says(CUT, Answer(500), DONE)
    make("ecs").tag_resource(resourceArn="arn", tags=[{"key": "a", "value": "b"}])
    assert len(server.bodies) == 3


@pytest.mark.parametrize(
    ("service", "operation", "body"),
    [
        ("ecs", "describe_clusters", PAGE),
        ("ecs", "describe_clusters", "garbage"),
        ("ecs", "describe_clusters", '{"clusters": [{"clus'),
        ("ec2", "describe_vpcs", PAGE),
        ("ec2", "describe_vpcs", ""),
        ("ec2", "describe_vpcs", "{}"),
        ("ec2", "describe_vpcs", "<VpcList/>"),
        ("ec2", "describe_vpcs", "<DescribeVpcsResponse><vpcSet>"),
        ("elbv2", "describe_load_balancers", "<html/>"),
        ("route53", "list_hosted_zones", PAGE),
        ("lambda", "list_functions", PAGE),
        ("s3", "list_buckets", "<html><body>no</body></html>"),
    ],
)
def test_garbage_is_no_empty_success(
    service: str, operation: str, body: str, make: Make, server: Server, slept: list[float]
) -> None:
    server.says(Answer(body=body))
    with pytest.raises(ClientError, match="what answered is not AWS") as caught:
        getattr(make(service), operation)()
    assert "".join(word.title() for word in operation.split("_")) in str(caught.value)
    assert caught.value.response["ResponseMetadata"]["HTTPStatusCode"] == 502
    assert sum(slept) == 120


def test_garbage_in_between_is_got_over(make: Make, server: Server) -> None:
    server.says(Answer(body=PAGE), VPCS)
    assert make("ec2").describe_vpcs()["Vpcs"] == []
    assert len(server.bodies) == 2


@pytest.mark.parametrize("service", ["ecs", "ec2", "elbv2", "route53", "lambda", "s3"])
def test_a_page_that_refuses_lasts(service: str, make: Make, server: Server, slept: list[float]) -> None:
    operation = {
        "ecs": "describe_clusters",
        "ec2": "describe_vpcs",
        "elbv2": "describe_load_balancers",
        "route53": "list_hosted_zones",
        "lambda": "list_functions",
        "s3": "list_buckets",
    }[service]
    server.says(Answer(403, PAGE))
    with pytest.raises(ClientError, match="what answered is not AWS: it is an HTML page") as caught:
        getattr(make(service), operation)()
    assert caught.value.response["Error"]["Code"] == "403"
    assert slept == []


def test_what_is_no_xml_in_xml_is_an_answer(make: Make, server: Server) -> None:
    """The policy of a bucket is JSON in the answer of an XML service."""
    server.says(Answer(body='{"Version": "2012-10-17"}'))
    assert make("s3").get_bucket_policy(Bucket="bucket")["Policy"] == '{"Version": "2012-10-17"}'


def test_what_nobody_reads_may_be_anything(make: Make, server: Server) -> None:
    server.says(Answer(body="None"))
    make("s3").put_bucket_policy(Bucket="bucket", Policy="{}")
    assert len(server.bodies) == 1


def test_the_region_of_a_bucket_is_found(make: Make, server: Server, slept: list[float]) -> None:
    """botocore's own handler, which asks again in the bucket's region, still does."""
    server.says(Answer(301, headers={"x-amz-bucket-region": "eu-west-1"}), Answer(body="<ListBucketResult/>"))
    make("s3").list_objects_v2(Bucket="bucket")
    assert len(server.bodies) == 2
    assert slept == [0]


@pytest.mark.parametrize("attempts", [1, 2])
def test_a_client_with_attempts_of_its_own_is_left_alone(attempts: int, make: Make, server: Server) -> None:
    server.says(error("ThrottlingException"))
    config = Config(retries={"total_max_attempts": attempts, "mode": "standard"})
    with pytest.raises(ClientError):
        make("ecs", config=config).describe_clusters()
    assert len(server.bodies) == attempts


def test_a_client_with_a_config_of_its_own_is_not(make: Make, server: Server) -> None:
    """amazon.aws gives each client its user agent."""
    server.says(*[error("ThrottlingException")] * 5, DONE)
    make("ecs", config=Config(user_agent="somebody")).describe_clusters()
    assert len(server.bodies) == 6


def test_an_environment_without_retries_is_left_alone(
    make: Make, server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AWS_MAX_ATTEMPTS", "1")
    server.says(error("ThrottlingException"))
    with pytest.raises(ClientError):
        make("ecs").describe_clusters()
    assert len(server.bodies) == 1


def test_the_layer_of_amazon_aws_does_not_multiply(
    make: Make, server: Server, slept: list[float], monkeypatch: pytest.MonkeyPatch
) -> None:
    """A stock module repeats what it alone knows to pass, and nothing that the policy has repeated already."""
    monkeypatch.setattr("ansible_collections.amazon.aws.plugins.module_utils.cloud.time.sleep", slept.append)
    server.says(Answer(500))
    client = make("ecs")
    with pytest.raises(ClientError):
        AWSRetry.jittered_backoff(catch_extra_error_codes=["ThrottlingException"])(client.describe_clusters)()
    assert (len(server.bodies), sum(slept)) == (11, 120)
    server.says(error("ClusterNotFoundException"), CLUSTERS)
    found = AWSRetry.jittered_backoff(catch_extra_error_codes=["ClusterNotFoundException"])(client.describe_clusters)()
    assert found["clusters"]


def test_it_is_installed_once() -> None:
    retries.install()
    retries.install()
    assert botocore._INITIALIZERS.count(retries._initialize) == 1

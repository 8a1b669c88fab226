"""Calls at the same time: each is answered as if it were alone, and one that breaks says so as a service does."""

from __future__ import annotations

import io
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from http.server import BaseHTTPRequestHandler, HTTPServer
from typing import Any

import botocore.parsers
import botocore.session
import pytest
from botocore.config import Config

from lab.internal_failures import InternalFailures
from lab.turns import TURN, InTurn
from tests.conftest import Lab
from tests.lab.conftest import refused

ONCE = Config(retries={"total_max_attempts": 1})


def request(body: bytes = b"", length: int | None = None) -> dict[str, Any]:
    return {"wsgi.input": io.BytesIO(body), "CONTENT_LENGTH": str(len(body) if length is None else length)}


def start(*_unused: Any) -> None:
    """Of an application, which is told how its answer starts."""


def test_one_call_at_a_time() -> None:
    """moto goes through dictionaries that a call in another thread changes; GetResources broke at it."""
    meeting = threading.Barrier(2)

    def application(_environ: Any, _start_response: Any) -> list[bytes]:
        try:
            meeting.wait(0.5)
        except threading.BrokenBarrierError:
            return [b"alone"]
        return [b"together"]

    answer = InTurn(application)
    with ThreadPoolExecutor(4) as pool:
        answers = list(pool.map(lambda _number: list(answer(request(), start)), range(4)))
    assert answers == [[b"alone"]] * 4


def test_who_waits_for_a_process_lets_others_have_the_turn() -> None:
    def application(environ: Any, _start_response: Any) -> list[bytes]:
        body = environ["wsgi.input"].read()
        if body == b"outer":
            with TURN.handed_on(), ThreadPoolExecutor(1) as pool:
                return pool.submit(lambda: list(answer(request(b"inner"), start))).result(30)
        return [body]

    answer = InTurn(application)
    assert list(answer(request(b"outer"), start)) == [b"inner"]
    with TURN:
        assert TURN.is_quiet(0)


def test_who_is_told_by_http_may_call_the_lab(lab: Lab) -> None:
    sns = lab.aws("sns", config=Config(read_timeout=30, retries={"total_max_attempts": 1}))
    seen: list[int] = []

    class Endpoint(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            seen.append(len(sns.list_topics()["Topics"]))
            self.send_response(200)
            self.end_headers()

    with HTTPServer(("127.0.0.1", 0), Endpoint) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        topic = sns.create_topic(Name="told")["TopicArn"]
        sns.subscribe(TopicArn=topic, Protocol="http", Endpoint=f"http://127.0.0.1:{server.server_port}/")
        sns.publish(TopicArn=topic, Message="message")
        server.shutdown()
    assert seen


def test_a_request_that_was_cut_is_not_carried_out() -> None:
    with pytest.raises(ConnectionError):
        InTurn(lambda *_unused: pytest.fail("was called"))(request(b"half", 8), start)


@pytest.mark.parametrize(
    ("service", "call"),
    [
        ("ec2", lambda client: client.describe_trunk_interface_associations()),
        ("rds", lambda client: client.describe_reserved_db_instances()),
        ("ecs", lambda client: client.list_services_by_namespace(namespace="one")),
    ],
)
def test_a_call_that_breaks_the_emulator(lab: Lab, service: str, call: Callable[[Any], Any]) -> None:
    """Common errors of all services, InternalFailure: 500, "because of an unknown error"; the log has the reason."""
    log = lab.directory / "emulator.log"
    before = len(log.read_text())
    with refused("InternalFailure", "emulator.log"):
        call(lab.aws(service, config=ONCE))
    assert "Traceback" in log.read_text()[before:]


@pytest.mark.parametrize("service", ["s3", "route53", "lambda"])
def test_each_protocol_has_its_error(service: str, capsys: pytest.CaptureFixture[str]) -> None:
    def breaks(_environ: Any, _start_response: Any) -> list[bytes]:
        raise RuntimeError("dictionary changed size during iteration")

    sent: list[Any] = []
    environ = {"lab.service": service, "lab.operation": "Call"}
    body = b"".join(InternalFailures(breaks)(environ, lambda *arguments: sent.extend(arguments)))
    model = botocore.session.get_session().get_service_model(service)
    parser = botocore.parsers.create_parser(model.metadata["protocol"])
    shape = model.operation_model(model.operation_names[0]).output_shape
    answer = parser.parse({"body": body, "headers": dict(sent[1]), "status_code": int(sent[0].split()[0])}, shape)
    assert (answer["Error"]["Code"], answer["ResponseMetadata"]["HTTPStatusCode"]) == ("InternalFailure", 500)
    assert f"{service}:Call" in answer["Error"]["Message"]
    assert "RuntimeError: dictionary changed size" in capsys.readouterr().err

"""Runs the collection's modules in this process, against the lab."""

from __future__ import annotations

import importlib
import json
import time
import uuid
from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

import botocore.endpoint
import botocore.loaders
import botocore.session
import pytest
from ansible.module_utils.testing import patch_module_args
from ansible_collections.triflow.platform.plugins.module_utils import consistency, resource, retries, waiting

from tests.conftest import Lab

# Each run makes a session of its own; sharing the loader, they read each service's model once.
LOADER = botocore.loaders.create_loader()

pytest.register_assert_rewrite("tests.modules.grammar")  # its assertions show what differs

RunModule = Callable[..., dict[str, Any]]
Refuse = Callable[..., None]
ShowAnswer = Callable[[str, Callable[[dict[str, Any]], None]], None]


@pytest.fixture
def stack() -> str:
    """A stack of the test's own: the account is not emptied between tests, since that takes longer than a test."""
    return f"test-{uuid.uuid4().hex[:8]}"


@pytest.fixture(scope="session")
def ec2(lab: Lab) -> Any:
    return lab.aws("ec2")


@pytest.fixture(autouse=True)
def slept(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """How long a call was waited for that is repeated, each time: nobody waits, the clock goes on instead."""
    pauses: list[float] = []
    clock = SimpleNamespace(monotonic=lambda: time.monotonic() + sum(pauses), sleep=pauses.append)
    for module in (consistency, retries, resource, waiting, botocore.endpoint):
        monkeypatch.setattr(module, "time", clock)
    return pauses


@pytest.fixture
def run_module(lab: Lab, stack: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> RunModule:
    """``run_module(name, check=False, **options)`` returns what it prints. None: option not given."""
    for name, value in lab.environment.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setattr(botocore.session, "create_loader", lambda *_unused: LOADER)

    def run(name: str, /, check: bool = False, **options: Any) -> dict[str, Any]:
        module = importlib.import_module(f"ansible_collections.triflow.platform.plugins.modules.{name}")
        given = {"stack": stack, "region": lab.environment["AWS_REGION"], **options}
        arguments = {option: value for option, value in given.items() if value is not None}
        capsys.readouterr()
        with (
            patch_module_args({**arguments, "_ansible_check_mode": check, "_ansible_diff": True}),
            pytest.raises(SystemExit),
        ):
            module.main()
        result: dict[str, Any] = json.loads(capsys.readouterr().out)
        return result

    return run


@pytest.fixture
def show_answer(monkeypatch: pytest.MonkeyPatch) -> ShowAnswer:
    """``show_answer("DescribeDBInstances", change)`` has ``change`` change what AWS answers this process, in place.

    For what AWS documents and the lab's account cannot be brought to.
    """
    changes: dict[str, Callable[[dict[str, Any]], None]] = {}
    ask = botocore.endpoint.Endpoint.make_request

    def make_request(self: Any, operation_model: Any, request_dict: Any) -> Any:
        http, answer = ask(self, operation_model, request_dict)
        if operation_model.name in changes and "Error" not in answer:
            changes[operation_model.name](answer)
        return http, answer

    monkeypatch.setattr(botocore.endpoint.Endpoint, "make_request", make_request)
    return changes.__setitem__


@pytest.fixture
def refuse(monkeypatch: pytest.MonkeyPatch) -> Refuse:
    """``refuse("DescribeServices", "ThrottlingException", 400)``: AWS answers so to this process from then on.

    With a class of botocore's exceptions in the code's place it is raised, as when the network fails, with ``done``
    after AWS has carried the call out. None ends it.
    """
    refused: dict[str, tuple[Any, int, bool]] = {}
    send = botocore.endpoint.Endpoint._do_get_response

    def do_get_response(self: Any, request: Any, operation_model: Any, context: Any) -> Any:
        code, status, done = refused.get(operation_model.name, (None, 0, False))
        if code is None:
            return send(self, request, operation_model, context)
        if done:
            send(self, request, operation_model, context)
        if isinstance(code, type):
            return None, code(endpoint_url="https://aws", error="cut")
        answer = {
            "Error": {"Code": code, "Message": f"words of {code}"},
            "ResponseMetadata": {"HTTPStatusCode": status},
        }
        return (SimpleNamespace(status_code=status, headers={}, content=b"", raw=None), answer), None

    def change(operation: str, code: Any, status: int = 400, done: bool = False) -> None:
        refused[operation] = (code, status, done)

    monkeypatch.setattr(botocore.endpoint.Endpoint, "_do_get_response", do_get_response)
    return change

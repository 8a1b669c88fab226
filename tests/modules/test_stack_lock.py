"""stack_lock: who may take the lock of a stack, and that the run's end frees it."""

from __future__ import annotations

import json
import os
import re
from types import SimpleNamespace
from typing import Any

import boto3
import pytest
from ansible.errors import AnsibleActionFail
from ansible.module_utils.common.collections import ImmutableDict
from ansible_collections.triflow.platform.plugins.callback import stack_lock
from ansible_collections.triflow.platform.plugins.module_utils import retries
from ansible_collections.triflow.platform.plugins.plugin_utils import ending, lock
from botocore.awsrequest import AWSResponse
from botocore.endpoint import Endpoint
from botocore.exceptions import ClientError, ConnectionClosedError

from tests.conftest import Lab
from tests.modules.conftest import Refuse, ShowAnswer
from tests.modules.controller import Clock, RunAction, clock, run_action
from tests.modules.lost_answers import lost_answers

__all__ = ["clock", "run_action"]

ENDED = ending.End("ended", "SIGTERM")
OURS, OTHER = "0a0a0a0a", "0b0b0b0b"


class Stack:
    """The lock of a stack, and the action and the callback of a run."""

    def __init__(self, lab: Lab, stack: str, run_action: RunAction) -> None:
        self.lab, self.name, self.run_action = lab, f"/triflow/{stack}/lock", run_action
        self.ssm = lab.aws("ssm")

    def take(self, lines: list[str] | None = None, check: bool = False, **options: Any) -> dict[str, Any]:
        return self.run_action("stack_lock", lines=lines, check=check, **options)

    def refusal(self, **options: Any) -> str:
        with pytest.raises(AnsibleActionFail) as caught:
            self.take(**options)
        return str(caught.value)

    @property
    def entry(self) -> dict[str, str] | None:
        try:
            entry: dict[str, str] = json.loads(self.ssm.get_parameter(Name=self.name)["Parameter"]["Value"])
        except self.ssm.exceptions.ParameterNotFound:
            return None
        return entry

    def held_by(self, run: str) -> None:
        entry = {"run": run, "holder": "ann@host", "playbook": "site.yml", "since": "2026-01-20T03:00:00+00:00"}
        self.ssm.put_parameter(Name=self.name, Value=json.dumps(entry), Type="String")


@pytest.fixture
def locked(lab: Lab, stack: str, run_action: RunAction, monkeypatch: pytest.MonkeyPatch) -> Stack:
    monkeypatch.setattr(lock, "run", OURS)
    monkeypatch.setattr(lock, "held", set())
    monkeypatch.setattr("ansible.context.CLIARGS", ImmutableDict(args=("playbooks/data.yml",)))
    return Stack(lab, stack, run_action)


def test_a_free_lock_is_taken_and_says_by_whom(locked: Stack, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LOGNAME", "ann")
    monkeypatch.setattr("socket.gethostname", lambda: "workstation")
    result = locked.take(awx_job="42")
    entry = locked.entry
    assert entry
    assert entry == result["lock"]
    assert (entry["run"], entry["holder"], entry["playbook"]) == (
        OURS,
        "ann@workstation (AWX job 42)",
        "playbooks/data.yml",
    )
    assert entry["since"].endswith("+00:00")
    assert result["changed"] is False
    (described,) = locked.ssm.describe_parameters(
        ParameterFilters=[{"Key": "Name", "Option": "Equals", "Values": [locked.name]}]
    )["Parameters"]
    assert described["Type"] == "String"
    assert locked.ssm.list_tags_for_resource(ResourceType="Parameter", ResourceId=locked.name)["TagList"] == []


def test_the_same_run_goes_on(locked: Stack) -> None:
    locked.take()
    entry = locked.entry
    assert locked.take()["parameter"] == locked.name
    assert locked.entry == entry


def test_another_host_of_the_same_run_is_refused(locked: Stack, clock: Clock) -> None:
    locked.take(host="one")
    entry = locked.entry
    message = locked.refusal(host="two")
    assert "the host one of this run has it already" in message
    assert "stack_break_lock" not in message
    assert locked.entry == entry
    assert clock.now == 0


@pytest.mark.parametrize("given", [None, "0c0c0c0c"])
def test_another_run_is_refused_and_told_how_to_break_it(locked: Stack, clock: Clock, given: str | None) -> None:
    locked.held_by(OTHER)
    message = locked.refusal(break_run=given)
    assert f"site.yml of ann@host, since 2026-01-20T03:00:00+00:00, run {OTHER}" in message
    assert f"-e stack_break_lock={OTHER}" in message
    assert ("stack_break_lock=0c0c0c0c is another lock's" in message) == (given is not None)
    assert locked.entry
    assert locked.entry["run"] == OTHER
    assert clock.now == 0


def test_the_named_run_s_lock_is_broken(locked: Stack, clock: Clock) -> None:
    locked.held_by(OTHER)
    lines: list[str] = []
    locked.take(lines, break_run=OTHER)
    assert locked.entry
    assert locked.entry["run"] == OURS
    assert clock.now == 1  # between deletion and creation
    assert [
        line
        for line in lines
        if f"broke the lock: site.yml of ann@host, since 2026-01-20T03:00:00+00:00, run {OTHER}" in line
    ]


FOREIGN = {
    "words": ("reserved by ops", "String", "'reserved by ops', which no run has written (String, version 1, "),
    "another JSON": ('{"owner": "ops"}', "String", '\'{"owner": "ops"}\', which no run has written'),
    "no mapping": ("[1, 2]", "String", "'[1, 2]', which no run has written (String"),
    "null": ("null", "String", "'null', which no run has written (String"),
    "an entry without a run": (
        '{"run": "", "holder": "a", "playbook": "b", "since": "c"}',
        "String",
        ", which no run has written (String",
    ),
    "long": ("x" * 200, "String", f"'{'x' * 60}...', which no run has written (String"),
    "list": ("ops,ann", "StringList", "'ops,ann', which no run has written (StringList"),
    "encrypted": (
        "reserved by ops",
        "SecureString",
        "an encrypted value, which no run has written (SecureString, version 1, ",
    ),
    "a secret": ("password=hunter-2-secret", "String", "'(hidden)', which no run has written (String"),
}


@pytest.mark.usefixtures("clock")
@pytest.mark.parametrize(("value", "kind", "says"), FOREIGN.values(), ids=FOREIGN)
def test_what_no_run_has_written_is_named_and_broken_by_its_digest(
    locked: Stack, show_answer: ShowAnswer, value: str, kind: str, says: str
) -> None:
    """Systems Manager API reference, ParameterMetadata."""
    ann = "arn:aws:iam::123456789012:user/ann"
    show_answer("DescribeParameters", lambda answer: answer["Parameters"][0].update(LastModifiedUser=ann))
    locked.ssm.put_parameter(Name=locked.name, Value=value, Type=kind)
    (warning,) = locked.take(check=True)["warnings"]
    message = locked.refusal()
    for sentence in (warning, message):
        assert says in sentence
        assert ", last modified 20" in sentence
        assert f" by {ann})" in sentence
        assert "hunter-2-secret" not in sentence
    (key,) = re.findall(r"-e stack_break_lock=(other-[0-9a-f]{8})$", message)
    assert "Nothing was broken" in locked.refusal(break_run="other-00000000")
    # Written anew it is another one, whatever it says.
    locked.ssm.put_parameter(Name=locked.name, Value=value, Type=kind, Overwrite=True)
    assert f"stack_break_lock={key} is another lock's" in locked.refusal(break_run=key)
    (key,) = re.findall(r"-e stack_break_lock=(other-[0-9a-f]{8})$", locked.refusal())
    lines: list[str] = []
    locked.take(lines, break_run=key)
    assert locked.entry
    assert locked.entry["run"] == OURS
    assert any("which no run has written (" in line for line in lines)


def test_who_may_not_ask_for_the_author_is_told_the_rest(locked: Stack, monkeypatch: pytest.MonkeyPatch) -> None:
    locked.ssm.put_parameter(Name=locked.name, Value="reserved by ops", Type="String")
    monkeypatch.setattr(lock, "author", lambda *_given: "")
    message = locked.refusal()
    assert "last modified 20" in message
    assert " by arn" not in message


@pytest.mark.usefixtures("clock")
@pytest.mark.parametrize("carried_out", [True, False])
def test_an_answer_that_does_not_say_that_it_is_taken_is_looked_after(
    locked: Stack, show_answer: ShowAnswer, carried_out: bool
) -> None:
    """Systems Manager API reference, PutParameter: its answer has the version."""

    def empty(answer: dict[str, Any]) -> None:
        answer.clear()
        if not carried_out:
            locked.ssm.delete_parameter(Name=locked.name)

    show_answer("PutParameter", empty)
    if carried_out:
        locked.take()
        assert locked.entry
        assert locked.entry["run"] == OURS
    else:
        assert "does not create it anew" in locked.refusal()


def test_a_page_in_the_place_of_an_answer_takes_no_lock(locked: Stack, monkeypatch: pytest.MonkeyPatch) -> None:
    send = Endpoint._send

    def answer(self: Any, request: Any) -> Any:
        if request.headers["X-Amz-Target"] != b"AmazonSSM.PutParameter":
            return send(self, request)
        page = AWSResponse(request.url, 200, {"Content-Type": "text/html"}, None)
        page._content = b"<html><body>Sign in</body></html>"
        return page

    monkeypatch.setattr(Endpoint, "_send", answer)
    monkeypatch.setattr(retries._Policy, "seconds", 0)
    message = locked.refusal()
    assert "Cannot take the lock: ssm PutParameter failed on stack " in message
    assert "what answered is not AWS: it is an HTML page (502). It passes by itself mostly" in message
    assert locked.entry is None


def test_an_answer_without_the_lock_is_no_free_lock(locked: Stack, show_answer: ShowAnswer) -> None:
    locked.held_by(OTHER)
    show_answer("GetParameter", dict.clear)
    message = locked.refusal()
    assert f"the answer to ssm GetParameter does not hold {locked.name}" in message


@pytest.mark.parametrize("status", [500, 403])
def test_a_failed_call_that_took_it_all_the_same_has_taken_it(locked: Stack, status: int) -> None:
    """Its answer was lost as long as it was repeated."""

    def put(**given: Any) -> None:
        locked.ssm.put_parameter(**given)
        error = {"Error": {"Code": "x", "Message": "no"}, "ResponseMetadata": {"HTTPStatusCode": status}}
        raise ClientError(error, "PutParameter")

    client = SimpleNamespace(
        put_parameter=put, get_parameter=locked.ssm.get_parameter, exceptions=locked.ssm.exceptions
    )
    entry = {"run": OURS, "holder": "a", "playbook": "b", "since": "c"}
    if status == 500:
        assert lock.take(client, locked.name, entry)
    else:
        with pytest.raises(ClientError):
            lock.take(client, locked.name, entry)


@pytest.mark.parametrize("done", [True, False])
def test_a_lock_whose_deletion_has_no_answer_is_looked_at_before_it_is_deleted_again(
    locked: Stack, clock: Clock, refuse: Refuse, monkeypatch: pytest.MonkeyPatch, done: bool
) -> None:
    """Another run may have taken it since."""
    locked.held_by(OTHER)
    refuse("DeleteParameter", ConnectionClosedError, done=done)
    read, reads = lock.read, []

    def looked(*given: Any) -> Any:
        reads.append(clock.now)
        if len(reads) == 2:
            refuse("DeleteParameter", None)
        return read(*given)

    monkeypatch.setattr(lock, "read", looked)
    locked.take(break_run=OTHER)
    assert len(reads) == 2
    assert locked.entry
    assert locked.entry["run"] == OURS


def test_a_lock_that_another_run_has_taken_since_is_left_to_it(locked: Stack, refuse: Refuse) -> None:
    locked.held_by(OTHER)
    refuse("DeleteParameter", ConnectionClosedError, done=True)
    client = boto3.session.Session().client("ssm", region_name=locked.lab.environment["AWS_REGION"])
    client.meta.events.register_first("needs-retry.ssm.DeleteParameter", lambda **_event: locked.held_by("0c0c0c0c"))
    lock.delete(client, locked.name, OTHER)
    assert locked.entry
    assert locked.entry["run"] == "0c0c0c0c"


def test_a_lock_that_cannot_be_deleted_is_told(locked: Stack, refuse: Refuse) -> None:
    locked.held_by(OTHER)
    refuse("DeleteParameter", ConnectionClosedError)
    assert "ssm DeleteParameter" in locked.refusal(break_run=OTHER)
    assert locked.entry
    assert locked.entry["run"] == OTHER


def test_of_two_that_break_one_lock_the_later_is_refused(locked: Stack, clock: Clock) -> None:
    locked.held_by(OTHER)
    clock.at(1, lambda: locked.held_by("0c0c0c0c"))
    assert "run 0c0c0c0c" in locked.refusal(break_run=OTHER)
    assert locked.entry
    assert locked.entry["run"] == "0c0c0c0c"


def test_a_name_that_aws_does_not_give_yet_is_asked_for_again(
    locked: Stack, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    """DeleteParameter: the name can be created again after 30 seconds."""
    create = lock.take
    monkeypatch.setattr(lock, "take", lambda *given: clock.now >= 20 and create(*given))
    locked.take()
    assert locked.entry
    assert locked.entry["run"] == OURS
    monkeypatch.setattr(lock, "take", lambda *_given: False)
    locked.ssm.delete_parameter(Name=locked.name)
    assert "does not create it anew within 30 seconds" in locked.refusal()


def test_check_mode_takes_none_and_warns_of_one(locked: Stack) -> None:
    assert locked.take(check=True) == {"changed": False, "lock": None, "warnings": []}
    assert locked.entry is None
    locked.held_by(OTHER)
    (warning,) = locked.take(check=True)["warnings"]
    assert f"site.yml of ann@host, since 2026-01-20T03:00:00+00:00, run {OTHER}" in warning


def test_without_the_callback_nothing_is_locked(locked: Stack, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lock, "run", None)
    assert "callbacks_enabled = triflow.platform.stack_lock" in locked.refusal()
    assert locked.entry is None


@pytest.fixture
def callback(monkeypatch: pytest.MonkeyPatch, warnings: list[str]) -> stack_lock.CallbackModule:
    """The callback, of a process that has two playbooks to run."""
    monkeypatch.setattr("ansible.context.CLIARGS", ImmutableDict(args=("one.yml", "two.yml")))
    monkeypatch.setattr(ending, "main", ending.Main(process=os.getpid()))
    monkeypatch.setattr(ending, "parts", [])
    made = stack_lock.CallbackModule()
    made._display = SimpleNamespace(warning=warnings.append)
    return made


@pytest.fixture
def warnings() -> list[str]:
    return []


def hand(callback: stack_lock.CallbackModule, result: dict[str, Any]) -> None:
    task = SimpleNamespace(action="triflow.platform.stack_lock")
    callback.v2_runner_on_ok(SimpleNamespace(task=task, result=result))


def test_the_last_playbook_s_end_frees_it(
    locked: Stack, callback: stack_lock.CallbackModule, warnings: list[str]
) -> None:
    hand(callback, locked.take())
    stats = SimpleNamespace(failures={}, dark={})
    callback.v2_playbook_on_stats(stats)
    assert locked.entry
    callback.v2_playbook_on_stats(stats)
    assert locked.entry is None
    assert warnings == []


def test_a_lock_is_taken_broken_and_freed_while_answers_are_lost(
    locked: Stack, callback: stack_lock.CallbackModule, warnings: list[str]
) -> None:
    locked.held_by(OTHER)
    with lost_answers() as cut:
        hand(callback, locked.take(break_run=OTHER))
    assert {"DeleteParameter after", "PutParameter after"} <= set(cut)
    assert locked.entry
    assert locked.entry["run"] == lock.run
    with lost_answers() as cut:
        callback.free(ENDED)
    assert cut == ["DeleteParameter before", "DeleteParameter after"]
    assert locked.entry is None
    assert warnings == []


def test_what_another_run_holds_is_not_freed(
    locked: Stack, callback: stack_lock.CallbackModule, warnings: list[str]
) -> None:
    hand(callback, locked.take())
    locked.ssm.delete_parameter(Name=locked.name)
    locked.held_by(OTHER)
    callback.free(ENDED)
    assert locked.entry
    assert locked.entry["run"] == OTHER
    (warning,) = warnings
    assert f"broke the lock {locked.name} of this run" in warning
    assert f"run {OTHER}" in warning


def test_what_somebody_has_written_over_it_is_named_and_left(
    locked: Stack, callback: stack_lock.CallbackModule, warnings: list[str]
) -> None:
    hand(callback, locked.take())
    locked.ssm.put_parameter(Name=locked.name, Value="reserved by ops", Type="String", Overwrite=True)
    callback.free(ENDED)
    (warning,) = warnings
    assert "broke the lock" in warning
    assert "'reserved by ops', which no run has written (String, version 2, " in warning
    assert locked.ssm.get_parameter(Name=locked.name)["Parameter"]["Value"] == "reserved by ops"


def test_a_lock_that_cannot_be_freed_is_named(
    locked: Stack, callback: stack_lock.CallbackModule, warnings: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    hand(callback, locked.take())
    monkeypatch.setenv("AWS_ENDPOINT_URL", "http://127.0.0.1:1")
    monkeypatch.setenv("AWS_MAX_ATTEMPTS", "1")
    callback.free(ENDED)
    (warning,) = warnings
    assert warning.startswith(f"The lock is not freed: ssm GetParameter failed on {locked.name}: Could not connect")
    assert warning.endswith(f"-e stack_break_lock={lock.run}")


def test_what_was_asked_for_is_freed_though_nobody_has_heard_the_answer(
    locked: Stack, callback: stack_lock.CallbackModule, warnings: list[str]
) -> None:
    locked.take()
    assert callback.free(ENDED) == "Its lock is freed."
    assert locked.entry is None
    locked.held_by(OTHER)
    locked.refusal()
    callback.free(ENDED)
    assert locked.entry
    assert warnings == []


def test_after_a_refusal_aws_is_not_asked_again(
    locked: Stack, callback: stack_lock.CallbackModule, monkeypatch: pytest.MonkeyPatch
) -> None:
    locked.held_by(OTHER)
    with pytest.raises(AnsibleActionFail) as caught:
        locked.take()
    task = SimpleNamespace(action="triflow.platform.stack_lock")
    callback.v2_runner_on_failed(SimpleNamespace(task=task, result=caught.value._result))
    monkeypatch.setattr(lock, "read", lambda *_unused: pytest.fail("it is asked"))
    assert callback.free(ENDED) is None


def test_a_forked_process_frees_nothing(locked: Stack, callback: stack_lock.CallbackModule) -> None:
    hand(callback, locked.take())
    assert ending.main.process
    ending.main.process += 1
    assert ending.finish(ENDED) == []
    assert locked.entry

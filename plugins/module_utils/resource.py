"""The base of this collection's AWS modules.

A module declares its resources; the base compares, honours check mode, makes the diff, applies and reports, the same
way for all. What a module returns through it:

- ``changed``
- ``changes``: one ``{"component", "action", "fields"}`` a resource; action is create, update, delete or none
- ``resources``: ``{component: live state with its "id"}`` for what is (or would be) there
- ``diff``: one before/after pair a change
"""

from __future__ import annotations

import contextlib
import time
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable
from typing import Any, ClassVar, NoReturn

from ansible_collections.amazon.aws.plugins.module_utils.modules import AnsibleAWSModule
from ansible_collections.triflow.platform.plugins.module_utils import (
    account,
    adoption,
    attempts,
    compare,
    failures,
    placeholders,
    progress,
    retries,
    twice,
)
from ansible_collections.triflow.platform.plugins.module_utils.attempts import Change
from ansible_collections.triflow.platform.plugins.module_utils.guard import OPTION, Guard
from ansible_collections.triflow.platform.plugins.module_utils.tags import STACK, tags_of
from ansible_collections.triflow.platform.plugins.module_utils.waiters import GOALS, unready
from ansible_collections.triflow.platform.plugins.module_utils.waiting import Unreached, until_reached

with contextlib.suppress(ImportError):  # AnsibleAWSModule says what to install
    from botocore.exceptions import BotoCoreError, ClientError
    from botocore.parsers import ResponseParserError

SAID_EVERY = 10  # seconds between two lines about what a module waits for
LOOK = "Look at its state in AWS, then run again, which goes on waiting"


class StackModule(AnsibleAWSModule):
    """An AWS module that knows its stack. ``stack``, ``tags``, ``adopt`` and ``guard`` come from module_defaults."""

    def __init__(self, argument_spec: dict[str, Any], state: bool = True, **kwargs: Any) -> None:
        common: dict[str, Any] = {
            "stack": {"type": "str"},
            "tags": {"type": "dict", "default": {}},
            "adopt": {"type": "list", "elements": "str", "default": []},
            "retry_seconds": retries.OPTION,
            "guard": OPTION,
        }
        if state:
            common["state"] = {"type": "str", "choices": ["present", "absent"], "default": "present"}
        self.attempts = attempts.current()
        if self.attempts.number == 1:
            account.begin()
        super().__init__(argument_spec={**common, **argument_spec}, supports_check_mode=True, **kwargs)
        if not self.params["stack"]:
            self.fail_json(
                msg="stack is not set: give it, or set it for all modules with "
                "module_defaults: {group/triflow.platform.aws: '{{ stack_defaults }}'}"
            )
        account.install()
        retries.install(self.params["retry_seconds"])
        demand = None if self.check_mode else self.params["guard"]
        self.guard = Guard(demand, self.params["stack"], super().client, self.fail)

    @property
    def only_reports(self) -> bool:
        """Whether this is a report that ends with nothing: what cannot be decided is in it."""
        return bool(self.check_mode and (self.params["guard"] or {}).get("read_only"))

    def client(self, service: str, retry_decorator: Any = None, **parameters: Any) -> Any:
        """A boto3 client; before its first call that writes, the guard asks."""
        made = super().client(service, retry_decorator=retry_decorator, **parameters)
        self.guard.watch(made.client if retry_decorator else made)
        return made

    def fail_json(self, *args: Any, **details: Any) -> NoReturn:
        """End the module with what it has done so far, unless what failed may be of a call whose answer was lost."""
        self.attempts.excuse()
        end: Callable[..., NoReturn] = super().fail_json
        end(*args, **{**account.result(), **details})

    def fail(self, msg: str, **details: Any) -> NoReturn:
        """End the module with a sentence that names what was refused, why and what is accepted."""
        fail: Callable[..., NoReturn] = self.fail_json
        fail(msg=msg, **details)

    def fail_because(
        self, raised: BaseException, call: str, on: str, remedy: str = "", secrets: Iterable[str] = ()
    ) -> NoReturn:
        """End the module with what was raised, as failures.py explains it."""
        self.fail_for(failures.explain(raised, call, on, self.params["stack"], remedy, secrets))

    def fail_for(self, failure: failures.Failure) -> NoReturn:
        self.fail(failure.sentence, failure=failure.result)

    def tags_of(self, component: str) -> dict[str, str]:
        return tags_of(self.params["stack"], component, self.params["tags"])

    def refuse_foreign(self, found: Iterable[tuple[str, dict[str, Any]]]) -> None:
        """End the module when one of these live states, which are not the stack's, is not to be adopted."""
        foreign = [
            adoption.Foreign(
                component,
                adoption.shown(live.get("name"), live.get("arn", live["id"])),
                live["tags"].get(STACK),
            )
            for component, live in found
        ]
        sentence = adoption.refusal(foreign, self.params["stack"], self.params["adopt"])
        if sentence:
            self.fail(sentence)

    def api(self, service: str) -> Api:
        return Api(self, service)


class Api:
    """A boto3 client whose failures end the module, naming the call, the resource and what to do.

    Its client repeats what passes by itself (retries.py).
    """

    def __init__(self, module: StackModule, service: str) -> None:
        self.module = module
        self.service = service
        clients = module.attempts.clients
        if service not in clients:
            clients[service] = module.client(service)
        self.client = clients[service]

    def call(
        self,
        operation: str,
        /,
        on: str,
        absent: tuple[str, ...] = (),
        advice: str | None = None,
        **parameters: Any,
    ) -> dict[str, Any]:
        """The operation's answer; an empty one when AWS answers with one of the error codes in ``absent``.

        ``advice`` is what to do when AWS refuses for a reason that is this call's own. AnswerLost has the module look
        again (attempts.py): nobody knows whether the call was carried out.
        """
        try:
            answer: dict[str, Any] = getattr(self.client, operation)(**parameters)
        except retries.AnswerLost as error:
            if self.module.attempts.lost((self.service, operation, repr(parameters))):
                progress.say(f"the answer to {self.service} {operation} on {on} was lost: looking what stands")
                raise
            self._fail(error, operation, on)
        except (BotoCoreError, ClientError, ResponseParserError) as error:
            if isinstance(error, ClientError) and error.response["Error"]["Code"] in absent:
                return {}
            self._fail(error, operation, on, advice)
        self.module.attempts.answered()
        return answer

    def _fail(self, error: Exception, operation: str, on: str, advice: str | None = None) -> NoReturn:
        self.module.fail_because(error, f"{self.service} {operation}", on, advice or "")

    def pages(
        self, operation: str, key: str, /, on: str, absent: tuple[str, ...] = (), **parameters: Any
    ) -> list[dict[str, Any]]:
        """All items of a paginated operation; none when AWS answers with one of the error codes in ``absent``."""
        try:
            pages = self.client.get_paginator(operation).paginate(**parameters)
            return [item for page in pages for item in page[key]]
        except (BotoCoreError, ClientError, ResponseParserError) as error:
            if isinstance(error, ClientError) and error.response["Error"]["Code"] in absent:
                return []
            self._fail(error, operation, on)

    def wait(self, name: str, /, on: str, timeout: int, **parameters: Any) -> float:
        """Waits with one of WAITERS or of botocore, at most ``timeout`` seconds. Returns the seconds that it took."""
        what = f"{on} of stack {self.module.params['stack']}"
        told: float = -SAID_EVERY

        def state(answer: dict[str, Any] | None) -> str:
            return unready(name, answer) if answer and name in GOALS else ""

        def report(answer: dict[str, Any], seconds: float) -> None:
            nonlocal told
            if state(answer) and seconds - told >= SAID_EVERY:
                told = seconds
                progress.say(f"{on} is {state(answer)} ({seconds:.0f} s of at most {timeout} s)")

        deadline = time.monotonic() + timeout
        try:
            return round(until_reached(self.client, name, parameters, deadline, report=report), 1)
        except Unreached as end:
            if end.never:
                self.module.fail(f"{what} is {state(end.seen)}")
            reason = f"after {timeout} s it is {state(end.seen) or 'not seen to be ready'}"
            if end.refused:
                reason += f"; the last question failed: {failures.explain(end.refused).reason}"
            self.module.fail_for(failures.Failure(f"The wait for {name}", what, reason, "", LOOK))
        except (BotoCoreError, ClientError, ResponseParserError) as error:
            self._fail(error, name, on)


class Resource(ABC):
    """One AWS resource. Subclasses speak the module's option names in ``find`` and ``wanted``."""

    id_prefix: str = ""  # of the placeholder id
    fixed: ClassVar[tuple[str, ...]] = ()  # fields that AWS sets once: a difference there is refused
    # Whether what has no stack's tag is still the stack's, since it is inside of something that is.
    untagged_is_own: ClassVar[bool] = False

    def __init__(self, component: str) -> None:
        self.component = component
        # Live states of what carries the component's tags, too, and is to go: `find` says so (twice.py).
        self.leftovers: list[dict[str, Any]] = []

    @abstractmethod
    def find(self) -> dict[str, Any] | None:
        """The live state with its ``id``, or None."""

    def is_foreign(self, live: dict[str, Any], stack: str) -> bool:
        """Whether another stack or a person made it. What has no tags cannot say so."""
        if "tags" not in live:
            return False
        owner = live["tags"].get(STACK)
        return owner != stack and not (owner is None and self.untagged_is_own)

    @abstractmethod
    def wanted(self, live: dict[str, Any] | None) -> dict[str, Any]:
        """The state asked for. None as a value means: not given, left as it is."""

    @abstractmethod
    def create(self, wanted: dict[str, Any]) -> str:
        """Creates it, tagged in the same call, and returns its id."""

    def shown(
        self, live: dict[str, Any] | None, wanted: dict[str, Any] | None
    ) -> tuple[dict[str, Any] | None, dict[str, Any] | None]:
        """Both states as diff and result show them. One with values that may be secrets hides these."""
        return live, wanted

    def update(self, live: dict[str, Any], wanted: dict[str, Any], fields: list[str]) -> None:
        """Changes the named fields. A resource that has nothing to change needs none."""
        raise NotImplementedError

    def id_after_update(self, live: dict[str, Any], fields: list[str]) -> str:
        """The id when these fields are changed, or would be. It is another one where a change makes something new."""
        return str(live["id"])

    def delete(self, live: dict[str, Any]) -> None:
        """Deletes it. A resource that nobody deletes by itself needs none."""
        raise NotImplementedError


class Run:
    """Brings resources to their wanted state one after the other, and collects what the module returns."""

    def __init__(self, module: StackModule) -> None:
        self.module = module
        self.attempts = module.attempts
        self.resources: dict[str, dict[str, Any]] = {}

    @property
    def changes(self) -> list[dict[str, Any]]:
        return [change.entry for change in self.attempts.changes]

    @property
    def diffs(self) -> list[dict[str, Any]]:
        return [change.diff for change in self.attempts.changes if change.diff]

    @staticmethod
    def _change(resource: Resource, action: str, live: Any, wanted: Any, fields: list[str]) -> Change:
        identifier = str(live["id"]) if live else None
        shown = compare.diff(resource.component, *resource.shown(live, wanted)) if action != "none" else None
        return Change(resource.component, action, fields, identifier, shown)

    def present(self, resource: Resource) -> None:
        live = resource.find()
        self._refuse_foreign([(resource, live)])
        self._bring(resource, live)
        self._delete_leftovers(resource)

    def _bring(self, resource: Resource, live: dict[str, Any] | None) -> None:
        wanted = resource.wanted(live)
        apply = not self.module.check_mode
        if live is None:
            identifier = placeholders.make(resource.id_prefix, resource.component)
            with self.attempts.writing(self._change(resource, "create", None, wanted, [])):
                if apply:
                    identifier = resource.create(wanted)
            _nothing, shown = resource.shown(None, wanted)
            self.resources[resource.component] = {**(shown or {}), "id": identifier}
            return
        fields = compare.differences(live, wanted)
        if fields:
            with self.attempts.writing(self._change(resource, "update", live, wanted, fields)):
                if apply:
                    resource.update(live, wanted, fields)
        else:
            self.attempts.record(self._change(resource, "none", live, wanted, []))
        identifier = resource.id_after_update(live, fields) if fields else live["id"]
        before, after = resource.shown(live, wanted)
        given = {key: value for key, value in (after or {}).items() if value is not None}
        self.resources[resource.component] = {**(before or {}), **given, "id": identifier}

    def absent(self, resource: Resource) -> None:
        """Deletes it, unless it is not the stack's."""
        live = resource.find()
        if live is None or resource.is_foreign(live, self.module.params["stack"]):
            self.attempts.record(self._change(resource, "none", None, None, []))
            return
        with self.attempts.writing(self._change(resource, "delete", live, None, [])):
            if not self.module.check_mode:
                resource.delete(live)
        self._delete_leftovers(resource)

    def _delete_leftovers(self, resource: Resource) -> None:
        """What carries the tags of the component beside it: each is a deletion of its own, in a plan as in a run."""
        for live in resource.leftovers:
            name = twice.shown(resource.component, live["id"])
            diff = compare.diff(name, *resource.shown(live, None))
            with self.attempts.writing(Change(name, "delete", [], str(live["id"]), diff)):
                if not self.module.check_mode:
                    resource.delete(live)

    def converge(self, resources: Iterable[Resource]) -> None:
        """All of them present or absent, as the module's ``state`` says. What is refused is refused before a change."""
        converged = list(resources)
        if self.module.params["state"] == "absent":
            for resource in converged:
                self.absent(resource)
            return
        found = [(resource, resource.find()) for resource in converged]
        self._refuse_foreign(found)
        for resource, live in found:
            self._refuse_replacement(resource, live)
        for resource, live in found:
            self._bring(resource, live)
        for resource in reversed(converged):  # what uses another one comes after it
            self._delete_leftovers(resource)

    def _refuse_foreign(self, found: list[tuple[Resource, dict[str, Any] | None]]) -> None:
        stack = self.module.params["stack"]
        self.module.refuse_foreign(
            (resource.component, live) for resource, live in found if live and resource.is_foreign(live, stack)
        )

    def _refuse_replacement(self, resource: Resource, live: dict[str, Any] | None) -> None:
        if live is None or not resource.fixed:
            return
        wanted = resource.wanted(live)
        for field in set(resource.fixed) & set(compare.differences(live, wanted)):
            self.module.fail_json(
                msg=f"{field} of {resource.component} ({live['id']}) is {live[field]} and cannot become "
                f"{wanted[field]}: delete it first (state: absent), then run again"
            )

    def exit(self, **returned: Any) -> NoReturn:
        leave: Callable[..., NoReturn] = self.module.exit_json
        leave(
            changed=any(change["action"] != "none" for change in self.changes),
            changes=self.changes,
            resources=self.resources,
            diff=self.diffs,
            **returned,
        )

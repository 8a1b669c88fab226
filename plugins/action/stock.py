# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
from __future__ import annotations

from typing import Any, NoReturn

from ansible.errors import AnsibleActionFail
from ansible.plugins.action import ActionBase
from ansible_collections.triflow.platform.plugins.module_utils import (
    adoption,
    attempts,
    compare,
    consistency,
    failures,
    placeholders,
    progress,
    retries,
    twice,
)
from ansible_collections.triflow.platform.plugins.module_utils.guard import OPTION, Guard
from ansible_collections.triflow.platform.plugins.module_utils.stock import (
    MODULES,
    Creation,
    Stock,
    find,
    found_by,
    is_foreign,
)
from ansible_collections.triflow.platform.plugins.module_utils.tags import tags_of
from ansible_collections.triflow.platform.plugins.plugin_utils.counted import counted
from ansible_collections.triflow.platform.plugins.plugin_utils.explained import explained


def _created(client: Any, creation: Creation) -> Any:
    """Create it, and return what identifies it. What has lost its answer is looked for before it is made once more."""
    from botocore.exceptions import ClientError

    lost: retries.AnswerLost | None = None
    for _unused in range(attempts.MOST_LOST):
        try:
            return creation.identifier(getattr(client, creation.operation)(**creation.parameters))
        except retries.AnswerLost as error:
            ended: Exception = error
            lost = error
        except ClientError as error:  # such as that it is there already
            if not lost:
                raise
            ended = error
        patience = consistency.Patience(f"the answer to {creation.service} {creation.operation} was lost")
        while True:
            found = creation.there(client)
            if found is not None:
                return found
            if not patience.goes_on(attempts.LOOK_SECONDS):
                break
    raise ended


class ActionModule(ActionBase):
    """Plans with what stack_info read, and runs the stock module only when there is something to do."""

    _supports_check_mode = True

    @counted
    def run(self, tmp: str | None = None, task_vars: dict[str, Any] | None = None) -> dict[str, Any]:
        super().run(tmp, task_vars)
        _unused, args = self.validate_argument_spec(
            argument_spec={
                "module": {"type": "str", "required": True, "choices": sorted(MODULES)},
                "component": {"type": "str", "required": True},
                "live": {"type": "list", "elements": "dict", "required": True},
                "options": {"type": "dict", "default": {}},
                "state": {"type": "str", "choices": ["present", "absent"], "default": "present"},
                "stack": {"type": "str", "required": True},
                "tags": {"type": "dict", "default": {}},
                "adopt": {"type": "list", "elements": "str", "default": []},
                "retry_seconds": retries.OPTION,
                "guard": OPTION,
                "region": {"type": "str", "required": True},
            }
        )
        retries.install(args["retry_seconds"])  # the stock module runs in a fork of this process
        progress.show = lambda sentence: self._display.display(f"  {args['stack']}: {sentence}")
        stock = MODULES[args["module"]]
        try:
            live, leftovers = find(
                stock,
                args["live"],
                args["stack"],
                args["component"],
                args["options"],
                args["state"],
                refuse=not (self._task.check_mode and (args["guard"] or {}).get("read_only")),
            )
        except twice.TwiceError as error:
            raise AnsibleActionFail(str(error)) from error
        foreign = live if live and is_foreign(stock, live, args["stack"]) else None
        if args["state"] == "absent":
            result = self._absent(args, stock, None if foreign else live, task_vars)
        else:
            if foreign:
                self._refuse_unless_adopted(args, stock, foreign)
            result = self._present(args, stock, live, task_vars)
        for leftover in leftovers:
            self._delete_leftover(args, stock, leftover, task_vars, result)
        return result

    def _delete_leftover(
        self,
        args: dict[str, Any],
        stock: Stock,
        leftover: dict[str, Any],
        task_vars: dict[str, Any] | None,
        result: dict[str, Any],
    ) -> None:
        """Delete what carries the component's tags beside it, and add that to the result."""
        if not self._task.check_mode:
            self._ask(args)
            options = {**stock.removal, **found_by(stock, leftover)}
            self._run_stock({**args, "state": "absent"}, options, task_vars)
        name = twice.shown(args["component"], leftover["id"])
        deleted = self._result(name, "delete", leftover["id"], leftover, None)
        result["changed"] = True
        result["changes"] += deleted["changes"]
        result.setdefault("diff", []).extend(deleted["diff"])

    @staticmethod
    def _refuse_unless_adopted(args: dict[str, Any], stock: Stock, live: dict[str, Any]) -> None:
        shown = adoption.shown(live.get(stock.name), live["id"])
        foreign = adoption.Foreign(args["component"], shown, live["stack"])
        sentence = adoption.refusal([foreign], args["stack"], args["adopt"])
        if sentence:
            raise AnsibleActionFail(sentence)

    def _present(
        self, args: dict[str, Any], stock: Stock, live: dict[str, Any] | None, task_vars: dict[str, Any] | None
    ) -> dict[str, Any]:
        component, options = args["component"], args["options"]
        tags = {"tags": tags_of(args["stack"], component, args["tags"])} if stock.tagged else {}
        wanted = {**options, **tags}
        fields = compare.differences(live, wanted) if live else []
        if live and not fields:
            return self._result(component, "none", live["id"], live, wanted)
        action = "update" if live else "create"
        if self._task.check_mode:
            identifier = live["id"] if live else self._announced_id(stock, component, options)
            return self._result(component, action, identifier, live, wanted)
        self._ask(args)
        made = live
        if stock.create and live is None:
            made = {**options, "id": self._create(args, stock.create(options, tags["tags"], args["region"]))}
        result = self._run_stock(
            args,
            {
                **options,
                **found_by(stock, made),
                **({**tags, "purge_tags": False} if tags else {}),
            },
            task_vars,
        )
        if live and not result.get("changed"):
            raise AnsibleActionFail(
                f"{args['module']} did not change {', '.join(fields)} of {component} ({live['id']}): AWS or the module "
                "cannot change it in place. Set it back in the variables, or delete the resource and run again."
            )
        answer: Any = result
        for key in stock.result:
            answer = answer[key]
        return self._result(component, action, str(answer), live, wanted)

    @staticmethod
    def _ask(args: dict[str, Any]) -> None:
        def client(service: str) -> Any:
            import boto3  # only when there is an account to ask for

            return boto3.client(service, region_name=args["region"])

        def refuse(sentence: str) -> NoReturn:
            raise AnsibleActionFail(sentence)

        try:
            Guard(args["guard"], args["stack"], client, refuse).ask()
        except AnsibleActionFail:
            raise
        except Exception as error:
            raise explained(error, on=args["component"], stack=args["stack"]) from error

    @staticmethod
    def _create(args: dict[str, Any], creation: Creation) -> str:
        """Create it, wait until AWS lists it, and return its id."""
        import boto3  # only when there is something to create
        from botocore.exceptions import BotoCoreError, ClientError
        from botocore.parsers import ResponseParserError

        client = boto3.client(creation.service, region_name=args["region"])
        operation = creation.operation
        try:
            identifier = _created(client, creation)
            operation = creation.shown
            consistency.until_found(lambda: getattr(client, operation)(**{creation.shown_by: identifier}))
        except (BotoCoreError, ClientError, ResponseParserError) as error:
            raise explained(error, f"{creation.service} {operation}", args["component"], args["stack"]) from error
        return str(identifier[0] if isinstance(identifier, list) else identifier)

    def _absent(
        self, args: dict[str, Any], stock: Stock, live: dict[str, Any] | None, task_vars: dict[str, Any] | None
    ) -> dict[str, Any]:
        if live is None:
            return self._result(args["component"], "none", None, None, None)
        if not self._task.check_mode:
            self._ask(args)
            self._run_stock(args, {**args["options"], **found_by(stock, live)}, task_vars)
        return self._result(args["component"], "delete", live["id"], live, None)

    def _run_stock(
        self, args: dict[str, Any], options: dict[str, Any], task_vars: dict[str, Any] | None
    ) -> dict[str, Any]:
        why = f"{args['component']} is refused by what passes, or is late"
        lost, patience = 0, consistency.Patience(why)
        while True:
            result: dict[str, Any] = self._execute_module(
                module_name=args["module"],
                module_args={
                    **MODULES[args["module"]].always,
                    **options,
                    "state": args["state"],
                    "region": args["region"],
                },
                task_vars=task_vars,
            )
            if not result.get("failed"):
                break
            # A stock module that runs again finds what it has made, and goes on from there.
            if retries.LOST_WORDS in str(result):
                lost, patience = lost + 1, consistency.Patience(why)
                if lost < attempts.MOST_LOST:
                    continue
                break
            if not patience.goes_on(max(self._seconds(result), attempts.LOOK_SECONDS if lost else 0)):
                break
        result["changed"] = bool(result.get("changed") or lost)
        if result.get("failed"):
            raise explained(result, args["module"], args["component"], args["stack"])
        return result

    @staticmethod
    def _seconds(result: dict[str, Any]) -> int:
        """How long a failure of a stock module may last: a refusal that passes, or a crash.

        A crash is how some of them take it that AWS does not list yet what they have just made. One that dies of AWS's
        refusal has a code.
        """
        error = result.get("error") or result.get("failure", {})
        if failures.has_crashed(result) and not error.get("code"):
            return consistency.LISTED_SECONDS
        return consistency.seconds({"Code": error.get("code", ""), "Message": error.get("message", "")})

    @staticmethod
    def _announced_id(stock: Stock, component: str, options: dict[str, Any]) -> str:
        if stock.id_prefix:
            return placeholders.make(stock.id_prefix, component)
        return str(options[stock.name])

    @staticmethod
    def _result(
        component: str, action: str, identifier: str | None, live: dict[str, Any] | None, wanted: dict[str, Any] | None
    ) -> dict[str, Any]:
        fields = compare.differences(live, wanted) if live and wanted else []
        result: dict[str, Any] = {
            "id": identifier,
            "changed": action != "none",
            "changes": [{"component": component, "action": action, "fields": fields}],
        }
        if action != "none":
            shown = {
                key: value for key, value in (live or {}).items() if key not in ("type", "component", "stack", "holds")
            } or None
            result["diff"] = [compare.diff(component, shown, wanted)]
        return result

# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The base of the actions that read a stack again while AWS lists it as it was before this run has changed it."""

from __future__ import annotations

from abc import abstractmethod
from typing import Any, ClassVar

from ansible.plugins.action import ActionBase
from ansible_collections.triflow.platform.plugins.module_utils.consistency import LISTED_SECONDS, Patience
from ansible_collections.triflow.platform.plugins.plugin_utils import recorded


class ListedAction(ActionBase):
    _supports_check_mode = True

    module: ClassVar[str]  # which reads, and changes nothing
    sentence: ClassVar[str]  # what is said of a component that is listed late

    @abstractmethod
    def late(self, result: dict[str, Any]) -> set[str]:
        """The components that the module's result shows as they were before this run."""

    def run(self, tmp: str | None = None, task_vars: dict[str, Any] | None = None) -> dict[str, Any]:
        result: dict[str, Any] = super().run(tmp, task_vars)
        patience = Patience()
        while True:
            result |= self._execute_module(module_name=self.module, module_args=self._task.args, task_vars=task_vars)
            if result.get("failed") or self._task.check_mode:
                return result
            late = self.late(result)
            if not late or patience.waited >= LISTED_SECONDS:
                return result
            self._display.display(
                f"  {self._task.args['stack']}: {', '.join(sorted(late))} {self.sentence}"
                f" ({patience.waited:.0f} s of at most {LISTED_SECONDS} s)"
            )
            patience.goes_on(LISTED_SECONDS)


def changed(stack: str, action: str) -> dict[str, dict[str, Any]]:
    """The components with which tasks of this run have done that, each with the fields that they got."""
    known = recorded.components.get(stack, {})
    return {name: change["after"] for name, change in known.items() if change["action"] == action}

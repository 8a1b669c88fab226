# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""What an action raises for what was raised in it, in the words of failures.py."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ansible.errors import AnsibleActionFail
from ansible_collections.triflow.platform.plugins.module_utils import failures


class Explained(AnsibleActionFail):
    """The failure of an action. Its sentence holds the words of what caused it, which Ansible would add once more."""

    _include_cause_message = False


def explained(
    raised: BaseException | Mapping[str, Any], call: str = "", on: str = "", stack: str = "", purpose: str = ""
) -> Explained:
    """To be raised for an exception, or for the result of a module that failed. ``purpose`` is what cannot be done."""
    failure = failures.explain(raised, call, on, stack)
    sentence = f"Cannot {purpose}: {failure.sentence}" if purpose else failure.sentence
    kept = raised if isinstance(raised, Mapping) else {}
    return Explained(sentence, result={**kept, "msg": sentence, "failure": failure.result})

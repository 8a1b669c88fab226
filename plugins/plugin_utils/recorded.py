# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""What the tasks of this run have said of each stack's components.

The callback ``summary`` fills it in the main process. Ansible forks a process for each task from that one, so an action
finds here what all tasks before it have said.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from ansible_collections.triflow.platform.plugins.plugin_utils import vaulted

STRONGEST = ("delete", "create", "update", "unknown", "none")  # a component that several tasks touch counts once

enabled = False  # whether the callback runs
components: dict[str, dict[str, dict[str, Any]]] = {}  # {host: {component: {"action", "before", "after"}}}


def items(result: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
    """The result of a task, or those of its loop."""
    return (item for item in result.get("results", [result]) if isinstance(item, dict))


def record(host: str, result: Mapping[str, Any]) -> None:
    """Adds what a task's result says of components, with the fields that its diff shows."""
    for item in items(result):
        shown = {pair.get("after_header"): pair for pair in item.get("diff") or [] if isinstance(pair, dict)}
        for change in item.get("changes", []):
            known = components.setdefault(host, {}).setdefault(
                change["component"], {"action": "none", "before": {}, "after": {}}
            )
            known["action"] = min(known["action"], change["action"], key=STRONGEST.index)
            for side in ("before", "after"):
                known[side] |= vaulted.redact(shown.get(change["component"], {}).get(side) or {})

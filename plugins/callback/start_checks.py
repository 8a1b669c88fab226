# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
from __future__ import annotations

DOCUMENTATION = r"""
name: start_checks
type: aggregate
version_added: 0.3.0
short_description: Ends a run whose command names what is not there, and warns of values that are not used
author: TriFlow AI (@triflow-ai)
description:
  - Ends a run before its first task when the command names an inventory, a tag, a task to start at, or a part of
    C(--limit) that is not there, or when no play has a host. Ansible itself warns at most, and ends with 0.
  - Ends a run, too, that would run roles and leave out the preflight of their playbook, by C(--start-at-task) or
    C(--skip-tags always). Preflight takes the lock, and the roles read what it has found.
  - Tells preflight which parts the tags choose, so that what these need is asked for before the first change.
  - A tag in a file that is included by a name that only a template gives is not known before it runs. A playbook with
    such a file may be given any tag.
  - Warns of a value that an inventory gives to a group, when the project's C(group_vars) beat it.
requirements:
  - "Enable it with C(callbacks_enabled = triflow.platform.start_checks) in C(ansible.cfg)."
"""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from ansible import context
from ansible.playbook import Playbook
from ansible.plugins.callback import CallbackBase
from ansible_collections.triflow.platform.plugins.module_utils import hidden
from ansible_collections.triflow.platform.plugins.plugin_utils import beaten, chosen, slips, specifications

SYSTEM_WIDE = "/etc/ansible/hosts"  # read when no inventory is given, and rarely there
EXIT_CODE = 5  # Ansible's own for options that are bad or incomplete


class CallbackModule(CallbackBase):
    CALLBACK_VERSION = 2.0
    CALLBACK_TYPE = "aggregate"
    CALLBACK_NAME = "triflow.platform.start_checks"
    CALLBACK_NEEDS_ENABLED = True

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.started = False
        self.looked_at: set[str] = set()  # hosts

    def v2_playbook_on_start(self, playbook: Any) -> None:
        plays = playbook.get_plays()
        if self.started or not plays:
            return
        self.started = True  # before the first playbook of a command all of them are looked at
        found = list(self._slips(playbook, plays))
        if found:
            for sentence in found:
                self._display.error(sentence)
            raise SystemExit(EXIT_CODE)

    def v2_playbook_on_play_start(self, play: Any) -> None:
        manager, loader = play.get_variable_manager(), play.get_loader()
        inventory = manager._inventory
        elsewhere = {*manager.extra_vars, *play.get_vars()}
        said: dict[tuple[str, str], list[str]] = {}  # {what to say before and after the hosts: hosts}
        for host in inventory.get_hosts(play.hosts):
            if host.name in self.looked_at:
                continue
            self.looked_at.add(host.name)
            for value in beaten.find(host, inventory._sources, loader.get_basedir(), loader):
                if value.variable not in elsewhere:
                    said.setdefault(self._sentence(value, loader), []).append(host.name)
        for (before, after), hosts in said.items():
            self._display.warning(f"{before} {', '.join(hosts)}: {after}")

    @staticmethod
    def _sentence(found: beaten.Beaten, loader: Any) -> tuple[str, str]:
        """What to say before and after the hosts' names."""
        option = specifications.of_all(loader).get(found.variable, {})
        value, wins = (
            hidden.HIDDEN if option.get("no_log") else repr(hidden.shown({found.variable: given})[found.variable])
            for given in (found.value, found.wins)
        )
        return (
            f"{found.variable} of the inventory's group {found.group} is not used for",
            f"{value} there, while the project's group_vars/{found.winner} gives {wins} and stands above it. Give it "
            "to the host itself, or with -e.",
        )

    def _slips(self, playbook: Any, plays: list[Any]) -> Iterator[str]:
        given, directory = context.CLIARGS, Path.cwd()
        manager, loader = plays[0].get_variable_manager(), plays[0].get_loader()
        inventory = manager._inventory
        sources = [source for source in given.get("inventory") or () if source != SYSTEM_WIDE]
        missing = [sentence for source in sources if (sentence := slips.missing_inventory(source, directory))]
        yield from missing
        if not missing and given.get("subset"):
            yield from slips.unknown_limit(given["subset"], inventory)

        basedir = loader.get_basedir()
        plays = plays + [
            play
            for path in given.get("args", ())[1:]
            if Path(path).is_file()
            for play in Playbook.load(path, variable_manager=manager, loader=loader).get_plays()
        ]
        loader.set_basedir(basedir)
        anywhere = any(slips.TEMPLATE in str(play.hosts) or inventory.get_hosts(play.hosts) for play in plays)
        if not missing and not anywhere:
            read = f"in {', '.join(sources)}" if sources else "since no inventory is given"
            yield f"Nothing to do: there is no host {read}. {slips.inventories(directory)}"

        tags, skipped = given.get("tags") or (), given.get("skip_tags") or ()
        start = given.get("start_at_task")
        if start or {*tags, *skipped} - slips.TAGS_OF_ANSIBLE:
            named = slips.named(plays, loader)
            if named.complete:
                yield from slips.unknown_tags("--tags", tags, named.tags)
                yield from slips.unknown_tags("--skip-tags", skipped, named.tags)
            if start:
                yield from slips.unknown_task(start, named.tasks)
        found = list(chosen.tasks(plays, tags, skipped))
        chosen.parts[:] = chosen.in_order(found)
        if start or "always" in skipped:
            yield from chosen.left_out(found, list(chosen.tasks(plays, tags, ())), start)

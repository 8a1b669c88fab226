# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Values that an inventory gives a group, and that the project's group_vars beat without a word.

Ansible reads, each above the one before: the groups' `vars` in the inventory; group_vars/all beside the inventory, then
beside the playbook; group_vars of the other groups beside the inventory, then beside the playbook; the host's own.
Ansible documentation, "Understanding variable precedence".
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any, NamedTuple

from ansible.inventory.helpers import sort_groups
from ansible.vars.plugins import get_vars_from_inventory_sources, get_vars_from_path

STAGE = "task"  # in which Ansible reads group_vars, unless it is told to read them at its start


class Beaten(NamedTuple):
    """A value that is not used, and the one that is."""

    variable: str
    group: str
    value: Any
    winner: str  # the project's group
    wins: Any


class Level(NamedTuple):
    """What one place gives to one group."""

    of_project: bool
    group: str
    values: Mapping[str, Any]


def find(host: Any, sources: Iterable[str], basedir: str, loader: Any) -> Iterator[Beaten]:
    """The values of the host's groups that are beaten, and that the host itself does not set."""
    beside = [source for source in sources if _directory(source) != _directory(basedir)]

    def inventory(entity: Any) -> Mapping[str, Any]:
        found: Mapping[str, Any] = get_vars_from_inventory_sources(loader, beside, [entity], STAGE)
        return found

    def project(entity: Any) -> Mapping[str, Any]:
        found: Mapping[str, Any] = get_vars_from_path(loader, basedir, [entity], STAGE)
        return found

    if not host.get_groups():  # this machine, when it stands in no inventory
        return
    everyone, *groups = sort_groups(host.get_groups())
    levels = [Level(False, group.name, group.vars) for group in (everyone, *groups)]
    for same in ([everyone], groups):
        levels += [Level(False, group.name, inventory(group)) for group in same]
        levels += [Level(True, group.name, project(group)) for group in same]
    own = {*host.vars, *inventory(host), *project(host)}
    for name in sorted({name for level in levels if not level.of_project for name in level.values} - own):
        *lower, highest = (level for level in levels if name in level.values)
        given = next((level for level in reversed(lower) if not level.of_project), None)
        if highest.of_project and given and given.values[name] != highest.values[name]:
            yield Beaten(name, given.group, given.values[name], highest.group, highest.values[name])


def _directory(source: str) -> Path:
    """Where the group_vars beside an inventory or a playbook really are."""
    path = Path(source)
    return ((path if path.is_dir() else path.parent) / "group_vars").resolve()

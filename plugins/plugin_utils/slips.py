# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""What a command names that is not there: inventories, tags, a task to start at, hosts.

Ansible warns of these at most, does nothing or less than was asked for, and ends with 0.
"""

from __future__ import annotations

import difflib
import fnmatch
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from ansible.errors import AnsibleError
from ansible.inventory.manager import split_host_pattern
from ansible.playbook.block import Block
from ansible.playbook.role_include import IncludeRole
from ansible.playbook.task_include import TaskInclude
from ansible_collections.triflow.platform.plugins.module_utils.problems import nearest

TAGS_OF_ANSIBLE = frozenset({"all", "always", "never", "tagged", "untagged"})
# Molecule skips these in every run, whether a playbook has them or not.
TAGS_OF_MOLECULE = frozenset({"molecule-notest", "notest", "molecule-idempotence-notest"})
TEMPLATE = "{{"


class Named(NamedTuple):
    """What plays name themselves."""

    tags: set[str]
    tasks: set[str]
    complete: bool  # whether there is nothing else: what only a template says is not known before it runs


def missing_inventory(source: str, directory: Path) -> str | None:
    """What to say of an inventory that is not there, None when it is. A list of hosts has a comma."""
    path = directory / source
    if "," in source or path.exists():
        return None
    shown = path.relative_to(directory) if path.is_relative_to(directory) else path
    found = Path(shown.anchor)
    for part in shown.parts[len(found.parts) :]:
        if (directory / found / part).exists():
            found /= part
            continue
        there = [entry.name for entry in (directory / found).iterdir()] if (directory / found).is_dir() else []
        close = difflib.get_close_matches(part, there, n=1)
        if not close:
            return f"The inventory {shown} is not there. {inventories(directory)}"
        found /= close[0]
    return f"The inventory {shown} is not there: did you mean {found}?"


def inventories(directory: Path) -> str:
    """Which inventories there are below the directory in which the command was given."""
    there = sorted(path.parent.name for path in directory.glob("inventories/*/hosts.*"))
    return f"Give one of {', '.join(there)}, such as -i inventories/{there[0]}" if there else "Give one with -i"


def unknown_limit(limit: str, inventory: Any) -> Iterator[str]:
    """What to say of each part of --limit that is no host and no group."""
    for pattern in split_host_pattern(limit):
        name = pattern.lstrip("!&")
        if pattern.startswith("@") or inventory.get_hosts(name, ignore_limits=True) or name in inventory.groups:
            continue
        known = [*inventory.hosts, *inventory.groups]
        yield f"--limit {pattern}: no host and no group has that name; {_choice(name, known)}"


def unknown_tags(option: str, given: Iterable[str], known: set[str]) -> Iterator[str]:
    """What to say of each tag that no task has."""
    for tag in sorted(set(given) - known - TAGS_OF_ANSIBLE - TAGS_OF_MOLECULE):
        yield f"{option} {tag}: no task has that tag; {_choice(tag, known - TAGS_OF_ANSIBLE)}"


def unknown_task(name: str, known: set[str]) -> Iterator[str]:
    """What to say of a task to start at that no play has."""
    if not any(is_named(task, name) for task in known):
        close = nearest(name, {task.rpartition(" : ")[2] for task in known})
        said = f"--start-at-task {name}: no task has that name, or it is not known before another one includes it"
        yield f"{said}; {close}" if close else said


def is_named(task: str, given: str) -> bool:
    """Whether --start-at-task means the task of that name."""
    return task == given or fnmatch.fnmatchcase(task, given)


def _choice(name: str, known: Iterable[str]) -> str:
    return nearest(name, known) or f"give some of {', '.join(sorted(known))}"


def named(plays: Sequence[Any], loader: Any) -> Named:
    """The tags and names of the plays' tasks."""
    tags: set[str] = set()
    tasks: set[str] = set()
    complete = True
    for play in plays:
        tags.update(map(str, play.tags))
        for task in tasks_of(play.compile()):
            tags.update(map(str, task.tags))
            tasks.update((str(task.name), task.get_name()) if task.name else (task.get_name(),))
            if isinstance(task, TaskInclude) and not task.statically_loaded:
                inner = _included(task, play, loader)
                complete = complete and inner is not None
                tags.update(inner or ())
    return Named(tags, tasks, complete and not any(TEMPLATE in tag for tag in tags))


def tasks_of(blocks: Iterable[Any]) -> Iterator[Any]:
    """The tasks of blocks, in their order."""
    for block in blocks:
        for task in (*block.block, *block.rescue, *block.always):
            if isinstance(task, Block):
                yield from tasks_of([task])
            elif not task.implicit:
                yield task


def _included(task: Any, play: Any, loader: Any) -> set[str] | None:
    """The tags in what a task includes as it runs, None when that is not known before."""
    if isinstance(task, IncludeRole):
        try:
            blocks, _handlers = task.get_block_list(play.copy(), play.get_variable_manager(), loader)
        except AnsibleError:
            return None
        return {str(tag) for inner in tasks_of(blocks) for tag in inner.tags}
    file = Path(str(task.get_path()).rpartition(":")[0]).parent / str(task.args.get("_raw_params"))
    # trusted, since the loader keeps what it has read, and the run reads it from there
    return set(_tags(loader.load_from_file(str(file), trusted_as_template=True))) if file.is_file() else None


def _tags(data: Any) -> Iterator[str]:
    """All tags in a file of tasks."""
    if isinstance(data, list):
        for item in data:
            yield from _tags(item)
    elif isinstance(data, dict):
        given = data.get("tags", [])
        yield from given.split(",") if isinstance(given, str) else map(str, given)
        for key in ("block", "rescue", "always"):
            yield from _tags(data.get(key))

# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Which parts of its playbooks a command runs: roles and their entry points, chosen by tags.

The callback ``start_checks`` fills ``parts`` in the main process, before the first task. Ansible forks a process for
each task from that one, so preflight finds them here.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from typing import Any, NamedTuple

from ansible_collections.triflow.platform.plugins.plugin_utils.slips import TEMPLATE, is_named, tasks_of

PREFLIGHT = "triflow.platform.preflight"
ALONE = ("cost",)  # parts that ask for no account

parts: list[str] = []


class Chosen(NamedTuple):
    """A task that a command runs."""

    part: str  # empty for one of a playbook itself
    names: tuple[str, ...]
    tags: frozenset[str]
    preflight: bool  # whether it runs preflight


def tasks(plays: Sequence[Any], only: Collection[str], skipped: Collection[str]) -> Iterator[Chosen]:
    """The tasks of the plays that have such tags, in their order. What is included as it runs is not seen."""
    for play in plays:
        for task in tasks_of(play.compile()):
            tags = frozenset(map(str, task.tags))
            if _is_chosen(tags, only, skipped):
                names = (str(task.name), str(task.get_name()))
                yield Chosen(_part(task), names, tags, str(task.args.get("name")) == PREFLIGHT)


def in_order(found: Sequence[Chosen]) -> list[str]:
    """The parts that these tasks are of, each once."""
    return list(dict.fromkeys(task.part for task in found if task.part))


def left_out(found: Sequence[Chosen], everything: Sequence[Chosen], start: str | None) -> Iterator[str]:
    """What to say when tasks of roles are to run and the preflight of their playbooks is not.

    ``everything`` are the tasks without any tags skipped. The task to start at may be one of preflight itself.
    """
    if not any(task.preflight for task in everything):
        return  # somebody's own playbook
    begin = 0
    if start:
        begin = next((at for at, task in enumerate(found) if any(is_named(name, start) for name in task.names)), 0)
    rest = found[begin:]
    if any(task.preflight for task in rest) or all(task.part in ("", *ALONE) for task in rest):
        return
    said = "it leaves out preflight, which checks the variables and the account and takes the lock"
    if start:
        tags = ",".join(sorted(rest[0].tags)) or "all"
        yield (
            f"--start-at-task {start}: {said}, and what the tasks before it have read. A run from the beginning "
            f"changes nothing that is done already; for a part of it give --tags {tags}"
        )
    else:
        yield f"--skip-tags always: {said}. Leave it away; --tags and --skip-tags choose parts"


def _is_chosen(tags: frozenset[str], only: Collection[str], skipped: Collection[str]) -> bool:
    """As Ansible chooses. A tag that a template gives is not known before it runs: such a task counts as chosen."""
    if any(TEMPLATE in tag for tag in tags):
        return True
    own = tags or {"untagged"}
    runs = "always" in own or bool(own & set(only)) or ("never" not in own and "all" in only)
    runs = runs or ("tagged" in only and bool(tags) and "never" not in tags)
    if "all" in skipped and ("always" not in own or "always" in skipped):
        return False
    return runs and not own & set(skipped) and not ("tagged" in skipped and tags)


def _part(task: Any) -> str:
    """The role of a task with its entry point, as ``vpc`` or ``vpc:ready``."""
    if task._role is None:
        return ""
    entry = str(task._role._from_files.get("tasks") or "main").removesuffix(".yml")
    name = str(task._role.get_name()).rpartition(".")[2]
    return name if entry == "main" else f"{name}:{entry}"

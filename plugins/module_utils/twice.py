# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""What carries the tags of one component more than once: pure functions that say which one stays.

A creation without a token whose answer is lost, or a copy by hand, leaves a second one. Which one AWS lists first says
nothing: the one that is used stays, and what is empty, unused and pointed to by nothing is left over.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, NamedTuple

UNKNOWN = ("what it is used for cannot be told",)


class Carrier(NamedTuple):
    """One of several that carry the same tags."""

    id: str
    holds: Sequence[str] = ()  # what is in it, uses it or points to it: "4 subnets"
    fits: bool = True  # whether it has what AWS sets once, such as a subnet's range, as it is wanted


class Choice(NamedTuple):
    stays: str  # id
    leftovers: list[str]  # ids


class TwiceError(LookupError):
    """Which one stays cannot be told. Its text names each with what it holds, and what to do."""


def choose(stack: str, component: str, carriers: Iterable[Carrier], refuse: bool = True) -> Choice:
    """The one that is used; when none is, the one with the smallest id of those that fit.

    Without ``refuse``, for a report, of several that are used the one with the most in it stays, and the others, too.
    """
    ordered = sorted(carriers, key=lambda carrier: (not carrier.fits, carrier.id))
    used = [carrier for carrier in ordered if carrier.holds]
    if len(used) > 1 and refuse:
        raise TwiceError(refusal(stack, component, ordered))
    stays = max(used or ordered[:1], key=lambda carrier: len(carrier.holds)).id
    return Choice(stays, [carrier.id for carrier in ordered if carrier.id != stays and not carrier.holds])


def refusal(stack: str, component: str, carriers: Sequence[Carrier]) -> str:
    times = "twice" if len(carriers) == 2 else f"{len(carriers)} times"
    named = "; ".join(f"{carrier.id}: {', '.join(carrier.holds) or 'nothing'}" for carrier in sorted(carriers))
    return (
        f"{component} of stack {stack} is there {times}, and more than one is in use: {named}. Nothing was changed, "
        "since the tags do not say which one is to stay. Decide for one. Empty the others and take away what points to "
        "them, or delete them, then run again: a run deletes what carries the same tags and is not used."
    )


def among(stack: str, component: str, entries: Sequence[Mapping[str, Any]], refuse: bool = True) -> Choice:
    """The choice among entries of stack_info's ``live``, which have ``holds`` when they are several."""
    return choose(
        stack,
        component,
        [Carrier(str(entry["id"]), entry.get("holds", UNKNOWN), entry.get("fits", True)) for entry in entries],
        refuse,
    )


def several(live: Iterable[dict[str, Any]], stacks: Iterable[str]) -> list[list[dict[str, Any]]]:
    """The entries of ``live`` that carry the tags of one component of these stacks, where they are more than one."""
    groups: dict[tuple[str, str, str], list[dict[str, Any]]] = {}
    for entry in live:
        if entry["component"] and entry["stack"] in stacks:
            groups.setdefault((entry["type"], entry["stack"], entry["component"]), []).append(entry)
    return [entries for entries in groups.values() if len(entries) > 1]


def shown(component: str, identifier: str) -> str:
    """How a leftover is named beside the component that stays."""
    return f"{component} ({identifier})"


def component_of(name: str) -> str:
    """The component that a leftover is named beside, empty for the name of a component."""
    component, separator, _identifier = name.partition(" (")
    return component if separator else ""


def counted(nouns: Iterable[str]) -> list[str]:
    """``["subnet", "subnet", "NAT gateway"]`` as ``["2 subnets", "1 NAT gateway"]``."""
    return [f"{number} {noun}{'s' if number > 1 else ''}" for noun, number in Counter(nouns).items()]

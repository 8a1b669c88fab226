# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""A stack's lock: one SSM parameter, whose creation only one of several can win.

Its value is JSON: ``{"run", "host", "holder", "playbook", "since"}``. The callback ``stack_lock`` makes the run's id in
the main process, remembers what the run holds and frees it at its end. Ansible forks a process for each task from that
one, so the actions and the lookup ``guard`` find here what the callback knows, which no variable can say instead.
AWS Systems Manager API reference, PutParameter and DeleteParameter.
"""

from __future__ import annotations

import json
from typing import Any

run: str | None = None  # this run's id, None while the callback is not enabled
held: set[tuple[str, str]] = set()  # name and region of the parameters of this run
accounts: dict[str, str] = {}  # {host: the account that preflight has found}


def parameter(stack: str) -> str:
    """The name of the parameter that is a stack's lock."""
    return f"/triflow/{stack}/lock"


def take(client: Any, name: str, entry: dict[str, str]) -> bool:
    """Create the lock, False when there is one."""
    try:
        client.put_parameter(Name=name, Value=json.dumps(entry), Type="String", Overwrite=False)
    except client.exceptions.ParameterAlreadyExists:
        return False
    return True


def read(client: Any, name: str) -> dict[str, str] | None:
    """What the lock's holder has written, None when nobody holds it."""
    try:
        value = client.get_parameter(Name=name)["Parameter"]["Value"]
    except client.exceptions.ParameterNotFound:
        return None
    entry: dict[str, str] = json.loads(value)
    return entry


def delete(client: Any, name: str) -> None:
    """Delete the lock, whoever holds it."""
    try:
        client.delete_parameter(Name=name)
    except client.exceptions.ParameterNotFound:
        return


def describe(entry: dict[str, str]) -> str:
    """Who holds a lock, since when and for what."""
    return f"{entry['playbook']} of {entry['holder']}, since {entry['since']}, run {entry['run']}"

# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""A stack's lock: one SSM parameter, whose creation only one of several can win.

Its value is JSON: ``{"run", "host", "holder", "playbook", "since"}``. The callback ``stack_lock`` makes the run's id in
the main process, remembers what the run holds and frees it at its end. Ansible forks a process for each task from that
one, so the actions and the lookup ``guard`` find here what the callback knows, which no variable can say instead.
A parameter of that name that somebody has written by hand is a lock, too: nobody else knows what it is for.
AWS Systems Manager API reference, PutParameter, GetParameter, DescribeParameters and DeleteParameter.
"""

from __future__ import annotations

import hashlib
import json
import os
from typing import Any, NamedTuple

from ansible_collections.triflow.platform.plugins.module_utils import hidden

WRITTEN = ("run", "holder", "playbook", "since")  # by every run
DELETIONS = 3  # of one lock, when the answers are lost
PIPE_BYTES = 65536  # of which a lock takes some sixty
SHOWN = 60  # characters of a value that no run has written

run: str | None = None  # this run's id, None while the callback is not enabled
held: set[tuple[str, str]] = set()  # name and region of the parameters of this run
accounts: dict[str, str] = {}  # {host: the account that preflight has found}
asked: tuple[int, int] | None = None  # a pipe to the main process, which says what each process asks for


def parameter(stack: str) -> str:
    """The name of the parameter that is a stack's lock."""
    return f"/triflow/{stack}/lock"


class Held(NamedTuple):
    """A lock that stands."""

    entry: dict[str, str] | None  # as a run has written it; None of anything else
    value: str
    type: str
    version: int
    modified: str

    @property
    def key(self) -> str:
        """What ``stack_break_lock`` has to be to break this very lock: the run's id, or a digest of what stands."""
        if self.entry:
            return self.entry["run"]
        seen = f"{self.type} {self.version} {self.modified} {self.value}"
        return f"other-{hashlib.sha256(seen.encode()).hexdigest()[:8]}"

    @property
    def shown(self) -> dict[str, str]:
        """For a result."""
        if self.entry:
            return self.entry
        return {
            "run": self.key,
            "value": self._short,
            "type": self.type,
            "version": str(self.version),
            "since": self.modified,
        }

    @property
    def _short(self) -> str:
        value = "" if self.type == "SecureString" else str(hidden.shown(self.value))
        return value if len(value) <= SHOWN else f"{value[:SHOWN]}..."

    def describe(self, author: str = "") -> str:
        """Who holds it, since when and for what. ``author`` is who wrote what no run has written."""
        if self.entry:
            return "{playbook} of {holder}, since {since}, run {run}".format(**self.entry)
        value = "an encrypted value" if self.type == "SecureString" else f"'{self._short}'"
        since = f"last modified {self.modified}" + (f" by {author}" if author else "")
        return f"{value}, which no run has written ({self.type}, version {self.version}, {since})"


def ask(name: str, region: str) -> None:
    """Tell the main process, before AWS is asked. A process that is ended meanwhile gives no result."""
    if asked:
        os.write(asked[1], f"{name} {region}\n".encode())


def asked_for() -> set[tuple[str, str]]:
    """Name and region of what was asked for since this was asked last."""
    if not asked:
        return set()
    os.set_blocking(asked[0], False)
    try:
        lines = os.read(asked[0], PIPE_BYTES).decode().splitlines()
    except BlockingIOError:
        return set()
    found: set[tuple[str, str]] = set()
    for line in lines:
        name, region = line.split()
        found.add((name, region))
    return found


def take(client: Any, name: str, entry: dict[str, str]) -> bool:
    """Create the lock, False when there is one. An answer that does not say so is believed only after a look."""
    from botocore.exceptions import BotoCoreError, ClientError
    from botocore.parsers import ResponseParserError

    try:
        answer = client.put_parameter(Name=name, Value=json.dumps(entry), Type="String", Overwrite=False)
        if answer.get("Version"):
            return True
    except client.exceptions.ParameterAlreadyExists:
        return False
    except (BotoCoreError, ClientError, ResponseParserError) as error:
        status = getattr(error, "response", {}).get("ResponseMetadata", {}).get("HTTPStatusCode", 0)
        if 400 <= status < 500 or not _is(entry, read(client, name)):
            raise
        return True
    return _is(entry, read(client, name))


def _is(entry: dict[str, str], held: Held | None) -> bool:
    return held is not None and held.entry == entry


def read(client: Any, name: str) -> Held | None:
    """The lock, None when nobody holds it."""
    try:
        parameter = client.get_parameter(Name=name).get("Parameter", {})
    except client.exceptions.ParameterNotFound:
        return None
    if "Value" not in parameter:
        from botocore.parsers import ResponseParserError

        raise ResponseParserError(f"the answer to ssm GetParameter does not hold {name}")
    modified = parameter.get("LastModifiedDate")
    return Held(
        _entry(parameter["Value"]),
        parameter["Value"],
        parameter.get("Type", "String"),
        parameter.get("Version", 0),
        modified.isoformat(timespec="seconds") if modified else "at a time that AWS does not say",
    )


def _entry(value: str) -> dict[str, str] | None:
    try:
        entry = json.loads(value)
    except ValueError:
        return None
    if not isinstance(entry, dict) or not all(isinstance(entry.get(name), str) and entry[name] for name in WRITTEN):
        return None
    return {name: str(text) for name, text in entry.items()}


def author(client: Any, name: str) -> str:
    """Who has written the parameter last; empty for those who may not ask."""
    from botocore.exceptions import BotoCoreError, ClientError
    from botocore.parsers import ResponseParserError

    try:
        found = client.describe_parameters(ParameterFilters=[{"Key": "Name", "Option": "Equals", "Values": [name]}])[
            "Parameters"
        ]
    except (BotoCoreError, ClientError, ResponseParserError):
        return ""
    return str(found[0].get("LastModifiedUser", "")) if found else ""


def delete(client: Any, name: str, key: str) -> None:
    """Delete the lock that has this key. After a lost answer it looks first: another run may have taken it since."""
    from ansible_collections.triflow.platform.plugins.module_utils.retries import AnswerLost

    for attempt in range(DELETIONS):
        try:
            client.delete_parameter(Name=name)
        except client.exceptions.ParameterNotFound:
            return
        except AnswerLost:
            held = read(client, name)
            if held is None or held.key != key:
                return
            if attempt == DELETIONS - 1:
                raise
        else:
            return

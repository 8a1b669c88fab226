"""Save the whole lab under a name, and load it again: the emulator's memory and PostgreSQL's data."""

from __future__ import annotations

import urllib.error
import urllib.request
from pathlib import Path

from lab.lifecycle import SAVED, remembering, running_state
from lab.state import LabError, State, directory, locked
from lab.state import save as save_state

LONGEST_NAME = 100
SECONDS = 90


def save_command(name: str) -> int:
    save(directory(), name)
    return 0


def load_command(name: str) -> int:
    load(directory(), name)
    return 0


def save(where: Path, name: str) -> None:
    """Keep the lab that runs there as it is, under this name, which may have been another state's."""
    if not name.isprintable() or not name.strip() or len(name) > LONGEST_NAME:
        raise LabError(f"A state's name has 1 to {LONGEST_NAME} characters that can be printed: {name!r}")
    from lab import saved_database

    with locked(where):
        state = running_state(where)
        try:
            number = saved_database.save(where, state)
        except saved_database.ERRORS as error:
            raise LabError(f"The database could not be saved: {error}") from error
        _ask(state, "PUT", name)
        state.saved[name] = number
        save_state(where, state)
        saved_database.forget(state)


def load(where: Path, name: str) -> None:
    """Make the lab that runs there what it was when it was saved under this name."""
    from lab import saved_database

    with locked(where):
        state = running_state(where)
        if name not in state.saved:
            raise LabError(f"No state is saved as {name}. {_names(state)}")
        try:
            saved_database.load(where, state, state.saved[name], remembering(where, state))
        except saved_database.ERRORS as error:
            raise LabError(f"The database could not be loaded: {error}. Start the lab afresh: make lab.") from error
        save_state(where, state)
        _ask(state, "POST", name)


def _names(state: State) -> str:
    return f"These are: {', '.join(sorted(state.saved))}." if state.saved else "None is."


def _ask(state: State, method: str, name: str) -> None:
    request = urllib.request.Request(f"{state.endpoint_url}{SAVED}", data=name.encode(), method=method)
    try:
        with urllib.request.urlopen(request, timeout=SECONDS):
            pass
    except urllib.error.HTTPError as error:
        if error.code == 503:
            raise LabError("A Lambda function of the lab still runs. Try again when it has ended.") from error
        raise LabError(f"The emulator answered {error.code} {error.reason}: see emulator.log.") from error

"""Command line of the lab: python -m lab start|stop|env|status|reset|save|load, from the project's root."""

from __future__ import annotations

import argparse
import sys

from lab import lifecycle, saved
from lab.state import LabError, sentence

COMMANDS = {
    "start": (lifecycle.start, "start what is missing; a running lab stays as it is"),
    "stop": (lifecycle.stop, "end what start started, and nothing else"),
    "env": (lifecycle.env, "print the exports that point an AWS client and a PostgreSQL client at the lab"),
    "status": (lifecycle.status, "one line per process; fails unless both run"),
    "reset": (lifecycle.reset, "empty the account and the database without a restart"),
}
NAMED = {
    "save": (saved.save_command, "keep account and database as they are, under a name"),
    "load": (saved.load_command, "make account and database what they were when they were saved under the name"),
}


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m lab", description="The laptop's AWS.")
    commands = parser.add_subparsers(dest="command", required=True)
    for name, (_unused, text) in COMMANDS.items():
        commands.add_parser(name, help=text, description=text)
    for name, (_unused_too, text) in NAMED.items():
        commands.add_parser(name, help=text, description=text).add_argument("name", metavar="NAME")
    given = parser.parse_args()
    try:
        if given.command in NAMED:
            return NAMED[given.command][0](given.name)
        return COMMANDS[given.command][0]()
    except LabError as error:
        print(error, file=sys.stderr)
    except OSError as error:
        print(sentence(error), file=sys.stderr)
    return 1


if __name__ == "__main__":
    sys.exit(main())

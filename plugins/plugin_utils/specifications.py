# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The argument specs of all roles, which say what each variable is."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

ROLES = Path(__file__).resolve().parents[2] / "roles"

Options = dict[str, Mapping[str, Any]]

converts = False  # whether the callback `variables` runs, which the actions, forked from its process, find here


def load(loader: Any, path: Path) -> dict[str, Any]:
    """Return what a YAML file holds. It is the loader's own: a copy would take longer than reading."""
    found: dict[str, Any] = loader.load_from_file(str(path), unsafe=True, trusted_as_template=True) or {}
    return found


def of_roles(loader: Any) -> dict[str, Options]:
    """Return the options of each role, of all its entry points."""
    paths = sorted(ROLES.glob("*/meta/argument_specs.yml"))
    points = {path.parents[1].name: load(loader, path)["argument_specs"].values() for path in paths}
    return {
        role: {name: option for point in of_role for name, option in point.get("options", {}).items()}
        for role, of_role in points.items()
    }


def of_all(loader: Any) -> Options:
    """Return the options of all roles."""
    return {name: option for options in of_roles(loader).values() for name, option in options.items()}

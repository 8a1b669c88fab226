"""What holds for the collection as a whole."""

from __future__ import annotations

import ast
import json
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml

ROOT = Path(__file__).resolve().parents[2]
ANSIBLE_DOC = Path(sys.executable).parent / "ansible-doc"


def load(name: str) -> Any:
    return yaml.safe_load((ROOT / name).read_text())


@pytest.fixture(scope="module")
def modules() -> dict[str, Any]:
    """Each module's documentation with that of its fragments, by the module's name."""
    names = [path.stem for path in (ROOT / "plugins/modules").glob("*.py")]
    command = [str(ANSIBLE_DOC), "--json", *(f"triflow.platform.{name}" for name in names)]
    shown = json.loads(subprocess.run(command, cwd=ROOT, capture_output=True, check=True, timeout=120).stdout)
    return {name: shown[f"triflow.platform.{name}"]["doc"] for name in names}


def test_action_group_aws_holds_every_module_that_takes_a_region(modules: dict[str, Any]) -> None:
    with_region = sorted(name for name, documented in modules.items() if "region" in documented["options"])
    assert load("meta/runtime.yml")["action_groups"]["aws"] == with_region


def test_module_says_what_it_does_in_check_mode(modules: dict[str, Any]) -> None:
    assert [name for name, documented in modules.items() if "check_mode" not in documented.get("attributes", {})] == []


def documents(path: Path) -> dict[str, Any]:
    """DOCUMENTATION, EXAMPLES and RETURN of a plugin, read without importing it."""
    return {
        target.id: yaml.safe_load(ast.literal_eval(statement.value))
        for statement in ast.parse(path.read_text()).body
        if isinstance(statement, ast.Assign)
        for target in statement.targets
        if isinstance(target, ast.Name) and target.id in ("DOCUMENTATION", "EXAMPLES", "RETURN")
    }


@pytest.mark.parametrize(
    "path",
    sorted(
        path
        for kind in ("modules", "filter", "callback", "connection", "lookup")
        for path in (ROOT / "plugins" / kind).glob("*.py")
    ),
    ids=lambda path: f"{path.parent.name}/{path.stem}",
)
def test_plugin_is_documented(path: Path) -> None:
    found = documents(path)
    kind = path.parent.name
    assert set(found) == (
        {"DOCUMENTATION"} if kind in ("callback", "connection") else {"DOCUMENTATION", "EXAMPLES", "RETURN"}
    )
    assert all(found.values())
    assert found["DOCUMENTATION"]["module" if kind == "modules" else "name"] == path.stem


def test_action_is_documented_as_a_module() -> None:
    actions = {path.stem for path in (ROOT / "plugins/action").glob("*.py")}
    assert actions <= {path.stem for path in (ROOT / "plugins/modules").glob("*.py")}


def test_requirements_yml_names_the_dependencies_of_galaxy_yml() -> None:
    collections = {entry["name"]: entry["version"] for entry in load("requirements.yml")["collections"]}
    assert collections == load("galaxy.yml")["dependencies"]


def test_execution_environment_has_the_packages_of_run_in() -> None:
    # run.in brings the collections by the package `ansible`, the image by requirements.yml.
    wanted = [
        line for line in (ROOT / "requirements/run.in").read_text().splitlines() if not line.startswith("ansible ")
    ]
    assert load("execution-environment.yml")["dependencies"]["python"] == wanted


def test_pinned_requirements_name_no_package_index() -> None:
    for path in (ROOT / "requirements").glob("*.txt"):
        assert not re.search(r"://|--(extra-)?index-url|--find-links", path.read_text()), path.name


def test_changelog_has_the_version() -> None:
    assert f"## {load('galaxy.yml')['version']}" in (ROOT / "CHANGELOG.md").read_text()

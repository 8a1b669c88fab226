"""The pages below docs/: the generated ones are up to date and whole, and what record.md names is there."""

from __future__ import annotations

import re
from importlib import import_module
from pathlib import Path

import pytest

from scripts import docs

ROOT = docs.ROOT
KINDS = ("modules", "action", "filter", "callback", "connection", "lookup")
PLUGINS = [(kind, name) for kind in KINDS for name in docs.plugins(kind)]
TESTED = [(kind, name) for kind, name in PLUGINS if kind in ("modules", "filter")]
TESTED += [("roles", path.name) for path in sorted((ROOT / "roles").iterdir())]
PAGES = [*sorted((ROOT / "docs").rglob("*.md")), ROOT / "README.md", ROOT / "lab/README.md"]

# In backquotes, from the project's root.
PATH = re.compile(r"`((?:docs|group_vars|inventories|lab|molecule|playbooks|plugins|roles|scripts|tests)/[\w./-]+)`")
IDENTIFIER = re.compile(r"\b(NET|S3|DB|CMP|ALB|MON|ALM|ENV|COST|OPT)-(\d+)(?:\.\.(\d+))?")
ROW = re.compile(r"\| [A-Z0-9]+-\d+ \|")
RECORD = (ROOT / "docs/record.md").read_text()
# ID, decided, variable, built in, proven in
ROWS = [[cell.strip() for cell in line.strip("|").split("|")] for line in RECORD.splitlines() if ROW.match(line)]


def identifiers(text: str) -> set[str]:
    """Every ID in the text, those of a range such as NET-6..8 included."""
    found = set()
    for prefix, first, last in IDENTIFIER.findall(text):
        found |= {f"{prefix}-{number}" for number in range(int(first), int(last or first) + 1)}
    return found


def test_pages_are_what_make_docs_writes() -> None:
    generated = docs.pages()
    committed = {f"docs/roles/{path.name}" for path in (ROOT / "docs/roles").iterdir()} | {
        "docs/plugins.md",
        "docs/aws.md",
    }
    assert committed == set(generated), "run make docs"
    stale = [name for name, text in generated.items() if (ROOT / name).read_text() != text]
    assert not stale, f"run make docs: {', '.join(stale)} would change"


@pytest.mark.parametrize(("kind", "name"), PLUGINS)
def test_plugin_has_a_row(kind: str, name: str) -> None:
    place = "action" if kind == "modules" and name in docs.plugins("action") else kind
    lines = (ROOT / "docs/plugins.md").read_text().splitlines()
    assert [line for line in lines if line.startswith(f"| `{name}` |") and f"(../plugins/{place}/{name}.py)" in line]


@pytest.mark.parametrize(("kind", "name"), [plugin for plugin in PLUGINS if plugin[0] in ("modules", "filter")])
def test_plugin_has_examples(kind: str, name: str) -> None:
    assert docs.documented(ROOT / f"plugins/{kind}/{name}.py", "EXAMPLES")


@pytest.mark.parametrize(("kind", "name"), TESTED)
def test_role_or_plugin_has_a_test(kind: str, name: str) -> None:
    path = docs.tested_in(kind, name)
    assert path, f"no tests/*/test_{name}.py, and scripts/docs.py names no other file"
    assert (ROOT / path).is_file()


@pytest.mark.parametrize("role", docs.roles())
def test_role_has_the_defaults_of_its_argument_spec(role: str) -> None:
    options, given = docs.argument_spec(role)["options"], docs.defaults(role)
    assert set(given) <= set(options)
    assert {name: given[name] for name in given if "default" in options[name]} == {
        name: options[name]["default"] for name in given if "default" in options[name]
    }


def test_record_has_a_row_for_each_id_of_a_variable() -> None:
    sources = [*ROOT.glob("group_vars/**/*.yml"), *ROOT.glob("roles/*/meta/argument_specs.yml")]
    named = identifiers(" ".join(path.read_text() for path in sources))
    assert named <= {row[0] for row in ROWS}


def test_record_has_each_id_once_built_or_not() -> None:
    rows = [row[0] for row in ROWS]
    assert len(rows) == len(set(rows))
    not_built = identifiers(RECORD.split("## Not built yet")[1])
    assert not not_built & set(rows)
    assert len(not_built | set(rows)) == 91


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row[0])
def test_record_names_what_is_there(row: list[str]) -> None:
    variables = {option for role in docs.roles() for option in docs.argument_spec(role)["options"]}
    _unused, _unused, named, built, proven = row
    assert set(re.findall(r"`(\w+)`", named)) <= variables
    for places in (built, proven):
        found = re.findall(r"`([\w./-]+)(?:::(\w+))?`", places)
        assert found
        for path, function in found:
            assert (ROOT / path).is_file(), path
            assert not function or f"def {function}(" in (ROOT / path).read_text(), function


def test_every_row_of_what_aws_documents_names_its_source() -> None:
    for table in docs.AWS_TABLES:
        rows = getattr(import_module(f"{docs.UTILITIES}.{table.module}"), table.name)
        assert rows
        assert all(row._fields[-1] == "source" and row.source for row in rows), table.title


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_links_and_paths_lead_somewhere(page: Path) -> None:
    text = page.read_text()
    links = [link.partition("#")[0] for link in re.findall(r"\]\(([^)]+)\)", text) if "://" not in link]
    named = [page.parent / link for link in links if link] + [ROOT / path for path in PATH.findall(text)]
    written_by_tests = ROOT / "tests/output"
    assert not [str(path) for path in named if not path.exists() and not path.is_relative_to(written_by_tests)]

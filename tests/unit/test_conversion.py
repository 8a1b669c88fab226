"""Every variable of every role, with its suboptions and elements, in each form that text gives its type.

The table follows from the argument specs. A variable that is added without its specification, or a mapping of which
nobody has said what it holds, fails here.
"""

from __future__ import annotations

import datetime
import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import jinja2
import jinja2.nodes
import pytest
import yaml
from ansible_collections.triflow.platform.plugins.plugin_utils.conversion import MAPPINGS, Refused, convert

ROOT = Path(__file__).resolve().parents[2]
SPECS = {
    path.parents[1].name: yaml.safe_load(path.read_text())["argument_specs"]
    for path in sorted(ROOT.glob("roles/*/meta/argument_specs.yml"))
}
OPTIONS: dict[str, Any] = {
    name: option
    for points in SPECS.values()
    for point in points.values()
    for name, option in point.get("options", {}).items()
}
PLAIN = {
    "bool": [True, False],
    "int": [14, 0, -1],
    "float": [1.5, 3],
    "str": ["text", "14", "true", "false", "2026-01-20", ""],
    "raw": [{"Effect": "Allow", "Resource": None}],
}
TEXTS = {
    True: ("true", "True", "TRUE", "yes", "Yes", "on", "y", "t", "1", 1),
    False: ("false", "False", "FALSE", "no", "No", "off", "n", "f", "0", 0),
}
WRONG: dict[str, list[Any]] = {
    "bool": ["maybe", "", 2, [], {}],
    "int": ["seven", "", "1.5", 1.5, True, [], {}, float("inf"), "nan"],
    "float": ["much", "", True, [], {}, "nan", "inf", float("nan")],
    "str": [1.5, ["a"], {"a": "b"}],
    "list": [True, {"a": 1}, "[1", '{"a": 1}'],
    "dict": ["text", 5, True, ["a"], "{a", "[1]"],
}


def element(option: Mapping[str, Any]) -> Mapping[str, Any]:
    return {**option, "type": option["elements"]}


def entries(place: str, option: Mapping[str, Any]) -> Mapping[str, Mapping[str, Any]]:
    """The options of what is in a mapping, by their keys."""
    return option.get("options") or {"Key": MAPPINGS[place]}


def plainest(place: str, option: Mapping[str, Any]) -> Any:
    return next(plain(place, option))


def plain(place: str, option: Mapping[str, Any]) -> Iterator[Any]:
    """Values of an option as its specification has them, with all that may be in them."""
    kind = option["type"]
    if kind == "list":
        items = list(plain(f"{place}[]", element(option)))
        yield from ([], items[:1], items)
    elif kind == "dict":
        inside = entries(place, option)
        yield {key: plainest(f"{place}.{key}", suboption) for key, suboption in inside.items()}
        yield {}
    else:
        yield from option.get("choices", PLAIN[kind])


def forms(place: str, option: Mapping[str, Any], value: Any) -> Iterator[Any]:
    """The other ways in which the same value comes."""
    kind = option["type"]
    if kind == "bool":
        yield from TEXTS[value]
    elif kind == "int":
        yield from (str(value), f" {value} ", float(value), f"{value}.0")
    elif kind == "float":
        yield from (str(value), f" {value} ")
    elif kind == "str" and value == "14":
        yield 14
    elif kind == "str" and value in ("true", "false"):
        yield value == "true"
    elif kind == "str" and value == "2026-01-20":
        yield datetime.date(2026, 1, 20)
    elif kind == "list":
        yield from forms_of_list(place, option, value)
    elif kind == "dict":
        yield from forms_of_mapping(place, option, value)


def forms_of_list(place: str, option: Mapping[str, Any], value: list[Any]) -> Iterator[Any]:
    yield from (
        json.dumps(value),
        f" {json.dumps(value)} ",
        yaml.safe_dump(value, default_flow_style=True, sort_keys=False),
    )
    if option["elements"] not in ("dict", "raw") and "" not in value:
        texts = [str(item) for item in value]
        yield from (",".join(texts), ", ".join(texts))
    if len(value) == 1 and option["elements"] == "int":
        yield value[0]
    for number, item in enumerate(value):
        for form in forms(f"{place}[]", element(option), item):
            yield [*value[:number], form, *value[number + 1 :]]


def forms_of_mapping(place: str, option: Mapping[str, Any], value: dict[str, Any]) -> Iterator[Any]:
    inside = entries(place, option)
    yield from (json.dumps(value), yaml.safe_dump(value, default_flow_style=True, sort_keys=False))
    if all(isinstance(item, str | int | float) for item in value.values()):
        yield ",".join(f"{key}={item}" for key, item in value.items())
    for key in value:
        for form in forms(f"{place}.{key}", inside[key], value[key]):
            yield {**value, key: form}
        if "options" in option:
            yield {**value, "left_out": None}


def wrong(place: str, option: Mapping[str, Any]) -> Iterator[tuple[str, Any]]:
    """Values without a meaning in an option's type, or somewhere in it, each with the place of what is wrong."""
    kind = option["type"]
    yield from ((place, value) for value in WRONG.get(kind, []))
    if kind == "list" and option["elements"] != "raw":
        yield f"{place}[0]", [None]
        for inner, value in wrong(f"{place}[0]", element(option)):
            yield inner, [value]
    if kind == "dict":
        for key, suboption in entries(place.replace("[0]", "[]"), option).items():
            for inner, value in wrong(f"{place}.{key}", suboption):
                yield inner, {key: value}
            if "options" not in option and suboption["type"] != "raw":
                yield f"{place}.{key}", {key: None}


def cases(name: str) -> list[tuple[Any, Any]]:
    """(what is meant, how it comes) for one variable."""
    option = OPTIONS[name]
    return [(value, form) for value in plain(name, option) for form in (value, *forms(name, option, value))]


@pytest.mark.parametrize("name", OPTIONS)
def test_each_form_of_a_variable_is_its_plain_value(name: str) -> None:
    refused: list[Refused] = []
    found = [(meant, form, convert(name, form, OPTIONS[name], refused)) for meant, form in cases(name)]
    assert refused == []
    # repr() tells 1 from True and from 1.0.
    assert [(form, given) for meant, form, given in found if repr(given) != repr(meant)] == []


@pytest.mark.parametrize("name", OPTIONS)
def test_plain_value_is_left_as_it_is(name: str) -> None:
    for value in plain(name, OPTIONS[name]):
        assert convert(name, value, OPTIONS[name], []) is value


@pytest.mark.parametrize("name", OPTIONS)
def test_value_without_a_meaning_is_refused_in_its_place(name: str) -> None:
    passed = []
    for place, value in wrong(name, OPTIONS[name]):
        refused: list[Refused] = []
        convert(name, value, OPTIONS[name], refused)
        if [found.place for found in refused] != [place]:
            passed.append((place, value, refused))
    assert passed == []


def test_each_mapping_says_what_it_holds() -> None:
    def without_options(place: str, option: Mapping[str, Any]) -> Iterator[str]:
        kind = option["type"]
        if kind == "list":
            yield from without_options(f"{place}[]", element(option))
        elif kind == "dict" and "options" not in option:
            yield place
        elif kind == "dict":
            for key, suboption in option["options"].items():
                yield from without_options(f"{place}.{key}", suboption)

    assert {place for name, option in OPTIONS.items() for place in without_options(name, option)} == set(MAPPINGS)


def variables_of(tree: Any) -> Iterator[tuple[str, Any]]:
    """The variables of an inventory's hosts and groups."""
    for group in (tree or {}).values():
        yield from (group.get("vars") or {}).items()
        for host in (group.get("hosts") or {}).values():
            yield from (host or {}).items()
        yield from variables_of(group.get("children"))


def given() -> Iterator[tuple[str, str, Any]]:
    """(file, name, value) of every variable that this project sets."""
    for path in (*ROOT.glob("group_vars/*/*.yml"), *ROOT.glob("roles/*/defaults/main.yml")):
        yield from ((str(path.relative_to(ROOT)), *item) for item in (yaml.safe_load(path.read_text()) or {}).items())
    for path in ROOT.glob("inventories/*/hosts.yml"):
        yield from ((str(path.relative_to(ROOT)), *item) for item in variables_of(yaml.safe_load(path.read_text())))
    for path in (ROOT / "site.yml", *ROOT.glob("playbooks/*.yml")):
        for play in yaml.safe_load(path.read_text()):
            yield from ((str(path.relative_to(ROOT)), *item) for item in play.get("vars", {}).items())


def test_each_variable_that_is_set_has_its_specification() -> None:
    found = [item for item in given() if not item[1].startswith("ansible_")]
    assert len(found) > 200
    assert [(file, name) for file, name, _value in found if name not in OPTIONS] == []


def test_each_value_that_is_set_is_plain() -> None:
    """So that none has to become a fact of a host."""
    found = [item for item in given() if item[1] in OPTIONS and "{{" not in str(item[2])]
    assert [item for item in found if convert(item[1], item[2], OPTIONS[item[1]], []) is not item[2]] == []


CONDITIONS = ("when", "that", "until", "failed_when", "changed_when", "check_mode")


def expressions(node: Any, key: str = "") -> Iterator[str]:
    if isinstance(node, dict):
        for name, value in node.items():
            yield from expressions(value, name)
    elif isinstance(node, list):
        for value in node:
            yield from expressions(value, key)
    elif isinstance(node, str) and "{{" in node:
        yield node
    elif isinstance(node, str) and key in CONDITIONS:
        yield f"{{{{ {node} }}}}"


def defined(node: Any) -> Iterator[str]:
    """Names that tasks define: registered results, facts, variables of tasks and of loops."""
    if isinstance(node, dict):
        for key, value in node.items():
            if key in ("register", "loop_var", "index_var"):
                yield value
            elif key in ("vars", "ansible.builtin.set_fact") and isinstance(value, dict):
                yield from value
            yield from defined(value)
    elif isinstance(node, list):
        for value in node:
            yield from defined(value)


@pytest.mark.filterwarnings("ignore:invalid escape sequence")  # of a regular expression in a template
def test_each_variable_that_is_read_has_its_specification() -> None:
    """Or it is a role's own, made in its tasks or its vars."""
    tasks = [
        yaml.safe_load(path.read_text())
        for pattern in ("roles/*/tasks/*.yml", "playbooks/*.yml", "site.yml")
        for path in ROOT.glob(pattern)
    ]
    own = [yaml.safe_load(path.read_text()) for path in ROOT.glob("roles/*/vars/main.yml")]
    values = [yaml.safe_load(path.read_text()) for path in ROOT.glob("group_vars/*/*.yml")]
    texts = [text for tree in (*tasks, *own, *values) for text in expressions(tree)]
    texts += [path.read_text() for path in ROOT.glob("roles/*/templates/*.j2")]
    environment = jinja2.Environment(extensions=["jinja2.ext.loopcontrols"], autoescape=True)
    trees = [environment.parse(text) for text in texts]
    read = {node.name for tree in trees for node in tree.find_all(jinja2.nodes.Name) if node.ctx == "load"}
    made = {name for tree in tasks for name in defined(tree)} | {name for tree in own for name in tree or {}}
    prefixes = ("stack_", *(f"{role}_" for role in SPECS))
    assert {"stack_name", "rds_multi_az", "ecs_logs_pattern"} <= read
    assert sorted(name for name in read - made - OPTIONS.keys() if name.startswith(prefixes)) == []

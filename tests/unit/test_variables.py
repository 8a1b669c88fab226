"""Values that come as text, or in another way than their specification says, are what it says before the first task.

The whole way is walked: an inventory, extra variables, a play, the callback that Ansible calls when the play starts,
and the action that refuses. What is compared is what roles would read.
"""

from __future__ import annotations

import configparser
import itertools
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import yaml
from ansible.inventory.manager import InventoryManager
from ansible.parsing.dataloader import DataLoader
from ansible.parsing.splitter import parse_kv
from ansible.parsing.vault import EncryptedString, VaultedValue
from ansible.playbook.play import Play
from ansible.plugins.loader import action_loader, callback_loader
from ansible.template import Templar, trust_as_template
from ansible.utils.vars import load_extra_vars
from ansible.vars.hostvars import HostVars
from ansible.vars.manager import VariableManager
from ansible_collections.triflow.platform.plugins.plugin_utils import specifications

from tests.unit.test_conversion import OPTIONS, cases

ROOT = Path(__file__).resolve().parents[2]
STACK = "triflow-text"
ROUNDS = 12


@dataclass
class Started:
    """A play that has started."""

    manager: VariableManager
    play: Play
    loader: DataLoader
    facts: dict[str, dict[str, Any]]  # what the callback has made a fact, by host

    def variables(self, host: str = STACK) -> dict[str, Any]:
        found: dict[str, Any] = self.manager.get_vars(play=self.play, host=self.manager._inventory.get_host(host))
        return found

    def __getitem__(self, name: str) -> Any:
        return self.read(STACK, name)[name]

    def read(self, host: str, *names: str) -> dict[str, Any]:
        """What a role would read."""
        variables = self.variables(host)
        templar = Templar(loader=self.loader, variables=variables)
        return {name: templar.template(variables[name]) for name in names}

    def problems(self, name: str, host: str = STACK) -> list[dict[str, Any]]:
        """What preflight says of a variable."""
        variables = self.variables(host)
        templar = Templar(loader=self.loader, variables=variables)
        action = action_loader.get("triflow.platform.validate_variables", class_only=True)
        _values, problems = action(None, None, None, self.loader, templar, None).read(variables)
        return [problem for problem in problems if problem["variable"] == name]


Start = Callable[..., Started]


@pytest.fixture(scope="module")
def loader() -> DataLoader:
    """One for all, since it keeps the specifications and group_vars that it has read."""
    loader = DataLoader()
    loader.set_basedir(str(ROOT))
    return loader


@pytest.fixture
def start(tmp_path: Path, loader: DataLoader, monkeypatch: pytest.MonkeyPatch) -> Start:
    """Start a play on stacks like production's: `hosts` of the inventory with their variables, or one with `host`.

    `extra` are the variables of -e, `play` those of the play, `ini` those of an inventory in INI.
    """
    monkeypatch.setattr(load_extra_vars, "extra_vars", {}, raising=False)  # which all managers of a process share
    monkeypatch.setattr(specifications, "converts", False)
    started = itertools.count()

    def start_play(
        host: dict[str, Any] | None = None,
        extra: dict[str, Any] | None = None,
        play: dict[str, Any] | None = None,
        ini: str = "",
        hosts: dict[str, dict[str, Any]] | None = None,
        enabled: bool = True,
    ) -> Started:
        directory = tmp_path / str(next(started))
        directory.mkdir()
        own = {"s3_bucket_name": STACK, "dns_zone_name": f"{STACK}.com"}
        named = {name: {**own, **variables} for name, variables in (hosts or {STACK: host or {}}).items()}
        (directory / "hosts.yml").write_text(yaml.safe_dump({"prod": {"hosts": named}}, sort_keys=False))
        (directory / "hosts.ini").write_text(f"[prod]\n{STACK} {ini}\n" if ini else "")
        inventory = InventoryManager(loader, sources=[str(path) for path in sorted(directory.iterdir())])
        manager = VariableManager(loader, inventory, version_info={})
        manager.extra_vars.clear()
        manager.extra_vars.update(extra or {})
        facts: dict[str, dict[str, Any]] = {}
        set_facts = manager.set_nonpersistent_facts

        def keep(name: str, found: dict[str, Any]) -> None:
            facts[name] = found
            set_facts(name, found)

        monkeypatch.setattr(manager, "set_nonpersistent_facts", keep)
        HostVars(inventory, manager, loader)
        entry = {"name": "Roles", "hosts": "all", "gather_facts": False, "vars": play or {}, "tasks": []}
        roles = Play.load(entry, variable_manager=manager, loader=loader)
        if enabled:
            callback_loader.get("triflow.platform.variables").v2_playbook_on_play_start(roles)
        return Started(manager, roles, loader, facts)

    return start_play


def given(text: str) -> dict[str, Any]:
    """What Ansible makes of `-e <text>`."""
    parsed: dict[str, Any] = parse_kv(text)
    return parsed


@pytest.mark.parametrize(
    ("text", "name", "value"),
    [
        ("alb_access_logs=false", "alb_access_logs", False),
        ("ecr_repositories=backend", "ecr_repositories", ["backend"]),
        ("ecr_repositories=backend,worker", "ecr_repositories", ["backend", "worker"]),
        ("""ecr_repositories='["backend", "worker"]'""", "ecr_repositories", ["backend", "worker"]),
        ("logs_retention_days=14", "logs_retention_days", 14),
        ("autoscaling_services=''", "autoscaling_services", []),
        ("cost_lcu=0.5", "cost_lcu", 0.5),
        ("cost_nat_gb=3", "cost_nat_gb", 3),
        ("""stack_tags='{"Owner": "data"}'""", "stack_tags", {"Owner": "data"}),
        ("stack_tags='Owner=data,Team=platform'", "stack_tags", {"Owner": "data", "Team": "platform"}),
        ("security_groups_load_balancer_ports=443", "security_groups_load_balancer_ports", [443]),
        ("ecs_logs_minutes=15", "ecs_logs_minutes", 15),
    ],
)
def test_text_of_the_command_line(start: Start, text: str, name: str, value: Any) -> None:
    started = start(extra=given(text))
    assert repr(started[name]) == repr(value)
    assert started.problems(name) == []


@pytest.mark.parametrize(
    ("name", "given", "value"),
    [
        ("rds_engine_version", 14, "14"),
        ("alb_access_logs", "false", False),
        ("ecs_environment", {"PORT": 8080, "DEBUG": True}, {"PORT": "8080", "DEBUG": "true"}),
        ("stack_tags", {"CostCentre": 4711}, {"CostCentre": "4711"}),
        ("alarms_thresholds", {"rds-cpu-high": "90"}, {"rds-cpu-high": 90}),
        (
            "ecs_services",
            [{"name": "backend", "cpu": "512", "readonly_root_filesystem": "false", "environment": {"A": 1}}],
            [{"name": "backend", "cpu": 512, "readonly_root_filesystem": False, "environment": {"A": "1"}}],
        ),
        ("ecs_services", [{"name": "backend", "cpu": None}], [{"name": "backend"}]),
        ("alb_stickiness", {"type": "lb_cookie", "duration": "60"}, {"type": "lb_cookie", "duration": 60}),
    ],
)
def test_value_of_an_inventory(start: Start, name: str, given: Any, value: Any) -> None:
    for source in ("host", "extra", "play"):
        sources = {source: {name: given}}
        started = start(**sources)
        assert repr(started[name]) == repr(value)
        assert started.problems(name) == []


def test_text_of_an_ini_inventory(start: Start) -> None:
    started = start(ini="alb_access_logs=false logs_retention_days=14 ecr_repositories=backend rds_engine_version=14")
    names = ("alb_access_logs", "logs_retention_days", "ecr_repositories", "rds_engine_version")
    assert [started[name] for name in names] == [False, 14, ["backend"], "14"]
    assert [problem for name in names for problem in started.problems(name)] == []


@pytest.mark.parametrize(
    ("name", "given", "value", "reason"),
    [
        ("ecs_environment", {"LEVEL": None}, None, "ecs_environment.LEVEL"),
        ("ecs_environment", {"VERSION": 1.1}, 1.1, "ecs_environment.VERSION"),
        ("ecs_environment", {"NESTED": {"a": "b"}}, {"a": "b"}, "ecs_environment.NESTED"),
        ("stack_tags", {"Owner": None}, None, "stack_tags.Owner"),
        ("stack_tags", {"Owner": ["a"]}, ["a"], "stack_tags.Owner"),
        ("ecs_services", [{"name": "a", "environment": {"X": None}}], None, "ecs_services[0].environment.X"),
        ("stack_name", {"a": "b"}, {"a": "b"}, "mapping"),
        ("rds_allocated_storage", True, True, "true"),
        ("rds_extensions", [1.5], 1.5, "rds_extensions[0]"),
        ("rds_extensions", [None], None, "rds_extensions[0]"),
        ("cost_lcu", "nan", "nan", "number"),
        ("ecr_repositories", "[backend", "[backend", "list"),
        ("ecs_services", "backend", "backend", "mapping"),
    ],
)
def test_refused_value(start: Start, name: str, given: Any, value: Any, reason: str) -> None:
    (refusal,) = start(host={name: given}).problems(name)
    assert refusal["value"] == value
    assert reason in refusal["reason"]
    assert refusal["accepted"]


def test_null_is_no_switch(start: Start) -> None:
    (refusal,) = start(extra={"stack_lock": None}).problems("stack_lock")
    assert "null" in refusal["reason"]


def rounds() -> list[dict[str, tuple[Any, Any]]]:
    """{variable: (what is meant, how it comes)}, as often as it takes to see all kinds of forms of each variable."""
    table = {name: cases(name) for name in OPTIONS if name not in ("stack_name", "stack_defaults")}
    return [{name: found[number * len(found) // ROUNDS] for name, found in table.items()} for number in range(ROUNDS)]


def differences(started: Started, host: str, wanted: dict[str, tuple[Any, Any]]) -> list[tuple[str, Any, Any]]:
    """What a role would read, where it is not what is meant."""
    read = started.read(host, *wanted)
    return [(name, form, read[name]) for name, (meant, form) in wanted.items() if repr(read[name]) != repr(meant)]


def test_every_variable_in_an_inventory(start: Start) -> None:
    table = {f"stack-{number}": wanted for number, wanted in enumerate(rounds())}
    started = start(
        hosts={host: {name: form for name, (_meant, form) in wanted.items()} for host, wanted in table.items()}
    )
    assert [differences(started, host, wanted) for host, wanted in table.items()] == [[]] * ROUNDS
    changed = {name for wanted in table.values() for name, (meant, form) in wanted.items() if repr(meant) != repr(form)}
    assert {name for found in started.facts.values() for name in found} == changed


def test_every_variable_on_the_command_line(start: Start) -> None:
    for wanted in rounds():
        started = start(extra={name: form for name, (_meant, form) in wanted.items()})
        assert differences(started, STACK, wanted) == []
        assert started.facts == {}


def test_each_stack_has_its_own_values(start: Start) -> None:
    started = start(hosts={"one": {"rds_allocated_storage": "100"}, "two": {"rds_allocated_storage": "200"}})
    found = [started.read(host, "rds_allocated_storage")["rds_allocated_storage"] for host in ("one", "two")]
    assert found == [100, 200]


def test_plain_values_stay_where_they_are(start: Start) -> None:
    assert start().facts == {}


def test_variable_of_a_play_stays_above_the_inventory(start: Start) -> None:
    """A later play of the run may set another value, or none."""
    started = start(host={"rds_allow_restart": "false", "stack_lock": "yes"}, play={"stack_lock": "false"})
    assert (started["stack_lock"], started["rds_allow_restart"]) == (False, False)
    assert started.facts == {STACK: {"rds_allow_restart": False}}


def test_template_sees_the_converted_value(start: Start) -> None:
    host = {
        "nights_enabled": "false",
        "rds_multi_az": "{{ nights_enabled }}",
        "ecs_cpu": "{{ 512 if rds_multi_az else 256 }}",
        "alb_idle_timeout": "{{ '60' if nights_enabled else '30' }}",  # asks for what is converted,
        "alb_wait_timeout": "{{ '60' if rds_multi_az else '30' }}",  # and this for a template that is
    }
    for given in (host, dict(reversed(host.items()))):
        started = start(host=given)
        assert [started[name] for name in host] == [False, False, 256, 30, 30]


def test_text_of_a_template_in_an_inventory(start: Start) -> None:
    assert start(host={"rds_multi_az": "{{ 'no' }}"})["rds_multi_az"] is False


def test_text_of_a_template_of_the_command_line_is_refused(start: Start) -> None:
    template = trust_as_template("{{ 'no' }}")
    (refusal,) = start(extra={"rds_multi_az": template}).problems("rds_multi_az")
    assert "template of -e" in refusal["reason"]
    assert start(extra={"rds_multi_az": trust_as_template("{{ 1 == 2 }}")}).problems("rds_multi_az") == []


@pytest.mark.parametrize("source", ["host", "extra", "play"])
def test_text_is_refused_without_the_callback(start: Start, source: str) -> None:
    """Rather than read in one way by preflight and in another by the roles."""
    given: dict[str, Any] = {"logs_retention_days": "14", "ecs_services": [{"name": "backend", "cpu": "512"}]}
    sources = {source: given}
    started = start(enabled=False, **sources)
    for name in given:
        (refusal,) = started.problems(name)
        assert "callback that converts it is not enabled" in refusal["reason"]
        assert "callbacks_enabled = triflow.platform.variables" in refusal["accepted"]
    assert started.problems("ecr_repositories") == []


def test_the_project_enables_the_callback() -> None:
    settings = configparser.ConfigParser()
    settings.read(ROOT / "ansible.cfg")
    assert "triflow.platform.variables" in settings["defaults"]["callbacks_enabled"].split(", ")


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("notifications_phone_numbers", {"hunter2": 1}),
        ("ecs_environment", {"DB_PASSWORD": ["hunter2"]}),
        ("ecs_environment", '{"DB_PASSWORD": "hunter2"'),
        ("ecs_services", "[{name: backend, environment: {API_TOKEN: hunter2}"),
    ],
)
def test_secret_is_not_shown_in_a_refusal(start: Start, name: str, value: Any) -> None:
    (refusal,) = start(host={name: value}).problems(name)
    assert "hunter2" not in str(refusal)


def test_vaulted_value_stays_as_it_is(start: Start) -> None:
    """Its mark tells what shows values to hide it."""
    secret = VaultedValue(ciphertext="x").tag("hunter2")
    text = VaultedValue(ciphertext="x").tag('{"API": "hunter2"}')
    for source in ("play", "extra"):
        for given in ({"PORT": 8080, "API": secret}, text):
            sources = {source: {"ecs_environment": given}}
            started = start(**sources)
            assert started["ecs_environment"]["API"] == "hunter2"
            assert VaultedValue.is_tagged_on(started["ecs_environment"]["API"])


def test_vaulted_value_is_not_shown_in_a_refusal(start: Start) -> None:
    value = [{"name": "backend", "cpus": 1, "command": [VaultedValue(ciphertext="x").tag("hunter2")]}]
    (refusal,) = start(extra={"ecs_services": value}).problems("ecs_services")
    assert "hunter2" not in str(refusal)


def test_vaulted_value_without_its_key_is_left_alone(start: Start) -> None:
    locked = EncryptedString(ciphertext="$ANSIBLE_VAULT;1.1;AES256")
    started = start(extra={"ecs_environment": {"API": locked}, "rds_multi_az": "no"})
    assert started.manager.extra_vars["ecs_environment"]["API"] is locked
    assert started["rds_multi_az"] is False

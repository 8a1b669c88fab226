# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
from __future__ import annotations

DOCUMENTATION = r"""
name: variables
type: aggregate
version_added: 0.3.0
short_description: Gives each variable the type that its specification says
author: TriFlow AI (@triflow-ai)
description:
  - C(-e), surveys of AWX and inventories in INI give text. When a play starts, each variable of a role of this
    collection gets the type of its option in the role's argument spec, so that C(alb_access_logs=false) switches off
    and C(ecr_repositories=backend) is a list of one.
  - What cannot be converted stays as it is, and is refused by P(triflow.platform.validate_variables#module). So is text
    while this callback is not enabled.
  - A variable that a play sets is converted there only. No value of another source is put above a play's own.
requirements:
  - "Enable it with C(callbacks_enabled = triflow.platform.variables) in C(ansible.cfg)."
"""

from collections.abc import Iterable, MutableMapping
from typing import Any

from ansible.errors import AnsibleError
from ansible.parsing.vault import EncryptedString, VaultedValue
from ansible.plugins.callback import CallbackBase
from ansible.template import Templar
from ansible_collections.triflow.platform.plugins.plugin_utils import specifications
from ansible_collections.triflow.platform.plugins.plugin_utils.conversion import convert


def is_template(templar: Templar, value: Any) -> bool:
    """Whether a value has to be evaluated first. What cannot be is one: a vaulted one without its key, for example."""
    try:
        return bool(templar.is_template(value))
    except AnsibleError:
        return True


class CallbackModule(CallbackBase):
    CALLBACK_VERSION = 2.0
    CALLBACK_TYPE = "aggregate"
    CALLBACK_NAME = "triflow.platform.variables"
    CALLBACK_NEEDS_ENABLED = True

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        specifications.converts = True
        self.of_plays: set[str] = set()  # names that a play of the run sets
        self.seen: dict[tuple[str, str], Any] = {}  # {(host, name): the value that was looked at}

    def v2_playbook_on_start(self, playbook: Any) -> None:
        self.of_plays.update(name for play in playbook.get_plays() for name in play.get_vars())

    def v2_playbook_on_play_start(self, play: Any) -> None:
        manager, loader = play.get_variable_manager(), play.get_loader()
        self.options = specifications.of_all(loader)
        self.of_plays.update(play.vars)
        self._convert_there(manager.extra_vars, Templar(loader=loader))
        self._convert_there(play.vars, Templar(loader=loader))
        of_play = manager.get_vars(play=play)
        names = [name for name in self.options if name not in manager.extra_vars and name not in self.of_plays]
        for host in of_play["ansible_play_batch"]:
            given = of_play["hostvars"].raw_get(host)
            new = [name for name in names if name in given and given[name] is not self.seen.get((host, name))]
            self.seen |= {(host, name): given[name] for name in new}
            converted = self._converted({**of_play, **given}, new, loader)
            if converted:
                manager.set_nonpersistent_facts(host, converted)

    def _convert_there(self, variables: MutableMapping[str, Any], templar: Templar) -> None:
        """Convert what is no template. What a template gives may differ from host to host."""
        for name in variables.keys() & self.options.keys():
            if not is_template(templar, variables[name]):
                variables[name] = self._value(name, variables[name], templar)

    def _converted(self, given: dict[str, Any], names: Iterable[str], loader: Any) -> dict[str, Any]:
        """Return the values that are others in their option's type."""
        templar = Templar(loader=loader, variables=given)
        templates = {name: given[name] for name in names if is_template(templar, given[name])}
        plain = {name: self._value(name, given[name], templar) for name in names if name not in templates}
        converted = {name: value for name, value in plain.items() if value is not given[name]}
        for _template in templates:  # one may ask for what is converted, or for another
            templar.available_variables = {**given, **converted}
            found = {**converted, **self._converted_templates(templates, templar)}
            if found == converted:
                break
            converted = found
        return converted

    def _converted_templates(self, templates: dict[str, Any], templar: Templar) -> dict[str, Any]:
        converted: dict[str, Any] = {}
        for name, template in templates.items():
            try:
                found = templar.template(template)
            except AnsibleError:
                continue  # preflight says why
            if (value := self._value(name, found, templar)) is not found:
                converted[name] = value
        return converted

    def _value(self, name: str, value: Any, templar: Templar) -> Any:
        """Return the value in its option's type: itself when it has that."""
        found = templar.template(value) if isinstance(value, EncryptedString) else value
        converted = found if found is None else convert(name, found, self.options[name], [])
        return value if converted is found else marked(converted, VaultedValue.get_tag(found))


def marked(value: Any, vaulted: VaultedValue | None) -> Any:
    """Return what was made of a vaulted text with the mark of one, by which it is hidden."""
    if vaulted is None:
        return value
    if isinstance(value, dict):
        return {key: marked(item, vaulted) for key, item in value.items()}
    if isinstance(value, list):
        return [marked(item, vaulted) for item in value]
    return vaulted.tag(value) if isinstance(value, str) else value

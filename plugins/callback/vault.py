# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
from __future__ import annotations

DOCUMENTATION = r"""
name: vault
type: aggregate
version_added: 0.3.0
short_description: Hides what comes from Ansible Vault in all that a run shows
author: TriFlow AI (@triflow-ai)
description:
  - Before each play, looks for values with the tag C(!vault), and for those of encrypted files, among the variables of
    its hosts. Plans, results, refusals, the summary and the drift report show C((hidden)) in their place, also within
    a longer text. A value of fewer than five characters is hidden only where it is the whole value.
  - It does nothing while there is no vault password.
requirements:
  - "Enable it with C(callbacks_enabled = triflow.platform.vault) in C(ansible.cfg), before
    P(triflow.platform.variables#callback)."
"""

from typing import Any

from ansible.plugins.callback import CallbackBase
from ansible_collections.triflow.platform.plugins.plugin_utils import vaulted


class CallbackModule(CallbackBase):
    CALLBACK_VERSION = 2.0
    CALLBACK_TYPE = "aggregate"
    CALLBACK_NAME = "triflow.platform.vault"
    CALLBACK_NEEDS_ENABLED = True

    def v2_playbook_on_play_start(self, play: Any) -> None:
        manager, loader = play.get_variable_manager(), play.get_loader()
        vault = getattr(loader, "_vault", None)
        if vault is not None and not vault.secrets:
            return
        of_play = manager.get_vars(play=play)
        vaulted.collect(manager.extra_vars)
        for host in of_play["ansible_play_batch"]:
            vaulted.collect(of_play["hostvars"].raw_get(host))
        if vaulted.texts:
            vaulted.hide()

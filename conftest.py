"""Let tests import `ansible_collections.*` as Ansible does: ours by collections/, amazon.aws from site-packages."""

from __future__ import annotations

from pathlib import Path

from ansible.plugins.loader import init_plugin_loader

init_plugin_loader([str(Path(__file__).parent / "collections")])

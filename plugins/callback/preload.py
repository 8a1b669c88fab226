# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Imports in the main process what every forked module would import again."""

from __future__ import annotations

DOCUMENTATION = r"""
name: preload
type: aggregate
version_added: 0.1.0
short_description: Imports once what each module needs
author: TriFlow AI (@triflow-ai)
description:
  - Imports boto3 and the base of this collection's modules before Ansible forks its first worker. With the connection
    P(triflow.platform.forked#connection) the modules find them imported.
  - It prints nothing. Without it a run takes longer and does the same.
requirements:
  - "Enable it with C(callbacks_enabled = triflow.platform.preload) in C(ansible.cfg)."
"""

import contextlib
import importlib

from ansible.plugins.callback import CallbackBase

SHARED = ("boto3", "botocore.waiter", "psycopg", "ansible_collections.triflow.platform.plugins.module_utils.resource")

for name in SHARED:
    with contextlib.suppress(ImportError):  # the module that misses something says so
        importlib.import_module(name)


class CallbackModule(CallbackBase):
    CALLBACK_VERSION = 2.0
    CALLBACK_TYPE = "aggregate"
    CALLBACK_NAME = "triflow.platform.preload"
    CALLBACK_NEEDS_ENABLED = True

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
  - Imports boto3 and the base of this collection's modules before Ansible forks its first worker, and reads what
    botocore knows of the services. With the connection P(triflow.platform.forked#connection) the modules find both.
  - It prints nothing. Without it a run takes longer and does the same.
requirements:
  - "Enable it with C(callbacks_enabled = triflow.platform.preload) in C(ansible.cfg)."
"""

import contextlib
import functools
import importlib
from typing import Any

from ansible.plugins.callback import CallbackBase

SHARED = ("boto3", "botocore.waiter", "psycopg", "ansible_collections.triflow.platform.plugins.module_utils.resource")
# Of which every run makes clients, and several.
SERVICES = ("ec2", "ecs", "elbv2", "iam", "logs", "rds", "s3")


def share_loader(session: Any) -> None:
    """Let all of botocore's sessions read its data through one loader, which keeps what it has read."""
    session.create_loader = functools.cache(session.create_loader)
    loader = session.create_loader(None)
    loader.list_available_services("service-2")
    for name in ("endpoints", "partitions"):
        loader.load_data(name)
    for service in SERVICES:
        loader.load_service_model(service, "service-2")
        loader.load_service_model(service, "endpoint-rule-set-1")


with contextlib.suppress(ImportError):  # the module that misses something says so
    for name in SHARED:
        importlib.import_module(name)
    share_loader(importlib.import_module("botocore.session"))


class CallbackModule(CallbackBase):
    CALLBACK_VERSION = 2.0
    CALLBACK_TYPE = "aggregate"
    CALLBACK_NAME = "triflow.platform.preload"
    CALLBACK_NEEDS_ENABLED = True

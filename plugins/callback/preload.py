# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Does in the main process, once, what every forked module would do again."""

from __future__ import annotations

DOCUMENTATION = r"""
name: preload
type: aggregate
version_added: 0.1.0
short_description: Does once what each module needs
author: TriFlow AI (@triflow-ai)
description:
  - Before Ansible forks its first worker, imports boto3 and what the modules share, loads the filters, and makes a
    client of each AWS service, which reads what botocore knows of it. With the connection
    P(triflow.platform.forked#connection) the modules find all of it. No client calls AWS.
  - Lets stock modules repeat their calls as ours do. Without it they do as the collection C(amazon.aws) has it.
  - It prints nothing. Without it a run takes longer.
requirements:
  - "Enable it with C(callbacks_enabled = triflow.platform.preload) in C(ansible.cfg)."
"""

import contextlib
import functools
import importlib
import pkgutil
from typing import Any

from ansible.plugins.callback import CallbackBase
from ansible.plugins.loader import connection_loader, filter_loader, lookup_loader, shell_loader, test_loader
from ansible_collections.triflow.platform.plugins import module_utils
from ansible_collections.triflow.platform.plugins.module_utils import account, retries

AMAZON = "ansible_collections.amazon.aws.plugins.module_utils"
SHARED = ("boto3", "botocore.waiter", "psycopg", *(f"{AMAZON}.{name}" for name in ("ec2", "iam", "s3", "waiters")))
# Of which a run of site.yml makes clients.
SERVICES = (
    "acm",
    "application-autoscaling",
    "cloudwatch",
    "ec2",
    "ecr",
    "ecs",
    "elbv2",
    "events",
    "firehose",
    "iam",
    "kms",
    "lambda",
    "logs",
    "rds",
    "resourcegroupstaggingapi",
    "route53",
    "s3",
    "secretsmanager",
    "sns",
    "sqs",
    "ssm",
    "sts",
)


def share(session: Any, hooks: Any, client: Any) -> None:
    """Let all of botocore's sessions share what is the same in each, instead of making it for each client again.

    That is the loader, with what it has read, what a handler takes, what an event is called, and each service's class.
    """
    session.create_loader = functools.cache(session.create_loader)
    hooks.accepts_kwargs = functools.cache(hooks.accepts_kwargs)

    names: dict[str, str] = {}
    make_aliaser = hooks.EventAliaser.__init__

    @functools.wraps(make_aliaser)
    def make_aliaser_with_names(self: Any, *args: Any, **options: Any) -> None:
        make_aliaser(self, *args, **options)
        self._alias_name_cache = names

    hooks.EventAliaser.__init__ = make_aliaser_with_names

    classes: dict[str, type] = {}
    make_class = client.ClientCreator._create_client_class

    @functools.wraps(make_class)
    def make_class_once(self: Any, service_name: str, service_model: Any) -> type:
        if service_name not in classes:
            classes[service_name] = make_class(self, service_name, service_model)
        return classes[service_name]

    client.ClientCreator._create_client_class = make_class_once


def read_services(boto3: Any) -> None:
    """Make a client of each service, with credentials of nobody, since none is used."""
    session = boto3.session.Session(aws_access_key_id="nobody", aws_secret_access_key="nobody", region_name="us-east-1")
    for service in SERVICES:
        client = session.client(service)
        client.can_paginate(next(iter(client.meta.method_to_api_mapping)))


def load_plugins() -> None:
    """Load what each worker looks up. Ansible reads all filters or tests of a collection when it looks for one."""
    for loader, name in (
        (filter_loader, "ansible.builtin.default"),
        (filter_loader, "triflow.platform.component_id"),
        (test_loader, "ansible.builtin.defined"),
    ):
        loader.get(name)
    connection_loader.get("triflow.platform.forked", class_only=True)
    lookup_loader.get("triflow.platform.guard", class_only=True)
    shell_loader.get("sh")


load_plugins()
with contextlib.suppress(ImportError):  # the module that misses something says so
    account.install()
    retries.install()  # before the retries of amazon.aws are taken by its modules
    for name in SHARED:
        importlib.import_module(name)
    for module in pkgutil.iter_modules(module_utils.__path__, f"{module_utils.__name__}."):
        importlib.import_module(module.name)
    share(*(importlib.import_module(f"botocore.{name}") for name in ("session", "hooks", "client")))
    with contextlib.suppress(importlib.import_module("botocore.exceptions").BotoCoreError):  # such as a wrong profile
        read_services(importlib.import_module("boto3"))


class CallbackModule(CallbackBase):
    CALLBACK_VERSION = 2.0
    CALLBACK_TYPE = "aggregate"
    CALLBACK_NAME = "triflow.platform.preload"
    CALLBACK_NEEDS_ENABLED = True

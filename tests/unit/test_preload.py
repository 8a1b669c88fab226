"""The callback `preload` imports what the modules of a run share."""

from __future__ import annotations

import subprocess
import sys

LOADED = """
import sys
from ansible.plugins.loader import init_plugin_loader
init_plugin_loader([])
import ansible_collections.triflow.platform.plugins.callback.preload
print(*sys.modules)
import botocore.session
one, two = (botocore.session.Session().get_component("data_loader") for _ in range(2))
print(one is two, "ec2" in str(one._cache.keys()))
"""


def test_boto3_its_data_and_the_modules_base_are_there() -> None:
    done = subprocess.run([sys.executable, "-c", LOADED], capture_output=True, text=True, timeout=60, check=True)
    base = "ansible_collections.triflow.platform.plugins.module_utils.resource"
    assert {"boto3", "botocore.waiter", "psycopg", base} <= set(done.stdout.split())
    assert done.stdout.splitlines()[-1] == "True True"

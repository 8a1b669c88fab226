# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Checks over the environment of a host of the group lab: its calls stay on this machine."""

from __future__ import annotations

import ipaddress
from collections.abc import Collection, Mapping
from urllib.parse import urlsplit

from ansible_collections.triflow.platform.plugins.module_utils.problems import Problem, problem

LOOPBACK = 'a loopback address, http://127.0.0.1:<port>: make lab, then eval "$(make -s env)"'


def lab_problems(groups: Collection[str], environment: Mapping[str, str]) -> list[Problem]:
    """Refuse a host of the group lab whose calls would leave this machine."""
    if "lab" not in groups:
        return []
    problems = [
        problem(name, value, "a host of the group lab must not reach a real account", LOOPBACK)
        for name, value in sorted(environment.items())
        if name.startswith("AWS_ENDPOINT_URL") and not _is_loopback(value)
    ]
    if "AWS_ENDPOINT_URL" not in environment:
        reason = "it is not set, and a host of the group lab must not reach a real account"
        problems.append(problem("AWS_ENDPOINT_URL", "", reason, LOOPBACK))
    ignored = environment.get("AWS_IGNORE_CONFIGURED_ENDPOINT_URLS", "")
    if ignored.lower() == "true":
        reason = "it makes the AWS client ignore AWS_ENDPOINT_URL"
        problems.append(problem("AWS_IGNORE_CONFIGURED_ENDPOINT_URLS", ignored, reason, "not set"))
    return problems


def _is_loopback(url: str) -> bool:
    try:
        host = urlsplit(url).hostname or ""
        return host == "localhost" or ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False

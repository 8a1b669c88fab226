# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
from __future__ import annotations

from collections.abc import Callable, Sequence

from ansible.errors import AnsibleFilterError
from ansible_collections.triflow.platform.plugins.module_utils import versions

DOCUMENTATION = r"""
name: newest_version
version_added: 0.1.0
short_description: Pick the newest engine version on offer that matches a wish
description:
  - Versions are compared number by number, so C(14.18) is newer than C(14.9).
positional: wish
options:
  _input:
    description: Versions on offer, for example from C(DescribeDBEngineVersions).
    type: list
    elements: str
    required: true
  wish:
    description: A major version such as C(14), or an exact one such as C(14.18).
    type: str
    required: true
author: TriFlow AI (@triflow-ai)
"""

EXAMPLES = r"""
engine_version: "{{ ['14.9', '14.18', '15.4'] | triflow.platform.newest_version('14') }}" # 14.18
"""

RETURN = r"""
_value:
  description: The newest matching version. Without one the filter fails and names the versions on offer.
  type: str
"""


def newest_version(offered: Sequence[str], wish: str) -> str:
    """Return the newest version on offer that matches the wish."""
    try:
        return versions.newest_version([str(version) for version in offered], str(wish))
    except ValueError as error:
        raise AnsibleFilterError(f"newest_version: {error}") from error


class FilterModule:
    """Ansible's entry point."""

    def filters(self) -> dict[str, Callable[..., str]]:
        return {"newest_version": newest_version}

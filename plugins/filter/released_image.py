# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
from __future__ import annotations

from collections.abc import Callable
from typing import Any

from ansible_collections.triflow.platform.plugins.module_utils import images

DOCUMENTATION = r"""
name: released_image
version_added: 0.1.0
short_description: Full name of the image that a release asks for
description:
  - A tag or a digest is one of the repository of the image that runs. Anything else is an image of its own, in the
    account's registry when it names none.
positional: wanted, account_id, region
options:
  _input:
    description: The image that runs.
    type: str
    required: true
  wanted:
    description: Tag, digest or image.
    type: str
    required: true
  account_id:
    description: The AWS account, 12 digits.
    type: str
    required: true
  region:
    description: AWS region.
    type: str
    required: true
author: TriFlow AI (@triflow-ai)
"""

EXAMPLES = r"""
image: "{{ 'docker.io/example/backend:1' | triflow.platform.released_image('2', '123456789012', 'ap-northeast-2') }}"
"""

RETURN = r"""
_value:
  description: The full name, with registry and tag or digest.
  type: str
"""


class FilterModule:
    """Ansible's entry point."""

    def filters(self) -> dict[str, Callable[..., Any]]:
        return {"released_image": images.released_image}

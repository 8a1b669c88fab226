# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
from __future__ import annotations

from collections.abc import Callable, Sequence

from ansible.errors import AnsibleFilterError
from ansible_collections.triflow.platform.plugins.module_utils import cidrs

DOCUMENTATION = r"""
name: subnet_plan
version_added: 0.1.0
short_description: Lay out a VPC's subnets
description:
  - Pairs availability zones with the CIDRs of the public and the private subnets, by position.
positional: public, private
options:
  _input:
    description: Availability zones.
    type: list
    elements: str
    required: true
  public:
    description: CIDRs of the public subnets, one per zone.
    type: list
    elements: str
    required: true
  private:
    description: CIDRs of the private subnets, one per zone.
    type: list
    elements: str
    required: true
author: TriFlow AI (@triflow-ai)
"""

EXAMPLES = r"""
subnets: "{{ ['ap-northeast-2a', 'ap-northeast-2c']
  | triflow.platform.subnet_plan(['10.0.1.0/24', '10.0.2.0/24'], ['10.0.11.0/24', '10.0.12.0/24']) }}"
"""

RETURN = r"""
_value:
  description: The subnets, public ones first, in the order of the zones.
  type: list
  elements: dict
  contains:
    component:
      description: C(subnet-), the tier and the zone's last letter.
      type: str
      sample: subnet-public-a
    availability_zone:
      description: The zone.
      type: str
    cidr_block:
      description: The subnet's range.
      type: str
    public:
      description: Whether it is a public subnet.
      type: bool
"""


def subnet_plan(zones: Sequence[str], public: Sequence[str], private: Sequence[str]) -> list[cidrs.Subnet]:
    """Return the subnets to build."""
    try:
        return cidrs.subnet_plan(zones, public, private)
    except ValueError as error:
        raise AnsibleFilterError(f"subnet_plan: {error}") from error


class FilterModule:
    """Ansible's entry point."""

    def filters(self) -> dict[str, Callable[..., list[cidrs.Subnet]]]:
        return {"subnet_plan": subnet_plan}

#!/usr/bin/python
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
from __future__ import annotations

DOCUMENTATION = r"""
module: compare_hosts
version_added: 0.3.0
short_description: Refuse two hosts of one run that need the same name
author: TriFlow AI (@triflow-ai)
description:
  - A stack is a host, and the hosts of a run build at the same time. Each looks into the account before the other has
    made anything, so two that want one bucket, one zone or one range of a shared VPC would both pass.
  - Compares what M(triflow.platform.validate_variables) returned for the hosts, registered as C(preflight_variables).
  - Runs on the controller, without a process of its own, without credentials and without network.
options: {}
attributes:
  check_mode:
    description: Reads only.
    support: full
  diff_mode:
    description: There is nothing to show.
    support: none
"""

EXAMPLES = r"""
- name: Compare the hosts of this run
  triflow.platform.compare_hosts:
"""

RETURN = r"""
problems:
  description: All that two hosts claim, each with C(variable), C(value), C(reason) and C(accepted).
  returned: always
  type: list
  elements: dict
  sample: []
"""

# The action plugin of the same name does the work.

# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
from __future__ import annotations

DOCUMENTATION = r"""
module: wait
version_added: 0.1.0
short_description: Wait for what AWS takes minutes for, and say how it goes
author: TriFlow AI (@triflow-ai)
description:
  - Waits until everything named is ready, with an upper bound, and prints the state at each question.
  - In check mode there is nothing to wait for.
options:
  nat_gateways:
    description: Ids of NAT gateways to become available.
    type: list
    elements: str
    default: []
  load_balancers:
    description: ARNs of load balancers to become active.
    type: list
    elements: str
    default: []
  certificates:
    description: ARNs of certificates to be issued.
    type: list
    elements: str
    default: []
  db_instances:
    description: Identifiers of DB instances to become available.
    type: list
    elements: str
    default: []
  db_instances_deleted:
    description: Identifiers of DB instances to be gone.
    type: list
    elements: str
    default: []
  db_instances_stopped:
    description: Identifiers of DB instances to be stopped.
    type: list
    elements: str
    default: []
  services_with_tasks:
    description: ECS services, C(service/<cluster>/<service>), to have all the tasks that they want, and any.
    type: list
    elements: str
    default: []
  services_without_tasks:
    description: ECS services, C(service/<cluster>/<service>), to have no task any more.
    type: list
    elements: str
    default: []
  accept_stopped:
    description: Do not wait for those of O(db_instances) that are stopped, or stopping, and return them (ENV-6).
    type: bool
    default: false
  timeout:
    description: Longest wait for all of them together, in seconds.
    type: int
    required: true
  advice:
    description: What a person can do about it. Said once while it waits, and at the end of the failure's message.
    type: str
    default: ""
  region:
    description: AWS region, from C(module_defaults).
    type: str
extends_documentation_fragment:
  - triflow.platform.stack
attributes:
  check_mode:
    description: Does not wait.
    support: full
"""

EXAMPLES = r"""
- name: Wait for the database
  triflow.platform.wait:
    db_instances: [triflow-prod-db]
    timeout: 3600
"""

RETURN = r"""
waited:
  description: Seconds waited for each of them.
  returned: always
  type: dict
  sample: {triflow-prod-db: 612}
stopped:
  description: DB instances that are stopped or stopping, and not waited for. Empty unless O(accept_stopped).
  returned: always
  type: list
  elements: str
"""

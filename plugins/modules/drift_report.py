# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
from __future__ import annotations

DOCUMENTATION = r"""
module: drift_report
version_added: 0.2.0
short_description: Report what the plan of this run found, and fail when that is something
author: TriFlow AI (@triflow-ai)
description:
  - Comes after a plan of all roles in the same run. What the plan would update differs from the variables, what it
    would create is missing. What carries the stack's tag and belongs to no component of the plan is an orphan.
  - It prints a report, and fails when there is drift, so that C(ansible-playbook) ends with 2.
  - It reads what the callback P(triflow.platform.summary#callback) has recorded, and says so when that is not enabled.
options:
  resources:
    description: What carries the stack's tag, from M(triflow.platform.stack_resources). Without it orphans are not
      looked for.
    type: list
    elements: dict
  path:
    description: File on the controller to write the report to, as JSON. It is written without drift, too.
    type: path
attributes:
  check_mode:
    description: Does the same. It changes nothing but the report's file.
    support: full
"""

EXAMPLES = r"""
- name: Report
  triflow.platform.drift_report:
    resources: "{{ drift_stack.resources }}"
    path: /var/lib/triflow/drift-triflow-prod.json
"""

RETURN = r"""
report:
  description: The report, as it is in the file.
  returned: without drift
  type: dict
  contains:
    stack:
      description: Name of the stack.
      type: str
    time:
      description: When it was made, in UTC.
      type: str
    drift:
      description: Whether there is any.
      type: bool
    differs:
      description: Components with the fields that differ, each with C(before) and C(after).
      type: dict
    missing:
      description: Components that are not there.
      type: list
      elements: str
    orphans:
      description: What no variable asks for, with C(component) and C(arn).
      type: list
      elements: dict
    twice:
      description: What carries a component's tags more than once, with C(component), C(arns), and of these the
        C(leftovers), which a run deletes.
      type: list
      elements: dict
  sample:
    stack: triflow-prod
    time: "2026-01-20T03:00:00+00:00"
    drift: false
    differs: {}
    missing: []
    orphans: []
    twice: []
"""

# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
from __future__ import annotations

DOCUMENTATION = r"""
module: cost_report
version_added: 0.2.0
short_description: Report what stacks cost a month, side by side
author: TriFlow AI (@triflow-ai)
description:
  - Puts the stacks of M(triflow.platform.stack_cost) side by side, compares them with the record's figures (COST-1..10)
    and with an earlier report, prints tables, and writes files.
options:
  stacks:
    description: What M(triflow.platform.stack_cost) has returned for each stack.
    type: list
    elements: dict
    required: true
  rate:
    description: The rate.
    type: dict
    required: true
    suboptions:
      krw_per_usd:
        description: KRW for one USD.
        type: float
        required: true
      date:
        description: Its day, such as C(2026-01-20).
        type: str
        required: true
  budget_action:
    description: What happens when a stack is over its budget. C(refuse) fails, after the report.
    type: str
    choices: [warn, refuse]
    default: warn
  against:
    description: File of an earlier report as JSON, to compare with.
    type: path
  against_revision:
    description: Git revision to compare with instead, whose report is O(revision_report).
    type: str
  revision_report:
    description: The report of that revision.
    type: dict
  against_stack:
    description: Name of one of the stacks, to compare the others with.
    type: str
  live_stacks:
    description:
      - What stands in the account, to compare with. Of each stack the RV(triflow.platform.stack_cost#module:live).
    type: list
    elements: dict
  json_path:
    description: File to write the report to, as JSON.
    type: path
  markdown_path:
    description: File to write the report to, as Markdown.
    type: path
  html_path:
    description: File to write the report to, as one HTML page that loads nothing else.
    type: path
attributes:
  check_mode:
    description: Does the same. It changes nothing but the report's files.
    support: full
"""

EXAMPLES = r"""
- name: Report
  triflow.platform.cost_report:
    stacks: "{{ ansible_play_hosts | map('extract', hostvars, ['cost_stack', 'cost']) | list }}"
    rate: {krw_per_usd: 1300, date: "2026-01-20"}
    json_path: cost.json
  run_once: true
"""

RETURN = r"""
report:
  description: The report, as it is in the file.
  returned: always
  type: dict
  contains:
    stacks:
      description: The stacks that were given.
      type: list
      elements: dict
    total_krw:
      description: All of them together.
      type: int
    record:
      description:
        - The record's figures. C(theirs_krw) is the record's, C(ours_krw) the same lines at its prices, C(bill_krw) at
          AWS's prices, with the reason for a difference.
      type: list
      elements: dict
    difference:
      description: What differs from the earlier report or the other stack, if one was given.
      type: dict
  sample:
    total_krw: 462577
    record: []
"""

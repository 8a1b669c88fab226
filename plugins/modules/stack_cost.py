# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
from __future__ import annotations

DOCUMENTATION = r"""
module: stack_cost
version_added: 0.2.0
short_description: Count what a stack costs a month
author: TriFlow AI (@triflow-ai)
description:
  - Reads the stack's variables, with the defaults of all roles, and the prices, and returns every line that AWS would
    charge for (COST-1..7). It needs no credentials and no network.
  - It checks the variables first, as M(triflow.platform.validate_variables) does, and refuses what is wrong.
options:
  prices:
    description: File of prices, as C(roles/cost/files/prices.yml) is.
    type: path
    required: true
  live:
    description:
      - What M(triflow.platform.cost_live_info) has read. What stands costs with the usage of the variables is RV(live).
    type: dict
  measured:
    description:
      - What M(triflow.platform.cost_usage_info) has measured. The stack is counted once more with it, as a second one.
    type: dict
    suboptions:
      usage:
        description: Variables of the role C(cost), with what was measured.
        type: dict
        required: true
      hours:
        description: Hours that it was measured over.
        type: int
        required: true
attributes:
  check_mode:
    description: Does the same. It changes nothing.
    support: full
"""

EXAMPLES = r"""
- name: Count
  triflow.platform.stack_cost:
    prices: "{{ role_path }}/files/prices.yml"
  register: cost_stack
"""

RETURN = r"""
cost:
  description: What the stack costs a month. Amounts in USD are rounded to cents, those in KRW to whole won.
  returned: success
  type: dict
  contains:
    stack:
      description: Name of the stack.
      type: str
    kind:
      description: Its group in the inventory, of prod, staging, dev and nonprod. Empty for none of them.
      type: str
    lines:
      description:
        - What is charged, each with C(id), C(record_id), C(group), C(text_en), C(text_ko), C(quantity), C(unit),
          C(unit_price_usd), C(monthly_usd), C(monthly_krw) and where the price is from.
        - C(in_record) is false for what the record's table forgot.
      type: list
      elements: dict
    total_usd:
      description: Sum of the lines.
      type: float
    total_krw:
      description: Sum of the lines.
      type: int
    on_demand:
      description: The month and the year without any reservation, see RV(cost.reserved).
      type: dict
    reserved:
      description:
        - The month and the year with the database's hours reserved for a year, all upfront (COST-9). C(monthly_krw)
          has a twelfth of C(upfront_krw).
      type: dict
    switches:
      description: What is off, and what it would add.
      type: list
      elements: dict
    drawing:
      description: What a drawing of the architecture shows.
      type: dict
    measured:
      description:
        - The second scenario. C(total_usd), C(total_krw) and C(adds_krw) of the month; C(lines) that differ, each with
          C(id), C(assumed_krw) and C(measured_krw); and C(usage), each with C(variable), C(unit), C(assumed) and
          C(measured), which is null where the variable's usage still counts.
      returned: with O(measured)
      type: dict
  sample:
    stack: triflow-prod
    kind: prod
    lines: []
    total_usd: 355.83
    total_krw: 462577
live:
  description: C(lines) and C(total_krw) of what stands, with C(stack), in the form of RV(cost).
  returned: with O(live)
  type: dict
  sample: {stack: triflow-prod, lines: [], total_krw: 462577}
"""

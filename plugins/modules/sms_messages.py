# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
from __future__ import annotations

DOCUMENTATION = r"""
module: sms_messages
version_added: 0.3.0
short_description: Wait for the texts of an alarm, and show their IDs
author: TriFlow AI (@triflow-ai)
description:
  - Reads what the function for telephones has written to its log about an alarm since a moment, until that many texts
    are there (MON-8). Each ID is that of AWS End User Messaging SMS, by which a text is found there. Of a number the
    last four digits are shown.
  - Fails when the function could not send one, with the reason, or says nothing in time.
options:
  log_group:
    description: Log group of the function.
    type: str
    required: true
  alarm_name:
    description: Name of the alarm.
    type: str
    required: true
  since:
    description: From when on, in seconds since 1970.
    type: int
    required: true
  count:
    description: How many texts are waited for.
    type: int
    required: true
  seconds:
    description: How long they are waited for.
    type: int
    default: 120
  region:
    description: AWS region of the log group, from C(module_defaults).
    type: str
extends_documentation_fragment:
  - triflow.platform.stack
attributes:
  check_mode:
    description: Asks nothing, since nothing was sent.
    support: full
"""

EXAMPLES = r"""
- name: Show the texts
  triflow.platform.sms_messages:
    log_group: /aws/lambda/triflow-prod-sms
    alarm_name: triflow-prod-rds-cpu-high
    since: "{{ state.since }}"
    count: 2
"""

RETURN = r"""
texts:
  description: The texts, each with the end of its number and its ID.
  returned: success
  type: list
  elements: dict
  sample: [{to: "...0000", text_id: 7b0e0c1c-5b5e-4a3a-9f3e-0c9f5f0c1d2e}]
waited:
  description: Seconds that they took.
  returned: success
  type: dict
  sample: {texts: 3}
"""

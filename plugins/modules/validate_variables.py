#!/usr/bin/python
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
from __future__ import annotations

DOCUMENTATION = r"""
module: validate_variables
version_added: 0.1.0
short_description: Refuse a stack's variables that cannot work
author: TriFlow AI (@triflow-ai)
description:
  - Validates the host's variables against the argument specs of all roles of this collection, a role's default counting
    as given, and against what AWS takes and what must fit together, such as windows, ranges and capacities.
  - Refuses a name that starts like a role's variables, in small letters or capitals, and is none of them, which Ansible
    would ignore silently.
  - Warns of what looks like a secret in the environment of a task, without showing it.
  - Runs on the controller, without a process of its own, without credentials and without network.
  - Fails once, with everything that is wrong. The value of a variable that may hold a secret is not shown.
  - It takes every variable of the host into account, so it runs before roles register results of their own.
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
- name: Check the variables of all roles
  triflow.platform.validate_variables:
"""

RETURN = r"""
claims:
  description: The names that the stack needs in its account, empty when something is wrong.
  returned: always
  type: list
  elements: dict
  contains:
    component:
      description: Component of the stack that gets the name.
      type: str
      sample: bucket
    kind:
      description: What kind of thing has the name.
      type: str
      sample: bucket
    name:
      description: The name.
      type: str
      sample: triflow-ai-prod
    variable:
      description: Variable that holds it, or from which it follows.
      type: str
      sample: s3_bucket_name
    fixed:
      description: Fields that do not change once it stands, with the values that they have to have.
      type: dict
      returned: when there are any
needed:
  description: Components that the chosen parts of the run need and no part of it makes.
  returned: always
  type: list
  elements: dict
  sample: [{part: "logs:archive", component: bucket, maker: s3, owner: triflow-prod, name: triflow-ai-prod}]
quotas:
  description: How much the stack needs of the quotas of an account, by their codes.
  returned: always
  type: dict
  sample: {L-0263D0A3: 1}
problems:
  description: All that is wrong, empty when nothing is.
  returned: always
  type: list
  elements: dict
  contains:
    variable:
      description: Name of the variable.
      type: str
      sample: rds_backup_window
    value:
      description: Its value.
      type: raw
      sample: "3-4"
    reason:
      description: Why it is refused.
      type: str
      sample: "'3-4' is not a daily window"
    accepted:
      description: What would be accepted.
      type: str
      sample: hh:mm-hh:mm, 30 minutes to 24 hours, for example 03:00-04:00
"""

# The action plugin of the same name does the work.

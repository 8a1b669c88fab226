# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
from __future__ import annotations

DOCUMENTATION = r"""
module: ecs_logs
version_added: 0.1.0
short_description: Print the last lines of a log group, by time over all its streams
author: TriFlow AI (@triflow-ai)
description:
  - Prints the last lines of all tasks and containers together, each with its time, its container and the first eight
    digits of its task. It changes nothing.
options:
  log_group:
    description: Name of the log group.
    type: str
    required: true
  since:
    description: Begin of the time to look at, in minutes ago.
    type: int
    default: 60
  until:
    description: End of the time to look at, in minutes ago.
    type: int
    default: 0
  pattern:
    description: Only lines that match this filter pattern (Amazon CloudWatch Logs user guide, filter pattern syntax).
    type: str
  stream_prefix:
    description: Only streams whose name begins so. That of a service's container is C(<prefix>/<container>/<task>).
    type: str
  limit:
    description: Lines at most. The last ones are taken.
    type: int
    default: 200
  time_zone:
    description: Time zone of the printed times, as the IANA database names it.
    type: str
    default: UTC
  region:
    description: AWS region, from C(module_defaults).
    type: str
extends_documentation_fragment:
  - triflow.platform.stack
attributes:
  check_mode:
    description: Does the same.
    support: full
"""

EXAMPLES = r"""
- name: Errors of the last quarter of an hour
  triflow.platform.ecs_logs:
    log_group: /aws/ecs/triflow-backend
    since: 15
    pattern: ERROR
    time_zone: Asia/Seoul
"""

RETURN = r"""
lines:
  description: The lines as they are printed, the newest last.
  returned: success
  type: list
  elements: str
  sample: ["2026-01-20 12:00:05 backend/01234567 Application startup complete."]
"""

# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
from __future__ import annotations

DOCUMENTATION = r"""
module: watch_alarms
version_added: 0.1.0
short_description: Watch CloudWatch alarms for a time, and fail as soon as one goes off
author: TriFlow AI (@triflow-ai)
description:
  - Looks at the alarms at least every ten seconds, says how it goes, and fails as soon as one is in C(ALARM), with its
    reason and since when. One that is so from the beginning fails, too. C(INSUFFICIENT_DATA) is no failure.
  - Fails as well when a service that it watches has fewer tasks running than it should and one has stopped meanwhile,
    with the reasons.
  - An alarm that does not exist is refused at once, with the names of those of the stack that do.
options:
  alarms:
    description: Names of metric alarms. Composite ones are not looked for.
    type: list
    elements: str
    required: true
  seconds:
    description: How long to watch them. The last look is at the end.
    type: int
    required: true
  services:
    description: ECS services that must keep their tasks running meanwhile.
    type: list
    elements: dict
    default: []
    suboptions:
      cluster:
        description: Cluster of the service.
        type: str
        required: true
      name:
        description: Name of the service.
        type: str
        required: true
  region:
    description: AWS region, from C(module_defaults).
    type: str
extends_documentation_fragment:
  - triflow.platform.stack
attributes:
  check_mode:
    description: Looks at the alarms once and fails in the same way. Services, which may not be there yet, are left out.
    support: full
"""

EXAMPLES = r"""
- name: Bake the canary for ten minutes
  triflow.platform.watch_alarms:
    alarms: [triflow-prod-alb-5xx, triflow-prod-alb-latency-high]
    seconds: 600
    services:
      - cluster: triflow-prod
        name: backend-canary
"""

RETURN = r"""
waited:
  description: Seconds that the alarms were watched.
  returned: success
  type: dict
  sample: {alarms: 600}
reasons:
  description: Which alarm went off, or why a service has lost tasks.
  returned: failure
  type: list
  elements: str
  sample: ["alarm triflow-prod-alb-5xx went off at 2026-01-20 03:00:00 UTC: Threshold Crossed: 1 datapoint [7.5]"]
"""

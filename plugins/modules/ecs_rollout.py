# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
from __future__ import annotations

DOCUMENTATION = r"""
module: ecs_rollout
version_added: 0.1.0
short_description: Wait for the rollout of ECS services, and say why one fails
author: TriFlow AI (@triflow-ai)
description:
  - Waits until the last deployment of each service is done, with an upper bound, and prints how far it is.
  - When a deployment fails, is rolled back or takes too long, it fails at once with the reasons - stopped tasks, the
    last events of the service, targets' health and the last log lines.
  - In check mode there is nothing to wait for.
options:
  cluster:
    description: Cluster of the services.
    type: str
    required: true
  services:
    description: The services.
    type: list
    elements: dict
    required: true
    suboptions:
      name:
        description: Name of the service.
        type: str
        required: true
      task_definition:
        description: ARN of the revision that must be running in the end. Default the one that it was told last.
        type: str
  deployments:
    description:
      - The deployment that each service was told in this run, as M(triflow.platform.ecs_services) and
        M(triflow.platform.ecs_deployment) return it. ECS lists it a while later; until then an answer is late, and no
        end. Without it the rollout is known by its task definition.
    type: dict
    default: {}
  timeout:
    description: Longest wait for all of them together, in seconds.
    type: int
    required: true
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
- name: Wait for the rollout
  triflow.platform.ecs_rollout:
    cluster: triflow-prod
    services:
      - name: backend
        task_definition: arn:aws:ecs:ap-northeast-2:123456789012:task-definition/triflow-prod-backend:7
    timeout: 900
"""

RETURN = r"""
waited:
  description: Seconds waited for each service.
  returned: success
  type: dict
  sample: {backend: 74}
service:
  description: The service that failed.
  returned: failure
  type: str
  sample: backend
reasons:
  description: Why it failed.
  returned: failure
  type: list
  elements: str
  sample: ["task 0123456789abcdef stopped: Essential container in task exited (backend exit code 1)"]
"""

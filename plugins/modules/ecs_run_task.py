# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
from __future__ import annotations

DOCUMENTATION = r"""
module: ecs_run_task
version_added: 0.1.0
short_description: Run a command once in a service's task definition, and show its log
author: TriFlow AI (@triflow-ai)
description:
  - Runs one Fargate task in the subnets and security groups of a service, prints its log as it comes, and waits for the
    end, with an upper bound.
  - Fails on an exit code other than 0, when the task could not start, and when it takes too long, each time with the
    reason and the last log lines. A task that takes too long is stopped.
  - The stock module waits ten minutes, does not look at the exit code and shows no log.
options:
  cluster:
    description: Cluster of the service.
    type: str
    required: true
  service:
    description: The service whose network, and unless told otherwise whose task definition, the task has.
    type: str
    required: true
  task_definition:
    description: ARN of another revision, which in check mode may be one that is only announced.
    type: str
  command:
    description: The command and its arguments, instead of the container's own. Either this or O(cmd) is required.
    type: list
    elements: str
  cmd:
    description: The same as one line, taken apart at blanks and quotes. No shell reads it unless it names one.
    type: str
  container:
    description: Container that runs it. Default the one with the service's name.
    type: str
  environment:
    description: Further environment variables of the container. Their values are never shown.
    type: dict
    default: {}
  cpu:
    description: CPU units of the task, instead of the task definition's. Only sizes that Fargate has.
    type: int
  memory:
    description: MiB of the task, instead of the task definition's. Only sizes that Fargate has.
    type: int
  timeout:
    description: Longest time that the task may take, in seconds.
    type: int
    required: true
  started_by:
    description:
      - Name of this undertaking, at most 128 letters, digits, hyphens, slashes and underscores. While a task with the
        same name has not stopped, no other one is started; the first is waited for. So a run that was killed can be
        repeated.
    type: str
  region:
    description: AWS region, from C(module_defaults).
    type: str
extends_documentation_fragment:
  - triflow.platform.stack
attributes:
  check_mode:
    description: Says what would run, and refuses a container that the task definition does not have.
    support: full
  diff_mode:
    description: Shows what runs.
    support: full
"""

EXAMPLES = r"""
- name: Migrate the database
  triflow.platform.ecs_run_task:
    cluster: triflow-prod
    service: backend
    command: [alembic, upgrade, head]
    started_by: release-migration
    timeout: 900
"""

RETURN = r"""
exit_code:
  description: Exit code of the container. Missing when it did not run or did not end.
  returned: when the container has ended
  type: int
  sample: 0
task:
  description: ARN of the task.
  returned: when it was started
  type: str
  sample: arn:aws:ecs:ap-northeast-2:123456789012:task/triflow-prod/0123456789abcdef0123456789abcdef
log:
  description: The last lines of the container's log, at most 50.
  returned: when it was started
  type: list
  elements: str
  sample: [Running upgrade 1975ea83b712 -> 27c6a30d7c24]
seconds:
  description: Seconds waited for it.
  returned: when it was started
  type: int
  sample: 74
"""

#!/usr/bin/python
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
from __future__ import annotations

DOCUMENTATION = r"""
module: stack_leftovers
version_added: 0.2.0
short_description: Delete what a stack's roles made once and do not know any more
author: TriFlow AI (@triflow-ai)
description:
  - A role takes down what its variables name, and what it reads in the network, the cluster and the load balancer. What
    a variable named once, such as the log group or the alarms of a service that is gone, is found by its tag alone.
  - It deletes alarms, rules, topics, queues, log groups, task definitions, repositories, roles, DB parameter groups,
    certificates, Elastic IP addresses, security groups and KMS keys that carry the stack's tag, whatever their
    component. So it comes after all that uses them.
  - A repository with images stays, unless O(delete_images).
options:
  delete_images:
    description: Delete repositories that hold images, too.
    type: bool
    default: false
extends_documentation_fragment:
  - triflow.platform.stack
  - amazon.aws.common.modules
  - amazon.aws.region.modules
  - amazon.aws.boto3
attributes:
  check_mode:
    description: Announces what a run would delete, if nothing before it does.
    support: full
  diff_mode:
    description: Shows the ARNs.
    support: full
"""

EXAMPLES = r"""
- name: Delete what no variable names any more
  triflow.platform.stack_leftovers:
"""

RETURN = r"""
changes:
  description: What was deleted, or would be.
  returned: always
  type: list
  elements: dict
  sample: [{component: log-group-worker, action: delete, fields: []}]
"""

from collections.abc import Callable
from typing import Any, override

from ansible_collections.triflow.platform.plugins.module_utils import stack_tags
from ansible_collections.triflow.platform.plugins.module_utils.attempts import looks_again
from ansible_collections.triflow.platform.plugins.module_utils.resource import Resource, Run, StackModule
from ansible_collections.triflow.platform.plugins.module_utils.statuses import alive
from ansible_collections.triflow.platform.plugins.module_utils.stock import SHORTEST_KEY_WINDOW
from ansible_collections.triflow.platform.plugins.module_utils.tags import COMPONENT

# What a role has deleted is listed a while longer.
GONE = (
    "AWS.SimpleQueueService.NonExistentQueue",
    "DBParameterGroupNotFound",
    "InvalidAllocationID.NotFound",
    "InvalidGroup.NotFound",
    "NoSuchEntity",
    "NotFoundException",
    "QueueDoesNotExist",
    "RepositoryNotFoundException",
    "ResourceNotFound",
    "ResourceNotFoundException",
)


class Leftover(Resource):
    """Something with the stack's tag. ``kind`` is how its ARN goes on after region and account, or its service."""

    def __init__(self, module: StackModule, component: str, arn: str) -> None:
        super().__init__(component)
        self.module = module
        self.arn = arn
        self.service, rest = arn.split(":")[2], arn.split(":", 5)[5]
        self.kind = next((kind for kind in DELETE if f"{self.service}:{rest}".startswith(kind)), "")
        self.name = f"{self.service}:{rest}".removeprefix(self.kind)

    def call(self, operation: str, **parameters: Any) -> dict[str, Any]:
        """The answer; an empty one when it is gone already."""
        return self.module.api(self.service).call(operation, on=self.name, absent=GONE, **parameters)

    def items(self, operation: str, key: str, **parameters: Any) -> list[Any]:
        return self.module.api(self.service).pages(operation, key, on=self.name, absent=GONE, **parameters)

    @override
    def find(self) -> dict[str, Any] | None:
        keeps = self.service == "ecr" and not self.module.params["delete_images"]
        if keeps and self.call("list_images", repositoryName=self.name).get("imageIds"):
            return None
        is_there = LOOK.get(self.kind)
        return {"id": self.arn} if is_there is None or is_there(self) else None

    @override
    def wanted(self, live: dict[str, Any] | None) -> dict[str, Any]:
        raise NotImplementedError

    @override
    def create(self, wanted: dict[str, Any]) -> str:
        raise NotImplementedError

    @override
    def delete(self, live: dict[str, Any]) -> None:
        DELETE[self.kind](self)


def delete_rule(rule: Leftover) -> None:
    targets = [target["Id"] for target in rule.items("list_targets_by_rule", "Targets", Rule=rule.name)]
    if targets:
        rule.call("remove_targets", Rule=rule.name, Ids=targets)
    rule.call("delete_rule", Name=rule.name)


def delete_queue(queue: Leftover) -> None:
    url = queue.call("get_queue_url", QueueName=queue.name).get("QueueUrl")
    if url:
        queue.call("delete_queue", QueueUrl=url)


def delete_task_definition(revision: Leftover) -> None:
    revision.call("deregister_task_definition", taskDefinition=revision.arn)
    revision.call("delete_task_definitions", taskDefinitions=[revision.arn])


def delete_role(role: Leftover) -> None:
    name = role.name.split("/")[-1]
    for policy in role.items("list_attached_role_policies", "AttachedPolicies", RoleName=name):
        role.call("detach_role_policy", RoleName=name, PolicyArn=policy["PolicyArn"])
    for policy in role.items("list_role_policies", "PolicyNames", RoleName=name):
        role.call("delete_role_policy", RoleName=name, PolicyName=policy)
    role.call("delete_role", RoleName=name)


def is_key_there(key: Leftover) -> bool:
    state = key.call("describe_key", KeyId=key.arn).get("KeyMetadata", {}).get("KeyState")
    return bool(state) and alive("KMS key", state)


LOOK: dict[
    str, Callable[[Leftover], Any]
] = {  # what is listed for long after it is gone, and is deleted by others, too
    "ec2:elastic-ip/": lambda address: address.call("describe_addresses", AllocationIds=[address.name]),
    "ec2:security-group/": lambda group: group.call("describe_security_groups", GroupIds=[group.name]),
    "kms:key/": is_key_there,
}
DELETE: dict[str, Callable[[Leftover], Any]] = {  # in this order
    "cloudwatch:alarm:": lambda alarm: alarm.call("delete_alarms", AlarmNames=[alarm.name]),
    "events:rule/": delete_rule,
    "sns:": lambda topic: topic.call("delete_topic", TopicArn=topic.arn),
    "sqs:": delete_queue,
    "logs:log-group:": lambda group: group.call("delete_log_group", logGroupName=group.name),
    "ecs:task-definition/": delete_task_definition,
    "ecr:repository/": lambda found: found.call(
        "delete_repository", repositoryName=found.name, force=found.module.params["delete_images"]
    ),
    "rds:pg:": lambda group: group.call("delete_db_parameter_group", DBParameterGroupName=group.name),
    "acm:certificate/": lambda certificate: certificate.call("delete_certificate", CertificateArn=certificate.arn),
    "iam:role/": delete_role,
    "ec2:elastic-ip/": lambda address: address.call("release_address", AllocationId=address.name),
    "ec2:security-group/": lambda group: group.call("delete_security_group", GroupId=group.name),
    "kms:key/": lambda key: key.call("schedule_key_deletion", KeyId=key.arn, PendingWindowInDays=SHORTEST_KEY_WINDOW),
}


@looks_again
def main() -> None:
    module = StackModule({"delete_images": {"type": "bool", "default": False}}, state=False)
    found = [Leftover(module, tags.get(COMPONENT) or arn, arn) for arn, tags in stack_tags.read(module).items()]
    run = Run(module)
    for kind in DELETE:
        for leftover in (item for item in found if item.kind == kind):
            run.absent(leftover)
    run.exit()


if __name__ == "__main__":
    main()

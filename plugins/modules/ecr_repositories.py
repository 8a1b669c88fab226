#!/usr/bin/python
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
from __future__ import annotations

DOCUMENTATION = r"""
module: ecr_repositories
version_added: 0.1.0
short_description: ECR repositories with their lifecycle, scanning and tag mutability
author: TriFlow AI (@triflow-ai)
description:
  - Creates repositories and changes them in place (CMP-8). Images are encrypted with AES-256.
options:
  repositories:
    description: The repositories.
    type: list
    elements: dict
    required: true
    suboptions:
      component:
        description: Component, which starts with C(repository-).
        type: str
        required: true
      name:
        description: Name of the repository.
        type: str
        required: true
      image_tag_mutability:
        description: C(IMMUTABLE) refuses an image under a tag that is taken.
        type: str
        choices: [IMMUTABLE, MUTABLE]
      scan_on_push:
        description: Scan each image for known vulnerabilities when it is pushed.
        type: bool
      lifecycle_policy:
        description: Lifecycle policy in AWS's own shape, a dict with the list C(rules).
        type: dict
  force:
    description: Let O(state=absent) delete a repository that holds images.
    type: bool
    default: false
extends_documentation_fragment:
  - triflow.platform.stack
  - triflow.platform.stack.state
  - triflow.platform.plan
  - amazon.aws.common.modules
  - amazon.aws.region.modules
  - amazon.aws.boto3
"""

EXAMPLES = r"""
- name: Repository
  triflow.platform.ecr_repositories:
    repositories:
      - component: repository-backend
        name: triflow-prod/backend
        image_tag_mutability: IMMUTABLE
        scan_on_push: true
"""

RETURN = r"""
changes:
  description: What was done, or would be.
  returned: always
  type: list
  elements: dict
  sample: [{component: repository-backend, action: update, fields: [scan_on_push]}]
resources:
  description: The repositories by component, each with its ARN as C(id) or a placeholder. Empty when absent.
  returned: always
  type: dict
"""

import json
from typing import Any, override

from ansible_collections.triflow.platform.plugins.module_utils.attempts import looks_again
from ansible_collections.triflow.platform.plugins.module_utils.resource import Api, Resource, Run, StackModule
from ansible_collections.triflow.platform.plugins.module_utils.tags import from_aws, to_aws


class Repository(Resource):
    id_prefix = "arn:aws:ecr:::repository/"

    def __init__(self, api: Api, options: dict[str, Any]) -> None:
        super().__init__(options["component"])
        self.api = api
        self.name = options["name"]
        self.options = options
        self.tags = api.module.tags_of(self.component)

    def _call(self, operation: str, absent: str = "", **parameters: Any) -> dict[str, Any]:
        return self.api.call(operation, on=self.name, absent=(absent,), repositoryName=self.name, **parameters)

    @override
    def find(self) -> dict[str, Any] | None:
        answer = self.api.call(
            "describe_repositories",
            on=self.name,
            absent=("RepositoryNotFoundException",),
            repositoryNames=[self.name],
        )
        for repository in answer.get("repositories", []):
            arn = repository["repositoryArn"]
            policy = self._call("get_lifecycle_policy", absent="LifecyclePolicyNotFoundException")
            return {
                "id": arn,
                "name": self.name,
                "image_tag_mutability": repository["imageTagMutability"],
                "scan_on_push": repository["imageScanningConfiguration"]["scanOnPush"],
                "lifecycle_policy": json.loads(policy.get("lifecyclePolicyText", "{}")),
                "tags": from_aws(self.api.call("list_tags_for_resource", on=self.name, resourceArn=arn)["tags"]),
            }
        return None

    @override
    def wanted(self, live: dict[str, Any] | None) -> dict[str, Any]:
        return {**{key: value for key, value in self.options.items() if key != "component"}, "tags": self.tags}

    @override
    def create(self, wanted: dict[str, Any]) -> str:
        given = {
            "imageTagMutability": wanted["image_tag_mutability"],
            "imageScanningConfiguration": None
            if wanted["scan_on_push"] is None
            else {"scanOnPush": wanted["scan_on_push"]},
        }
        parameters = {name: value for name, value in given.items() if value is not None}
        answer = self._call("create_repository", tags=to_aws(self.tags), **parameters)
        if wanted["lifecycle_policy"]:
            self._put_lifecycle_policy(wanted)
        return str(answer["repository"]["repositoryArn"])

    def _put_lifecycle_policy(self, wanted: dict[str, Any]) -> None:
        self._call("put_lifecycle_policy", lifecyclePolicyText=json.dumps(wanted["lifecycle_policy"]))

    @override
    def update(self, live: dict[str, Any], wanted: dict[str, Any], fields: list[str]) -> None:
        if "tags" in fields:
            self.api.call("tag_resource", on=self.name, resourceArn=live["id"], tags=to_aws(self.tags))
        if "image_tag_mutability" in fields:
            self._call("put_image_tag_mutability", imageTagMutability=wanted["image_tag_mutability"])
        if "scan_on_push" in fields:
            scanning = {"scanOnPush": wanted["scan_on_push"]}
            self._call("put_image_scanning_configuration", imageScanningConfiguration=scanning)
        if "lifecycle_policy" in fields and wanted["lifecycle_policy"]:
            self._put_lifecycle_policy(wanted)
        elif "lifecycle_policy" in fields:
            self._call("delete_lifecycle_policy")

    @override
    def delete(self, live: dict[str, Any]) -> None:
        self._call("delete_repository", force=self.api.module.params["force"])


@looks_again
def main() -> None:
    options = {
        "component": {"type": "str", "required": True},
        "name": {"type": "str", "required": True},
        "image_tag_mutability": {"type": "str", "choices": ["IMMUTABLE", "MUTABLE"]},
        "scan_on_push": {"type": "bool"},
        "lifecycle_policy": {"type": "dict"},
    }
    module = StackModule(
        {
            "repositories": {"type": "list", "elements": "dict", "required": True, "options": options},
            "force": {"type": "bool", "default": False},
        }
    )
    api = module.api("ecr")
    run = Run(module)
    run.converge([Repository(api, entry) for entry in module.params["repositories"]])
    run.exit()


if __name__ == "__main__":
    main()

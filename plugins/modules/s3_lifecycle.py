#!/usr/bin/python
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
from __future__ import annotations

DOCUMENTATION = r"""
module: s3_lifecycle
version_added: 0.1.0
short_description: The lifecycle configuration of a bucket, as one rule set
author: TriFlow AI (@triflow-ai)
description:
  - Sets exactly these rules. A rule that is not listed goes; the order of rules does not matter (S3-3..7).
  - Also sets the smallest size of an object that moves to another storage class.
  - The rules are those of C(PutBucketLifecycleConfiguration) in the Amazon S3 API reference; the filter
    P(triflow.platform.lifecycle_rules#filter) makes them.
options:
  bucket:
    description: Name of the bucket.
    type: str
    required: true
  rules:
    description: Rules in AWS's own shape, each with its C(ID). Required when O(state=present).
    type: list
    elements: dict
  transition_minimum_object_size:
    description: C(varies_by_storage_class) lets objects under 128 KB move to Glacier too.
    type: str
    choices: [varies_by_storage_class, all_storage_classes_128K]
    default: all_storage_classes_128K
extends_documentation_fragment:
  - triflow.platform.stack
  - triflow.platform.stack.state
  - triflow.platform.plan
  - amazon.aws.common.modules
  - amazon.aws.region.modules
  - amazon.aws.boto3
attributes:
  diff_mode:
    description: Shows the rules that differ.
    support: full
"""

EXAMPLES = r"""
- name: Delete logs after a year
  triflow.platform.s3_lifecycle:
    bucket: triflow-ai-prod
    rules:
      - ID: logs
        Status: Enabled
        Filter: {Tag: {Key: category, Value: logs}}
        Expiration: {Days: 365}
"""

RETURN = r"""
changes:
  description: What was done, or would be.
  returned: always
  type: list
  elements: dict
  sample: [{component: bucket-lifecycle, action: update, fields: [rules]}]
resources:
  description: The configuration as it is now, or would be, by component.
  returned: always
  type: dict
"""

from typing import Any, override

from ansible_collections.triflow.platform.plugins.module_utils.attempts import looks_again
from ansible_collections.triflow.platform.plugins.module_utils.resource import Api, Resource, Run, StackModule

MINIMUM_SIZE = "transition_minimum_object_size"


class Lifecycle(Resource):
    def __init__(self, module: StackModule) -> None:
        super().__init__("bucket-lifecycle")
        self.parameters = module.params
        self.bucket = module.params["bucket"]
        self.api: Api = module.api("s3")

    @override
    def find(self) -> dict[str, Any] | None:
        answer = self.api.call(
            "get_bucket_lifecycle_configuration",
            on=self.bucket,
            absent=("NoSuchLifecycleConfiguration", "NoSuchBucket"),
            Bucket=self.bucket,
        )
        if not answer:
            return None
        return {
            "id": self.bucket,
            "rules": {rule["ID"]: rule for rule in answer["Rules"]},
            MINIMUM_SIZE: answer.get("TransitionDefaultMinimumObjectSize"),
        }

    @override
    def wanted(self, live: dict[str, Any] | None) -> dict[str, Any]:
        return {
            "rules": {rule["ID"]: rule for rule in self.parameters["rules"] or []},
            MINIMUM_SIZE: self.parameters[MINIMUM_SIZE],
        }

    @override
    def create(self, wanted: dict[str, Any]) -> str:
        self.api.call(
            "put_bucket_lifecycle_configuration",
            on=self.bucket,
            Bucket=self.bucket,
            LifecycleConfiguration={"Rules": list(wanted["rules"].values())},
            TransitionDefaultMinimumObjectSize=wanted[MINIMUM_SIZE],
        )
        return str(self.bucket)

    @override
    def update(self, live: dict[str, Any], wanted: dict[str, Any], fields: list[str]) -> None:
        self.create(wanted)

    @override
    def delete(self, live: dict[str, Any]) -> None:
        self.api.call("delete_bucket_lifecycle", on=self.bucket, Bucket=self.bucket)


@looks_again
def main() -> None:
    module = StackModule(
        {
            "bucket": {"type": "str", "required": True},
            "rules": {"type": "list", "elements": "dict"},
            MINIMUM_SIZE: {
                "type": "str",
                "choices": ["varies_by_storage_class", "all_storage_classes_128K"],
                "default": "all_storage_classes_128K",
            },
        },
        required_if=[("state", "present", ["rules"])],
    )
    run = Run(module)
    run.converge([Lifecycle(module)])
    run.exit()


if __name__ == "__main__":
    main()

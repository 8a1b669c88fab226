#!/usr/bin/python
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
from __future__ import annotations

DOCUMENTATION = r"""
module: stack_dependents
version_added: 0.2.0
short_description: Refuse to take down what others use (ENV-1, ENV-4)
author: TriFlow AI (@triflow-ai)
description:
  - Looks for other stacks' subnets in the stack's VPC, for the services, load balancers, databases and delivery streams
    of the stacks that share its bucket, and for objects below their prefixes. All calls only read.
  - Looks also for what is not the stack's and keeps AWS from deleting what is, such as an endpoint that GuardDuty made
    in the VPC, somebody's service in the cluster, or images in a repository. A run would meet it halfway.
  - Fails once, with every stack that still uses this one and what it has, and with everything that is in the way.
options:
  bucket_name:
    description: Name of the stack's bucket.
    type: str
    required: true
  shares:
    description: Other stacks that use the bucket, with the prefix of each (ENV-4).
    type: dict
    required: true
  objects_may_go:
    description: Whether the objects of a stack that is gone may be deleted with the bucket.
    type: bool
    default: false
  vpc_owner:
    description: Stack whose VPC this one uses (ENV-1), itself unless given.
    type: str
  database_identifier:
    description: Identifier of the stack's DB instance. Any other in its VPC is in the way.
    type: str
    default: ""
  skip_final_snapshot:
    description: Whether the DB instance goes without a last snapshot, which RDS does not make in every status.
    type: bool
    default: false
  cluster_name:
    description: ECS cluster that is to be deleted. Without it the stack has none.
    type: str
  images_may_go:
    description: Whether repositories are deleted with the images in them.
    type: bool
    default: false
extends_documentation_fragment:
  - triflow.platform.stack
  - amazon.aws.common.modules
  - amazon.aws.region.modules
  - amazon.aws.boto3
attributes:
  check_mode:
    description: Reads only, and refuses in the same way.
    support: full
"""

EXAMPLES = r"""
- name: Refuse while another stack uses it
  triflow.platform.stack_dependents:
    bucket_name: triflow-ai-nonprod
    shares: {triflow-dev: dev/, triflow-staging: staging/}
"""

RETURN = r"""
dependents:
  description: What each of the other stacks has here. Empty on success.
  returned: always
  type: dict
  sample: {triflow-dev: ["subnet-0a1b2c3d4e5f60718 in the VPC vpc-0a1b2c3d4e5f60718"]}
obstacles:
  description: What else is in the way, and what to do about it. Empty on success.
  returned: always
  type: list
  elements: dict
  sample: [{what: images in the repository triflow-prod/backend, way: "-e ecr_delete_images=true deletes them with it"}]
"""

from typing import Any

from ansible_collections.triflow.platform.plugins.module_utils import obstacles, shared_vpc
from ansible_collections.triflow.platform.plugins.module_utils.resource import StackModule
from ansible_collections.triflow.platform.plugins.module_utils.tags import STACK, from_aws

# What a stack has for as long as it uses the bucket. A destroyed stack's key and secret keep its tag for weeks.
TYPES = ["ecs:service", "elasticloadbalancing:loadbalancer", "firehose:deliverystream", "rds:db"]


def in_the_vpc(module: StackModule) -> list[tuple[str, str]]:
    """Other stacks and what they have in the stack's VPC. Subnets go last when a stack is taken down."""
    stack = module.params["stack"]
    _vpcs, subnets = shared_vpc.read(module.api("ec2"), stack)
    whose = [(from_aws(subnet.get("Tags")).get(STACK, stack), subnet) for subnet in subnets]
    return [(other, f"{subnet['SubnetId']} in the VPC {subnet['VpcId']}") for other, subnet in whose if other != stack]


def at_work(module: StackModule, stacks: list[str]) -> list[tuple[str, str]]:
    """Stacks of the list, and what they run in the account."""
    if not stacks:
        return []
    found = module.api("resourcegroupstaggingapi").pages(
        "get_resources",
        "ResourceTagMappingList",
        on="the tags",
        TagFilters=[{"Key": STACK, "Values": stacks}],
        ResourceTypeFilters=TYPES,
    )
    return [(from_aws(item["Tags"])[STACK], item["ResourceARN"]) for item in found]


def in_the_bucket(module: StackModule, bucket: str, shares: dict[str, Any]) -> list[tuple[str, str]]:
    """Stacks below whose prefix the bucket holds an object or an old version of one."""
    s3 = module.api("s3")
    held = []
    for stack, prefix in shares.items():
        answer = s3.call(
            "list_object_versions", on=bucket, absent=("NoSuchBucket",), Bucket=bucket, Prefix=prefix, MaxKeys=1
        )
        if answer.get("Versions") or answer.get("DeleteMarkers"):
            held.append((stack, f"objects under {prefix} in the bucket {bucket}"))
    return held


def read_obstacles(module: StackModule) -> list[obstacles.Obstacle]:
    """What is nobody's, and in the way."""
    wanted = module.params
    found = list(obstacles.in_the_vpc(module, wanted["vpc_owner"] or wanted["stack"], wanted["database_identifier"]))
    if wanted["database_identifier"] and not wanted["skip_final_snapshot"]:
        found += obstacles.of_the_database(module, wanted["database_identifier"])
    if wanted["cluster_name"]:
        found += [*obstacles.in_the_cluster(module, wanted["cluster_name"]), *obstacles.at_the_edge(module)]
        if not wanted["images_may_go"]:
            found += obstacles.in_repositories(module)
    return found


def main() -> None:
    module = StackModule(
        {
            "bucket_name": {"type": "str", "required": True},
            "shares": {"type": "dict", "required": True},
            "objects_may_go": {"type": "bool", "default": False},
            "vpc_owner": {"type": "str"},
            "database_identifier": {"type": "str", "default": ""},
            "skip_final_snapshot": {"type": "bool", "default": False},
            "cluster_name": {"type": "str"},
            "images_may_go": {"type": "bool", "default": False},
        },
        state=False,
    )
    stack, shares = module.params["stack"], module.params["shares"]
    found = in_the_vpc(module) + at_work(module, sorted(shares))
    if not module.params["objects_may_go"]:
        found += in_the_bucket(module, module.params["bucket_name"], shares)
    dependents: dict[str, list[str]] = {}
    for other, what in found:
        dependents.setdefault(other, []).append(what)
    lines = []
    if dependents:
        lines.append(f"Other stacks use {stack}; nothing was deleted. Take them down first.")
        for other, has in sorted(dependents.items()):
            lines.append(f"- {other}: playbooks/destroy.yml with the inventory of {other}. It has {', '.join(has)}")
    in_the_way = read_obstacles(module)
    if in_the_way:
        lines.append(f"This is in the way of deleting the stack {stack}; nothing was deleted. Remove first:")
        lines += [f"- {obstacle.what}: {obstacle.way}" for obstacle in in_the_way]
    returned = {"dependents": dependents, "obstacles": [obstacle._asdict() for obstacle in in_the_way]}
    if lines:
        module.fail("\n".join(lines), **returned)
    module.exit_json(changed=False, **returned)


if __name__ == "__main__":
    main()

#!/usr/bin/python
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
from __future__ import annotations

DOCUMENTATION = r"""
module: account_preflight
version_added: 0.1.0
short_description: Refuse an AWS account in which a stack cannot work
author: TriFlow AI (@triflow-ai)
description:
  - Checks the credentials, the account, the region, its availability zones and engine versions, whether the bucket's
    name is free or the account's own, whether the hosted zone can be created or adopted, and whether the subnets fit
    into the VPC that is there. All calls only read.
  - Fails once, with everything that is wrong, each named by the variable that holds it in this collection.
options:
  account_id:
    description: The account that the stack belongs to. Without it any account is accepted.
    type: str
  availability_zones:
    description: Availability zones that the stack uses.
    type: list
    elements: str
    required: true
  engine_version:
    description:
      - Major or exact version of RDS for PostgreSQL. A running instance keeps its own version when that matches or is
        newer, also when it is no longer on offer.
      - Without it the stack has no database.
    type: str
  database_identifier:
    description: Identifier of the stack's DB instance. Goes with O(engine_version).
    type: str
  vpc_owner:
    description: Stack whose VPC is used, the stack itself or another one (ENV-1). Another one must have a VPC.
    type: str
    required: true
  vpc_cidr:
    description: Range of the VPC. Another stack's must have it.
    type: str
    required: true
  subnet_cidrs:
    description:
      - Ranges of the stack's subnets, by the variable that holds them. They must not overlap a subnet of the VPC that
        is not the stack's.
    type: dict
    required: true
  bucket_name:
    description: Name of the bucket that the stack uses.
    type: str
    required: true
  bucket_owner:
    description: Stack whose bucket it is, the stack itself or another one (ENV-4). Another one's must be there.
    type: str
    required: true
  zone_name:
    description: Domain name of the stack's hosted zone. Without it the stack has none.
    type: str
  zone_mode:
    description: Whether the zone is to be created, or one of the account adopted. Goes with O(zone_name).
    type: str
    choices: [create, adopt]
  claims:
    description:
      - Names that the stack needs, as M(triflow.platform.validate_variables) returns them. A name that somebody else
        has is refused unless O(adopt) names its component, and so is what stands with a field that cannot change.
      - Without them nothing of that is looked at, which is for playbooks that build nothing.
    type: list
    elements: dict
    default: []
  quotas:
    description:
      - How much the stack needs of the account's quotas, as M(triflow.platform.validate_variables) returns it. Goes
        with O(claims). Where less is left, the module warns, and says how to raise it.
    type: dict
    default: {}
  needed:
    description:
      - Components that parts of the run need and no part of it makes, as M(triflow.platform.validate_variables) returns
        them. What is not there is refused. Goes with O(claims).
    type: list
    elements: dict
    default: []
  allow_restart:
    description: Whether a change may restart the database (variable C(rds_allow_restart)).
    type: bool
    default: false
extends_documentation_fragment:
  - triflow.platform.stack
  - amazon.aws.common.modules
  - amazon.aws.region.modules
  - amazon.aws.boto3
attributes:
  check_mode:
    description:
      - Reads only. What another stack has to bring may be missing then, so that there is a plan before that is built.
    support: full
"""

EXAMPLES = r"""
- name: Check the account
  triflow.platform.account_preflight:
    region: ap-northeast-2
    account_id: "123456789012"
    availability_zones: [ap-northeast-2a, ap-northeast-2c]
    engine_version: "14"
    database_identifier: triflow-prod-db
    vpc_owner: triflow-prod
    vpc_cidr: 10.0.0.0/16
    subnet_cidrs:
      vpc_public_subnet_cidrs: [10.0.1.0/24, 10.0.2.0/24]
      vpc_private_subnet_cidrs: [10.0.11.0/24, 10.0.12.0/24]
    bucket_name: triflow-ai-prod
    bucket_owner: triflow-prod
    zone_name: triflow-ai.com
    zone_mode: create
"""

RETURN = r"""
identity:
  description: Who calls AWS.
  returned: success
  type: dict
  contains:
    account:
      description: Account ID.
      type: str
      sample: "123456789012"
    arn:
      description: ARN of the user or of the assumed role.
      type: str
      sample: arn:aws:sts::123456789012:assumed-role/deploy/me
region:
  description: The region.
  returned: success
  type: str
availability_zones:
  description: Availability zones that the region offers to the account.
  returned: success
  type: list
  elements: str
engine_version:
  description: The exact version that the wish means here, that of the running instance where it keeps it.
  returned: with O(engine_version)
  type: str
  sample: "14.18"
problems:
  description: All that is wrong, each with C(variable), C(value), C(reason) and C(accepted).
  returned: always
  type: list
  elements: dict
  sample: []
"""

from collections.abc import Callable
from typing import NoReturn

from ansible_collections.triflow.platform.plugins.module_utils import failures, shared_vpc, standing
from ansible_collections.triflow.platform.plugins.module_utils.account_names import (
    bucket_problems,
    hosted_zone_problems,
    lender_problems,
)
from ansible_collections.triflow.platform.plugins.module_utils.account_standing import standing_problems
from ansible_collections.triflow.platform.plugins.module_utils.parts_there import part_problems
from ansible_collections.triflow.platform.plugins.module_utils.problems import (
    Problem,
    describe_problems,
    nearest,
    problem,
)
from ansible_collections.triflow.platform.plugins.module_utils.resource import Api, StackModule
from ansible_collections.triflow.platform.plugins.module_utils.statuses import alive
from ansible_collections.triflow.platform.plugins.module_utils.versions import is_newer, read_newest, version_matches

try:
    import botocore.session
    from botocore.exceptions import BotoCoreError, ClientError, NoCredentialsError, ProfileNotFound
    from botocore.parsers import ResponseParserError
except ImportError:  # AnsibleAWSModule says what to install
    pass

CREDENTIALS = (
    "AWS_PROFILE, or AWS_ACCESS_KEY_ID with AWS_SECRET_ACCESS_KEY, in the environment; "
    'for the lab: make lab, then eval "$(make -s env)"'
)
# AWS's codes for credentials, or the clock that signs with them.
REFUSED = (
    "ExpiredToken",
    "ExpiredTokenException",
    "RequestExpired",
    "InvalidClientTokenId",
    "UnrecognizedClientException",
    "AuthFailure",
    "SignatureDoesNotMatch",
    "InvalidSignatureException",
    "RequestTimeTooSkewed",
)


def region_problems(region: str) -> list[Problem]:
    """Refuse a region that botocore does not know, before any call: AWS would not even have a host of that name."""
    session = botocore.session.Session()
    known = {
        name
        for partition in session.get_available_partitions()
        for name in session.get_available_regions("ec2", partition)
    }
    if region in known:
        return []
    hint = nearest(region, known) or "a region such as ap-northeast-2"
    return [problem("stack_region", region, "AWS has no such region", hint)]


def read_identity(module: StackModule) -> dict[str, str]:
    """Return who calls AWS; end the module when AWS does not accept the credentials."""
    try:
        answer = module.client("sts").get_caller_identity()
    except NoCredentialsError:
        refuse(module, [problem("AWS credentials", None, "there are none", CREDENTIALS)])
    except (BotoCoreError, ClientError, ResponseParserError) as error:
        failure = failures.explain(error)
        if failure.code in REFUSED:
            reason = f"{failure.reason.rstrip('.')} ({failure.code})"
            refuse(module, [problem("AWS credentials", None, reason, failure.remedy)])
        module.fail_because(error, "sts GetCallerIdentity", "")
    return {"account": answer["Account"], "arn": answer["Arn"]}


def account_problems(expected: str | None, account: str) -> list[Problem]:
    if expected in (None, account):
        return []
    reason = f"the credentials belong to the account {account}"
    return [problem("stack_account_id", expected, reason, "credentials of the stack's account, or its own ID")]


def read_zones(ec2: Api, region: str) -> list[str]:
    """Return the availability zones that the region offers to the account, without local zones."""
    answer = ec2.call("describe_availability_zones", on=f"the region {region}") or {}
    return sorted(
        zone["ZoneName"]
        for zone in answer["AvailabilityZones"]
        if zone.get("ZoneType", "availability-zone") == "availability-zone"
        and alive("availability zone", zone["State"])
    )


def zone_problems(wanted: list[str], offered: list[str], region: str) -> list[Problem]:
    reason = f"the region {region} does not offer it to this account"
    return [
        problem("vpc_availability_zones", zone, reason, f"of {', '.join(offered)}")
        for zone in wanted
        if zone not in offered
    ]


def resolve_engine_version(rds: Api, wish: str, identifier: str) -> str:
    """Return the exact version that the wish means; raises ValueError naming those on offer when it means none."""
    answer = rds.call(
        "describe_db_instances", on=identifier, absent=("DBInstanceNotFound",), DBInstanceIdentifier=identifier
    )
    running = answer["DBInstances"][0]["EngineVersion"] if answer else None
    if running and (version_matches(running, wish) or is_newer(running, wish)):
        return str(running)
    return read_newest(rds, wish)


def refuse(module: StackModule, problems: list[Problem]) -> NoReturn:
    """End the module with all problems."""
    headline = f"The account cannot hold the stack {module.params['stack']}; nothing was changed."
    fail: Callable[..., NoReturn] = module.fail_json
    fail(msg=describe_problems(headline, problems), problems=problems)


def main() -> None:
    module = StackModule(
        {
            "account_id": {"type": "str"},
            "availability_zones": {"type": "list", "elements": "str", "required": True},
            "engine_version": {"type": "str"},
            "database_identifier": {"type": "str"},
            "vpc_owner": {"type": "str", "required": True},
            "vpc_cidr": {"type": "str", "required": True},
            "subnet_cidrs": {"type": "dict", "required": True},
            "bucket_name": {"type": "str", "required": True},
            "bucket_owner": {"type": "str", "required": True},
            "zone_name": {"type": "str"},
            "zone_mode": {"type": "str", "choices": ["create", "adopt"]},
            "claims": {"type": "list", "elements": "dict", "default": []},
            "quotas": {"type": "dict", "default": {}},
            "needed": {"type": "list", "elements": "dict", "default": []},
            "allow_restart": {"type": "bool", "default": False},
        },
        state=False,
        required_together=[("engine_version", "database_identifier"), ("zone_name", "zone_mode")],
    )
    wanted, region, stack = module.params, module.region, module.params["stack"]
    try:
        problems = region_problems(region)
    except ProfileNotFound as error:
        problems = [problem("AWS credentials", None, str(error), CREDENTIALS)]
    if problems:
        refuse(module, problems)
    identity = read_identity(module)
    problems = account_problems(wanted["account_id"], identity["account"])
    if problems:
        refuse(module, problems)

    zones = read_zones(module.api("ec2"), region)
    problems = zone_problems(wanted["availability_zones"], zones, region)
    owner, bucket = wanted["vpc_owner"], wanted["bucket_name"]
    vpcs, subnets = shared_vpc.read(module.api("ec2"), owner)
    # Which one of several stays, and what is in it, the network's role says, or refuses (twice.py).
    one_vpc, its_subnets = (vpcs, subnets) if len(vpcs) == 1 else ([], [])
    problems += shared_vpc.range_problems(
        stack, owner, wanted["vpc_cidr"], wanted["subnet_cidrs"], one_vpc, its_subnets
    )
    missing = []
    if not module.check_mode:
        problems += shared_vpc.missing_problems(stack, owner, vpcs)
        missing = lender_problems(bucket, stack, wanted["bucket_owner"])
    engine: dict[str, str] = {}
    try:
        if wanted["engine_version"]:
            engine["engine_version"] = resolve_engine_version(
                module.api("rds"), wanted["engine_version"], wanted["database_identifier"]
            )
    except ValueError as error:
        reason, _separator, offered = str(error).partition("; ")
        problems.append(problem("rds_engine_version", wanted["engine_version"], reason, offered))
    try:
        problems += bucket_problems(module.client("s3"), bucket, identity["account"], region, missing)
    except (BotoCoreError, ClientError, ResponseParserError) as error:
        module.fail_because(error, "s3 HeadBucket", bucket)
    if wanted["zone_name"]:
        aliases = [claim["name"] for claim in wanted["claims"] if claim["kind"] == "record"]
        problems += hosted_zone_problems(
            module.api("route53"), wanted["zone_name"], stack, wanted["zone_mode"], aliases
        )
    if wanted["claims"]:
        zones_of_subnets, ranges = wanted["availability_zones"], wanted["subnet_cidrs"]
        problems += shared_vpc.fixed_problems(stack, wanted["vpc_cidr"], zones_of_subnets, ranges, one_vpc, its_subnets)
        account = standing.Account(module, identity["account"], [vpc["VpcId"] for vpc in vpcs])
        found = standing.read(account, wanted["claims"])
        there = [zone for zone in zones_of_subnets if zone in zones]
        problems += standing_problems(account, found, there, engine.get("engine_version"))
        problems += part_problems(account, found, [*vpcs, *subnets], wanted["needed"])
    if problems:
        refuse(module, problems)
    module.exit_json(
        changed=False,
        identity=identity,
        region=region,
        availability_zones=zones,
        problems=[],
        **engine,
    )


if __name__ == "__main__":
    main()

# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Names that are unique beyond the stack: the bucket's in AWS, the zone's in the account, the records' in the zone."""

from __future__ import annotations

import contextlib
from collections.abc import Collection
from typing import TYPE_CHECKING, Any

from ansible_collections.triflow.platform.plugins.module_utils import route53
from ansible_collections.triflow.platform.plugins.module_utils.problems import Problem, problem

if TYPE_CHECKING:
    from ansible_collections.triflow.platform.plugins.module_utils.resource import Api

with contextlib.suppress(ImportError):  # AnsibleAWSModule says what to install
    from botocore.exceptions import ClientError


def bucket_problems(s3: Any, bucket: str, account: str, region: str, missing: list[Problem]) -> list[Problem]:
    """Refuse a bucket's name that somebody else has, or that the account has in another region.

    `missing` is what is wrong when there is no bucket of that name.
    """
    elsewhere = f"a name of your own for the bucket, or stack_region where it is; it is in {{}}, not in {region}"
    try:
        answer = s3.head_bucket(Bucket=bucket, ExpectedBucketOwner=account)
    except ClientError as error:
        status = error.response["ResponseMetadata"]["HTTPStatusCode"]
        headers = error.response["ResponseMetadata"].get("HTTPHeaders", {})
        if status == 404:
            return missing
        if status == 403:
            reason = "another account has a bucket of that name, or these credentials may not see it"
            accepted = "a name that nobody has, bucket names are unique in all of AWS; or grant s3:ListBucket on it"
            return [problem("s3_bucket_name", bucket, reason, accepted)]
        if status == 301:
            there = headers.get("x-amz-bucket-region", "another region")
            return [problem("s3_bucket_name", bucket, "it is in another region", elsewhere.format(there))]
        raise
    there = answer.get("BucketRegion", region)
    if there != region:
        return [problem("s3_bucket_name", bucket, "it is in another region", elsewhere.format(there))]
    return []


def lender_problems(bucket: str, stack: str, owner: str) -> list[Problem]:
    """What is wrong when there is no bucket of that name: another stack was to make it."""
    if owner == stack:
        return []
    accepted = f"a stack with a bucket of that name; run site.yml with the inventory of {owner} first"
    return [problem("s3_owner", owner, f"there is no bucket {bucket}", accepted)]


def hosted_zone_problems(api: Api, name: str, stack: str, mode: str, aliases: Collection[str]) -> list[Problem]:
    """Refuse to create a zone that the account has from elsewhere, to adopt one that it does not have, and a zone that
    holds something where the stack's ``aliases`` have to be."""
    try:
        zone = route53.choose(route53.read_zones(api, name), name, stack, mode)
    except ValueError as error:
        reason, _separator, accepted = str(error).partition("; ")
        return [problem("dns_zone", mode, reason, accepted)]
    if zone is None:
        return []
    problems = []
    for alias in aliases:
        answer = api.call("list_resource_record_sets", on=alias, HostedZoneId=zone["id"], StartRecordName=alias)
        reason = route53.in_the_way(answer["ResourceRecordSets"], alias, "A")
        if reason:
            accepted = "another name; or the zone without that record, deleted by whoever made it"
            problems.append(problem("dns_domain_name", alias, reason, accepted))
    return problems

"""Bucket policies: moto ignores Condition, principals and bucket calls; here every call is judged as AWS judges it.

S3 user guide, How Amazon S3 authorizes a request, and Actions, resources, and condition keys for Amazon S3 (service
authorization reference). The loopback hop stands for the TLS hop: aws:SecureTransport is true, s3:TlsVersion 1.3.
IAM policies of users and roles are not evaluated; the bucket's policy is.
"""

from __future__ import annotations

import datetime
from collections.abc import Iterator
from contextvars import ContextVar
from typing import Any
from urllib.parse import parse_qsl

import xmltodict
from moto.core.responses import ActionResult
from moto.core.routing import get_service_router
from moto.iam.models import iam_backends
from moto.s3.exceptions import S3ClientError
from moto.s3.models import FakeBucket, S3Backend, s3_backends
from moto.s3.responses import S3Response
from moto.s3.utils import bucket_policy_is_public
from moto.sts.models import sts_backends
from moto.sts.responses import TokenResponse
from werkzeug.exceptions import NotFound

from lab.corrections import policy
from lab.corrections.override import override

# Calls whose IAM action has another name than the call.
ACTIONS = {
    "CompleteMultipartUpload": "PutObject",
    "CopyObject": "PutObject",
    "CreateMultipartUpload": "PutObject",
    "DeleteBucketEncryption": "PutEncryptionConfiguration",
    "DeleteBucketLifecycle": "PutLifecycleConfiguration",
    "DeleteBucketOwnershipControls": "PutBucketOwnershipControls",
    "DeleteBucketTagging": "PutBucketTagging",
    "DeleteObjects": "DeleteObject",
    "DeletePublicAccessBlock": "PutBucketPublicAccessBlock",
    "GetBucketEncryption": "GetEncryptionConfiguration",
    "GetBucketLifecycleConfiguration": "GetLifecycleConfiguration",
    "GetPublicAccessBlock": "GetBucketPublicAccessBlock",
    "HeadBucket": "ListBucket",
    "HeadObject": "GetObject",
    "ListMultipartUploads": "ListBucketMultipartUploads",
    "ListObjectVersions": "ListBucketVersions",
    "ListObjects": "ListBucket",
    "ListObjectsV2": "ListBucket",
    "ListParts": "ListMultipartUploadParts",
    "PutBucketEncryption": "PutEncryptionConfiguration",
    "PutBucketLifecycleConfiguration": "PutLifecycleConfiguration",
    "PutPublicAccessBlock": "PutBucketPublicAccessBlock",
    "UploadPart": "PutObject",
    "UploadPartCopy": "PutObject",
}
# With a version id these have an action of their own.
VERSIONED = ("DeleteObject", "GetObject", "GetObjectTagging", "PutObjectTagging", "DeleteObjectTagging")
# The calls that send tags. Parts and the completion of an upload are PutObject too, and send none: to them the tag
# keys are absent, whatever the upload was created with (boto3 issue 2675 shows it on AWS).
TAGGING = ("PutObject", "CopyObject", "CreateMultipartUpload")
# The calls to which s3:ExistingObjectTag is known. It is to no other, such as PutObject and DeleteObject.
READS_OR_TAGS = frozenset(
    {
        *("GetObject", "HeadObject", "GetObjectAcl", "GetObjectTagging", "GetObjectAttributes"),
        *("PutObjectAcl", "PutObjectTagging", "DeleteObjectTagging"),
    }
)
PARTS = ("CreateMultipartUpload", "UploadPart", "UploadPartCopy")
# The account's root user keeps these whatever the policy says, so that nobody is locked out for ever.
ROOT_ACTIONS = ("s3:GetBucketPolicy", "s3:PutBucketPolicy", "s3:DeleteBucketPolicy")
HEADERS = (
    "if-match",
    "if-none-match",
    "x-amz-acl",
    "x-amz-copy-source",
    "x-amz-server-side-encryption",
    "x-amz-server-side-encryption-aws-kms-key-id",
    "x-amz-storage-class",
)


# Objects that the present DeleteObjects call may not delete.
REFUSED: ContextVar[frozenset[str]] = ContextVar("REFUSED", default=frozenset())


class AccessDeniedError(S3ClientError):
    """403 AccessDenied."""

    __module__ = "moto.s3.exceptions"  # where moto reads the service from

    def __init__(self) -> None:
        super().__init__("AccessDenied", "Access Denied")


class MalformedPolicyError(S3ClientError):
    """400 MalformedPolicy."""

    __module__ = "moto.s3.exceptions"

    def __init__(self, message: str) -> None:
        super().__init__("MalformedPolicy", message)


@override(TokenResponse, "assume_role")
def _assume_role(original: Any, self: TokenResponse) -> ActionResult:
    """AssumeRole, Tags: the session's tags are aws:PrincipalTag in the calls that it makes."""
    result: ActionResult = original(self)
    answer: Any = result.result
    answer["Credentials"].session_tags = {tag["Key"]: tag["Value"] for tag in self._get_param("Tags", [])}
    return result


def _principal(response: S3Response) -> tuple[frozenset[str], dict[str, list[str]]]:
    """ARNs that name the caller, and its condition keys; a key that the emulator has not issued is the root user's."""
    account, key = response.current_account, response.access_key
    presigned = response.querystring.get("X-Amz-Credential")
    if presigned:
        key = presigned[0].split("/")[0]
    if "Authorization" not in response.headers and not presigned and not response.querystring.get("AWSAccessKeyId"):
        return frozenset(), {"aws:principaltype": ["Anonymous"]}
    root = f"arn:{response.partition}:iam::{account}:root"
    names, arn, kind = {root}, root, "Account"
    tags: list[dict[str, str]] = []
    iam = iam_backends[account][response.partition]
    sessions = (session for backend in sts_backends[account].values() for session in backend.assumed_roles)
    session: Any = next((found for found in sessions if found.access_key_id == key), None)
    user = next(
        (user for user in iam.users.values() if key in [owned.access_key_id for owned in user.access_keys]), None
    )
    if session:
        names, arn, kind = {root, session.arn, session.role_arn}, session.role_arn, "AssumedRole"
        tags = [tag for role in iam.roles.values() if role.arn == arn for tag in role.tags or []]
        tags += [{"Key": name, "Value": value} for name, value in getattr(session, "session_tags", {}).items()]
    elif user:
        names, arn, kind = {root, user.arn}, user.arn, "User"
        tags = iam.list_user_tags(user.name)
    context = {"aws:principalaccount": [account], "aws:principalarn": [arn], "aws:principaltype": [kind]}
    return frozenset(names), context | {f"aws:principaltag/{tag['Key'].lower()}": [tag["Value"]] for tag in tags}


def _tags(response: S3Response, call: str) -> dict[str, str]:
    """Tags that the call sends: in the header x-amz-tagging, or in the body of PutObjectTagging."""
    if call in TAGGING:
        return dict(parse_qsl(response.headers.get("x-amz-tagging", ""), keep_blank_values=True))
    if call == "PutObjectTagging":
        found = (xmltodict.parse(response.body)["Tagging"].get("TagSet") or {}).get("Tag") or []
        return {tag["Key"]: tag.get("Value") or "" for tag in (found if isinstance(found, list) else [found])}
    return {}


def _context(response: S3Response, bucket: FakeBucket, key: str, call: str) -> dict[str, list[str]]:
    """Condition keys of the call, in lower case."""
    query = {name: value[0] for name, value in response.querystring.items() if isinstance(value, list)}
    now = datetime.datetime.now(datetime.UTC)
    context = {
        "aws:currenttime": [now.isoformat()],
        "aws:epochtime": [str(int(now.timestamp()))],
        "aws:resourceaccount": [bucket.account_id],
        "aws:securetransport": ["true"],
        "aws:sourceip": ["127.0.0.1"],
        "s3:authtype": ["REST-QUERY-STRING" if "X-Amz-Credential" in query else "REST-HEADER"],
        "s3:resourceaccount": [bucket.account_id],
        "s3:signatureversion": ["AWS4-HMAC-SHA256"],
        "s3:tlsversion": ["1.3"],
    }
    for parameter in ("prefix", "delimiter", "max-keys"):
        if ACTIONS.get(call) in ("ListBucket", "ListBucketVersions") and parameter in query:
            context[f"s3:{parameter}"] = [query[parameter]]
    if "versionId" in query:
        context["s3:versionid"] = [query["versionId"]]
    for header in HEADERS:
        if header in response.headers:
            context[f"s3:{header}"] = [response.headers[header]]
    if ACTIONS.get(call, call) == "PutObject":
        context["s3:objectcreationoperation"] = [str(call not in PARTS).lower()]
    tags = _tags(response, call)
    context |= {f"s3:requestobjecttag/{name.lower()}": [value] for name, value in tags.items()}
    if tags:
        context["s3:requestobjecttagkeys"] = list(tags)
    if key and call in READS_OR_TAGS:
        # With versionId it is that version's tags.
        wanted = context.get("s3:versionid", [None])[0]
        versions = {str(one.version_id): one for one in bucket.keys.getlist(key, default=[])}
        present: Any = versions.get(wanted) if wanted else bucket.keys.get(key)
        existing = response.backend.tagger.get_tag_dict_for_resource(present.arn) if hasattr(present, "arn") else {}
        context |= {f"s3:existingobjecttag/{name.lower()}": [value] for name, value in existing.items()}
    return context


def _requests(response: S3Response, bucket: FakeBucket, key: str, call: str) -> Iterator[policy.Request]:
    """What has to be permitted: one action for most calls, PutObjectTagging too when an object comes with tags."""
    names, principal = _principal(response)
    context = _context(response, bucket, key, call) | principal
    action = ACTIONS.get(call, call)
    if action in VERSIONED and "versionId" in response.querystring:
        action = action.replace("Object", "ObjectVersion")
    actions = [action, "PutObjectTagging"] if call in TAGGING and "x-amz-tagging" in response.headers else [action]
    keys = [key]
    if call == "DeleteObjects":
        found = xmltodict.parse(response.body)["Delete"].get("Object") or []
        keys = [entry["Key"] for entry in (found if isinstance(found, list) else [found])]
    account = response.current_account if names else ""
    for name in actions:
        for wanted in keys:
            resource = f"{bucket.arn}/{wanted}" if wanted else bucket.arn
            yield policy.Request(f"s3:{name}", resource, account, names, context)


def _find(name: str) -> FakeBucket | None:
    """The bucket, whichever account has it."""
    if name not in s3_backends.bucket_accounts:
        return None
    partition, account = s3_backends.bucket_accounts[name]
    return s3_backends[account][partition].buckets.get(name)


def _authorize(response: S3Response, request: Any, full_url: str, key: str) -> None:
    """Raise AccessDenied unless the bucket's policy and owner let the call through."""
    bucket = _find(response.parse_bucket_name_from_url(request, full_url) or "")
    if bucket is None:
        return
    try:
        operation, _unused = get_service_router("s3").match(request)
    except NotFound:
        return
    call = str(operation.name)
    if call == "CreateBucket":
        return
    refused = frozenset(
        wanted.resource for wanted in _requests(response, bucket, key, call) if not _may(bucket, wanted, response)
    )
    # DeleteObjects answers for each key: moto asks get_permission, see below.
    REFUSED.set(refused if call == "DeleteObjects" else frozenset())
    if refused and call != "DeleteObjects":
        raise AccessDeniedError


def _may(bucket: FakeBucket, wanted: policy.Request, response: S3Response) -> bool:
    """Whether the bucket's policy and owner permit one action."""
    foreign = response.current_account != bucket.account_id
    root = wanted.context.get("aws:principaltype") == ["Account"]
    if root and not foreign and wanted.action in ROOT_ACTIONS:
        return True
    if bucket.policy and policy.is_denied(bucket.policy, wanted):
        return False
    # Another account needs an Allow of the bucket's policy. For an anonymous caller moto looks at the ACLs.
    needs_allow = foreign and wanted.principals
    return not needs_allow or (bucket.policy is not None and policy.is_allowed(bucket.policy, wanted))


@override(S3Response, "_key_response")
def _key_response(original: Any, self: S3Response, request: Any, full_url: str) -> Any:
    """Calls on objects."""
    _authorize(self, request, full_url, self.parse_key_name())
    return original(self, request, full_url)


@override(S3Response, "_bucket_response")
def _bucket_response(original: Any, self: S3Response, request: Any, full_url: str) -> Any:
    """Calls on buckets."""
    _authorize(self, request, full_url, "")
    return original(self, request, full_url)


@override(FakeBucket, "get_permission")
def _get_permission(original: Any, self: FakeBucket, action: str, resource: str) -> Any:
    """What moto asks of its own accord: keys of DeleteObjects, and an Allow to everybody without a Condition."""
    from moto.iam.access_control import PermissionResult

    if resource in REFUSED.get():
        return PermissionResult.DENIED
    if self.policy is None:
        return original(self, action, resource)
    anyone = policy.Request(action, resource, "", frozenset(), {"aws:securetransport": ["true"]})
    return PermissionResult.PERMITTED if policy.is_allowed(self.policy, anyone) else PermissionResult.NEUTRAL


@override(S3Backend, "put_bucket_policy")
def _put_bucket_policy(original: Any, self: S3Backend, bucket_name: str, document: bytes) -> Any:
    """PutBucketPolicy: MalformedPolicy, and AccessDenied for a public policy while BlockPublicPolicy is on."""
    try:
        policy.check(document, bucket_name)
    except policy.MalformedPolicyError as error:
        raise MalformedPolicyError(str(error)) from None
    block = self.get_bucket(bucket_name).public_access_block
    if block and block.block_public_policy and bucket_policy_is_public(document):
        raise AccessDeniedError
    return original(self, bucket_name, document)

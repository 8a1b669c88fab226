"""S3 objects: conditions that S3 does not know, copies onto themselves, and versions while versioning is suspended.

S3 user guide: "How to prevent object overwrites with conditional writes", "Copying, moving, and renaming objects",
"Adding objects to versioning-suspended buckets", "Deleting objects from versioning-suspended buckets".
"""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

from moto.s3.exceptions import CopyObjectMustChangeSomething
from moto.s3.models import FakeBucket, FakeDeleteMarker, FakeKey, S3Backend
from moto.s3.responses import S3Response

from lab.corrections.override import override

NULL = "null"  # ID of what is written while versioning is suspended


NOT_IMPLEMENTED = (
    '<?xml version="1.0" encoding="UTF-8"?><Error><Code>NotImplemented</Code>'
    "<Message>A header you provided implies functionality that is not implemented</Message></Error>"
)


@override(S3Response, "_key_response")
def _key_response(original: Any, self: S3Response, request: Any, full_url: str) -> Any:
    """PutObject, CompleteMultipartUpload: If-None-Match is `*`, and goes with no If-Match."""
    none_match = request.headers.get("If-None-Match")
    if request.method in ("PUT", "POST") and none_match and (none_match != "*" or "If-Match" in request.headers):
        return 501, {"content-type": "application/xml"}, NOT_IMPLEMENTED
    return original(self, request, full_url)


@override(S3Backend, "copy_object")
def _copy_object(
    original: Any, self: S3Backend, source: FakeKey, bucket_name: str, key_name: str, *rest: Any, **more: Any
) -> None:
    """CopyObject: onto itself only with new metadata, storage class, redirect or encryption; tags are none of these."""
    onto_itself = (source.bucket_name, source.name) == (bucket_name, key_name)
    changes = [more.get(name) for name in ("storage", "encryption", "website_redirect_location", "provided_version_id")]
    if onto_itself and not any(changes) and more.get("mdirective") != "REPLACE":
        raise CopyObjectMustChangeSomething
    original(self, source, bucket_name, key_name, *rest, **more)


def _with_ids(bucket: FakeBucket, key_name: str) -> list[Any]:
    """The versions that were written while versioning was on."""
    return [version for version in bucket.keys.getlist(key_name, []) if version.version_id != NULL]


@override(S3Backend, "put_object")
def _put_object(original: Any, self: S3Backend, bucket_name: str, key_name: str, *rest: Any, **more: Any) -> FakeKey:
    """PutObject while versioning is suspended: takes the place of the version null, and of no other."""
    bucket = self.get_bucket(bucket_name)
    before = _with_ids(bucket, key_name) if bucket.versioning_status == "Suspended" else []
    if before:
        dict.pop(bucket.keys, key_name)  # or the emulator would dispose of them
    created: FakeKey = original(self, bucket_name, key_name, *rest, **more)
    if before:
        bucket.keys.setlist(key_name, [*before, created])
    return created


@override(S3Backend, "delete_object")
def _delete_object(
    original: Any, self: S3Backend, bucket_name: str, key_name: str, version_id: str | None = None, bypass: bool = False
) -> tuple[bool, dict[str, Any]]:
    """DeleteObject while versioning is suspended: a marker null in the place of the version null, or one version."""
    bucket = self.get_bucket(bucket_name)
    if bucket.versioning_status != "Suspended":
        answer: tuple[bool, dict[str, Any]] = original(self, bucket_name, key_name, version_id, bypass)
        return answer
    if version_id is None:
        marker = FakeDeleteMarker(SimpleNamespace(name=key_name))  # type: ignore[arg-type]
        marker._version_id = NULL
        bucket.keys.setlist(key_name, [*_with_ids(bucket, key_name), marker])
        return True, {"version-id": NULL, "delete-marker": "true"}
    found = bucket.keys.getlist(key_name, [])
    left = [version for version in found if str(version.version_id) != version_id]
    deleted = [version for version in found if version not in left]
    if left:
        bucket.keys.setlist(key_name, left)
    elif found:
        bucket.keys.pop(key_name)
    markers = {"delete-marker": "true"} if any(isinstance(version, FakeDeleteMarker) for version in deleted) else {}
    return bool(deleted), {"version-id": version_id, **markers}

# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
from __future__ import annotations

import time
from typing import Any, ClassVar

from ansible_collections.triflow.platform.plugins.plugin_utils.controller import ControllerAction

AT_ONCE = 1000  # DeleteObjects, Objects


class ActionModule(ControllerAction):
    purpose = "empty the bucket"
    options: ClassVar[dict[str, Any]] = {
        "bucket": {"type": "str", "required": True},
        "delete": {"type": "bool", "default": False},
        "timeout": {"type": "int", "default": 3600},
    }

    def work(self) -> dict[str, Any]:
        empty = not self._held()
        if empty or not self.args["delete"]:
            return {"changed": False, "empty": empty, "deleted": 0}
        if self._task.check_mode:
            return {"changed": True, "empty": True, "deleted": 0}
        return {"changed": True, "empty": True, "deleted": self._delete()}

    def _held(self) -> list[dict[str, str]]:
        """The first versions and delete markers of the bucket, as many as DeleteObjects takes."""
        from botocore.exceptions import ClientError

        try:
            page = self.client("s3").list_object_versions(Bucket=self.args["bucket"], MaxKeys=AT_ONCE)
        except ClientError as error:
            if error.response["Error"]["Code"] != "NoSuchBucket":
                raise
            return []
        found = [*page.get("Versions", []), *page.get("DeleteMarkers", [])]
        return [{"Key": item["Key"], "VersionId": item["VersionId"]} for item in found[:AT_ONCE]]

    def _delete(self) -> int:
        deadline = self.deadline(self.args["timeout"])
        with self.following(f"Emptying {self.args['bucket']}", deadline, "Run again: it goes on."):
            return self._delete_until(deadline)

    def _delete_until(self, deadline: float) -> int:
        bucket, deleted = self.args["bucket"], 0
        while objects := self._held():
            if time.monotonic() > deadline:
                raise self.failure(
                    f"{bucket} is not empty after {self.args['timeout']} s; {deleted} versions are gone. Run again: "
                    "it goes on."
                )
            answer = self.client("s3").delete_objects(Bucket=bucket, Delete={"Objects": objects, "Quiet": True})
            for refused in answer.get("Errors", []):
                raise self.failure(
                    f"S3 does not delete {refused['Key']} of {bucket}: {refused['Code']} {refused['Message']}. "
                    f"{deleted} versions are gone; run again when that is settled."
                )
            deleted += len(objects)
            self.seen = f"{deleted} versions of objects deleted from {bucket}"
            self.say(self.seen)
        return deleted

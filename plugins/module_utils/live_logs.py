# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Reads log groups by name, in the option names of amazon.aws.cloudwatchlogs_log_group."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ansible_collections.triflow.platform.plugins.module_utils.tags import COMPONENT, STACK

if TYPE_CHECKING:
    from ansible_collections.triflow.platform.plugins.module_utils.resource import Api


def read(logs: Api, names: list[str]) -> list[dict[str, Any]]:
    """Those of the log groups that are there: two calls a group."""
    found = []
    for name in names:
        for group in logs.pages("describe_log_groups", "logGroups", on=name, logGroupNamePrefix=name):
            if group["logGroupName"] == name:
                arn = group["arn"].removesuffix(":*")
                tags = logs.call("list_tags_for_resource", on=name, resourceArn=arn)["tags"]
                found.append(
                    {
                        "type": "log_group",
                        "id": name,
                        "component": tags.get(COMPONENT),
                        "stack": tags.get(STACK),
                        "log_group_name": name,
                        "retention": group.get("retentionInDays"),
                        "tags": tags,
                    }
                )
    return found

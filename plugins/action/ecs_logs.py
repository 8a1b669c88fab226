# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
from __future__ import annotations

import re
import time
from datetime import UTC, datetime
from typing import Any, ClassVar
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from ansible_collections.triflow.platform.plugins.plugin_utils.controller import ControllerAction

PAGES = 100  # of FilterLogEvents, any of which may be empty
MOST = 10000  # events of a page
STREAM = re.compile(r"[^/]+/(?P<container>[^/]+)/(?P<task>[0-9a-f-]{32,36})")  # prefix, container and task of awslogs


def short_stream(stream: str) -> str:
    """``backend/01234567`` for the stream of a task's container; any other name as it is."""
    found = STREAM.fullmatch(stream)
    return f"{found['container']}/{found['task'][:8]}" if found else stream


def line_of(event: dict[str, Any], zone: ZoneInfo) -> str:
    """One event of FilterLogEvents, with its time in the zone."""
    moment = datetime.fromtimestamp(event["timestamp"] / 1000, UTC).astimezone(zone)
    return f"{moment:%Y-%m-%d %H:%M:%S} {short_stream(event['logStreamName'])} {event['message'].rstrip()}"


def newest(logs: Any, request: dict[str, Any], limit: int) -> tuple[list[dict[str, Any]], bool]:
    """The last ``limit`` events, the newest last; and whether the search went as far as it had to."""
    found: list[dict[str, Any]] = []
    token: dict[str, str] = {}
    for _unused in range(PAGES):
        asked = {**request, **token, "limit": min(limit - len(found), MOST), "startFromHead": False}
        answer = logs.filter_log_events(**asked)
        found += answer["events"]
        if len(found) >= limit or not answer.get("nextToken"):
            return found[::-1], True
        token = {"nextToken": answer["nextToken"]}
    return found[::-1], False


class ActionModule(ControllerAction):
    purpose = "read the log"
    options: ClassVar[dict[str, Any]] = {
        "log_group": {"type": "str", "required": True},
        "since": {"type": "int", "default": 60},
        "until": {"type": "int", "default": 0},
        "pattern": {"type": "str"},
        "stream_prefix": {"type": "str"},
        "limit": {"type": "int", "default": 200},
        "time_zone": {"type": "str", "default": "UTC"},
    }

    def work(self) -> dict[str, Any]:
        args = self.args
        zone = self._zone()
        if not args["since"] > args["until"] >= 0:
            raise self.failure(
                f"since {args['since']} and until {args['until']} are minutes ago: since is the larger one"
            )
        if args["limit"] < 1:
            raise self.failure(f"limit {args['limit']} is not 1 or more")
        now = int(time.time() * 1000)
        request = {
            "logGroupName": args["log_group"],
            "startTime": now - args["since"] * 60_000,
            "endTime": now - args["until"] * 60_000,
            "filterPattern": args["pattern"],
            "logStreamNamePrefix": args["stream_prefix"],
        }
        logs = self.client("logs")
        try:
            given = {name: value for name, value in request.items() if value}
            events, complete = newest(logs, given, args["limit"])
        except logs.exceptions.ResourceNotFoundException as error:
            raise self.failure(
                f"Log group {args['log_group']} of stack {args['stack']} is not there: playbooks/compute.yml makes "
                "those of the services, playbooks/data.yml the database's"
            ) from error
        lines = [line_of(event, zone) for event in events]
        self._show(lines, complete)
        return {"changed": False, "lines": lines}

    def _zone(self) -> ZoneInfo:
        try:
            return ZoneInfo(self.args["time_zone"])
        except (ZoneInfoNotFoundError, ValueError) as error:
            raise self.failure(
                f"time_zone {self.args['time_zone']} is not known: give a name such as Asia/Seoul or UTC"
            ) from error

    def _show(self, lines: list[str], complete: bool) -> None:
        args = self.args
        span = f"{args['since']} to {args['until']} minutes ago"
        self.say(f"{args['log_group']}, {span}, {args['time_zone']}: {len(lines)} lines")
        for line in lines:
            self._display.display(line)
        if len(lines) == args["limit"]:
            self.say("these are the last ones, limit gives more")
        if not complete:
            self.say("there may be older ones: ask for a shorter time")

"""CloudWatch Logs: FilterLogEvents as its page of the API reference describes it."""

from __future__ import annotations

import json
from typing import Any

from moto.logs.exceptions import InvalidParameterException, ResourceNotFoundException
from moto.logs.responses import LogsResponse

from lab.corrections.override import override

MOST = 10000  # events of a page


@override(LogsResponse, "filter_log_events")
def _filter_log_events(_unused: Any, self: LogsResponse) -> str:
    """By time and ingestion over all streams, oldest first unless startFromHead is false; streams also by a prefix.

    interleaved is ignored and searchedLogStreams is empty. The direction of the first page holds for the next ones.
    """
    asked = json.loads(self.body)
    names, prefix, limit = asked.get("logStreamNames"), asked.get("logStreamNamePrefix", ""), asked.get("limit", MOST)
    if names and prefix:
        raise InvalidParameterException("logStreamNames and logStreamNamePrefix exclude each other.")
    if not 1 <= limit <= MOST:
        raise InvalidParameterException(
            constraint=f"Member must have value of 1 to {MOST}", parameter="limit", value=limit
        )
    group = self.logs_backend.groups.get(asked["logGroupName"])
    if not group:
        raise ResourceNotFoundException
    events = [
        event
        for name, stream in group.streams.items()
        if (not names or name in names) and name.startswith(prefix)
        for event in stream.filter_log_events(
            asked.get("startTime", 0), asked.get("endTime", 0), asked.get("filterPattern", "")
        )
    ]
    direction, first = "f" if asked.get("startFromHead", True) else "b", 0
    if asked.get("nextToken"):
        direction, _slash, number = asked["nextToken"].partition("/")
        first = int(number)
    events.sort(key=lambda event: (event["timestamp"], event["ingestionTime"]))
    if direction == "b":
        events.reverse()  # of the events of one moment, too
    last = first + limit
    following = {"nextToken": f"{direction}/{last}"} if last < len(events) else {}
    return json.dumps({"events": events[first:last], "searchedLogStreams": [], **following})

"""Names of streams, and the search for the last events."""

from __future__ import annotations

from typing import Any

import pytest
from ansible_collections.triflow.platform.plugins.action.ecs_logs import newest, short_stream


@pytest.mark.parametrize(
    ("stream", "short"),
    [
        ("ecs/backend/0123456789abcdef0123456789abcdef", "backend/01234567"),
        ("ecs/backend/01234567-89ab-cdef-0123-456789abcdef", "backend/01234567"),
        ("triflow-prod-db.0", "triflow-prod-db.0"),
        ("ecs/backend", "ecs/backend"),
        (
            "2026/01/20/[$LATEST]0123456789abcdef0123456789abcdef",
            "2026/01/20/[$LATEST]0123456789abcdef0123456789abcdef",
        ),
    ],
)
def test_short_stream(stream: str, short: str) -> None:
    assert short_stream(stream) == short


class Pages:
    """FilterLogEvents that answers with these pages, the newest event first."""

    def __init__(self, *pages: list[int]) -> None:
        self.pages = list(pages)
        self.asked: list[dict[str, Any]] = []

    def filter_log_events(self, **request: Any) -> dict[str, Any]:
        self.asked.append(request)
        events = [{"timestamp": moment} for moment in self.pages[len(self.asked) - 1]]
        more = {"nextToken": str(len(self.asked))} if len(self.asked) < len(self.pages) else {}
        return {"events": events, **more}


def test_an_empty_page_is_not_the_end() -> None:
    pages = Pages([], [9, 8], [], [7], [6])
    events, complete = newest(pages, {"logGroupName": "group"}, 3)
    assert [event["timestamp"] for event in events] == [7, 8, 9]
    assert complete
    assert [asked["limit"] for asked in pages.asked] == [3, 3, 1, 1]
    assert [asked.get("nextToken") for asked in pages.asked] == [None, "1", "2", "3"]
    assert all(asked["startFromHead"] is False for asked in pages.asked)


def test_fewer_events_than_asked_for() -> None:
    events, complete = newest(Pages([2], [1]), {}, 20_000)
    assert [event["timestamp"] for event in events] == [1, 2]
    assert complete


def test_the_search_ends() -> None:
    pages = Pages(*([[]] * 200))
    assert newest(pages, {}, 10) == ([], False)
    assert len(pages.asked) == 100

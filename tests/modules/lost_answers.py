"""Cuts connections of this process: the answer to a write is lost, before it was carried out or after."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import botocore.endpoint
import botocore.httpsession
import pytest
from ansible_collections.triflow.platform.plugins.module_utils import attempts
from ansible_collections.triflow.platform.plugins.module_utils.guard import READING
from botocore.exceptions import ConnectionClosedError

BOTH = ("before", "after")
TOKEN = re.compile(r"[0-9a-f]{8}-?[0-9a-f-]{20,}")  # a UUID or a hash, which a repeated call may have anew


@contextmanager
def lost_answers(moments: tuple[str, ...] = BOTH, operation: str = "", look_seconds: int = 1) -> Iterator[list[str]]:
    """The same writing call is cut at the first moment, when it is repeated at the second one, and then answered.

    ``operation``: only this one. ``look_seconds``: nobody waits for them, but each look takes time. The list that it
    gives grows by each call that is cut.
    """
    ask, send = botocore.endpoint.Endpoint.make_request, botocore.httpsession.URLLib3Session.send
    seen: Counter[str] = Counter()
    calls: list[tuple[str, str]] = []  # that are under way: operation and request
    cut: list[str] = []

    def make_request(self: Any, operation_model: Any, request_dict: Any) -> Any:
        request = TOKEN.sub("", f"{operation_model.name} {request_dict['url_path']} {request_dict['body']}")
        calls.append((operation_model.name, request))
        try:
            return ask(self, operation_model, request_dict)
        finally:
            calls.pop()

    def sent(self: Any, request: Any) -> Any:
        name, key = calls[-1]
        if name.startswith(READING) or operation not in ("", name) or seen[key] == len(moments):
            return send(self, request)
        moment = moments[seen[key]]
        seen[key] += 1
        cut.append(f"{name} {moment}")
        if moment == "after":
            send(self, request)
        raise ConnectionClosedError(endpoint_url=request.url)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(botocore.endpoint.Endpoint, "make_request", make_request)
        patch.setattr(botocore.httpsession.URLLib3Session, "send", sent)
        patch.setattr(attempts, "LOOK_SECONDS", look_seconds)
        yield cut

"""Posts to Slack's incoming webhook. Its address is a secret: whoever has it can post.

The address is read from Secrets Manager, and stands in no exception, log line or return value. Nothing is raised inside
an `except` that has seen it, so that no chained exception holds it either.
"""

from __future__ import annotations

import json
import os
import re
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from http.client import HTTPException
from typing import Any
from urllib.request import HTTPHandler, HTTPSHandler, OpenerDirector, Request

from notice import DeliveryError

SLACK = "https://hooks.slack.com/"
CACHE_SECONDS = 300
TRIES = 4
REQUEST_SECONDS = 5.0
BACKOFF_SECONDS = 0.5  # doubles with each try
MARGIN_SECONDS = 1.0  # kept for the log line and the exception
ANSWER_BYTES = 1000
REPLACED = (403, 404, 410)  # what Slack answers when a webhook is gone: perhaps there is a new one


class WebhookError(DeliveryError):
    """Slack did not get a message."""


@dataclass(frozen=True)
class Answer:
    """Slack's answer. Status 0 is none at all; `word` is Slack's error word, or what went wrong on the way."""

    status: int
    word: str
    retry_after: str = ""

    def __str__(self) -> str:
        return f"HTTP {self.status} {self.word}" if self.status else f"no answer ({self.word})"


def read_secret() -> str:
    """The value of the secret SECRET_ID, empty if it has none yet. Errors: botocore's, for anything else."""
    import boto3  # here, so that the rest runs without it
    from botocore.config import Config
    from botocore.exceptions import ClientError

    config = Config(connect_timeout=3, read_timeout=3, retries={"total_max_attempts": 2})
    client = boto3.client("secretsmanager", config=config)
    try:
        secret: str = client.get_secret_value(SecretId=os.environ["SECRET_ID"]).get("SecretString", "")
    except ClientError as error:
        if error.response["Error"]["Code"] != "ResourceNotFoundException":
            raise
        return ""
    return secret


@dataclass
class Webhook:
    """An incoming webhook. `begins` is what its address must begin with; `sleep` and `clock` count in seconds."""

    secret: Callable[[], str] = read_secret
    begins: str = SLACK
    sleep: Callable[[float], None] = time.sleep
    clock: Callable[[], float] = time.time
    _url: str = field(default="", init=False, repr=False)
    _read_at: float = field(default=0.0, init=False)

    def post(self, payload: dict[str, Any], remaining: Callable[[], float]) -> int:
        """Post a message within the remaining seconds and return the number of tries.

        A 429 waits as long as Slack says, a 5xx or no answer for a short while. If the webhook is gone, the secret may
        have a new one. Errors: WebhookError; what `secret` raises.
        """
        body = json.dumps(payload).encode()
        url = self._address()
        for attempt in range(1, TRIES + 1):
            timeout = min(REQUEST_SECONDS, remaining() - MARGIN_SECONDS)
            if timeout <= 0:
                raise WebhookError("Slack was not asked: the function's time is over.")
            answer = _send(url, body, timeout)
            if answer.status == 200:
                return attempt
            if answer.status in REPLACED:
                known, url = url, self._address(renew=True)
                if url == known:
                    raise WebhookError(f"Slack refused the message: {answer}. Is the webhook in {_secret_id()} valid?")
                continue
            if answer.status == 429:
                pause = float(answer.retry_after) if answer.retry_after.isdecimal() else BACKOFF_SECONDS
            elif answer.status == 0 or answer.status >= 500:
                pause = BACKOFF_SECONDS * 2 ** (attempt - 1)
            else:
                raise WebhookError(f"Slack refused the message: {answer}.")
            if attempt == TRIES:
                break
            if pause + MARGIN_SECONDS >= remaining():
                raise WebhookError(f"Slack answered {answer} and {pause:g} s are too long to wait.")
            self.sleep(pause)
        raise WebhookError(f"Slack took the message in none of {TRIES} tries: {answer}.")

    def _address(self, *, renew: bool = False) -> str:
        """The webhook's address. Read again after CACHE_SECONDS, so that a new value is taken."""
        if self._url and not renew and self.clock() - self._read_at < CACHE_SECONDS:
            return self._url
        url = self.secret().strip()
        if not url:
            raise WebhookError(
                f"The secret {_secret_id()} has no value yet: put the address of the Slack webhook into it"
                " (docs/operations.md, Slack)."
            )
        if not re.fullmatch(re.escape(self.begins) + r"[A-Za-z0-9/_-]+", url):
            raise WebhookError(
                f"The secret {_secret_id()} does not hold the address of a Slack webhook: store the address alone, as"
                f" plain text. It begins with {self.begins}."
            )
        self._url, self._read_at = url, self.clock()
        return url


def _secret_id() -> str:
    return os.environ["SECRET_ID"]


def _send(url: str, body: bytes, timeout: float) -> Answer:
    """One request. Follows no redirect, which could lead anywhere, and uses no proxy."""
    opener = OpenerDirector()
    opener.add_handler(HTTPSHandler())
    opener.add_handler(HTTPHandler())
    request = Request(url, data=body, headers={"Content-Type": "application/json; charset=utf-8"}, method="POST")
    try:
        with opener.open(request, timeout=timeout) as response:
            text = response.read(ANSWER_BYTES).decode(errors="replace").strip()
            word = text if re.fullmatch(r"[a-z_]{1,60}", text) else "without an error word"
            return Answer(response.status, word, (response.headers["Retry-After"] or "").strip())
    except (OSError, HTTPException) as error:
        return Answer(0, type(getattr(error, "reason", error)).__name__)

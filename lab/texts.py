"""AWS End User Messaging SMS, which the emulator lacks: a text is kept in a file instead of being sent.

End User Messaging SMS API reference, version 2, SendTextMessage. Which regions have the service is a table of the
collection's. Elsewhere AWS has no endpoint; here the answer is that of `lab.regions`.
"""

from __future__ import annotations

import json
import os
import re
import uuid
from collections.abc import Callable, Iterable
from pathlib import Path
from threading import Lock
from typing import Any, TextIO

from ansible_collections.triflow.platform.plugins.module_utils.sms_regions import TEXTING

from lab.regions import MESSAGE

SCOPE = re.compile(r"Credential=[^/]+/\d{8}/(?P<region>[^/]+)/sms-voice/")
NUMBER = re.compile(r"\+[1-9][0-9]{1,18}")
TYPES = ("TRANSACTIONAL", "PROMOTIONAL")
LONGEST = 1600

Application = Callable[[dict[str, Any], Callable[..., Any]], Iterable[bytes]]


class Texts:
    """WSGI middleware in front of the emulator. `path` gets a line of JSON for each text."""

    def __init__(self, application: Application, path: Path) -> None:
        self.application = application
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        self.file: TextIO = os.fdopen(descriptor, "w", encoding="utf-8")
        self.lock = Lock()

    def __call__(self, environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
        scope = SCOPE.search(environ.get("HTTP_AUTHORIZATION", ""))
        if not scope:
            return self.application(environ, start_response)
        request = json.loads(environ["wsgi.input"].read(int(environ.get("CONTENT_LENGTH") or 0)) or b"{}")
        operation = environ.get("HTTP_X_AMZ_TARGET", "").rpartition(".")[2]
        status, answer = self._answer(scope["region"], operation, request)
        body = json.dumps(answer).encode()
        headers = [("Content-Type", "application/x-amz-json-1.0"), ("Content-Length", str(len(body)))]
        start_response(status, headers)
        return [body]

    def _answer(self, region: str, operation: str, request: dict[str, Any]) -> tuple[str, dict[str, Any]]:
        if region not in TEXTING:
            return "403 Forbidden", {"__type": "InvalidSignatureException", "message": MESSAGE}
        if operation != "SendTextMessage":
            return "501 Not Implemented", {"__type": "UnknownOperationException", "Message": operation}
        number, text = request["DestinationPhoneNumber"], request.get("MessageBody", "")
        kind = request.get("MessageType", TYPES[0])
        if not NUMBER.fullmatch(number) or not text.strip() or len(text) > LONGEST or kind not in TYPES:
            refusal = {"__type": "ValidationException", "Reason": "FIELD_VALIDATION_FAILED"}
            return "400 Bad Request", {**refusal, "Message": "1 validation error detected"}
        entry = {"id": str(uuid.uuid4()), "region": region, "to": number, "body": text}
        with self.lock:
            self.file.write(json.dumps(entry, ensure_ascii=False) + "\n")
            self.file.flush()
        return "200 OK", {"MessageId": entry["id"]}

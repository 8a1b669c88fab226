"""Runs a Lambda function's zip file in a process of its own: what AWS's Python runtime does, without its container.

AWS Lambda developer guide, "Define Lambda function handler in Python", "Python context object" and "Lambda quotas".
"""

from __future__ import annotations

import io
import json
import os
import subprocess
import sys
import tempfile
import time
import uuid
import zipfile
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

BOOTSTRAP = Path(__file__).with_name("function_bootstrap.py")
LONGEST_SECONDS = 60  # a function of the lab that takes longer hangs


@dataclass(frozen=True)
class Function:
    """What an invocation needs to know. `environment` is the whole environment of the process."""

    name: str
    code: bytes
    handler: str
    timeout: int
    environment: dict[str, str]


@dataclass(frozen=True)
class Outcome:
    """How an invocation ended: its payload as JSON, whether that is an error, and the lines that it printed."""

    payload: str
    failed: bool
    lines: list[str]
    request_id: str = field(default_factory=lambda: str(uuid.uuid4()))


def invoke(function: Function, event: Any) -> Outcome:
    """Run the handler once, for as long as the function's timeout allows, at most LONGEST_SECONDS."""
    request_id = str(uuid.uuid4())
    limit = min(function.timeout, LONGEST_SECONDS)
    started = time.monotonic()
    with tempfile.TemporaryDirectory(prefix="lab-function-") as directory:
        task, result = Path(directory, "task"), Path(directory, "result.json")
        zipfile.ZipFile(io.BytesIO(function.code)).extractall(task)
        # -I: only the function's own directory and the interpreter's packages, as on AWS
        command = [
            sys.executable,
            "-I",
            str(BOOTSTRAP),
            str(task),
            function.handler,
            request_id,
            str(limit),
            str(result),
        ]
        try:
            done = subprocess.run(
                command,
                cwd=task,
                env={**function.environment, "PATH": os.defpath, "LANG": "en_US.UTF-8", "TZ": ":UTC"},
                input=json.dumps(event),
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
                encoding="utf-8",
                errors="replace",
                timeout=limit,
                check=False,
            )
            output, code = done.stdout, done.returncode
        except subprocess.TimeoutExpired as expired:
            output, code = (expired.stdout or b"").decode(errors="replace"), None
        answer = json.loads(result.read_text(encoding="utf-8")) if result.exists() else None
    if code is None:
        answer = {"error": _error("Sandbox.Timedout", f"{request_id} Task timed out after {limit:.2f} seconds")}
    elif answer is None:
        reason = f"RequestId: {request_id} Error: Runtime exited with error: exit status {code}"
        answer = {"error": _error("Runtime.ExitError", reason)}
    milliseconds = (time.monotonic() - started) * 1000
    lines = [
        f"START RequestId: {request_id} Version: $LATEST",
        *output.splitlines(),
        *([answer["error"]["errorMessage"]] if "stackTrace" not in answer.get("error", {"stackTrace": []}) else []),
        f"END RequestId: {request_id}",
        f"REPORT RequestId: {request_id}\tDuration: {milliseconds:.2f} ms",
    ]
    payload = json.dumps(answer.get("error", answer.get("result")))
    return Outcome(payload, "error" in answer, lines, request_id)


def _error(kind: str, message: str) -> dict[str, str]:
    return {"errorType": kind, "errorMessage": message}

"""One invocation: `function_bootstrap.py <directory> <handler> <request id> <seconds> <result file>`.

Reads the event from standard input, calls the handler and writes {"result": ...} or {"error": ...}. It imports nothing
of the lab: a function sees its own files only.
"""

from __future__ import annotations

import importlib
import json
import logging
import os
import sys
import time
import traceback
from pathlib import Path


class Context:
    """What the runtime tells a handler, "Python context object" in the AWS Lambda developer guide."""

    function_name = os.environ["AWS_LAMBDA_FUNCTION_NAME"]
    function_version = os.environ["AWS_LAMBDA_FUNCTION_VERSION"]
    memory_limit_in_mb = os.environ["AWS_LAMBDA_FUNCTION_MEMORY_SIZE"]
    log_group_name = os.environ["AWS_LAMBDA_LOG_GROUP_NAME"]

    def __init__(self, request_id: str, seconds: float) -> None:
        self.aws_request_id = request_id
        self._deadline = time.monotonic() + seconds

    def get_remaining_time_in_millis(self) -> int:
        return max(0, int((self._deadline - time.monotonic()) * 1000))


def main(directory: str, handler: str, request_id: str, seconds: str, result: str) -> None:
    context = Context(request_id, float(seconds))
    sys.path.insert(0, directory)
    # The runtime has a handler on the root logger.
    logging.basicConfig(
        stream=sys.stdout, format=f"[%(levelname)s]\t%(asctime)s.%(msecs)03dZ\t{request_id}\t%(message)s"
    )
    module, _unused, name = handler.rpartition(".")
    try:
        function = getattr(importlib.import_module(module.replace("/", ".")), name)
        answer = json.dumps({"result": function(json.load(sys.stdin), context)})
    except Exception as error:
        stack = traceback.format_tb(error.__traceback__)[1:]
        print(f"[ERROR] {type(error).__name__}: {error}\nTraceback (most recent call last):\n{''.join(stack)}")
        described = {"errorMessage": str(error), "errorType": type(error).__name__, "stackTrace": stack}
        answer = json.dumps({"error": described})
    Path(result).write_text(answer, encoding="utf-8")


if __name__ == "__main__":
    main(*sys.argv[1:])

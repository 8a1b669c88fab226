"""What breaks in the emulator is answered as a service answers it, and not with a page: InternalFailure."""

from __future__ import annotations

import traceback
from collections.abc import Callable, Iterable
from typing import Any

from lab.aws_like.refusal import Application, refuse
from lab.process import say

MESSAGE = "The lab's emulator does not know {service}:{operation}, or fails at it: the end of emulator.log says why."


class InternalFailures:
    """WSGI middleware in front of the emulator. The traceback goes to the log."""

    def __init__(self, application: Application) -> None:
        self.application = application

    def __call__(self, environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
        started: list[Any] = []

        def noting(*arguments: Any) -> None:
            started[:] = arguments

        try:
            body = list(self.application(environ, noting))
        except Exception:
            say(traceback.format_exc())
            started.clear()
        # Flask has caught it, and written the traceback.
        broken = not started or (
            started[0].startswith("500") and "text/html" in dict(started[1]).get("Content-Type", "")
        )
        if not broken or environ.get("PATH_INFO", "").startswith("/moto-api"):
            start_response(*started)
            return body
        service, operation = environ["lab.service"], environ["lab.operation"]
        say(f"{service}:{operation} was answered with InternalFailure.")
        message = MESSAGE.format(service=service, operation=operation)
        return refuse(environ, start_response, service, "InternalFailure", message, 500)

"""One call at a time has the emulator: moto's storages are not made for threads.

A call that waits for something which may call the emulator itself, such as the process of a Lambda function, hands its
turn on for that time.
"""

from __future__ import annotations

import io
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from threading import Condition, Lock, Thread
from typing import Any

from lab.aws_like.refusal import Application


class Turn:
    """A lock, with the number of those who have handed it on and will go on after it."""

    def __init__(self) -> None:
        self.free = Condition(Lock())
        self.away = 0

    def __enter__(self) -> None:
        self.free.acquire()

    def __exit__(self, *_unused: object) -> None:
        self.free.release()

    @contextmanager
    def handed_on(self) -> Iterator[None]:
        """Whoever has the turn lets others have it for as long as the block takes."""
        self.away += 1
        self.free.release()
        try:
            yield
        finally:
            self.free.acquire()
            self._is_back()

    def later(self, function: Callable[..., None], *arguments: Any) -> None:
        """Call the function in a turn of its own; the caller, who has the turn, does not wait for it."""

        def run() -> None:
            with self:
                self._is_back()
                function(*arguments)

        self.away += 1
        Thread(target=run, daemon=True).start()

    def is_quiet(self, seconds: float) -> bool:
        """Whether, within so many seconds, everybody who was away has ended. The caller has the turn."""
        return self.free.wait_for(lambda: not self.away, seconds)

    def renew(self) -> None:
        """In a forked process, which has none of the other threads."""
        self.__init__()  # type: ignore[misc]

    def _is_back(self) -> None:
        self.away -= 1
        self.free.notify_all()


TURN = Turn()


class InTurn:
    """WSGI middleware in front of all that is the emulator's state. A slow client keeps nobody waiting: the request is
    read before the turn, the answer is sent after it."""

    def __init__(self, application: Application) -> None:
        self.application = application

    def __call__(self, environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
        length = -1 if environ.get("wsgi.input_terminated") else int(environ.get("CONTENT_LENGTH") or 0)
        body = environ["wsgi.input"].read(length)
        if len(body) < length:
            raise ConnectionError("The client left before its request was whole.")
        environ["wsgi.input"] = io.BytesIO(body)
        with TURN:
            return list(self.application(environ, start_response))

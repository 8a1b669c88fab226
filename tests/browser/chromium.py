"""A headless Chromium for tests, driven over the pipe that it offers to debuggers (the Chrome DevTools Protocol).

Nothing but Chromium itself is needed, and each message that it sends is kept: requests and errors can be asserted.
"""

from __future__ import annotations

import base64
import fcntl
import json
import os
import select
import shutil
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

Message = dict[str, Any]

NAMES = ["chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "microsoft-edge"]
APPLICATIONS = [  # of macOS
    Path("/Applications/Google Chrome.app/Contents/MacOS/Google Chrome"),
    Path("/Applications/Chromium.app/Contents/MacOS/Chromium"),
]
HOW_TO_INSTALL = """No Chromium was found, and this test opens a page in one. Install it, then run the test again:
  Debian           apt-get install chromium
  Ubuntu           snap install chromium
  Fedora           dnf install chromium
  macOS            brew install --cask google-chrome
  somewhere else   export CHROMIUM=/path/to/chromium"""
SWITCHES = [
    "--headless",
    "--remote-debugging-pipe",
    "--no-sandbox",  # root has none, and only our own page is opened
    "--disable-gpu",
    "--disable-dev-shm-usage",
    "--no-first-run",
    "--hide-scrollbars",
    "--force-color-profile=srgb",
    # Of its own accord it would look for updates and for search engines: no name but a file's is looked up.
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--host-resolver-rules=MAP * ~NOTFOUND",
]
ANSWER_SECONDS = 120.0  # a picture of a long page takes 1, on a busy machine 20


class ChromiumError(Exception):
    """There is no Chromium, it does not answer, or it refuses a command."""


def executable() -> str:
    """Path of CHROMIUM, or of the first one that the machine has."""
    named = os.environ.get("CHROMIUM")
    if named:
        return named
    found = next(filter(None, map(shutil.which, NAMES)), None)
    found = found or next((str(path) for path in APPLICATIONS if path.exists()), None)
    if found is None:
        raise ChromiumError(HOW_TO_INSTALL)
    return found


class Page:
    """One tab. Requests, console errors and exceptions are collected from its first moment on."""

    def __init__(self, commands: int, answers: int) -> None:
        self._commands = commands
        self._answers = answers
        self._unread = b""
        self._last_id = 0
        self._session: str | None = None
        self.events: list[Message] = []
        target = self.call("Target.createTarget", url="about:blank")["targetId"]
        self._session = self.call("Target.attachToTarget", targetId=target, flatten=True)["sessionId"]
        for domain in ("Page", "Runtime", "Log", "Network"):
            self.call(f"{domain}.enable")

    def call(self, method: str, **parameters: Any) -> Message:
        """Send one command and return its result."""
        self._last_id += 1
        command = {"id": self._last_id, "method": method, "params": parameters}
        if self._session:
            command["sessionId"] = self._session
        os.write(self._commands, json.dumps(command).encode() + b"\0")
        answer = self._next(lambda message: message.get("id") == self._last_id, method)
        if "error" in answer:
            raise ChromiumError(f"{method}: {answer['error']}")
        result: Message = answer["result"]
        return result

    def open(self, path: Path) -> None:
        """Load a file and wait until it is loaded."""
        self.events.clear()
        self.call("Page.navigate", url=path.as_uri())
        if not self._heard("Page.loadEventFired"):
            self._next(lambda message: message.get("method") == "Page.loadEventFired", "loading the page")

    def evaluate(self, expression: str) -> Any:
        """Value of a JavaScript expression that can be written as JSON; of a promise, once it is kept."""
        answer = self.call(
            "Runtime.evaluate", expression=expression, returnByValue=True, awaitPromise=True, userGesture=True
        )
        if "exceptionDetails" in answer:
            raise ChromiumError(f"{expression}: {answer['exceptionDetails']}")
        return answer["result"].get("value")

    def press(self, key: str, code: int) -> None:
        """Press and release one key, such as Tab (9), Enter (13)."""
        text = {"text": "\r"} if key == "Enter" else {}
        self.call("Input.dispatchKeyEvent", type="keyDown", key=key, code=key, windowsVirtualKeyCode=code, **text)
        self.call("Input.dispatchKeyEvent", type="keyUp", key=key, code=key, windowsVirtualKeyCode=code)

    def screen(self, width: int, height: int = 900, scheme: str = "light", phone: bool = False) -> None:
        """Size of the window in CSS pixels, and the colour scheme that the user prefers."""
        self.call("Emulation.setDeviceMetricsOverride", width=width, height=height, deviceScaleFactor=2, mobile=phone)
        self.call("Emulation.setEmulatedMedia", features=[{"name": "prefers-color-scheme", "value": scheme}])

    def language(self, tag: str) -> None:
        """What navigator.language says, from the next page on."""
        agent = self.evaluate("navigator.userAgent")
        self.call("Emulation.setUserAgentOverride", userAgent=agent, acceptLanguage=tag)

    def screenshot(self, path: Path) -> None:
        """The whole page as PNG."""
        picture = self.call("Page.captureScreenshot", format="png", captureBeyondViewport=True, optimizeForSpeed=True)
        path.write_bytes(base64.b64decode(picture["data"]))

    def requests(self) -> list[str]:
        """Addresses that the page asked for since it was opened."""
        return [event["params"]["request"]["url"] for event in self._heard("Network.requestWillBeSent")]

    def errors(self) -> list[Message]:
        """Exceptions, and what the console says above the level of information, since the page was opened."""
        logged = [event["params"]["entry"] for event in self._heard("Log.entryAdded")]
        console = [event["params"] for event in self._heard("Runtime.consoleAPICalled")]
        return [
            *(event["params"]["exceptionDetails"] for event in self._heard("Runtime.exceptionThrown")),
            *(entry for entry in logged if entry["level"] in ("warning", "error")),
            *(entry for entry in console if entry["type"] in ("warning", "error", "assert")),
        ]

    def _heard(self, method: str) -> list[Message]:
        return [event for event in self.events if event["method"] == method]

    def _next(self, wanted: Any, purpose: str) -> Message:
        """The first message from here on that is wanted; events on the way are kept."""
        deadline = time.monotonic() + ANSWER_SECONDS
        while True:
            while b"\0" in self._unread:
                line, self._unread = self._unread.split(b"\0", 1)
                message: Message = json.loads(line)
                if "method" in message:
                    self.events.append(message)
                if wanted(message):
                    return message
            left = deadline - time.monotonic()
            if left <= 0 or not select.select([self._answers], [], [], left)[0]:
                raise ChromiumError(f"{purpose}: no answer within {ANSWER_SECONDS:.0f} seconds")
            read = os.read(self._answers, 1 << 20)
            if not read:
                raise ChromiumError(f"{purpose}: Chromium ended")
            self._unread += read


@contextmanager
def page(profile: Path) -> Iterator[Page]:
    """Start a Chromium with an empty profile in the directory, give its page, and end it."""
    program = executable()
    child_reads, commands = os.pipe()
    answers, child_writes = os.pipe()
    # Chromium reads 3 and writes 4. bash puts them there, from numbers that cannot be these.
    ends = [fcntl.fcntl(end, fcntl.F_DUPFD, 10) for end in (child_reads, child_writes)]
    command = ["bash", "-c", 'in=$1 out=$2; shift 2; exec "$@" 3<&"$in" 4>&"$out"', "bash", *map(str, ends)]
    with (profile / "chromium.log").open("wb") as log:
        process = subprocess.Popen(
            [*command, program, *SWITCHES, f"--user-data-dir={profile / 'profile'}", "about:blank"],
            pass_fds=ends,
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
        )
    for end in (child_reads, child_writes, *ends):
        os.close(end)
    try:
        try:
            tab = Page(commands, answers)
        except (ChromiumError, BrokenPipeError) as error:
            said = (profile / "chromium.log").read_text(encoding="utf-8", errors="replace")
            raise ChromiumError(f"{program} does not start: {error}\n{said[-2000:]}") from error
        yield tab
    finally:
        process.terminate()
        try:
            process.wait(timeout=10)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
        os.close(commands)
        os.close(answers)

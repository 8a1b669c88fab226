"""The emulator's process: moto's server with the lab's corrections, on a free port of the loopback interface.

Started by `lab.lifecycle` as `python -m lab.emulator <state directory> <file descriptor>`.
"""

from __future__ import annotations

import functools
import gc
import os
import sys
from pathlib import Path
from socket import create_server
from typing import Any

SETTINGS = {
    "MOTO_IAM_LOAD_MANAGED_POLICIES": "true",
    "MOTO_ACM_VALIDATION_WAIT": "1",
    # Nothing here starts EC2 instances, and 1,300 images take half a second at each reset.
    "MOTO_EC2_LOAD_DEFAULT_AMIS": "false",
    # Objects stay in memory: a file would be shared by the states that are saved (lab/saved_states.py).
    "MOTO_S3_DEFAULT_KEY_BUFFER_SIZE": str(2**40),
}
BACKLOG = 128


def serve(directory: Path, descriptor: int) -> None:
    """Answer until SIGTERM. `descriptor` is written once, with the port and a newline, and closed."""
    # moto reads its settings when it is imported.
    os.environ.update(SETTINGS)
    # Where the corrections find PostgreSQL.
    os.environ["TRIFLOW_LAB_DIR"] = str(directory)
    # The corrections read the collection's tables of what AWS documents.
    sys.path.append(str(Path(__file__).parents[1] / "collections"))
    from moto.iam.models import IAMBackend
    from moto.moto_server.werkzeug_app import DomainDispatcherApplication, MotoRequestHandler, create_backend_app

    from lab import corrections
    from lab.access_log import AccessLog
    from lab.aws_like.switch import Switch
    from lab.internal_failures import InternalFailures
    from lab.regions import KnownRegionsOnly
    from lab.saved_states import supervise
    from lab.texts import Texts
    from lab.turns import InTurn

    class Handler(MotoRequestHandler):
        def log_request(self, *_unused: Any) -> None:
            """Write nothing: the path of a presigned URL holds a signature, and the access log has the call."""

    corrections.apply()
    # A reset drops the backends; that each is built once more before that costs the 1,582 managed policies again.
    IAMBackend.reset = lambda self: None  # type: ignore[method-assign]
    moto = DomainDispatcherApplication(create_backend_app)
    # It lists its package's directory for each request.
    moto.get_backend_for_host = functools.cache(moto.get_backend_for_host)  # type: ignore[method-assign]
    answering = Switch(Texts(moto, directory / "texts.jsonl"))
    application = InTurn(AccessLog(InternalFailures(KnownRegionsOnly(answering)), directory / "access.jsonl"))
    listener = create_server(("127.0.0.1", 0), backlog=BACKLOG)
    port = listener.getsockname()[1]
    # Some of moto's services call the server themselves.
    os.environ["MOTO_PORT"] = str(port)
    gc.freeze()  # what is there by now stays, in memory that the forked processes share
    with os.fdopen(descriptor, "w") as announcement:
        announcement.write(f"{port}\n")
    supervise(listener, application, Handler)


if __name__ == "__main__":
    serve(Path(sys.argv[1]), int(sys.argv[2]))

"""The database refuses, is silent, is locked, takes no changes, or is another one."""

from __future__ import annotations

import re
from collections.abc import Callable
from contextlib import AbstractContextManager
from pathlib import Path

import pytest

from tests.conftest import Lab
from tests.faults import postgresql
from tests.faults.bench import Bench, Outcome, Part, failures
from tests.faults.proxy import Proxy

pytestmark = pytest.mark.whole
PART = Part("data", "rds")
SECONDS = 90  # with a limit of ten
Fault = Callable[[Lab, Proxy, Path], AbstractContextManager[postgresql.Given]]
# What a failed run has to say: what failed, and what to do.
FAULTS: dict[Fault, tuple[str, str]] = {
    postgresql.refused: ("[Cc]onnection refused", "See the DB instance.s status"),
    postgresql.silent: (r"rds_extensions_timeout", "10 s"),
    postgresql.locked: ("lock", "pg_terminate_backend"),
    postgresql.read_only: ("read-only", "default_transaction_read_only"),
    postgresql.wrong_certificate: ("certificate", "rds_ca_file"),
}


@pytest.mark.parametrize("fault", FAULTS, ids=lambda fault: fault.__name__)
def test_it_is_said_what_is_wrong(bench: Bench, fault: Fault) -> None:
    recorded = bench.at(PART)
    with Outcome.written("PostgreSQL", str(PART), fault.__name__) as outcome:
        with fault(bench.lab, bench.proxy, bench.directory) as given:
            played = bench.run(*PART.arguments, *given)
        bench.assert_lock_is_free()
        assert played.exit_code != 0, played.output
        assert played.seconds < SECONDS
        said = failures(played)
        outcome.said.append(said)
        for words in FAULTS[fault]:
            assert re.search(words, said), said
        bench.assert_goes_on(outcome, PART, recorded.standing)

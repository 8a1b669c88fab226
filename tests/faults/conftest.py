"""The bench: one for each process of a run, with a lab of its own."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.conftest import Lab
from tests.faults.bench import Bench


@pytest.fixture(scope="session")
def bench(lab: Lab, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Bench]:
    made = Bench(lab, tmp_path_factory.mktemp("faults"))
    yield made
    made.proxy.close()

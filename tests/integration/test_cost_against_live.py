"""The cost against the account: before anything is there, and who may ask.

What stands costs what the variables say: test_contract.py for production, test_destroy.py with every switch,
test_nights.py for a stack that sleeps.
"""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.conftest import Lab
from tests.integration.playbook import against_live
from tests.integration.test_cost import cost

STACK = "triflow-live"
LIVE = ("-e", "cost_against_live=true")


@pytest.fixture
def inventory(tmp_path: Path) -> Path:
    """A stack whose bucket is another's that is not there yet either (ENV-4)."""
    shared = {"s3_bucket_name": "triflow-ai-live", "s3_owner": "triflow-live-shared", "s3_prefix": "live/"}
    path = tmp_path / "hosts.yml"
    path.write_text(json.dumps({"prod": {"hosts": {STACK: {**shared, "dns_zone_name": f"{STACK}.com"}}}}))
    return path


def test_a_stack_that_is_not_there_adds_all_that_it_costs(lab: Lab, tmp_path: Path, inventory: Path) -> None:
    files = [word for kind in ("markdown", "html") for word in ("-e", f"cost_{kind}_path={tmp_path}/cost.{kind}")]
    compared = against_live(lab, tmp_path, "-i", str(inventory), *files)
    assert compared["before_krw"] == 0
    assert compared["adds_krw"] == compared["after_krw"] > 0
    # Each is rounded by itself.
    assert sum(line["adds_krw"] for line in compared["lines"]) == pytest.approx(compared["adds_krw"], abs=20)

    headline = f"{STACK} against the live stack: {compared['adds_krw']:+,} KRW a month"
    assert headline in (tmp_path / "cost.markdown").read_text()
    page = (tmp_path / "cost.html").read_text()
    assert "Each month, against the live stack" in page
    assert "비교 대상: 계정에 있는 스택" in page


def test_without_credentials_it_says_what_to_do(tmp_path: Path) -> None:
    nowhere = {"HOME": str(tmp_path), "AWS_CONFIG_FILE": "/dev/null", "AWS_SHARED_CREDENTIALS_FILE": "/dev/null"}
    finished = cost("-i", "inventories/prod", *LIVE, environment=nowhere)
    assert finished.returncode == 2
    text = " ".join((finished.stdout + finished.stderr).split())
    assert "AWS credentials: None refused: there are none accepted: AWS_PROFILE" in text

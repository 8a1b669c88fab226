"""Which zone and which certificate of an account is the stack's, and how Route 53's names are read."""

from __future__ import annotations

import re
from typing import Any

import pytest
from ansible_collections.triflow.platform.plugins.module_utils import acm, route53

OURS = {"triflow:stack": "prod"}
THEIRS = {"triflow:stack": "other"}


def zone(identifier: str, tags: dict[str, str] | None = None, comment: str = "") -> route53.Zone:
    return {"id": identifier, "name": "triflow-ai.com", "comment": comment, "tags": tags or {}}


def certificate(identifier: str, tags: dict[str, str] | None = None, **more: Any) -> acm.Certificate:
    state = {"subject_alternative_names": ["*.triflow-ai.com"], "status": "PENDING_VALIDATION", "in_use_by": []}
    return {"id": identifier, **state, "tags": tags or {}, **more}


@pytest.mark.parametrize(
    ("written", "read"),
    [
        ("Triflow-AI.com.", "triflow-ai.com"),
        ("\\052.triflow-ai.com.", "*.triflow-ai.com"),
        ("triflow-ai.com", "triflow-ai.com"),
    ],
)
def test_names(written: str, read: str) -> None:
    assert route53.plain(written) == read


@pytest.mark.parametrize("mode", ["create", "adopt"])
@pytest.mark.parametrize("own", [zone("Z2", OURS), zone("Z2", None, "Zone of the stack prod")])
def test_the_stacks_own_zone_comes_first(mode: str, own: route53.Zone) -> None:
    assert route53.choose([zone("Z1"), own, zone("Z3", THEIRS)], "triflow-ai.com", "prod", mode) == own


@pytest.mark.parametrize(
    ("zones", "mode", "chosen"),
    [([], "create", None), ([zone("Z1")], "adopt", zone("Z1")), ([zone("Z1", THEIRS)], "adopt", zone("Z1", THEIRS))],
)
def test_a_zone_of_others_is_adopted_or_one_created(
    zones: list[route53.Zone], mode: str, chosen: route53.Zone | None
) -> None:
    assert route53.choose(zones, "triflow-ai.com", "prod", mode) == chosen


@pytest.mark.parametrize(
    ("zones", "mode", "message"),
    [
        ([], "adopt", "the account has no public hosted zone triflow-ai.com; create"),
        ([zone("Z1", THEIRS, "Zone of the stack prod")], "create", "(Z1) that is not this stack's"),
        ([zone("Z1"), zone("Z2")], "adopt", "(Z1, Z2); only the delegated one"),
    ],
)
def test_a_zone_that_cannot_be_used_is_refused(zones: list[route53.Zone], mode: str, message: str) -> None:
    with pytest.raises(ValueError, match=re.escape(message)):
        route53.choose(zones, "triflow-ai.com", "prod", mode)


@pytest.mark.parametrize(
    ("certificates", "adopt", "chosen"),
    [
        ([], False, None),
        ([certificate("1", THEIRS)], False, None),
        ([certificate("1")], False, None),
        ([certificate("1")], True, "1"),
        ([certificate("1", THEIRS)], True, "1"),
        ([certificate("1", OURS, subject_alternative_names=[])], False, None),
        ([certificate("1", status="ISSUED"), certificate("2", OURS)], True, "2"),
        ([certificate("1", OURS, status="ISSUED"), certificate("2", OURS)], False, "1"),
        ([certificate("1", OURS, in_use_by=["x"]), certificate("2", OURS)], False, "1"),
    ],
)
def test_the_certificate(certificates: list[acm.Certificate], adopt: bool, chosen: str | None) -> None:
    found = acm.choose(certificates, "prod", ["*.triflow-ai.com"], adopt=adopt)
    assert (found or {}).get("id") == chosen

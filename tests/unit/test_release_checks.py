"""The checks over the variables of the operations: each wrong value is refused with its reason."""

from __future__ import annotations

from typing import Any

import pytest

from tests.unit.test_checks import problems
from tests.unit.test_compute_checks import BACKEND, WORKER

DIGEST = "sha256:" + "0a" * 32
CANARY: dict[str, Any] = {
    "release_strategy": "canary",
    "release_service": "backend",
    "ecs_services": [BACKEND],
    "alb_target_groups": ["backend"],
}


@pytest.mark.parametrize(
    ("change", "variable", "reason", "accepted"),
    [
        ({"release_service": "backen"}, "release_service", "none of ecs_services", "did you mean backend"),
        ({"ecs_logs_service": "x"}, "ecs_logs_service", "none of ecs_services", "one of backend"),
        ({"release_migration_command": "sh -c 'x"}, "release_migration_command", "No closing quotation", "quotes"),
        ({"ecs_task_command": '"'}, "ecs_task_command", "No closing quotation", "quotes"),
        ({"release_image": "1.4.0 "}, "release_image", "no tag, digest or image", "1.4.0"),
        ({"release_image": "triflow-prod/backend"}, "release_image", "no tag, digest or image", "repository"),
        ({"release_image": "sha256:0a"}, "release_image", "no tag, digest or image", "64 digits"),
        ({"release_image": "2", "ecs_image_owner": "stack"}, "release_image", "put ecs_image back", "pipeline"),
        ({"release_revision": "latest"}, "release_revision", "no revision", "such as 7"),
        ({**CANARY, "release_canary_weight": 60}, "release_canary_weight", "no share", "1 to 50"),
        ({**CANARY, "release_canary_desired_count": 0}, "release_canary_desired_count", "nobody", "1 or more"),
        (
            {**CANARY, "release_service": "worker", "ecs_services": [BACKEND, WORKER], "autoscaling_services": []},
            "release_strategy",
            "which worker does not serve",
            "rolling",
        ),
        (
            {**CANARY, "ecs_services": [BACKEND, {"name": "backend-canary"}]},
            "release_strategy",
            "a service backend-canary",
            "another name",
        ),
    ],
)
def test_wrong(change: dict[str, Any], variable: str, reason: str, accepted: str) -> None:
    (found,) = problems(**change)
    assert found["variable"] == variable
    assert reason in found["reason"]
    assert accepted in found["accepted"]


@pytest.mark.parametrize("image", ["1.4.0", "v1", DIGEST, "triflow-prod/backend:2", f"docker.io/a/b@{DIGEST}"])
def test_images_that_can_be_released(image: str) -> None:
    assert problems(release_image=image) == []


def test_a_canary_of_the_record_passes() -> None:
    weights = {"release_canary_weight": 10, "release_canary_desired_count": 1}
    assert problems(**CANARY, **weights, release_migration_command="alembic upgrade 'head'") == []

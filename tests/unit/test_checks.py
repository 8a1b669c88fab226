"""The checks over a stack's variables: the record passes. The files test_*_checks.py have what is refused."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from ansible.parsing.dataloader import DataLoader
from ansible_collections.triflow.platform.plugins.module_utils.checks import variable_problems

ROOT = Path(__file__).parents[2]
RECORD: dict[str, Any] = {
    name: value
    for path in sorted(ROOT.glob("group_vars/all/*.yml"))
    for name, value in DataLoader().load_from_file(str(path)).items()
} | {
    "stack_name": "triflow-prod",
    "s3_bucket_name": "triflow-ai-prod",
    "iam_write_prefixes": ["tenants/"],
    "iam_read_prefixes": ["shared/"],
    "alb_access_logs_prefix": "load-balancer-logs",
    "logs_archive_prefix": "logs-archive/",
    "logs_archive_error_prefix": "logs-archive-errors/",
    "dns_zone_name": "triflow-ai.com",
    "dns_domain_name": "triflow-ai.com",
    "ecs_image": "triflow-prod/backend:1.0.0",
    "dashboard_custom_namespace": "TriFlow/triflow-prod",
    "notifications_topic_name": "triflow-alarms-prod",
    "logs_group_prefix": "/aws/ecs/triflow-",
}


def problems(**change: Any) -> list[Any]:
    owner = change.get("stack_name", RECORD["stack_name"])  # of VPC and bucket: the stack itself
    own = {"vpc_owner": owner, "s3_owner": owner}
    return variable_problems({**RECORD, **own, **change}, groups=["prod"], environment={})


def assert_one_problem(variable: str, value: Any, reason: str, accepted: str) -> None:
    """With this one variable changed it alone is refused, for that reason, and what is accepted is said."""
    # a service that refers to a wrong target group or port is wrong, too
    (found,) = [item for item in problems(**{variable: value}) if item["variable"] != "ecs_services"]
    assert found["variable"] == variable
    assert reason in found["reason"]
    assert accepted in found["accepted"]


def test_the_record_has_no_problem() -> None:
    assert problems() == []


def test_what_is_not_given_is_not_checked() -> None:
    assert variable_problems({}, groups=[], environment={}) == []

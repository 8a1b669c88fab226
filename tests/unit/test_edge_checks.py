"""The domain and the load balancer."""

from __future__ import annotations

from typing import Any

import pytest

from tests.unit.test_checks import assert_one_problem, problems


@pytest.mark.parametrize(
    ("variable", "value", "reason", "accepted"),
    [
        ("dns_zone_name", "Triflow-ai.com", "no domain name", "lower-case"),
        ("dns_domain_name", "triflow-ai.com.", "first name", "without a dot at the end"),
        ("dns_domain_name", f"{'a' * 50}.triflow-ai.com", "first name", "at most 64"),
        ("dns_domain_name", "xtriflow-ai.com", "not in the zone dns_zone_name", "ends in .triflow-ai.com"),
        ("alb_ssl_policy", "TLS-1-3", "no security policy", "ELBSecurityPolicy-TLS13"),
        ("alb_health_check_path", "health", "no path", "/health"),
        ("alb_health_check_codes", "OK", "as HTTP codes", "200-299"),
        ("alb_health_check_interval", 301, "does not take it", "5 to 300 seconds"),
        ("alb_health_check_timeout", 15, "before the next one", "less than 15 seconds"),
        ("alb_healthy_threshold", 1, "does not take it", "2 to 10 checks"),
        ("alb_deregistration_delay", 3601, "does not take it", "0 to 3600 seconds"),
        ("alb_idle_timeout", 0, "does not take it", "1 to 4000 seconds"),
        ("alb_access_logs_prefix", "tenants/logs", "access logs", "outside tenants/"),
        ("alb_access_logs_prefix", "logs/", "access logs", "without a slash at its ends"),
        ("alb_access_logs_prefix", "alb/AWSLogs", "access logs", "without AWSLogs"),
        ("alb_target_groups", ["back_end"], "part of a name", "backend"),
        ("alb_target_groups", [], "empty", "one or more"),
        ("alb_target_groups", ["backend", "backend"], "twice", "each once"),
    ],
)
def test_one_wrong_value_is_one_problem(variable: str, value: Any, reason: str, accepted: str) -> None:
    assert_one_problem(variable, value, reason, accepted)


@pytest.mark.parametrize(
    ("stickiness", "reason", "accepted"),
    [
        ({"type": "lb_cookie", "cookie_name": "TRIFLOW_LB_COOKIE"}, "name of an lb_cookie is fixed", "app_cookie with"),
        ({"type": "app_cookie"}, "cookie_name does not name one", "a cookie that the application sets"),
        ({"type": "app_cookie", "cookie_name": "AWSALBAPP"}, "does not name one", "not beginning with AWSALB"),
        ({"type": "app_cookie", "cookie_name": "a b"}, "does not name one", "a cookie that the application sets"),
        ({"type": "lb_cookie", "duration": 0}, "duration of 0 seconds", "1 to 604800 seconds"),
    ],
)
def test_a_wrong_stickiness_is_refused(stickiness: dict[str, Any], reason: str, accepted: str) -> None:
    """ALB-6"""
    (found,) = problems(alb_stickiness={"duration": 3600, **stickiness})
    assert found["variable"] == "alb_stickiness"
    assert reason in found["reason"]
    assert accepted in found["accepted"]


def test_a_cookie_of_the_application_is_taken() -> None:
    """ALB-6"""
    assert problems(alb_stickiness={"type": "app_cookie", "cookie_name": "SESSION", "duration": 60}) == []

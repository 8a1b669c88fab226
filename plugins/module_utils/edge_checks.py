# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Checks over the variables of the domain and the load balancer: what ACM and Elastic Load Balancing take."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from ansible_collections.triflow.platform.plugins.module_utils.limits import SECONDS, Pattern, Range, limit_problems
from ansible_collections.triflow.platform.plugins.module_utils.problems import Problem, problem

Variables = Mapping[str, Any]

DOMAIN = r"([a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z][a-z0-9-]{0,61}[a-z0-9]"
PATTERNS = {
    "dns_zone_name": Pattern(
        rf"(?=.{{1,253}}$){DOMAIN}",
        "it is no domain name",
        "lower-case labels without a dot at the end: triflow-ai.com",
    ),
    # AWS Certificate Manager API reference, RequestCertificate: the first name has at most 64 characters.
    "dns_domain_name": Pattern(
        rf"(?=.{{1,64}}$){DOMAIN}",
        "ACM does not take it as a certificate's first name",
        "at most 64 characters, lower-case labels without a dot at the end: staging.triflow-ai.com",
    ),
    "alb_ssl_policy": Pattern(
        r"ELBSecurityPolicy-[A-Za-z0-9-]+",
        "it is no security policy of Elastic Load Balancing",
        "a policy such as ELBSecurityPolicy-TLS13-1-2-2021-06",
    ),
    # Elastic Load Balancing API reference, CreateTargetGroup.
    "alb_health_check_path": Pattern(r"/[\x21-\x7e]{0,1023}", "it is no path", "a path such as /health"),
    "alb_health_check_codes": Pattern(
        r"[2-4]\d\d([,-][2-4]\d\d)*",
        "Elastic Load Balancing does not take it as HTTP codes",
        'codes from 200 to 499, in quotes: "200", "200,204" or "200-299"',
    ),
    # User guide for Application Load Balancers, "Enable access logs".
    "alb_access_logs_prefix": Pattern(
        r"(?!tenants(/|$))(?!.*AWSLogs)[A-Za-z0-9._-]+(/[A-Za-z0-9._-]+)*",
        "it cannot begin the keys of access logs",
        "a prefix outside tenants/, without AWSLogs and without a slash at its ends: load-balancer-logs",
    ),
}

MOST_TARGET_GROUPS = 5  # Elastic Load Balancing API reference, ForwardActionConfig
LOAD_BALANCING = "Elastic Load Balancing does not take it"
RANGES = {
    "dns_wait_timeout": SECONDS,
    "alb_wait_timeout": SECONDS,
    # Elastic Load Balancing API reference, CreateTargetGroup, TargetGroupAttribute, LoadBalancerAttribute.
    "alb_health_check_interval": Range(5, 300, "seconds", LOAD_BALANCING),
    "alb_health_check_timeout": Range(2, 120, "seconds", LOAD_BALANCING),
    "alb_healthy_threshold": Range(2, 10, "checks", LOAD_BALANCING),
    "alb_unhealthy_threshold": Range(2, 10, "checks", LOAD_BALANCING),
    "alb_deregistration_delay": Range(0, 3600, "seconds", LOAD_BALANCING),
    "alb_idle_timeout": Range(1, 4000, "seconds", LOAD_BALANCING),
}


def edge_problems(variables: Variables) -> list[Problem]:
    """All that is wrong with them. What is not given is not checked."""
    return [
        *limit_problems(variables, PATTERNS, RANGES),
        *_domain_problems(variables),
        *_health_check_problems(variables),
        *_stickiness_problems(variables),
        *_target_group_problems(variables),
    ]


def _domain_problems(variables: Variables) -> list[Problem]:
    zone, domain = variables.get("dns_zone_name"), variables.get("dns_domain_name")
    if zone is None or domain is None or f".{domain}".endswith(f".{zone}"):
        return []
    if not re.fullmatch(DOMAIN, zone) or not re.fullmatch(DOMAIN, domain):
        return []  # that is said already
    reason = f"it is not in the zone dns_zone_name, {zone}"
    return [problem("dns_domain_name", domain, reason, f"{zone}, or a name that ends in .{zone}")]


def _health_check_problems(variables: Variables) -> list[Problem]:
    interval, timeout = variables.get("alb_health_check_interval"), variables.get("alb_health_check_timeout")
    if interval is None or timeout is None or timeout < interval:
        return []
    reason = f"a check has to end before the next one, after alb_health_check_interval, {interval} seconds"
    return [problem("alb_health_check_timeout", timeout, reason, f"less than {interval} seconds")]


def _stickiness_problems(variables: Variables) -> list[Problem]:
    stickiness = variables.get("alb_stickiness")
    if stickiness is None:
        return []
    problems = []
    kind, name, duration = stickiness["type"], stickiness.get("cookie_name"), stickiness["duration"]
    if kind == "lb_cookie" and name:
        # User guide for Application Load Balancers, "Sticky sessions": it is AWSALB.
        reason = f"cookie_name is {name}, and the name of an lb_cookie is fixed (ALB-6)"
        problems.append(problem("alb_stickiness", kind, reason, "lb_cookie without cookie_name, or app_cookie with it"))
    if kind == "app_cookie" and not re.fullmatch(r"(?!AWSALB)[!#$%&'*+.^_`|~0-9A-Za-z-]{1,4096}", name or ""):
        reason = "app_cookie follows a cookie of the application, and cookie_name does not name one"
        accepted = "cookie_name with the name of a cookie that the application sets, not beginning with AWSALB"
        problems.append(problem("alb_stickiness", kind, reason, accepted))
    if not 1 <= duration <= 604800:
        reason = f"Elastic Load Balancing does not take a duration of {duration} seconds"
        problems.append(problem("alb_stickiness", duration, reason, "duration of 1 to 604800 seconds"))
    return problems


def _target_group_problems(variables: Variables) -> list[Problem]:
    names = variables.get("alb_target_groups")
    if names is None:
        return []
    accepted = "one or more names of lower-case letters, digits and single hyphens, each once: backend"
    wrong = [name for name in names if not re.fullmatch(r"[a-z0-9]([a-z0-9]|-(?!-|$))*", name)]
    problems = [problem("alb_target_groups", name, "it cannot be part of a name", accepted) for name in wrong]
    if len(names) > MOST_TARGET_GROUPS:
        reason = f"these are {len(names)}, and a listener forwards to {MOST_TARGET_GROUPS}"
        problems.append(problem("alb_target_groups", names, reason, f"up to {MOST_TARGET_GROUPS} names"))
    if not names or len(set(names)) < len(names):
        problems.append(problem("alb_target_groups", names, "it is empty or names one twice", accepted))
    return problems

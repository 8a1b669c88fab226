# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Checks over the variables of compute: what Fargate offers, and what the services, their roles and scaling share."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from ansible_collections.triflow.platform.plugins.module_utils import hidden
from ansible_collections.triflow.platform.plugins.module_utils.images import image_fault
from ansible_collections.triflow.platform.plugins.module_utils.limits import (
    SECONDS,
    Range,
    empty_problems,
    limit_problems,
)
from ansible_collections.triflow.platform.plugins.module_utils.problems import Problem, nearest, problem
from ansible_collections.triflow.platform.plugins.module_utils.services import PROMETHEUS

Variables = Mapping[str, Any]


def _gigabytes(first: int, last: int, step: int = 1) -> range:
    return range(first * 1024, last * 1024 + 1, step * 1024)


# Amazon ECS developer guide, "Task CPU and memory" of Fargate task definitions: CPU units to MiB.
FARGATE: dict[int, range] = {
    256: range(512, 2049, 512),
    512: _gigabytes(1, 4),
    1024: _gigabytes(2, 8),
    2048: _gigabytes(4, 16),
    4096: _gigabytes(8, 30),
    8192: _gigabytes(16, 60, 4),
    16384: _gigabytes(32, 120, 8),
}
NOT_OFFERED = {(256, 1536)}
NAME = re.compile(r"[a-z]([a-z0-9-]{0,29}[a-z0-9])?")
SECRET = re.compile(r"arn:aws[\w-]*:secretsmanager:[a-z0-9-]+:\d{12}:secret:[^:]+(:[^:]*:[^:]*:[^:]*)?")
# POSIX rules out = in the names of a process's environment. Frameworks read names with dots, dashes and colons.
ENVIRONMENT_NAME = re.compile(r"[^=\s\x00-\x1f\x7f]+")
ACCEPTED_NAME = "1 to 31 lower-case letters, digits and hyphens, from a letter to a letter or digit"

STATEMENT = {"Sid", "Effect", "Action", "NotAction", "Resource", "NotResource", "Condition"}
PORT = Range(1, 65535, "", "it is no TCP port")
TASKS = Range(0, 1000, "tasks", "no service of ECS has that many")
PERCENT = Range(1, 100, "per cent", "it is no CPU load")
CONTAINER_HEALTH = "ECS does not take it"
RANGES = {
    "ecs_wait_timeout": SECONDS,
    "ecs_task_timeout": SECONDS,
    # Amazon CloudWatch Logs API reference, FilterLogEvents.
    "ecs_logs_limit": Range(1, 10000, "lines", "CloudWatch Logs does not take it"),
    "ecs_logs_minutes": Range(1, 5_259_600, "minutes", "it is no time to look back"),
    # Amazon ECS API reference, HealthCheck and CreateService.
    "ecs_health_check_interval": Range(5, 300, "seconds", CONTAINER_HEALTH),
    "ecs_health_check_timeout": Range(2, 60, "seconds", CONTAINER_HEALTH),
    "ecs_health_check_retries": Range(1, 10, "times", CONTAINER_HEALTH),
    "ecs_health_check_start_period": Range(0, 300, "seconds", CONTAINER_HEALTH),
    "ecs_health_check_grace_period": Range(0, 86400, "seconds", CONTAINER_HEALTH),
    "ecs_log_buffer_size": Range(1, 512, "MiB", "it is memory of the task"),
    "ecs_desired_count": TASKS,
    "ecs_prometheus_scrape_interval": Range(1, 3600, "seconds", "Prometheus would show gaps"),
    "ecs_prometheus_memory": Range(64, 4096, "MiB", "it is no sensible size for the sidecar"),
    "ecr_untagged_days": Range(1, 3650, "days", "ECR does not take it"),
    "ecr_kept_images": Range(1, 10000, "images", "ECR does not take it"),
    "autoscaling_min_capacity": TASKS,
    "autoscaling_max_capacity": TASKS,
    "autoscaling_scale_out_cpu": PERCENT,
    "autoscaling_scale_in_cpu": PERCENT,
    "autoscaling_target_cpu": PERCENT,
    "autoscaling_scale_out_minutes": Range(1, 1440, "minutes", "an alarm does not look back that far"),
    "autoscaling_scale_in_minutes": Range(1, 1440, "minutes", "an alarm does not look back that far"),
    "autoscaling_scale_out_cooldown": Range(0, 3600, "seconds", "it is no sensible time between two steps"),
    "autoscaling_scale_in_cooldown": Range(0, 3600, "seconds", "it is no sensible time between two steps"),
}
NOT_EMPTY = {"ecs_services": "one or more services, or stack_foundation: true for a stack that others use"}
ACCEPTED_IMAGE = "repository:tag or repository@sha256:<digest>, with its registry in front when it is not the account's"


def compute_warnings(variables: Variables) -> list[str]:
    """What looks like a secret, in what everybody reads who may read a task definition."""
    found = _secret_warnings("ecs_environment", variables.get("ecs_environment") or {})
    for service in variables.get("ecs_services") or []:
        where = f"ecs_services, {service['name']}"
        found += _secret_warnings(f"{where}: environment", service.get("environment") or {})
        lines = {"command": " ".join(service.get("command") or []), "": service.get("health_check_command") or ""}
        found += _secret_warnings(where, {name or "health_check_command": line for name, line in lines.items()})
    return found


def _secret_warnings(where: str, values: Mapping[str, Any]) -> list[str]:
    return [
        f"{where}: {name} looks like a secret, since {why}. Whoever may read the task definition reads it. "
        "Put it into Secrets Manager, and its ARN into ecs_secrets."
        for name, value in values.items()
        if (why := hidden.looks_secret(str(name), str(value)))
    ]


def compute_problems(variables: Variables) -> list[Problem]:
    """All that is wrong with the variables of compute. What is not given is not checked."""
    services: list[Mapping[str, Any]] = variables.get("ecs_services") or []
    problems = limit_problems(variables, {}, RANGES) + empty_problems(variables, NOT_EMPTY)
    problems += [found for check in SERVICE_CHECKS for service in services for found in check(service, variables)]
    for check in CHECKS:
        problems += check(variables)
    return problems


def _name_problems(variables: Variables) -> Iterator[Problem]:
    for variable, names in (
        ("ecs_services", [service["name"] for service in variables.get("ecs_services") or []]),
        ("ecr_repositories", variables.get("ecr_repositories") or []),
    ):
        for name in sorted(set(names)):
            if not NAME.fullmatch(name):
                yield problem(variable, name, "it cannot be part of a name", ACCEPTED_NAME)
            elif names.count(name) > 1:
                yield problem(variable, name, "it is there twice", "each name once")


def _size_problems(service: Mapping[str, Any], variables: Variables) -> Iterator[Problem]:
    cpu, memory = service.get("cpu") or variables.get("ecs_cpu"), service.get("memory") or variables.get("ecs_memory")
    if cpu is None or memory is None:
        return
    reason = f"Fargate does not offer it, for the service {service['name']}"
    if cpu not in FARGATE:
        yield problem("ecs_cpu", cpu, reason, f"one of {', '.join(map(str, FARGATE))} CPU units")
    elif memory not in FARGATE[cpu] or (cpu, memory) in NOT_OFFERED:
        sizes = FARGATE[cpu]
        accepted = f"{sizes[0]} to {sizes[-1]} MiB in steps of {sizes.step} with {cpu} CPU units"
        yield problem("ecs_memory", memory, reason, accepted)


def _image_problems(variables: Variables) -> Iterator[Problem]:
    images = {
        ("ecs_image", variables.get("ecs_image")),
        ("ecs_prometheus_image", variables.get("ecs_prometheus_image")),
    }
    images |= {("ecs_services", service.get("image")) for service in variables.get("ecs_services") or []}
    for variable, image in sorted((variable, image) for variable, image in images if image):
        fault = image_fault(image)
        if fault:
            accepted = f"did you mean {fault.meant}?" if fault.meant else ACCEPTED_IMAGE
            yield problem(variable, image, fault.reason, accepted)


def _number_problems(variables: Variables) -> Iterator[Problem]:
    """The numbers of the services, whose own values are in no table of variables."""
    for service in variables.get("ecs_services") or []:
        for option, allowed in (("container_port", PORT), ("desired_count", TASKS)):
            number = service.get(option)
            if number is not None and not allowed.least <= number <= allowed.most:
                reason = f"{allowed.reason}, as {option} of {service['name']}"
                accepted = f"{allowed.least} to {allowed.most} {allowed.unit}".rstrip()
                yield problem("ecs_services", number, reason, accepted)


def _sidecar_problems(service: Mapping[str, Any], variables: Variables) -> Iterator[Problem]:
    """The task's memory holds all of its containers, and each of these has a name of its own."""
    if not variables.get("ecs_prometheus_remote_write_url") or not service.get("container_port"):
        return
    if service["name"] == PROMETHEUS:
        reason = "the container of the sidecar in its task has that name, too"
        yield problem("ecs_services", PROMETHEUS, reason, "another name, or no ecs_prometheus_remote_write_url")
    memory, sidecar = service.get("memory") or variables.get("ecs_memory"), variables.get("ecs_prometheus_memory")
    if memory is not None and sidecar is not None and sidecar >= memory:
        reason = f"the task of {service['name']} has {memory} MiB for all of its containers"
        yield problem("ecs_prometheus_memory", sidecar, reason, f"less than {memory} MiB")


def _statement_problems(variables: Variables) -> Iterator[Problem]:
    """IAM user guide, "IAM JSON policy elements reference": what a role's policy is made of."""
    accepted = "a mapping with Effect, Action and Resource, and Sid and Condition where they are needed"
    for number, statement in enumerate(variables.get("iam_task_statements") or [], 1):
        unknown = sorted(statement.keys() - STATEMENT)
        lacking = [
            name
            for name, other in (("Effect", "Effect"), ("Action", "NotAction"), ("Resource", "NotResource"))
            if not (statement.get(name) or statement.get(other))
        ]
        wrong = [f"{name} is no element of a role's policy" for name in unknown]
        wrong += [f"{name} is missing" for name in lacking]
        if statement.get("Effect", "Allow") not in ("Allow", "Deny"):
            wrong.append("its Effect is not Allow or Deny")
        if not re.fullmatch(r"[A-Za-z0-9]*", str(statement.get("Sid", ""))):
            wrong.append("its Sid has other characters than letters and digits")
        if wrong:
            yield problem("iam_task_statements", f"statement {number}", f"IAM refuses it: {', '.join(wrong)}", accepted)


def _port_problems(service: Mapping[str, Any], variables: Variables) -> Iterator[Problem]:
    name, group, port = service["name"], service.get("target_group"), service.get("container_port")
    if not group:
        return
    groups, open_port = variables.get("alb_target_groups"), variables.get("security_groups_container_port")
    if groups is not None and group not in groups:
        accepted = nearest(group, groups) or f"one of {', '.join(groups)}"
        yield problem("ecs_services", group, f"target_group of {name} is none of alb_target_groups", accepted)
    if port is None:
        yield problem("ecs_services", name, "it has a target_group and no container_port", "both, or neither")
    elif open_port is not None and port != open_port:
        reason = f"container_port of {name} is closed: the load balancer reaches security_groups_container_port only"
        yield problem("ecs_services", port, reason, str(open_port))


def _environment_problems(service: Mapping[str, Any], variables: Variables) -> Iterator[Problem]:
    environment = {**(variables.get("ecs_environment") or {}), **(service.get("environment") or {})}
    secrets = {**(variables.get("ecs_secrets") or {}), **(service.get("secrets") or {})}
    for name in sorted({*environment, *secrets}):
        if not ENVIRONMENT_NAME.fullmatch(str(name)):
            yield problem(
                "ecs_environment",
                name,
                "it is no name of an environment variable",
                "a name such as LOG_LEVEL, without =",
            )
        if name in environment and name in secrets:
            yield problem("ecs_secrets", name, "it is an environment variable already", "each name in one of the two")
    for name, arn in sorted(secrets.items()):
        if not SECRET.fullmatch(str(arn)):
            # the value itself might be the secret, so it is not shown
            accepted = (
                "arn:aws:secretsmanager:<region>:<account>:secret:<name>, with :<key>:: for one key of a JSON secret"
            )
            yield problem("ecs_secrets", name, "its value is no ARN of a secret in Secrets Manager", accepted)


def _prefix_problems(variables: Variables) -> Iterator[Problem]:
    for variable in ("iam_write_prefixes", "iam_read_prefixes"):
        for prefix in variables.get(variable) or []:
            if re.match(r"[a-z0-9]+://|arn:", prefix):
                reason = "it is an address, and a prefix begins the keys in the stack's own bucket"
                yield problem(variable, prefix, reason, "what follows the bucket, ending with /, such as tenants/")
            elif not re.fullmatch(r"[^/*?$][^*?$]*/", prefix):
                reason = "it is no literal prefix, and a policy would read it in another way"
                yield problem(variable, prefix, reason, "a prefix that ends with /, such as tenants/")


def _prometheus_problems(variables: Variables) -> Iterator[Problem]:
    url = variables.get("ecs_prometheus_remote_write_url")
    if url and not re.fullmatch(r"https://[^\s/]+\S*", url):
        reason = "the tasks reach 443 only (NET-7)"
        yield problem("ecs_prometheus_remote_write_url", url, reason, "an address that starts with https://")
    user, secret = variables.get("ecs_prometheus_username"), variables.get("ecs_prometheus_password_secret")
    if user is not None and secret is not None and bool(user) != bool(secret):
        reason = "it goes with ecs_prometheus_password_secret"
        yield problem("ecs_prometheus_username", user, reason, "both, or neither")
    if secret and not SECRET.fullmatch(secret):
        reason = "it is no ARN of a secret in Secrets Manager"
        yield problem(
            "ecs_prometheus_password_secret", secret, reason, "arn:aws:secretsmanager:<region>:<account>:secret:<name>"
        )


def _scaling_problems(variables: Variables) -> Iterator[Problem]:
    names = [service["name"] for service in variables.get("ecs_services") or []]
    scaled = variables.get("autoscaling_services") or []
    for name in scaled:
        if names and name not in names:
            accepted = nearest(name, names) or f"one of {', '.join(names)}"
            yield problem("autoscaling_services", name, "it is none of ecs_services", accepted)
    least, most = variables.get("autoscaling_min_capacity"), variables.get("autoscaling_max_capacity")
    if least is not None and most is not None:
        if least > most:
            reason = f"it is less than autoscaling_min_capacity, {least}"
            yield problem("autoscaling_max_capacity", most, reason, f"{least} or more")
        else:
            yield from _count_problems(variables, scaled, least, most)
    low, high = variables.get("autoscaling_scale_in_cpu"), variables.get("autoscaling_scale_out_cpu")
    if low is not None and high is not None and low >= high:
        reason = f"tasks would come and go all the time: it is not below autoscaling_scale_out_cpu, {high} %"
        yield problem("autoscaling_scale_in_cpu", low, reason, f"less than {high} %")


def _count_problems(variables: Variables, scaled: list[str], least: int, most: int) -> Iterator[Problem]:
    for service in variables.get("ecs_services") or []:
        own = service.get("desired_count")
        count = variables.get("ecs_desired_count") if own is None else own
        if service["name"] in scaled and count is not None and not least <= count <= most:
            variable = "ecs_desired_count" if own is None else "ecs_services"
            reason = f"the autoscaler of {service['name']} would change it at once"
            yield problem(
                variable, count, reason, f"{least} to {most}, as autoscaling_min_capacity and _max_capacity say"
            )


SERVICE_CHECKS: tuple[Callable[[Mapping[str, Any], Variables], Iterator[Problem]], ...] = (
    _size_problems,
    _sidecar_problems,
    _port_problems,
    _environment_problems,
)
CHECKS: tuple[Callable[[Variables], Iterator[Problem]], ...] = (
    _name_problems,
    _number_problems,
    _image_problems,
    _prefix_problems,
    _statement_problems,
    _prometheus_problems,
    _scaling_problems,
)

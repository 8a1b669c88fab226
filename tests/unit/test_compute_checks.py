"""The checks over the variables of compute: the record passes, each wrong value is refused with its reason."""

from __future__ import annotations

from typing import Any

import pytest
from ansible_collections.triflow.platform.plugins.module_utils.compute_checks import compute_warnings

from tests.unit.test_checks import RECORD, problems

ARN = "arn:aws:secretsmanager:ap-northeast-2:123456789012:secret:key-AbCdEf"
BACKEND: dict[str, Any] = {"name": "backend", "container_port": 8000, "target_group": "backend"}
WORKER: dict[str, Any] = {"name": "worker", "cpu": 256, "memory": 512, "desired_count": 0, "command": ["work"]}


def services(**change: Any) -> dict[str, Any]:
    return {"ecs_services": [{key: value for key, value in {**BACKEND, **change}.items() if value is not None}]}


@pytest.mark.parametrize(
    ("change", "variable", "reason", "accepted"),
    [
        ({"ecs_cpu": 1000}, "ecs_cpu", "Fargate does not offer it", "256, 512, 1024, 2048"),
        ({"ecs_memory": 1024}, "ecs_memory", "Fargate does not offer it", "2048 to 8192 MiB in steps of 1024"),
        ({"ecs_cpu": 256, "ecs_memory": 1536}, "ecs_memory", "Fargate does not offer it", "512 to 2048 MiB"),
        (services(memory=9000), "ecs_memory", "for the service backend", "with 1024 CPU units"),
        (services(name="Back") | {"autoscaling_services": []}, "ecs_services", "part of a name", "1 to 31 lower-case"),
        ({"ecr_repositories": ["a", "a"]}, "ecr_repositories", "there twice", "each name once"),
        ({"ecr_repositories": ["a_b"]}, "ecr_repositories", "part of a name", "1 to 31 lower-case"),
        ({"ecs_image": "triflow-prod/backend"}, "ecs_image", "no image with a tag or digest", "repository:tag"),
        (services(image="backend:"), "ecs_services", "no image with a tag or digest", "repository:tag"),
        (services(target_group="backen"), "ecs_services", "none of alb_target_groups", "did you mean backend"),
        (services(container_port=None), "ecs_services", "target_group and no container_port", "both, or neither"),
        (services(container_port=9000), "ecs_services", "container_port of backend is closed", "8000"),
        ({"ecs_environment": {"LOG LEVEL": "x"}}, "ecs_environment", "no name of an environment", "LOG_LEVEL"),
        (
            {"ecs_environment": {"KEY": "x"}, "ecs_secrets": {"KEY": ARN}},
            "ecs_secrets",
            "environment variable already",
            "one of the two",
        ),
        ({"ecs_secrets": {"KEY": "password"}}, "ecs_secrets", "no ARN of a secret", "arn:aws:secretsmanager"),
        ({"ecs_log_buffer_size": 0}, "ecs_log_buffer_size", "memory of the task", "1 to 512 MiB"),
        ({"logs_retention_days": 15}, "logs_retention_days", "CloudWatch Logs does not take it", "14, 30"),
        ({"iam_write_prefixes": ["tenants"]}, "iam_write_prefixes", "no literal prefix", "ends with /"),
        ({"iam_read_prefixes": ["*/"]}, "iam_read_prefixes", "no literal prefix", "ends with /"),
        (
            {"ecs_prometheus_remote_write_url": "http://grafana.example.com/api"},
            "ecs_prometheus_remote_write_url",
            "443 only",
            "https://",
        ),
        ({"ecs_prometheus_username": "u"}, "ecs_prometheus_username", "goes with", "both, or neither"),
        (
            {"ecs_prometheus_username": "u", "ecs_prometheus_password_secret": "password"},
            "ecs_prometheus_password_secret",
            "no ARN of a secret",
            "arn:aws:secretsmanager",
        ),
        ({"autoscaling_services": ["backed"]}, "autoscaling_services", "none of ecs_services", "did you mean backend"),
        (
            {"autoscaling_max_capacity": 1},
            "autoscaling_max_capacity",
            "less than autoscaling_min_capacity",
            "2 or more",
        ),
        ({"ecs_desired_count": 6}, "ecs_desired_count", "would change it at once", "2 to 5"),
        (services(desired_count=1), "ecs_services", "would change it at once", "2 to 5"),
        ({"autoscaling_scale_in_cpu": 70}, "autoscaling_scale_in_cpu", "come and go", "less than 70 %"),
        ({"autoscaling_scale_out_cpu": 101}, "autoscaling_scale_out_cpu", "no CPU load", "1 to 100 per cent"),
        ({"ecs_health_check_retries": 11}, "ecs_health_check_retries", "does not take it", "1 to 10 times"),
        ({"ecs_wait_timeout": 0}, "ecs_wait_timeout", "waited for", "1 to 86400 seconds"),
        ({"ecr_kept_images": 0}, "ecr_kept_images", "ECR", "1 to 10000 images"),
    ],
)
def test_one_wrong_value_is_one_problem(change: dict[str, Any], variable: str, reason: str, accepted: str) -> None:
    given = {"ecs_prometheus_username": "", "alb_target_groups": ["backend"], **change}
    (found,) = problems(**given)
    assert found["variable"] == variable
    assert reason in found["reason"]
    assert accepted in found["accepted"]


@pytest.mark.parametrize(
    ("change", "variable", "reason", "accepted"),
    [
        ({"ecs_image": "https://ghcr.io/x/y:1"}, "ecs_image", "no address", "did you mean ghcr.io/x/y:1?"),
        ({"ecs_image": "TriFlow/Backend:1.0"}, "ecs_image", "lower-case", "did you mean triflow/backend:1.0?"),
        ({"ecs_image": "ghcr.io/x//y:1"}, "ecs_image", "no image", "repository:tag"),
        ({"ecs_image": f"ghcr.io/{'x' * 250}:1"}, "ecs_image", "255 characters", "repository:tag"),
        ({"ecs_prometheus_image": "Prom/Prometheus:v3"}, "ecs_prometheus_image", "lower-case", "prom/prometheus:v3"),
        ({"release_image": "TriFlow/Backend:1.0"}, "release_image", "lower-case", "triflow/backend:1.0"),
        (services(image="docker://x/y:1"), "ecs_services", "no address", "did you mean x/y:1?"),
        ({"iam_write_prefixes": ["s3://bucket/tenants/"]}, "iam_write_prefixes", "bucket", "tenants/"),
        ({"iam_read_prefixes": ["arn:aws:s3:::bucket/x/"]}, "iam_read_prefixes", "bucket", "tenants/"),
        ({"ecs_services": [], "autoscaling_services": []}, "ecs_services", "empty", "one or more services"),
        ({"security_groups_load_balancer_ports": []}, "security_groups_load_balancer_ports", "empty", "one or more"),
    ],
)
def test_what_aws_refuses_is_refused(change: dict[str, Any], variable: str, reason: str, accepted: str) -> None:
    (found,) = problems(ecs_image_owner="pipeline", **change)
    assert found["variable"] == variable
    assert reason in found["reason"]
    assert accepted in found["accepted"]


@pytest.mark.parametrize("name", ["spring.profiles.active", "LOG-LEVEL", "app:mode"])
def test_names_of_environment_variables_that_ecs_takes(name: str) -> None:
    assert problems(ecs_environment={name: "x"}) == []


@pytest.mark.parametrize("name", ["", "A=B", "A B"])
def test_no_names_of_environment_variables(name: str) -> None:
    (found,) = problems(ecs_environment={name: "x"})
    assert (found["variable"], found["value"]) == ("ecs_environment", name)


def test_a_secret_that_stands_where_its_arn_should_is_not_shown() -> None:
    (found,) = problems(ecs_secrets={"KEY": "hunter2"})
    assert "hunter2" not in str(found)


@pytest.mark.parametrize(
    "change",
    [
        {"ecs_services": [BACKEND, WORKER]},
        {"ecs_secrets": {"KEY": f"{ARN}:password::", "OTHER": ARN}},
        {"ecs_image": "docker.io/library/nginx:1.29"},
        {"ecs_image": f"triflow-prod/backend@sha256:{'0' * 64}"},
        {"ecs_cpu": 512, "ecs_memory": 1024},
        {"autoscaling_services": [], "ecs_desired_count": 1},
        {"ecs_prometheus_remote_write_url": "https://grafana.example.com/api/prom/push"},
        {"iam_read_prefixes": []},
    ],
)
def test_what_aws_takes_is_accepted(change: dict[str, Any]) -> None:
    assert problems(**change) == []


@pytest.mark.parametrize(
    ("change", "where"),
    [
        ({"ecs_environment": {"ID": "AKIAIOSFODNN7EXAMPLE"}}, "ecs_environment: ID looks like a secret"),
        ({"ecs_environment": {"DB_PASSWORD": "hunter2"}}, "ecs_environment: DB_PASSWORD looks like a secret"),
        (services(environment={"URL": "postgresql://a:hunter2@db/x"}), "ecs_services, backend: environment: URL looks"),
        (services(command=["curl", "-u", "AKIAIOSFODNN7EXAMPLE"]), "ecs_services, backend: command looks"),
        (services(health_check_command="psql password=hunter2"), "backend: health_check_command looks"),
    ],
)
def test_what_looks_like_a_secret_is_told_and_not_shown(change: dict[str, Any], where: str) -> None:
    (warning,) = compute_warnings({**RECORD, **change})
    assert where in warning
    assert "ecs_secrets" in warning
    assert "hunter2" not in warning
    assert "AKIA" not in warning
    assert problems(**change) == []


def test_the_record_gives_no_warning() -> None:
    assert compute_warnings(RECORD) == []


SIDECAR = {"ecs_prometheus_remote_write_url": "https://grafana.example.com/push", "ecs_prometheus_memory": 256}
ALLOW = {"Effect": "Allow", "Action": "s3:GetObject", "Resource": "*"}


@pytest.mark.parametrize(
    ("change", "variable", "value", "reason"),
    [
        ({"ecs_services": [{"name": "a", "container_port": 70000}]}, "ecs_services", 70000, "container_port of a"),
        ({"ecs_services": [{"name": "a", "desired_count": -1}]}, "ecs_services", -1, "desired_count of a"),
        ({**SIDECAR, "ecs_prometheus_memory": 2048}, "ecs_prometheus_memory", 2048, "2048 MiB for all"),
        (
            {**SIDECAR, "ecs_services": [{"name": "prometheus", "container_port": 1}]},
            "ecs_services",
            "prometheus",
            "sidecar",
        ),
        ({"ecs_task_timeout": 0}, "ecs_task_timeout", 0, "waited for"),
        ({"ecs_logs_limit": 10001}, "ecs_logs_limit", 10001, "CloudWatch Logs"),
        ({"release_wait_timeout": 0}, "release_wait_timeout", 0, "waited for"),
        ({"release_canary_bake_time": -1}, "release_canary_bake_time", -1, "watch a canary"),
        ({"nights_wait_timeout": 0}, "nights_wait_timeout", 0, "waited for"),
        (
            {"iam_task_statements": [{**ALLOW, "Principal": "*"}]},
            "iam_task_statements",
            "statement 1",
            "Principal is no",
        ),
        ({"iam_task_statements": [ALLOW, {"Action": "x"}]}, "iam_task_statements", "statement 2", "Effect is missing"),
        (
            {"iam_task_statements": [{**ALLOW, "Effect": "allow"}]},
            "iam_task_statements",
            "statement 1",
            "Allow or Deny",
        ),
        ({"iam_task_statements": [{**ALLOW, "Sid": "a-b"}]}, "iam_task_statements", "statement 1", "Sid"),
        ({"notifications_function_runtime": "python3.9"}, "notifications_function_runtime", "python3.9", "Lambda"),
    ],
)
def test_numbers_and_parts_that_aws_refuses(change: dict[str, Any], variable: str, value: Any, reason: str) -> None:
    (found,) = problems(autoscaling_services=[], **change)
    assert (found["variable"], found["value"]) == (variable, value)
    assert reason in found["reason"]


def test_statements_and_a_sidecar_that_aws_takes() -> None:
    condition = {**ALLOW, "Sid": "Read1", "Condition": {"StringEquals": {"aws:PrincipalTag/x": "y"}}}
    assert problems(iam_task_statements=[condition, {"Effect": "Deny", "NotAction": "x:*", "NotResource": "*"}]) == []
    assert problems(**SIDECAR) == []

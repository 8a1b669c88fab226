"""What the emulator does differently from AWS, put right: one module a service and topic.

A correction restores what AWS documents and names the page; it has a test of its own in tests/lab. Importing its
module puts it over moto.
"""

from __future__ import annotations

from importlib import import_module

MODULES = (
    "rds_engine",
    "rds_classes",
    "rds_windows",
    "rds_instance",
    "rds_parameters",
    "rds_dependencies",
    "rds_stopped",
    "rds_storage",
    "rds_database",
    "rds_statuses",
    "ec2_endpoints",
    "ec2_dependencies",
    "ec2_tags",
    "ec2_subnets",
    "ec2_rules",
    "s3_objects",
    "s3_policy",
    "s3_lifecycle",
    "s3_buckets",
    "tagging",
    "elbv2_attributes",
    "elbv2_listeners",
    "elbv2_load_balancers",
    "route53",
    "acm",
    "ecs_clusters",
    "ecs_task_definitions",
    "ecs_tasks",
    "ecs_services",
    "ecs_calls",
    "ecs_deployments",
    "application_autoscaling",
    "scheduled_actions",
    "scheduler",
    "cloudwatch_alarms",
    "cloudwatch_limits",
    "log_events",
    "cloudwatch_actions",
    "kms_keys",
    "lambda_functions",
    "sns",
    "sns_unsubscribed",
    "sns_refusals",
    "sqs",
    "events_rules",
    "events_targets",
    "cloudwatch_dashboards",
    "cloudwatch_metrics",
    "firehose",
    "log_groups",
    "parameters",
    "budgets",
    "service_quotas",
    "client_tokens",
)


def apply() -> None:
    """Put every correction over moto."""
    for name in MODULES:
        import_module(f"lab.corrections.{name}")

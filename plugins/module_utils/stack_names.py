# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The names that a stack's variables become, and what is wrong with them.

A stack's name goes into some thirty names, and each service has rules of its own. So no name is judged by itself: every
name that is made of it is, by the service that will get it.
"""

from __future__ import annotations

import itertools
import re
from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

from ansible_collections.triflow.platform.plugins.module_utils import alarms
from ansible_collections.triflow.platform.plugins.module_utils.aws_names import RULES, NameRule, fits, short_name
from ansible_collections.triflow.platform.plugins.module_utils.problems import Problem, problem

Variables = Mapping[str, Any]


class DerivedName(NamedTuple):
    """A name that a stack gets: what has it, the variable that says it, and how it is made."""

    thing: str
    variable: str
    name: str


# What stands in braces is a variable or an element of one. Elastic Load Balancing gets the short form of its names.
DERIVED_NAMES = (
    DerivedName("a security group's name", "stack_name", "{stack}-alb"),
    DerivedName("a security group's name", "stack_name", "{stack}-ecs"),
    DerivedName("a security group's name", "stack_name", "{stack}-rds"),
    DerivedName("a security group's name", "stack_name", "{stack}-endpoints"),
    DerivedName("a load balancer's name", "stack_name", "{stack}"),
    DerivedName("a target group's name", "alb_target_groups", "{stack}-{target_group}"),
    DerivedName("an identifier of a DB instance", "rds_identifier", "{database}"),
    DerivedName("a DB snapshot's name", "rds_identifier", "{database}-final-20260120030000"),
    DerivedName("a DB parameter group's name", "stack_name", "{stack}-postgres14"),
    DerivedName("a DB subnet group's name", "stack_name", "{stack}"),
    DerivedName("a bucket's name", "s3_bucket_name", "{bucket}"),
    DerivedName("a role's name", "stack_name", "{stack}-execution"),
    DerivedName("a role's name", "stack_name", "{stack}-task"),
    DerivedName("a role's name", "stack_name", "{stack}-logs-to-firehose"),
    DerivedName("a role's name", "stack_name", "{stack}-firehose-to-s3"),
    DerivedName("a role's name", "stack_name", "{stack}-flow-logs"),
    DerivedName("a role's name", "stack_name", "{stack}-nights"),
    DerivedName("a role's name", "stack_name", "{stack}-slack"),
    DerivedName("a log group's name", "logs_group_prefix", "{log_group_prefix}{service}"),
    DerivedName("a log group's name", "rds_identifier", "/aws/rds/instance/{database}/postgresql"),
    DerivedName("a log group's name", "stack_name", "/aws/kinesisfirehose/{stack}-logs-archive"),
    DerivedName("a log group's name", "stack_name", "/aws/lambda/{stack}-slack"),
    DerivedName("a log group's name", "stack_name", "/aws/vpc/{stack}/flow-logs"),
    DerivedName("a subscription filter's name", "stack_name", "{stack}-logs-archive"),
    DerivedName("an alarm's name", "alarms_definitions", "{stack}-{alarm}"),
    DerivedName("a dashboard's name", "stack_name", "{stack}"),
    DerivedName("a cluster's name", "stack_name", "{stack}"),
    DerivedName("a service's or container's name", "ecs_services", "{service}"),
    DerivedName("a task definition's family", "ecs_services", "{stack}-{service}"),
    DerivedName("a repository's name", "ecr_repositories", "{stack}/{repository}"),
    DerivedName("a scaling policy's name", "autoscaling_services", "{stack}-{scaled_service}-scale-out"),
    DerivedName("a scheduled action's name", "autoscaling_services", "{stack}-{scaled_service}-stop-once-20260120"),
    DerivedName("a topic's name", "notifications_topic_name", "{topic}-sms"),
    DerivedName("a queue's name", "stack_name", "{stack}-slack-dead-letters"),
    DerivedName("a rule's name", "stack_name", "{stack}-task-stopped"),
    DerivedName("a schedule group's name", "stack_name", "{stack}"),
    DerivedName("a function's name", "stack_name", "{stack}-slack"),
    DerivedName("a stream's name", "stack_name", "{stack}-logs-archive"),
    DerivedName("a key's alias", "stack_name", "alias/{stack}-notifications"),
    DerivedName("a secret's name", "stack_name", "{stack}/slack-webhook"),
    DerivedName("a parameter's name", "stack_name", "/triflow/{stack}/lock"),
    DerivedName("a budget's name", "stack_name", "{stack}"),
)


def derived_names(variables: Variables) -> Iterator[tuple[DerivedName, str, Any]]:
    """All names that these variables become: how they are made, the name, and the value that is the variable's own."""
    parts = _parts(variables)
    for derived in DERIVED_NAMES:
        used = re.findall(r"{(\w+)}", derived.name)
        for values in itertools.product(*(parts[part] for part in used)):
            name = derived.name.format(**dict(zip(used, values, strict=True)))
            short = RULES[derived.thing].service == "Elastic Load Balancing"
            whole = variables.get(derived.variable)
            own = whole if isinstance(whole, str) else values[-1]
            yield derived, short_name(name) if short else name, own


def _parts(variables: Variables) -> dict[str, list[str]]:
    """What stands for each name in braces."""
    services = [str(service["name"]) for service in variables.get("ecs_services") or []]
    plain = {
        "stack": "stack_name",
        "database": "rds_identifier",
        "bucket": "s3_bucket_name",
        "log_group_prefix": "logs_group_prefix",
        "topic": "notifications_topic_name",
    }
    return {
        **{part: [variables[name]] if variables.get(name) else [] for part, name in plain.items()},
        "service": services,
        "scaled_service": variables.get("autoscaling_services") or [],
        "target_group": variables.get("alb_target_groups") or [],
        "repository": variables.get("ecr_repositories") or [],
        "alarm": alarms.names(variables.get("alarms_definitions") or [], services),
    }


def name_problems(variables: Variables) -> list[Problem]:
    """What some service refuses of the names that these variables become: one problem for each value."""
    refused: dict[tuple[str, Any], dict[str, tuple[str, NameRule]]] = {}
    for derived, name, own in derived_names(variables):
        if not fits(derived.thing, name):
            refused.setdefault((derived.variable, own), {}).setdefault(derived.thing, (name, RULES[derived.thing]))
    return [
        problem(
            variable,
            own,
            "; ".join(f"{rule.service} does not take {name!r} as {thing}" for thing, (name, rule) in things.items()),
            "; ".join(f"for {thing} {rule.accepts}" for thing, (_name, rule) in things.items()),
        )
        for (variable, own), things in refused.items()
    ]

# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""What AWS takes as a name, service by service. stack_names.py has the names that a stack gives to these things."""

from __future__ import annotations

import hashlib
import re
from typing import NamedTuple


class NameRule(NamedTuple):
    """What one service takes as the name of one kind of thing."""

    service: str
    thing: str
    expression: str
    accepts: str
    source: str


_HYPHENATED = r"(?!-)[A-Za-z0-9-]{1,32}(?<!-)"  # of Elastic Load Balancing
_IDENTIFIER = r"(?!.*--)[a-z][a-z0-9-]{0,%d}(?<!-)"  # of RDS, which stores names in lower case
_PLAIN = r"[A-Za-z0-9_-]{1,%d}"
NAME_RULES = (
    NameRule(
        "Amazon EC2",
        "a security group's name",
        r"(?!(?i:sg-))[A-Za-z0-9 ._:/()#,@\[\]+=&;{}!$*-]{1,255}",
        "up to 255 letters, digits, spaces and ._-:/()#,@[]+=&;{}!$*, not beginning with sg-",
        "Amazon EC2 API reference, CreateSecurityGroup",
    ),
    NameRule(
        "Elastic Load Balancing",
        "a load balancer's name",
        rf"(?!internal-){_HYPHENATED}",
        "up to 32 letters, digits and inner hyphens, not beginning with internal-",
        "Elastic Load Balancing API reference, CreateLoadBalancer",
    ),
    NameRule(
        "Elastic Load Balancing",
        "a target group's name",
        _HYPHENATED,
        "up to 32 letters, digits and inner hyphens",
        "Elastic Load Balancing API reference, CreateTargetGroup",
    ),
    NameRule(
        "Amazon RDS",
        "an identifier of a DB instance",
        _IDENTIFIER % 62,
        "1 to 63 lower-case letters, digits and single hyphens, from a letter to a letter or digit",
        "Amazon RDS API reference, CreateDBInstance",
    ),
    NameRule(
        "Amazon RDS",
        "a DB parameter group's name",
        _IDENTIFIER % 254,
        "1 to 255 lower-case letters, digits and single hyphens, from a letter to a letter or digit",
        "Amazon RDS API reference, CreateDBParameterGroup",
    ),
    NameRule(
        "Amazon RDS",
        "a DB subnet group's name",
        r"(?!default$)[a-z][a-z0-9 ._-]{0,254}",
        "1 to 255 lower-case letters, digits, spaces and ._-, from a letter on, and not default",
        "Amazon RDS API reference, CreateDBSubnetGroup",
    ),
    NameRule(
        "Amazon RDS",
        "a DB snapshot's name",
        _IDENTIFIER % 254,
        "1 to 255 lower-case letters, digits and single hyphens, from a letter to a letter or digit",
        "Amazon RDS API reference, DeleteDBInstance",
    ),
    NameRule(
        "Amazon S3",
        "a bucket's name",
        r"(?!xn--|sthree-|amzn-s3-demo-)(?!.*(?:-s3alias|--ol-s3|\.mrap|--x-s3|--table-s3|-an)$)(?!\d+(?:\.\d+){3}$)"
        r"(?!.*\.\.)[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]",
        "3 to 63 lower-case letters, digits, dots and hyphens, from a letter or digit to another, without two "
        "dots in a row and the reserved beginnings xn--, sthree- and amzn-s3-demo- and ends -s3alias, --ol-s3, .mrap, "
        "--x-s3, --table-s3 and -an",
        'Amazon S3 user guide, "General purpose bucket naming rules"',
    ),
    NameRule(
        "AWS Identity and Access Management",
        "a role's name",
        r"[A-Za-z0-9_+=,.@-]{1,64}",
        "up to 64 letters, digits and _+=,.@-",
        "IAM API reference, CreateRole",
    ),
    NameRule(
        "Amazon CloudWatch Logs",
        "a log group's name",
        r"(?!aws/)[A-Za-z0-9_./#-]{1,512}",
        "up to 512 letters, digits and _-/.#, not beginning with aws/",
        "Amazon CloudWatch Logs API reference, CreateLogGroup",
    ),
    NameRule(
        "Amazon CloudWatch Logs",
        "a subscription filter's name",
        r"[^:*]{1,512}",
        "up to 512 characters without : and *",
        "Amazon CloudWatch Logs API reference, PutSubscriptionFilter",
    ),
    NameRule(
        "Amazon CloudWatch",
        "an alarm's name",
        r"[^\x00-\x1f\x7f-\x9f]{1,255}",
        "up to 255 characters without control characters",
        "Amazon CloudWatch API reference, PutMetricAlarm",
    ),
    NameRule(
        "Amazon CloudWatch",
        "a dashboard's name",
        _PLAIN % 255,
        "up to 255 letters, digits, hyphens and underscores",
        "Amazon CloudWatch API reference, PutDashboard",
    ),
    NameRule(
        "Amazon ECS",
        "a cluster's name",
        _PLAIN % 255,
        "up to 255 letters, digits, hyphens and underscores",
        "Amazon ECS API reference, CreateCluster",
    ),
    NameRule(
        "Amazon ECS",
        "a service's or container's name",
        _PLAIN % 255,
        "up to 255 letters, digits, hyphens and underscores",
        "Amazon ECS API reference, CreateService and ContainerDefinition",
    ),
    NameRule(
        "Amazon ECS",
        "a task definition's family",
        _PLAIN % 255,
        "up to 255 letters, digits, hyphens and underscores",
        "Amazon ECS API reference, RegisterTaskDefinition",
    ),
    NameRule(
        "Amazon ECR",
        "a repository's name",
        r"(?=.{2,256}$)[a-z0-9]+(?:(?:\.|_|__|-+)[a-z0-9]+)*(?:/[a-z0-9]+(?:(?:\.|_|__|-+)[a-z0-9]+)*)*",
        "2 to 256 lower-case letters and digits, with single dots, slashes and underscores, and hyphens, between them",
        "Amazon ECR API reference, CreateRepository",
    ),
    NameRule(
        "Application Auto Scaling",
        "a scaling policy's name",
        r"[\x20-\x7e]{1,256}",
        "up to 256 printable characters",
        "Application Auto Scaling API reference, PutScalingPolicy",
    ),
    NameRule(
        "Application Auto Scaling",
        "a scheduled action's name",
        r"(?! )[^\x00-\x1f\x7f-\x9f:/|]{1,256}(?<! )",
        "up to 256 characters without :, / and |, and without spaces at the ends",
        "Application Auto Scaling API reference, PutScheduledAction",
    ),
    NameRule(
        "Amazon SNS",
        "a topic's name",
        _PLAIN % 256,
        "up to 256 letters, digits, hyphens and underscores",
        "Amazon SNS API reference, CreateTopic",
    ),
    NameRule(
        "Amazon SQS",
        "a queue's name",
        _PLAIN % 80,
        "up to 80 letters, digits, hyphens and underscores",
        "Amazon SQS API reference, CreateQueue",
    ),
    NameRule(
        "Amazon EventBridge",
        "a rule's name",
        r"[A-Za-z0-9_.-]{1,64}",
        "up to 64 letters, digits and ._-",
        "Amazon EventBridge API reference, PutRule",
    ),
    NameRule(
        "Amazon EventBridge Scheduler",
        "a schedule group's name",
        r"(?!default$)[A-Za-z0-9_.-]{1,64}",
        "up to 64 letters, digits and ._-; the group default is there already",
        "Amazon EventBridge Scheduler API reference, CreateScheduleGroup",
    ),
    NameRule(
        "AWS Lambda",
        "a function's name",
        _PLAIN % 64,
        "up to 64 letters, digits, hyphens and underscores",
        "AWS Lambda API reference, CreateFunction",
    ),
    NameRule(
        "Amazon Data Firehose",
        "a stream's name",
        r"[A-Za-z0-9_.-]{1,64}",
        "up to 64 letters, digits and ._-",
        "Amazon Data Firehose API reference, CreateDeliveryStream",
    ),
    NameRule(
        "AWS KMS",
        "a key's alias",
        r"(?!alias/aws/)alias/[A-Za-z0-9/_-]{1,250}",
        "alias/ and up to 250 letters, digits and /_-, not beginning with aws/",
        "AWS KMS API reference, CreateAlias",
    ),
    NameRule(
        "AWS Secrets Manager",
        "a secret's name",
        r"(?!.*-[A-Za-z0-9]{6}$)[A-Za-z0-9/_+=.@-]{1,512}",
        "up to 512 letters, digits and /_+=.@-, not ending with a hyphen and six characters",
        "AWS Secrets Manager API reference, CreateSecret",
    ),
    NameRule(
        "AWS Systems Manager",
        "a parameter's name",
        r"(?=.{1,900}$)(?!/?(?i:aws|ssm))(?:/[A-Za-z0-9_.-]+){1,15}",
        "up to 15 parts of letters, digits and _.-, each after a slash, not beginning with aws or ssm",
        "AWS Systems Manager API reference, PutParameter",
    ),
    NameRule(
        "AWS Budgets",
        "a budget's name",
        r"(?!.*/action/)[^:\\]{1,100}",
        "up to 100 characters without : and \\, and without /action/",
        "AWS Budgets API reference, Budget",
    ),
)
RULES = {rule.thing: rule for rule in NAME_RULES}
LONGEST_SHORT = 32  # of a load balancer's and of a target group's name


def short_name(name: str) -> str:
    """The name if Elastic Load Balancing takes it, else its beginning and eight digits of its hash."""
    if len(name) <= LONGEST_SHORT:
        return name
    return f"{name[: LONGEST_SHORT - 9].rstrip('-')}-{hashlib.sha256(name.encode()).hexdigest()[:8]}"


def fits(thing: str, name: str) -> bool:
    """Whether the service takes the name for such a thing."""
    return re.fullmatch(RULES[thing].expression, name) is not None

"""Lists are throttled by a token bucket for each API call ("Request throttling for the Amazon EC2 API", EC2 Developer
Guide), in the words of each service.

AWS's buckets are larger, and its accounts hold more. These are so small that a run meets some of them, and so kind that
a call which was refused is let through when it is repeated.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import NamedTuple

from lab import aws_like

CAPACITY = 8  # calls at once
REFILL = 4  # calls a second
LISTS = re.compile(r"^(Describe|List)")


class Throttled(NamedTuple):
    """How a service says that it was asked too often, and where that is documented."""

    service: str  # as in a request's signature
    code: str
    message: str
    source: str


THROTTLED = (
    Throttled("ec2", "RequestLimitExceeded", "Request limit exceeded.", "EC2 API Reference, Error codes"),
    Throttled("elasticloadbalancing", "Throttling", "Rate exceeded", "Elastic Load Balancing, Common errors"),
    Throttled("rds", "Throttling", "Rate exceeded", "Amazon RDS API Reference, Common errors"),
    Throttled("iam", "Throttling", "Rate exceeded", "IAM API Reference, Common errors"),
    Throttled("ecs", "ThrottlingException", "Rate exceeded", "Amazon ECS API Reference, Common errors"),
    Throttled("logs", "ThrottlingException", "Rate exceeded", "CloudWatch Logs API Reference, Common errors"),
)
WORDS = {row.service: row for row in THROTTLED}


@dataclass
class Bucket:
    """The tokens of one call."""

    tokens: float = CAPACITY
    filled: float = field(default_factory=aws_like.now)
    refused: bool = False

    def take(self) -> bool:
        """Whether there is a token; after a refusal there is one."""
        now = aws_like.now()
        self.tokens = min(CAPACITY, self.tokens + (now - self.filled) * REFILL)
        self.filled = now
        self.refused = self.tokens < 1 and not self.refused
        if not self.refused:
            self.tokens = max(0.0, self.tokens - 1)
        return not self.refused


class Buckets:
    """The buckets of the account, one for each call."""

    def __init__(self) -> None:
        self.buckets: dict[tuple[str, str], Bucket] = {}

    def refusal(self, service: str, operation: str) -> Throttled | None:
        """What to refuse the call with, None when it is let through."""
        if service not in WORDS or not LISTS.match(operation):
            return None
        bucket = self.buckets.setdefault((service, operation), Bucket())
        return None if bucket.take() else WORDS[service]

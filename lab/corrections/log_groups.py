"""CloudWatch Logs: the days that a log group can keep, and subscription filters.

API reference, PutRetentionPolicy and PutSubscriptionFilter; user guide, "Log group-level subscription filters".
"""

from __future__ import annotations

import gzip
import json
import time
from typing import Any

from moto.firehose.models import firehose_backends
from moto.logs.exceptions import InvalidParameterException
from moto.logs.models import LogGroup, LogsBackend

from lab.corrections.override import override
from lab.corrections.service_principals import role_may, service_may_assume

RETENTION_DAYS = (
    *(1, 3, 5, 7, 14, 30, 60, 90, 120, 150, 180, 365, 400, 545, 731, 1096, 1827, 2192, 2557, 2922, 3288, 3653),
)


@override(LogsBackend, "put_retention_policy")
def _put_retention_policy(original: Any, self: LogsBackend, log_group_name: str, retention_in_days: Any) -> None:
    """PutRetentionPolicy: a number of the list, or it is refused."""
    if int(retention_in_days) not in RETENTION_DAYS:
        raise InvalidParameterException(
            constraint=f"Member must satisfy enum value set: {list(RETENTION_DAYS)}",
            parameter="retentionInDays",
            value=retention_in_days,
        )
    original(self, log_group_name, retention_in_days)


@override(LogsBackend, "put_subscription_filter")
def _put_subscription_filter(
    original: Any,
    self: LogsBackend,
    log_group_name: str,
    filter_name: str,
    filter_pattern: str,
    destination_arn: str,
    role_arn: str,
) -> None:
    """PutSubscriptionFilter: puts a control message into the delivery stream with the role, or is refused.

    The role trusts logs.amazonaws.com or, as in the user guide's older examples, logs.<region>.amazonaws.com.
    """
    if destination_arn.split(":")[2] == "firehose":
        source = f"arn:aws:logs:{self.region_name}:{self.account_id}:log-group:{log_group_name}:*"
        if not (
            service_may_assume("logs.amazonaws.com", role_arn, {"aws:sourcearn": [source]}, self.region_name)
            and role_may(role_arn, "firehose:PutRecord", destination_arn)
        ):
            raise InvalidParameterException(
                "Could not deliver test message to specified Firehose stream. "
                "Check if the given Firehose stream is in ACTIVE state."
            )
    original(self, log_group_name, filter_name, filter_pattern, destination_arn, role_arn)
    if destination_arn.split(":")[2] == "firehose":
        backend = firehose_backends[self.account_id][self.region_name]
        backend.put_record(destination_arn.split("/")[-1], {"Data": gzip.compress(control_message())})


def control_message() -> bytes:
    text = "CWL CONTROL MESSAGE: Checking health of destination Firehose."
    event = {"id": "", "timestamp": int(time.time() * 1000), "message": text}
    names = {"owner": "CloudwatchLogs", "logGroup": "", "logStream": "", "subscriptionFilters": []}
    return json.dumps({"messageType": "CONTROL_MESSAGE", **names, "logEvents": [event]}).encode()


@override(LogGroup, "put_subscription_filter")
def _put_to_group(original: Any, self: LogGroup, filter_name: str, *rest: Any) -> None:
    """PutSubscriptionFilter: two filters a log group, and a third only in the place of one of them."""
    if filter_name in self.subscription_filters:
        self.subscription_filters[filter_name].update(*rest)
        return
    original(self, filter_name, *rest)

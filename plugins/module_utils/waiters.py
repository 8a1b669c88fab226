# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Waiters that botocore lacks, in its own form: pure data."""

from __future__ import annotations

from typing import Any

# RequestCertificate: it takes some seconds until a certificate has what validates its names.
_RECORDS = "Certificate.DomainValidationOptions"
_HAS_RECORDS = f"length({_RECORDS} || `[]`) > `0` && length({_RECORDS}[?ResourceRecord == null] || `[]`) == `0`"
_STREAM = "DeliveryStreamDescription.DeliveryStreamStatus"
_DATABASE = "DBInstances[].DBInstanceStatus"
_ASLEEP = ("stopped", "stopping")

WAITERS: dict[str, dict[str, Any]] = {
    "vpc_endpoint_deleted": {
        "operation": "DescribeVpcEndpoints",
        "delay": 10,
        "maxAttempts": 60,
        "acceptors": [
            {"state": "success", "matcher": "error", "expected": "InvalidVpcEndpointId.NotFound"},
            {"state": "success", "matcher": "pathAll", "argument": "VpcEndpoints[].State", "expected": "deleted"},
            {"state": "success", "matcher": "pathAll", "argument": "VpcEndpoints[].State", "expected": "Deleted"},
        ],
    },
    "network_interfaces_gone": {
        "operation": "DescribeNetworkInterfaces",
        "delay": 10,
        "maxAttempts": 60,
        "acceptors": [
            {"state": "success", "matcher": "path", "argument": "length(NetworkInterfaces)", "expected": 0},
        ],
    },
    "certificate_has_records": {
        "operation": "DescribeCertificate",
        "delay": 2,
        "maxAttempts": 60,
        "acceptors": [
            {"state": "success", "matcher": "path", "argument": _HAS_RECORDS, "expected": True},
            {"state": "failure", "matcher": "path", "argument": "Certificate.Status", "expected": "FAILED"},
            {"state": "retry", "matcher": "error", "expected": "ResourceNotFoundException"},
        ],
    },
    # botocore's db_instance_stopped does not exist, and its db_instance_available waits for a stopped one to the end
    "db_instance_available": {
        "operation": "DescribeDBInstances",
        "delay": 30,
        "maxAttempts": 60,
        "acceptors": [
            {"state": "success", "matcher": "pathAll", "argument": _DATABASE, "expected": "available"},
            *(
                {"state": "failure", "matcher": "pathAny", "argument": _DATABASE, "expected": status}
                for status in ("deleting", "failed", "incompatible-restore", "incompatible-parameters", *_ASLEEP)
            ),
        ],
    },
    "db_instance_stopped": {
        "operation": "DescribeDBInstances",
        "delay": 15,
        "maxAttempts": 60,
        "acceptors": [
            {"state": "success", "matcher": "pathAll", "argument": _DATABASE, "expected": "stopped"},
            *(
                {"state": "failure", "matcher": "pathAny", "argument": _DATABASE, "expected": status}
                for status in ("deleting", "failed", "starting")
            ),
        ],
    },
    "service_has_no_tasks": {
        "operation": "DescribeServices",
        "delay": 5,
        "maxAttempts": 120,
        "acceptors": [
            {
                "state": "success",
                "matcher": "path",
                "argument": "length(services[?runningCount > `0` || pendingCount > `0`])",
                "expected": 0,
            },
        ],
    },
    # ready once the autoscaler has asked for tasks, and they run
    "service_has_its_tasks": {
        "operation": "DescribeServices",
        "delay": 5,
        "maxAttempts": 120,
        "acceptors": [
            {
                "state": "success",
                "matcher": "path",
                "argument": "length(services[?desiredCount == `0` || runningCount < desiredCount])",
                "expected": 0,
            },
        ],
    },
    "delivery_stream_active": {
        "operation": "DescribeDeliveryStream",
        "delay": 5,
        "maxAttempts": 60,
        "acceptors": [
            {"state": "success", "matcher": "path", "argument": _STREAM, "expected": "ACTIVE"},
            {"state": "failure", "matcher": "path", "argument": _STREAM, "expected": "CREATING_FAILED"},
        ],
    },
    "delivery_stream_deleted": {
        "operation": "DescribeDeliveryStream",
        "delay": 5,
        "maxAttempts": 60,
        "acceptors": [
            {"state": "success", "matcher": "error", "expected": "ResourceNotFoundException"},
            {"state": "failure", "matcher": "path", "argument": _STREAM, "expected": "DELETING_FAILED"},
        ],
    },
    # botocore's certificate_validated ends when the names are validated, which is before the certificate is issued
    "certificate_issued": {
        "operation": "DescribeCertificate",
        "delay": 10,
        "maxAttempts": 60,
        "acceptors": [
            {"state": "success", "matcher": "path", "argument": "Certificate.Status", "expected": "ISSUED"},
            *(
                {"state": "failure", "matcher": "path", "argument": "Certificate.Status", "expected": status}
                for status in ("FAILED", "VALIDATION_TIMED_OUT", "REVOKED", "EXPIRED", "INACTIVE")
            ),
        ],
    },
}

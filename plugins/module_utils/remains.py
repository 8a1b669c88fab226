"""Why something stays when a stack is taken down: pure functions for the report at the end."""

from __future__ import annotations

from typing import Any

REASONS = {  # how an ARN goes on after its service: why it stays
    "s3:": "the bucket holds objects: -e s3_empty_bucket=true deletes them with it",
    "route53:hostedzone/": "the zone has records that this stack did not make",
    "ecr:repository/": "the repository holds images: -e ecr_delete_images=true deletes them with it",
    "rds:snapshot:": "a snapshot of the database: delete it by hand when nobody needs it any more",
}
ELSE = "still there: run again, and see with its ARN what holds it"


def what_stays(resources: list[dict[str, str]], snapshots: list[str], adopted_zone: str) -> list[str]:
    """One sentence on each thing that is left of a stack.

    ``resources`` are those of triflow.platform.stack_resources, ``snapshots`` the ARNs of the database's snapshots,
    ``adopted_zone`` is the name of the zone that the stack uses and did not make, or empty.
    """
    found = {resource["arn"]: resource["going"] or _reason(resource["arn"]) for resource in resources}
    found |= {arn: _reason(arn) for arn in snapshots}
    lines = [f"{arn}: {reason}" for arn, reason in sorted(found.items())]
    if adopted_zone:
        lines.append(f"zone {adopted_zone}: adopted, so it stays, with the record that validates the certificate")
    return lines


def _reason(arn: str) -> str:
    parts: list[Any] = arn.split(":", 5)
    place = f"{parts[2]}:{parts[5]}"
    return next((reason for start, reason in REASONS.items() if place.startswith(start)), ELSE)

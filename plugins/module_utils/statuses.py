# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The statuses that AWS documents, and what each means for somebody who waits: pure data.

``ready``: it does its work. ``passes``: by itself, into another one. ``never``: this one does not become ready any
more. ``remedy``: it becomes ready after what the note says. A status that stands in no row is waited for like one that
passes, and named as unknown.
"""

from __future__ import annotations

from typing import NamedTuple

READY, PASSES, NEVER, REMEDY = "ready", "passes", "never", "remedy"


class Status(NamedTuple):
    """A status of a thing."""

    thing: str
    status: str
    meaning: str
    note: str  # what it means and what to do, as the end of a sentence
    source: str


def _rows(thing: str, source: str, *rows: tuple[str, str, str]) -> tuple[Status, ...]:
    return tuple(Status(thing, status, meaning, note, source) for status, meaning, note in rows)


AGAIN = "run again when it is gone"
ASLEEP = ("stopped", "stopping")  # a DB instance
WAKE = "start it with playbooks/nights.yml -e nights_wanted=up, then run again"
RECOVERABLE = "inaccessible-encryption-credentials-recoverable"

STATUSES: tuple[Status, ...] = (
    *_rows(
        "DB instance",
        "Amazon RDS user guide, Viewing Amazon RDS DB instance status",
        ("available", READY, ""),
        ("backing-up", READY, "it serves meanwhile"),
        ("configuring-enhanced-monitoring", READY, "it serves meanwhile"),
        ("configuring-iam-database-auth", READY, "it serves meanwhile"),
        ("configuring-log-exports", READY, "it serves meanwhile"),
        ("storage-initialization", READY, "it serves meanwhile"),
        ("storage-optimization", READY, "it serves meanwhile, for hours; its storage cannot be changed until then"),
        ("converting-to-vpc", PASSES, ""),
        ("creating", PASSES, ""),
        ("maintenance", PASSES, ""),
        ("modifying", PASSES, ""),
        ("moving-to-vpc", PASSES, ""),
        ("rebooting", PASSES, ""),
        ("renaming", PASSES, ""),
        ("resetting-master-credentials", PASSES, ""),
        ("starting", PASSES, ""),
        ("storage-config-upgrade", PASSES, ""),
        ("upgrading", PASSES, ""),
        ("stopped", REMEDY, WAKE),
        ("stopping", REMEDY, WAKE),
        ("storage-full", REMEDY, "it has no storage left: raise rds_allocated_storage by 10 % or more, then run again"),
        (
            "incompatible-parameters",
            REMEDY,
            "it cannot start with its parameters: set them back in the variables, run playbooks/data.yml, then reboot "
            "it (its events in the RDS console name them)",
        ),
        (
            "incompatible-option-group",
            REMEDY,
            "RDS cannot apply its option group: give it another one (its events in the RDS console say why)",
        ),
        (
            "incompatible-network",
            REMEDY,
            "the VPC lacks what RDS needs to recover it, for example free addresses in the subnets of its group: give "
            "it that (its events in the RDS console say what), then run again",
        ),
        (
            RECOVERABLE,
            REMEDY,
            "RDS cannot use its KMS key: enable the key, or call off its deletion, then start the instance with "
            "playbooks/nights.yml -e nights_wanted=up or aws rds start-db-instance, within seven days",
        ),
        ("inaccessible-encryption-credentials", NEVER, "RDS has lost its KMS key: restore it from a backup"),
        ("delete-precheck", NEVER, f"it is being deleted: {AGAIN}"),
        ("deleting", NEVER, f"it is being deleted: {AGAIN}"),
        ("failed", NEVER, "RDS cannot recover it: restore it to a point in time, then delete this one"),
        ("incompatible-create", NEVER, "RDS cannot create it with what it was given: delete it, then run again"),
        ("incompatible-restore", NEVER, "RDS cannot restore it to that point in time: delete it, restore to another"),
        (
            "insufficient-capacity",
            NEVER,
            "AWS has no capacity for its class in its zone: delete it, then run again some hours later, or with "
            "another rds_instance_class",
        ),
        ("restore-error", NEVER, "it could not be restored: delete it, then restore it once more"),
        ("upgrade_failed", NEVER, "its upgrade has failed: restore it from the final snapshot"),
    ),
    *_rows(
        "master user's secret",
        "Amazon RDS API reference, MasterUserSecret",
        ("creating", PASSES, ""),
        ("active", READY, ""),
        ("rotating", READY, ""),
        (
            "impaired",
            REMEDY,
            "RDS cannot rotate the password: give it back its access to the secret and to the secret's KMS key",
        ),
    ),
    *_rows(
        "parameters of a DB instance",
        "Amazon RDS API reference, DBParameterGroupStatus",
        ("in-sync", READY, ""),
        ("applying", PASSES, ""),
        ("pending-database-upgrade", PASSES, "they take effect with the upgrade of the database"),
        (
            "pending-reboot",
            REMEDY,
            "they take effect with its next restart: restart it when it suits (aws rds reboot-db-instance)",
        ),
        ("failed-to-apply", REMEDY, "RDS cannot apply them: set them back in the variables, then run again"),
    ),
    *_rows(
        "NAT gateway",
        "Amazon EC2 API reference, NatGateway",
        ("pending", PASSES, ""),
        ("available", READY, ""),
        ("failed", NEVER, "mend the reason and run again, which makes another one; AWS removes this one by itself"),
        ("deleting", NEVER, f"it is being deleted: {AGAIN}"),
        ("deleted", NEVER, "it is gone: run again, which makes another one"),
    ),
    *_rows(
        "VPC endpoint",
        "Amazon EC2 API reference, VpcEndpoint",
        ("pendingacceptance", PASSES, "the owner of its service has to accept it"),
        ("pending", PASSES, ""),
        ("available", READY, ""),
        ("partial", READY, "it serves in a part of its subnets"),
        ("rejected", NEVER, "the owner of its service has rejected it"),
        ("failed", NEVER, "AWS could not make it: run again, which makes another one"),
        ("expired", NEVER, "nobody has accepted it in time: run again, which makes another one"),
        ("deleting", NEVER, f"it is being deleted: {AGAIN}"),
        ("deleted", NEVER, "it is gone"),
    ),
    *_rows(
        "availability zone",
        "Amazon EC2 API reference, AvailabilityZone",
        ("available", READY, ""),
        ("information", READY, "AWS has a message about it"),
        ("impaired", READY, "AWS has trouble there; the stack may stand in it"),
        ("constrained", READY, "AWS may lack capacity there; the stack may stand in it"),
        ("unavailable", NEVER, "AWS does not offer it"),
    ),
    *_rows(
        "load balancer",
        "Elastic Load Balancing API reference, LoadBalancerState",
        ("provisioning", PASSES, ""),
        ("active", READY, ""),
        (
            "active_impaired",
            READY,
            "it routes, but lacks the resources to scale: look for free addresses in its subnets",
        ),
        ("failed", NEVER, "it could not be set up: delete it, mend the reason, then run again"),
    ),
    *_rows(
        "target",
        "Elastic Load Balancing API reference, TargetHealth",
        ("healthy", READY, ""),
        ("initial", PASSES, "its first health checks are not over"),
        ("draining", PASSES, "it is leaving"),
        ("unhealthy.draining", PASSES, "it is leaving"),
        ("unhealthy", REMEDY, "its health checks fail"),
        ("unused", REMEDY, "no listener leads to it, or its zone is not one of the load balancer's"),
        ("unavailable", REMEDY, "its health is not known"),
    ),
    *_rows(
        "certificate",
        "AWS Certificate Manager API reference, CertificateDetail",
        ("PENDING_VALIDATION", PASSES, "ACM looks for its validation records for 72 hours"),
        ("ISSUED", READY, ""),
        ("INACTIVE", NEVER, "run again, which requests another one"),
        ("EXPIRED", NEVER, "it was not renewed in time: run again, which requests another one"),
        (
            "VALIDATION_TIMED_OUT",
            NEVER,
            "ACM has not found its validation records within 72 hours: delegate the domain to the zone's name servers, "
            "then run again, which requests another one",
        ),
        ("REVOKED", NEVER, "run again, which requests another one"),
        ("FAILED", NEVER, "mend the reason, then run again, which requests another one"),
    ),
    *_rows(
        "renewal of a certificate",
        "AWS Certificate Manager API reference, RenewalSummary",
        ("PENDING_AUTO_RENEWAL", PASSES, ""),
        ("SUCCESS", READY, ""),
        (
            "PENDING_VALIDATION",
            REMEDY,
            "ACM does not find its validation records: it expires unless they answer again. Run playbooks/edge.yml, "
            "and look whether the domain is delegated to the zone's name servers",
        ),
        ("FAILED", REMEDY, "ACM could not renew it in time: delete it when nothing uses it, then run again"),
    ),
    *_rows(
        "ECS cluster",
        "Amazon ECS API reference, Cluster",
        ("PROVISIONING", PASSES, ""),
        ("ACTIVE", READY, ""),
        ("DEPROVISIONING", PASSES, ""),
        ("FAILED", NEVER, "its capacity providers could not be made: delete it, then run again"),
        ("INACTIVE", NEVER, "it is deleted"),
    ),
    *_rows(
        "ECS service",
        "Amazon ECS API reference, Service",
        ("ACTIVE", READY, ""),
        ("DRAINING", NEVER, "it is being deleted: run again when its tasks have stopped"),
        ("INACTIVE", NEVER, "it is deleted"),
    ),
    *_rows(
        "ECS deployment",
        "Amazon ECS API reference, Deployment",
        ("IN_PROGRESS", PASSES, ""),
        ("COMPLETED", READY, ""),
        ("FAILED", NEVER, "it starts no tasks any more: deploy something that runs"),
    ),
    *_rows(
        "ECS task",
        "Amazon ECS developer guide, Amazon ECS task lifecycle",
        *((status, PASSES, "") for status in ("PROVISIONING", "PENDING", "ACTIVATING")),
        ("RUNNING", READY, ""),
        *((status, PASSES, "it is ending") for status in ("DEACTIVATING", "STOPPING", "DEPROVISIONING")),
        ("STOPPED", NEVER, "it has ended"),
        ("DELETED", NEVER, "it has ended"),
    ),
    *_rows(
        "function",
        "AWS Lambda API reference, FunctionConfiguration, State",
        ("Pending", PASSES, ""),
        ("Active", READY, ""),
        ("ActiveNonInvocable", PASSES, ""),
        ("Inactive", READY, "it was idle: the next call wakes it"),
        ("Deactivating", PASSES, ""),
        ("Deactivated", PASSES, ""),
        ("Deleting", NEVER, f"it is being deleted: {AGAIN}"),
        ("Failed", NEVER, "it could not be made: delete it, mend the reason, then run again"),
    ),
    *_rows(
        "update of a function",
        "AWS Lambda API reference, FunctionConfiguration, LastUpdateStatus",
        ("InProgress", PASSES, ""),
        ("Successful", READY, ""),
        ("Failed", REMEDY, "mend the reason, then run again, which updates it once more"),
    ),
    *_rows(
        "delivery stream",
        "Amazon Data Firehose API reference, DeliveryStreamDescription",
        ("CREATING", PASSES, ""),
        ("ACTIVE", READY, ""),
        (
            "CREATING_FAILED",
            NEVER,
            "delete it (aws firehose delete-delivery-stream), mend the reason, then run again",
        ),
        ("DELETING", NEVER, f"it is being deleted: {AGAIN}"),
        (
            "DELETING_FAILED",
            NEVER,
            "delete it (aws firehose delete-delivery-stream --allow-force-delete), then run again",
        ),
    ),
    *_rows(
        "KMS key",
        "AWS KMS developer guide, Key states of AWS KMS keys",
        ("Creating", PASSES, ""),
        ("Updating", PASSES, ""),
        ("Enabled", READY, ""),
        ("Disabled", REMEDY, "a run enables it"),
        ("PendingImport", REMEDY, "it has no key material: import it"),
        ("Unavailable", REMEDY, "its key store is not connected"),
        ("PendingDeletion", NEVER, "KMS deletes it"),
        ("PendingReplicaDeletion", NEVER, "KMS deletes it when its replicas are gone"),
    ),
    *_rows(
        "schedule group",
        "Amazon EventBridge Scheduler API reference, GetScheduleGroup",
        ("ACTIVE", READY, ""),
        ("DELETING", NEVER, f"it is being deleted: {AGAIN}"),
    ),
    *_rows(
        "subscription",
        "Amazon SNS developer guide, and ansible/ansible pull request 20086: in the place of a subscription's ARN",
        ("PendingConfirmation", REMEDY, "its person has to follow the link in the mail"),
        ("Deleted", NEVER, "its person has unsubscribed: SNS drops it by itself, and takes no call on it"),
    ),
)

_BY_NAME = {(row.thing, row.status): row for row in STATUSES}


def with_meaning(thing: str, *meanings: str) -> tuple[str, ...]:
    """The thing's statuses that have one of these meanings."""
    return tuple(row.status for row in STATUSES if row.thing == thing and row.meaning in meanings)


def meaning(thing: str, status: str) -> str | None:
    """What the status means, None for one that stands in no row."""
    row = _BY_NAME.get((thing, status))
    return row.meaning if row else None


def known(thing: str, status: str) -> bool:
    return (thing, status) in _BY_NAME


def alive(thing: str, status: str) -> bool:
    """Whether the thing is there to stay: anything but what never becomes ready."""
    return meaning(thing, status) != NEVER


def note(thing: str, status: str) -> str:
    """What the status means and what to do, as the end of a sentence."""
    row = _BY_NAME.get((thing, status))
    return row.note if row else f"this version knows no such status of a {thing}"


def explained(thing: str, status: str, reason: str = "") -> str:
    """``failed (AWS's own reason): what it means and what to do``."""
    shown, what = f"{status} ({reason})" if reason else status, note(thing, status)
    return f"{shown}: {what}" if what else shown

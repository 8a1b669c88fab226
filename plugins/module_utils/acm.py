# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""What the modules for certificates share: which of an account's certificates is the stack's, and how it is read."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ansible_collections.triflow.platform.plugins.module_utils import twice
from ansible_collections.triflow.platform.plugins.module_utils.route53 import plain
from ansible_collections.triflow.platform.plugins.module_utils.statuses import PASSES, READY, with_meaning
from ansible_collections.triflow.platform.plugins.module_utils.tags import STACK, from_aws

if TYPE_CHECKING:
    from ansible_collections.triflow.platform.plugins.module_utils.resource import Api

COMPONENT_NAME = "certificate"
# What else there is never becomes a certificate (again).
ALIVE = list(with_meaning("certificate", READY, PASSES))
# ListCertificates, Filters: without them only certificates with RSA keys of up to 2048 bits are listed.
KEY_TYPES = [
    "RSA_1024",
    "RSA_2048",
    "RSA_3072",
    "RSA_4096",
    "EC_prime256v1",
    "EC_secp384r1",
    "EC_secp521r1",
]

Certificate = dict[str, Any]


def validation_records(described: dict[str, Any]) -> list[dict[str, Any]]:
    """The records that validate the names, each once: a domain and its wildcard share one."""
    records = {
        plain(option["ResourceRecord"]["Name"]): plain(option["ResourceRecord"]["Value"])
        for option in described.get("DomainValidationOptions", [])
        if option.get("ResourceRecord")
    }
    return [{"name": name, "type": "CNAME", "values": [value]} for name, value in sorted(records.items())]


def has_all_records(described: dict[str, Any]) -> bool:
    options = described.get("DomainValidationOptions", [])
    return bool(options) and all(option.get("ResourceRecord") for option in options)


def read_certificate(api: Api, arn: str, statuses: tuple[str, ...] = tuple(ALIVE)) -> Certificate | None:
    """One certificate that ACM issues and renews, with its tags; None when it is gone or in another status."""
    gone = ("ResourceNotFoundException",)
    described = api.call("describe_certificate", on=arn, absent=gone, CertificateArn=arn).get("Certificate")
    if not described or described["Type"] != "AMAZON_ISSUED" or described["Status"] not in statuses:
        return None
    domain = described["DomainName"]
    return {
        "id": arn,
        "domain_name": domain,
        "subject_alternative_names": sorted(set(described.get("SubjectAlternativeNames", [])) - {domain}),
        "status": described["Status"],
        "in_use_by": described.get("InUseBy", []),
        "renewal": described.get("RenewalSummary", {}).get("RenewalStatus"),
        "has_all_records": has_all_records(described),
        "validation_records": validation_records(described),
        "tags": from_aws(api.call("list_tags_for_certificate", on=arn, absent=gone, CertificateArn=arn).get("Tags")),
    }


def read_certificates(api: Api, domain: str) -> list[Certificate]:
    """The account's certificates for that domain: one call for the list and two a certificate."""
    summaries = api.pages(
        "list_certificates",
        "CertificateSummaryList",
        on=domain,
        CertificateStatuses=ALIVE,
        Includes={"keyTypes": KEY_TYPES},
    )
    arns = [summary["CertificateArn"] for summary in summaries if summary["DomainName"] == domain]
    return [found for arn in arns if (found := read_certificate(api, arn))]


def choose(
    certificates: list[Certificate], stack: str, names: list[str] | None = None, adopt: bool = False
) -> Certificate | None:
    """The stack's certificate for exactly these further names: rather issued, rather in use.

    `names` None: whatever its further names are. `adopt`: one that is not the stack's will do where it has none.
    """
    fitting = [
        found
        for found in certificates
        if (adopt or found["tags"].get(STACK) == stack)
        and (names is None or found["subject_alternative_names"] == sorted(names))
    ]
    return min(
        fitting,
        key=lambda found: (
            found["tags"].get(STACK) != stack,
            found["status"] != "ISSUED",
            not found["in_use_by"],
            found["id"],
        ),
        default=None,
    )


def used_twice(certificates: list[Certificate], stack: str, names: list[str]) -> str | None:
    """Why none of the stack's certificates for exactly these further names can be chosen: several are in use."""
    carriers = [
        twice.Carrier(found["id"], [f"used by {arn}" for arn in found["in_use_by"]])
        for found in certificates
        if found["tags"].get(STACK) == stack and found["subject_alternative_names"] == sorted(names)
    ]
    used = [carrier for carrier in carriers if carrier.holds]
    return twice.refusal(stack, COMPONENT_NAME, carriers) if len(used) > 1 else None

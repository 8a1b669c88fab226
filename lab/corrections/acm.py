"""Certificates: issued when their validation records can be seen, held by the listeners that use them.

ACM user guide, "DNS validation". ACM API reference: RequestCertificate, DescribeCertificate, DeleteCertificate.
Nobody registers a domain here, so the uppermost public zone of a name counts as delegated. A zone below it is seen only
when its parent names its name servers, as everywhere.
"""

from __future__ import annotations

from typing import Any

from moto.acm.models import AWSCertificateManagerBackend, CertBundle
from moto.acm.responses import AWSCertificateManagerResponse
from moto.core.exceptions import AWSError
from moto.core.responses import ActionResult
from moto.elbv2.models import elbv2_backends
from moto.route53.models import FakeZone, route53_backends

from lab.corrections.override import override
from lab.corrections.route53 import lower


def _zone_of(account: str, partition: str, name: str) -> FakeZone | None:
    """The zone that answers for a name: the uppermost one, and from there down as the zones delegate."""
    zones = [
        zone
        for zone in route53_backends[account][partition].zones.values()
        if not zone.private_zone and f".{lower(name)}".endswith(f".{lower(zone.name)}")
    ]
    answering: FakeZone | None = None
    for zone in sorted(zones, key=lambda found: len(found.name)):
        if answering is None or _delegates(answering, zone):
            answering = zone
    return answering


def _delegates(parent: FakeZone, child: FakeZone) -> bool:
    servers = child.delegation_set.name_servers if child.delegation_set else []
    named = {
        lower(server)
        for record in parent.rrsets
        if record.type == "NS" and lower(record.name) == lower(child.name)
        for server in record.records
    }
    return bool(named) and named <= {lower(server) for server in servers}


def _is_validated(certificate: CertBundle) -> bool:
    """DNS validation: every name's CNAME answers as ACM asked for it."""
    _unused, partition, _unused, _unused, account, _unused = certificate.arn.split(":", 5)
    for option in certificate.describe()["Certificate"]["DomainValidationOptions"]:
        wanted = option["ResourceRecord"]
        zone = _zone_of(account, partition, wanted["Name"])
        values = [
            lower(value)
            for record in (zone.rrsets if zone else [])
            if record.type == "CNAME" and lower(record.name) == lower(wanted["Name"])
            for value in record.records
        ]
        if values != [lower(wanted["Value"])]:
            return False
    return True


@override(CertBundle, "check")
def _check(original: Any, self: CertBundle) -> None:
    """DNS validation: a certificate is pending until its records are there."""
    if self.type != "AMAZON_ISSUED" or self.status != "PENDING_VALIDATION" or _is_validated(self):
        original(self)


@override(CertBundle, "describe")
def _describe(original: Any, self: CertBundle) -> dict[str, Any]:
    """DescribeCertificate, InUseBy: the load balancers whose listeners have it now."""
    _unused, _unused, _unused, region, account, _unused = self.arn.split(":", 5)
    self.in_use_by = [
        balancer.arn
        for balancer in elbv2_backends[account][region].load_balancers.values()
        if any(self.arn in listener.certificates for listener in balancer.listeners.values())
    ]
    described: dict[str, Any] = original(self)
    described["Certificate"]["KeyAlgorithm"] = getattr(self, "key_algorithm", described["Certificate"]["KeyAlgorithm"])
    return described


@override(AWSCertificateManagerResponse, "request_certificate")
def _request_call(original: Any, self: AWSCertificateManagerResponse) -> ActionResult:
    """RequestCertificate, KeyAlgorithm: moto makes RSA keys of 2048 bits only, so that the lab's others are in name."""
    answer: ActionResult = original(self)
    algorithm = self._get_param("KeyAlgorithm")
    if algorithm:
        result: Any = answer.result
        self.acm_backend.get_certificate(result["CertificateArn"]).key_algorithm = algorithm  # type: ignore[attr-defined]
    return answer


@override(AWSCertificateManagerBackend, "list_certificates")
def _list_certificates(original: Any, self: AWSCertificateManagerBackend, statuses: Any, includes: Any) -> Any:
    """ListCertificates, Filters, keyTypes: "Default filtering returns only RSA_1024 and RSA_2048 certificates"."""
    return original(self, statuses, {"keyTypes": ["RSA_1024", "RSA_2048"], **(includes or {})})


@override(AWSCertificateManagerBackend, "describe_certificate")
def _describe_certificate(original: Any, self: AWSCertificateManagerBackend, arn: str) -> CertBundle | _Requested:
    """RequestCertificate: "there is a delay of several seconds before you can retrieve information", here one call."""
    certificate: CertBundle = original(self, arn)
    if certificate.type == "AMAZON_ISSUED" and not getattr(certificate, "was_described", False):
        certificate.was_described = True  # type: ignore[attr-defined]
        return _Requested(certificate)
    return certificate


class _Requested:
    """A certificate whose validation records are not known yet."""

    def __init__(self, certificate: CertBundle) -> None:
        self.certificate = certificate

    def describe(self) -> dict[str, Any]:
        described: dict[str, Any] = self.certificate.describe()
        for option in described["Certificate"]["DomainValidationOptions"]:
            del option["ResourceRecord"]
        return described


@override(AWSCertificateManagerBackend, "request_certificate")
def _request_certificate(
    original: Any, self: AWSCertificateManagerBackend, domain_name: str, idempotency_token: str, *rest: Any
) -> str:
    """RequestCertificate: what a token of a deleted certificate gives is not documented; here a new certificate."""
    known = self._idempotency_tokens.get(idempotency_token)
    if known and known["arn"] not in self._certificates:
        del self._idempotency_tokens[idempotency_token]
    arn: str = original(self, domain_name, idempotency_token, *rest)
    return arn


@override(AWSCertificateManagerBackend, "delete_certificate")
def _delete_certificate(original: Any, self: AWSCertificateManagerBackend, arn: str) -> None:
    """DeleteCertificate: ResourceInUseException while a load balancer has it."""
    certificate = self._certificates.get(arn)
    if certificate and certificate.describe()["Certificate"]["InUseBy"]:
        raise AWSError(f"Certificate {arn} is in use.", exception_type="ResourceInUseException")
    original(self, arn)

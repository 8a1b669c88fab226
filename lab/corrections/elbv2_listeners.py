"""Listeners: what they refuse, what AWS fills in, and which target groups belong to a load balancer.

ELB API reference: CreateListener, ModifyListener, RedirectActionConfig, ForwardActionConfig, TargetGroup.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from moto.acm.exceptions import CertificateNotFound
from moto.acm.models import AWSCertificateManagerBackend, acm_backends
from moto.elbv2.exceptions import DuplicateListenerError, ELBClientError
from moto.elbv2.models import ELBv2Backend, FakeAction, FakeListener
from moto.elbv2.ssl_policies import SSL_POLICIES

from lab.corrections.override import override

SAME_ADDRESS = {
    "Protocol": "#{protocol}",
    "Host": "#{host}",
    "Port": "#{port}",
    "Path": "/#{path}",
    "Query": "#{query}",
}


@override(FakeAction, "__init__")
def _action(original: Any, self: FakeAction, data: dict[str, Any]) -> None:
    """RedirectActionConfig: what is not given is kept. ForwardActionConfig: there also for one target group."""
    if data.get("Type") == "redirect":
        data["RedirectConfig"] = SAME_ADDRESS | data["RedirectConfig"]
    if data.get("Type") == "forward":
        if "ForwardConfig" not in data:
            data["ForwardConfig"] = {"TargetGroups": [{"TargetGroupArn": data["TargetGroupArn"]}]}
        groups = data["ForwardConfig"]["TargetGroups"]
        if len(groups) == 1:
            data["TargetGroupArn"] = groups[0]["TargetGroupArn"]
    original(self, data)


def _check_secure(backend: ELBv2Backend, protocol: str, certificate: str | None, policy: str | None) -> None:
    """CreateListener, Certificates and SslPolicy: an HTTPS listener needs an issued certificate."""
    if policy and policy not in SSL_POLICIES:
        raise ELBClientError("SSLPolicyNotFound", f"SSL policy '{policy}' not found")
    if protocol != "HTTPS":
        return
    if not certificate:
        raise ELBClientError("ValidationError", "A certificate must be specified for HTTPS listeners")
    if ":acm:" not in certificate:
        return
    acm: AWSCertificateManagerBackend = acm_backends[backend.account_id][backend.region_name]
    try:
        status = acm.get_certificate(certificate).status
    except CertificateNotFound:
        raise ELBClientError("CertificateNotFound", f"Certificate ARN '{certificate}' is not valid") from None
    if status != "ISSUED":
        raise ELBClientError(
            "UnsupportedCertificate",
            f"The certificate '{certificate}' must have a fully-qualified domain name, a supported signature, and a "
            "supported key size.",
        )


def _used(backend: ELBv2Backend) -> Iterator[tuple[str, str]]:
    """Each target group that a listener forwards to, with the load balancer."""
    for balancer in backend.load_balancers.values():
        for listener in balancer.listeners.values():
            for rule in listener.rules.values():
                for action in rule.actions:
                    for group in action.data.get("ForwardConfig", {}).get("TargetGroups", []):
                        yield group["TargetGroupArn"], balancer.arn


def _check_groups(backend: ELBv2Backend, balancer: str, actions: list[dict[str, Any]]) -> None:
    """TargetGroupAssociationLimit: a target group belongs to one load balancer only."""
    used = dict(_used(backend))
    for action in actions:
        for group in FakeAction(action).data.get("ForwardConfig", {}).get("TargetGroups", []):
            if used.get(group["TargetGroupArn"], balancer) != balancer:
                raise ELBClientError(
                    "TargetGroupAssociationLimit",
                    "The following target groups cannot be associated with more than one load balancer: "
                    f"{group['TargetGroupArn']}",
                )


@override(ELBv2Backend, "create_listener")
def _create_listener(
    original: Any,
    self: ELBv2Backend,
    load_balancer_arn: str,
    protocol: str,
    port: str,
    ssl_policy: str,
    certificate: str | None,
    actions: list[dict[str, Any]],
    *rest: Any,
    **options: Any,
) -> FakeListener:
    """CreateListener: DuplicateListener, certificates, policies; an HTTP listener has no policy."""
    balancer = self.load_balancers.get(load_balancer_arn)
    if balancer and any(int(listener.port) == int(port) for listener in balancer.listeners.values()):
        raise DuplicateListenerError
    _check_secure(self, protocol, certificate, ssl_policy)
    _check_groups(self, load_balancer_arn, actions)
    policy = ssl_policy if protocol == "HTTPS" else None
    listener: FakeListener = original(
        self, load_balancer_arn, protocol, port, policy, certificate, actions, *rest, **options
    )
    return listener


@override(ELBv2Backend, "modify_listener")
def _modify_listener(
    original: Any,
    self: ELBv2Backend,
    arn: str,
    port: str | None = None,
    protocol: str | None = None,
    ssl_policy: str | None = None,
    certificates: list[dict[str, Any]] | None = None,
    actions: list[dict[str, Any]] | None = None,
) -> FakeListener:
    """ModifyListener: the same checks as CreateListener; a listener that becomes HTTP loses its policy."""
    (listener,) = self.describe_listeners(None, [arn])
    certificate = certificates[0]["CertificateArn"] if certificates else listener.certificate
    secure = (protocol or listener.protocol) == "HTTPS"
    _check_secure(self, protocol or listener.protocol, certificate, ssl_policy)
    self._validate_actions([FakeAction(action) for action in actions or []])
    _check_groups(self, listener.load_balancer_arn, actions or [])
    modified: FakeListener = original(self, arn, port, protocol, ssl_policy, certificates or [], actions or [])
    if not secure:
        modified.ssl_policy = modified.certificate = None  # type: ignore[assignment]
        modified.certificates = []
    return modified


@override(ELBv2Backend, "describe_target_groups")
def _describe_target_groups(original: Any, self: ELBv2Backend, *arguments: Any, **options: Any) -> Any:
    """TargetGroup, LoadBalancerArns: of the load balancer whose listeners forward to it now."""
    associate(self)
    return original(self, *arguments, **options)


def associate(backend: ELBv2Backend) -> None:
    """Bring every target group's load balancer up to date."""
    used = dict(_used(backend))
    for group in backend.target_groups.values():
        group.load_balancer_arns = [used[group.arn]] if group.arn in used else []


def _afterwards(name: str) -> None:
    @override(ELBv2Backend, name)
    def changed(original: Any, self: ELBv2Backend, *arguments: Any, **options: Any) -> Any:
        result = original(self, *arguments, **options)
        associate(self)
        return result


for _name in (
    "create_listener",
    "modify_listener",
    "delete_listener",
    "delete_load_balancer",
    "create_rule",
    "modify_rule",
    "delete_rule",
):
    _afterwards(_name)

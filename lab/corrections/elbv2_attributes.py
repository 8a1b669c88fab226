"""Load balancers and target groups: attributes with their defaults, unknown ones refused, and the access logs' bucket.

ELB API reference: LoadBalancerAttribute, TargetGroupAttribute, ModifyLoadBalancerAttributes. User guide for
Application Load Balancers: "Enable access logs", "Deletion protection".
"""

from __future__ import annotations

from typing import Any

from moto.elbv2.exceptions import ELBClientError
from moto.elbv2.models import ELBv2Backend, FakeLoadBalancer, FakeTargetGroup
from moto.s3.models import FakeBucket, s3_backends

from lab.corrections import policy
from lab.corrections.override import override

LOAD_BALANCER = {
    "access_logs.s3.bucket": "",
    "access_logs.s3.enabled": "false",
    "access_logs.s3.prefix": "",
    "client_keep_alive.seconds": "3600",
    "connection_logs.s3.bucket": "",
    "connection_logs.s3.enabled": "false",
    "connection_logs.s3.prefix": "",
    "deletion_protection.enabled": "false",
    "idle_timeout.timeout_seconds": "60",
    "load_balancing.cross_zone.enabled": "true",
    "routing.http.desync_mitigation_mode": "defensive",
    "routing.http.drop_invalid_header_fields.enabled": "false",
    "routing.http.preserve_host_header.enabled": "false",
    "routing.http.x_amzn_tls_version_and_cipher_suite.enabled": "false",
    "routing.http.xff_client_port.enabled": "false",
    "routing.http.xff_header_processing.mode": "append",
    "routing.http2.enabled": "true",
    "waf.fail_open.enabled": "false",
    "zonal_shift.config.enabled": "false",
}
TARGET_GROUP = {
    "deregistration_delay.timeout_seconds": "300",
    "load_balancing.algorithm.anomaly_mitigation": "off",
    "load_balancing.algorithm.type": "round_robin",
    "load_balancing.cross_zone.enabled": "use_load_balancer_configuration",
    "slow_start.duration_seconds": "0",
    "stickiness.app_cookie.cookie_name": "",
    "stickiness.app_cookie.duration_seconds": "86400",
    "stickiness.enabled": "false",
    "stickiness.lb_cookie.duration_seconds": "86400",
    "stickiness.type": "lb_cookie",
    "target_group_health.dns_failover.minimum_healthy_targets.count": "1",
    "target_group_health.dns_failover.minimum_healthy_targets.percentage": "off",
    "target_group_health.unhealthy_state_routing.minimum_healthy_targets.count": "1",
    "target_group_health.unhealthy_state_routing.minimum_healthy_targets.percentage": "off",
}
LOG_DELIVERY = "logdelivery.elasticloadbalancing.amazonaws.com"


@override(FakeLoadBalancer, "__init__")
def _load_balancer(original: Any, self: FakeLoadBalancer, *arguments: Any, **options: Any) -> None:
    """LoadBalancerAttribute: those of an application load balancer."""
    original(self, *arguments, **options)
    if self.type == "application":
        self.attrs = dict(LOAD_BALANCER)


@override(FakeTargetGroup, "__init__")
def _target_group(original: Any, self: FakeTargetGroup, *arguments: Any, **options: Any) -> None:
    """TargetGroupAttribute: those of a target group for HTTP or HTTPS."""
    original(self, *arguments, **options)
    if self.protocol in ("HTTP", "HTTPS"):
        self.attributes = dict(TARGET_GROUP)


@override(ELBv2Backend, "modify_target_group_attributes")
def _modify_target_group_attributes(
    original: Any, self: ELBv2Backend, target_group_arn: str, attributes: dict[str, Any]
) -> None:
    """ModifyTargetGroupAttributes: an unknown key is refused."""
    group = self.target_groups.get(target_group_arn)
    for key in attributes if group else ():
        if group and group.protocol in ("HTTP", "HTTPS") and key not in TARGET_GROUP:
            raise ELBClientError("ValidationError", f"Target group attribute key '{key}' is not recognized")
    original(self, target_group_arn, attributes)


@override(ELBv2Backend, "modify_load_balancer_attributes")
def _modify_load_balancer_attributes(
    original: Any, self: ELBv2Backend, arn: str, attrs: dict[str, Any]
) -> dict[str, Any]:
    """ModifyLoadBalancerAttributes: with access logs on, a file is written to the bucket to see whether that works."""
    balancer = self.load_balancers.get(arn)
    if balancer:
        wanted = balancer.attrs | attrs
        # LoadBalancerAttribute, access_logs.s3.bucket: "required if access logs are enabled"
        if attrs.get("access_logs.s3.enabled") == "true" and not attrs.get("access_logs.s3.bucket"):
            raise ELBClientError("InvalidConfigurationRequest", "The access logs S3 bucket name cannot be empty")
        if wanted.get("access_logs.s3.enabled") == "true":
            _check_bucket(self, wanted["access_logs.s3.bucket"], wanted["access_logs.s3.prefix"])
    modified: dict[str, Any] = original(self, arn, attrs)
    return modified


def _check_bucket(backend: ELBv2Backend, name: str, prefix: str) -> None:
    """User guide, "Enable access logs": in the same region, and a policy that lets the service write."""
    bucket = _bucket(name)
    if bucket is None or bucket.region_name != backend.region_name:
        raise ELBClientError(
            "InvalidConfigurationRequest",
            f"S3 bucket '{name}' must exist in the region {backend.region_name}, where the load balancer is.",
        )
    key = "/".join(part for part in (prefix, "AWSLogs", backend.account_id, "ELBAccessLogTestFile") if part)
    context = {"aws:securetransport": ["true"], "s3:tlsversion": ["1.3"], "s3:objectcreationoperation": ["true"]}
    request = policy.Request("s3:PutObject", f"{bucket.arn}/{key}", "", frozenset({LOG_DELIVERY}), context)
    if not bucket.policy or not policy.is_allowed(bucket.policy, request):
        raise ELBClientError(
            "InvalidConfigurationRequest", f"Access Denied for bucket: {name}. Please check S3bucket permission"
        )


def _bucket(name: str) -> FakeBucket | None:
    if name not in s3_backends.bucket_accounts:
        return None
    partition, account = s3_backends.bucket_accounts[name]
    return s3_backends[account][partition].buckets.get(name)


@override(ELBv2Backend, "add_tags")
def _add_tags(_unused: Any, self: ELBv2Backend, resource_arns: list[str], tags: list[dict[str, str]]) -> None:
    """AddTags: fifty tags a resource ("Quotas for your Application Load Balancers")."""
    for arn in resource_arns:
        self._get_resource_by_arn(arn)
        keys = {*self.tagging_service.get_tag_dict_for_resource(arn), *(tag["Key"] for tag in tags)}
        if len(keys) > 50:
            raise ELBClientError("TooManyTags", "You've reached the limit on the number of tags per resource.")
        self.tagging_service.tag_resource(arn, tags)

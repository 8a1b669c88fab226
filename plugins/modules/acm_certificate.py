#!/usr/bin/python
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
from __future__ import annotations

DOCUMENTATION = r"""
module: acm_certificate
version_added: 0.1.0
short_description: A certificate of AWS Certificate Manager, by request and DNS validation (ALB-7)
author: TriFlow AI (@triflow-ai)
description:
  - Requests the certificate, tagged in the same call, and does not wait until it is issued. It does wait, some seconds,
    for the records that validate its names.
  - ACM renews it by itself, for as long as the validation records are there and something uses it.
  - It is found by its names and tags. One of the same names that is not this stack's is left alone, unless O(adopt)
    names C(certificate). Other names are another certificate. The one before is deleted when nothing uses it any more,
    which may be with the next run.
  - The stock module imports certificates only.
options:
  domain_name:
    description: The domain.
    type: str
    required: true
  subject_alternative_names:
    description: Further names, such as the domain's wildcard, which does not cover the domain itself.
    type: list
    elements: str
    default: []
  wait_timeout:
    description: Longest wait for the validation records of a new certificate, in seconds.
    type: int
    default: 120
extends_documentation_fragment:
  - triflow.platform.stack
  - triflow.platform.stack.state
  - triflow.platform.plan
  - amazon.aws.common.modules
  - amazon.aws.region.modules
  - amazon.aws.boto3
attributes:
  check_mode:
    description: Announces exactly what a run would do. What is only announced has placeholders for validation records.
    support: full
notes:
  - O(state=absent) deletes all certificates of the stack. AWS refuses for as long as a listener uses one.
"""

EXAMPLES = r"""
- name: Certificate
  triflow.platform.acm_certificate:
    domain_name: triflow-ai.com
    subject_alternative_names: ["*.triflow-ai.com"]
  register: certificate
"""

RETURN = r"""
changes:
  description: What was done, or would be.
  returned: always
  type: list
  elements: dict
  sample: [{component: certificate, action: create, fields: []}]
resources:
  description: The certificate by component, the C(id) being the ARN or a placeholder. Empty when absent.
  returned: always
  type: dict
validation_records:
  description: The records that validate the certificate's names, as P(triflow.platform.dns_records#module) takes them.
  returned: always
  type: list
  elements: dict
  sample: [{name: _0a1b2c.triflow-ai.com, type: CNAME, values: [_3d4e5f.acm-validations.aws]}]
"""

import uuid
from functools import cached_property
from typing import Any, override

from ansible_collections.triflow.platform.plugins.module_utils import acm, placeholders
from ansible_collections.triflow.platform.plugins.module_utils.attempts import looks_again
from ansible_collections.triflow.platform.plugins.module_utils.resource import Api, Resource, Run, StackModule
from ansible_collections.triflow.platform.plugins.module_utils.statuses import (
    NEVER,
    REMEDY,
    explained,
    meaning,
    with_meaning,
)
from ansible_collections.triflow.platform.plugins.module_utils.tags import STACK, tagged, to_aws

SHOWN = ("id", "domain_name", "subject_alternative_names", "tags")


class Certificate(Resource):
    id_prefix = "arn:aws:acm:::certificate/"

    def __init__(self, api: Api, live: acm.Certificate | None, component: str = acm.COMPONENT_NAME) -> None:
        super().__init__(component)
        self.api = api
        self.module = api.module
        self.live = live
        self.tags = api.module.tags_of(acm.COMPONENT_NAME)

    @override
    def find(self) -> dict[str, Any] | None:
        return {key: self.live[key] for key in SHOWN} if self.live else None

    @override
    def wanted(self, live: dict[str, Any] | None) -> dict[str, Any]:
        names = ("domain_name", "subject_alternative_names")
        return {name: self.module.params[name] for name in names} | {"tags": self.tags}

    @override
    def create(self, wanted: dict[str, Any]) -> str:
        answer = self.api.call(
            "request_certificate",
            on=self.component,
            DomainName=wanted["domain_name"],
            # AWS takes no empty list; the domain itself may be among the names
            SubjectAlternativeNames=[wanted["domain_name"], *wanted["subject_alternative_names"]],
            ValidationMethod="DNS",
            # One for each run: a repeated call asks for one certificate, and a certificate that was deleted within the
            # hour is not what the next request gets.
            IdempotencyToken=self.module.attempts.first("token", uuid.uuid4().hex),
            Tags=to_aws(self.tags),
        )
        return str(answer["CertificateArn"])

    @override
    def update(self, live: dict[str, Any], wanted: dict[str, Any], fields: list[str]) -> None:
        self.api.call("add_tags_to_certificate", on=self.component, CertificateArn=live["id"], Tags=to_aws(self.tags))

    @override
    def delete(self, live: dict[str, Any]) -> None:
        gone = ("ResourceNotFoundException",)
        self.api.call("delete_certificate", on=self.component, absent=gone, CertificateArn=live["id"])


class Certificates:
    """The stack's certificates: the one that is asked for, and those before it."""

    def __init__(self, module: StackModule) -> None:
        self.module = module
        self.api = module.api("acm")
        self.stack: str = module.params["stack"]
        self.same_domain = acm.read_certificates(self.api, module.params["domain_name"])

    @cached_property
    def wanted(self) -> acm.Certificate | None:
        names, adopt = self.module.params["subject_alternative_names"], self.module.params["adopt"]
        return acm.choose(self.same_domain, self.stack, names, adopt=acm.COMPONENT_NAME in adopt)

    def others(self) -> list[acm.Certificate]:
        """The stack's other certificates, for this domain or another one."""
        arns = tagged(self.module.api("resourcegroupstaggingapi"), self.stack, "acm:certificate")
        known = {found["id"]: found for found in self.same_domain}
        found = [known[arn] if arn in known else self._read(arn) for arn in {*arns, *known}]
        mine = [item for item in found if item and item["tags"].get(STACK) == self.stack]
        return sorted((item for item in mine if item != self.wanted), key=lambda item: str(item["id"]))

    def _read(self, arn: str) -> acm.Certificate | None:
        """One in any status: what never becomes a certificate is deleted, as AWS advises for a failed request."""
        statuses = (*acm.ALIVE, *with_meaning("certificate", NEVER))
        return acm.read_certificate(self.api, arn, statuses)

    def records_of(self, arn: str) -> list[dict[str, Any]]:
        """The validation records, which ACM has some seconds after the request."""
        if self.wanted and self.wanted["has_all_records"]:
            return list(self.wanted["validation_records"])
        timeout = self.module.params["wait_timeout"]
        self.api.wait("certificate_has_records", on=acm.COMPONENT_NAME, timeout=timeout, CertificateArn=arn)
        found = acm.read_certificate(self.api, arn)
        return list(found["validation_records"]) if found else []


def component_of(other: acm.Certificate) -> str:
    """What a certificate other than the wanted one is called."""
    return f"{acm.COMPONENT_NAME}-{other['domain_name']}"


@looks_again
def main() -> None:
    module = StackModule(
        {
            "domain_name": {"type": "str", "required": True},
            "subject_alternative_names": {"type": "list", "elements": "str", "default": []},
            "wait_timeout": {"type": "int", "default": 120},
        }
    )
    further = set(module.params["subject_alternative_names"]) - {module.params["domain_name"]}
    module.params["subject_alternative_names"] = sorted(further)
    certificates = Certificates(module)
    run = Run(module)
    if module.params["state"] == "absent":
        own = certificates.wanted
        run.absent(Certificate(certificates.api, own))
        for found in certificates.others():
            run.absent(Certificate(certificates.api, found, component_of(found)))
        run.exit(validation_records=[])
    refusal = acm.used_twice(certificates.same_domain, certificates.stack, module.params["subject_alternative_names"])
    if refusal and not module.only_reports:
        module.fail(refusal)
    run.present(Certificate(certificates.api, certificates.wanted))
    for found in certificates.others():
        if not found["in_use_by"] and found["id"] != run.resources[acm.COMPONENT_NAME]["id"]:
            run.absent(Certificate(certificates.api, found, component_of(found)))
    renewal = certificates.wanted and certificates.wanted["renewal"]
    if renewal and meaning("renewal of a certificate", renewal) == REMEDY:
        said = explained("renewal of a certificate", renewal)
        module.warn(f"The renewal of the certificate of {module.params['domain_name']} is {said}")
    arn = run.resources[acm.COMPONENT_NAME]["id"]
    if placeholders.within(arn):
        name = f"_{placeholders.make('', acm.COMPONENT_NAME)}.{module.params['domain_name']}"
        records = [{"name": name, "type": "CNAME", "values": [placeholders.make("", "validation")]}]
    else:
        records = certificates.records_of(arn)
    run.exit(validation_records=records)


if __name__ == "__main__":
    main()

# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from ansible.errors import AnsibleFilterError
from ansible_collections.triflow.platform.plugins.module_utils import iam_policies

DOCUMENTATION = r"""
name: log_archive_roles
version_added: 0.1.0
short_description: Build the policies of the roles that carry log events to the archive
description:
  - One role a hop (MON-3). CloudWatch Logs may put records into the delivery stream and nothing else, Firehose may
    write below the archive's prefixes of the bucket and its own errors to its log stream.
  - Neither service may use its role on behalf of another account.
options:
  _input:
    description:
      - C(account_id), C(region), C(bucket), C(prefixes), C(delivery_stream), C(log_group) and C(log_stream).
    type: dict
    required: true
author: TriFlow AI (@triflow-ai)
"""

EXAMPLES = r"""
archive: "{{ logs_archive_settings | triflow.platform.log_archive_roles }}"
"""

RETURN = r"""
_value:
  description: C(logs_to_firehose) and C(firehose_to_s3), each with the documents C(trust) and C(policy).
  type: dict
"""


def log_archive_roles(settings: Mapping[str, Any]) -> dict[str, dict[str, Any]]:
    """Return the documents of both roles."""
    try:
        account, region = str(settings["account_id"]), settings["region"]
        stream = f"arn:aws:firehose:{region}:{account}:deliverystream/{settings['delivery_stream']}"
        errors = (
            f"arn:aws:logs:{region}:{account}:log-group:{settings['log_group']}:log-stream:{settings['log_stream']}"
        )
        return {
            "logs_to_firehose": {
                "trust": iam_policies.logs_trust_policy(account, region),
                "policy": iam_policies.put_records_policy(stream),
            },
            "firehose_to_s3": {
                "trust": iam_policies.firehose_trust_policy(account),
                "policy": iam_policies.archive_policy(settings["bucket"], settings["prefixes"], errors),
            },
        }
    except KeyError as error:
        raise AnsibleFilterError(f"log_archive_roles: {error} is missing in the settings") from error


class FilterModule:
    """Ansible's entry point."""

    def filters(self) -> dict[str, Callable[..., Any]]:
        return {"log_archive_roles": log_archive_roles}

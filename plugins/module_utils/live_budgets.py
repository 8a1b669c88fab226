# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Reads a budget of AWS Budgets by its name, with its tags. No API finds one by its tags."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ansible_collections.triflow.platform.plugins.module_utils.tags import from_aws

if TYPE_CHECKING:
    from ansible_collections.triflow.platform.plugins.module_utils.resource import Api

MISSING = "NotFoundException"
REFUSED = "AccessDeniedException"


def arn_of(account_id: str, name: str) -> str:
    return f"arn:aws:budgets::{account_id}:budget/{name}"


def find_budget(api: Api, account_id: str, name: str, lenient: bool) -> tuple[dict[str, Any], dict[str, str]] | None:
    """The budget as DescribeBudget has it and its tags, or None. ``lenient``: None, too, when AWS refuses to tell."""
    absent = (MISSING, REFUSED) if lenient else (MISSING,)
    found = api.call("describe_budget", on=name, absent=absent, AccountId=account_id, BudgetName=name)
    if not found:
        return None
    tags = api.call("list_tags_for_resource", on=name, ResourceARN=arn_of(account_id, name))["ResourceTags"]
    return found["Budget"], from_aws(tags)

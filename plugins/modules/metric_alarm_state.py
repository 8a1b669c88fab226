#!/usr/bin/python
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
from __future__ import annotations

DOCUMENTATION = r"""
module: metric_alarm_state
version_added: 0.1.0
short_description: Set the state of an alarm on purpose
author: TriFlow AI (@triflow-ai)
description:
  - Sets the state of one of the stack's alarms to each of the listed states, one after the other. CloudWatch does the
    alarm's actions for each, as if it had found out by itself, and sets the right state again when it next looks.
  - An alarm without the stack's tag is refused. So is one that is in the first state already, since the first change
    would then be none, and the second a false report.
options:
  alarm_name:
    description: Name of the alarm.
    type: str
    required: true
  state_values:
    description: The states, in their order.
    type: list
    elements: str
    choices: [ALARM, OK, INSUFFICIENT_DATA]
    required: true
  state_reason:
    description: Why, which the messages say.
    type: str
    required: true
extends_documentation_fragment:
  - triflow.platform.stack
  - amazon.aws.common.modules
  - amazon.aws.region.modules
  - amazon.aws.boto3
attributes:
  check_mode:
    description: Says which states it would set, and sets none.
    support: full
  diff_mode:
    description: Shows the state before, and the states that are set.
    support: full
  idempotent:
    description: Each run sends its messages.
    support: none
"""

EXAMPLES = r"""
- name: Try an alarm
  triflow.platform.metric_alarm_state:
    alarm_name: triflow-prod-rds-cpu-high
    state_values: [ALARM, OK]
    state_reason: A test. Nothing is wrong.
"""

RETURN = r"""
since:
  description: When the first state was set, by AWS's clock, in seconds since 1970. 0 in check mode.
  returned: always
  type: int
alarm_actions:
  description: Where the alarm's messages go when it goes off, as ARNs.
  returned: always
  type: list
  elements: str
changes:
  description: What was done, or would be.
  returned: always
  type: list
  elements: dict
  sample: [{component: alarm-rds-cpu-high, action: update, fields: [state_value]}]
"""

from collections.abc import Callable
from email.utils import parsedate_to_datetime
from itertools import pairwise
from typing import Any

from ansible_collections.triflow.platform.plugins.module_utils import compare
from ansible_collections.triflow.platform.plugins.module_utils.resource import StackModule
from ansible_collections.triflow.platform.plugins.module_utils.tags import COMPONENT, STACK, from_aws


def main() -> None:
    module = StackModule(
        {
            "alarm_name": {"type": "str", "required": True},
            "state_values": {
                "type": "list",
                "elements": "str",
                "choices": ["ALARM", "OK", "INSUFFICIENT_DATA"],
                "required": True,
            },
            "state_reason": {"type": "str", "required": True},
        },
        state=False,
    )
    name, states, stack = module.params["alarm_name"], module.params["state_values"], module.params["stack"]
    api = module.api("cloudwatch")
    described = api.call("describe_alarms", on=name, AlarmNames=[name], AlarmTypes=["MetricAlarm"])["MetricAlarms"]
    if not described:
        module.fail(f"there is no alarm {name}: run playbooks/observability.yml first, or give the name of one")
    (alarm,) = described
    tags = from_aws(api.call("list_tags_for_resource", on=name, ResourceARN=alarm["AlarmArn"])["Tags"])
    if tags.get(STACK) != stack:
        module.fail(f"the alarm {name} does not carry the tag of stack {stack}: give the name of one that does")
    if any(before == after for before, after in pairwise([alarm["StateValue"], *states])):
        module.fail(
            f"the alarm {name} is in the state {alarm['StateValue']}, and setting {', then '.join(states)} from there "
            "is no change each time: try another alarm, or this one when its state is another"
        )
    since = 0
    if not module.check_mode:
        for state in states:
            answer = api.call(
                "set_alarm_state",
                on=name,
                AlarmName=name,
                StateValue=state,
                StateReason=module.params["state_reason"],
            )
            date = answer["ResponseMetadata"]["HTTPHeaders"]["date"]
            since = since or round(parsedate_to_datetime(date).timestamp())
    component = tags.get(COMPONENT, name)
    leave: Callable[..., Any] = module.exit_json
    leave(
        changed=True,
        since=since,
        alarm_actions=alarm["AlarmActions"],
        changes=[{"component": component, "action": "update", "fields": ["state_value"]}],
        diff=[compare.diff(component, {"state_value": alarm["StateValue"]}, {"state_value": ", then ".join(states)})],
    )


if __name__ == "__main__":
    main()

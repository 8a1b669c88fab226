# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Where AWS sends SMS from. A service has an endpoint in a region, or it has not, and SNS's SMS is another list."""

from __future__ import annotations

from typing import NamedTuple


class SmsRegion(NamedTuple):
    """Whether texts can be sent from a region, by AWS End User Messaging SMS (SendTextMessage) and by SNS (Publish)."""

    region: str
    end_user_messaging: bool
    sns: bool
    source: str


BOTH = (
    "AWS End User Messaging SMS user guide, What is AWS End User Messaging SMS, Region availability; "
    "Amazon SNS developer guide, Supported Regions and countries"
)
SEOUL = (
    "as above: Seoul is in the first list and not in the second; Amazon Cognito API reference, SmsConfigurationType, "
    "sends users in Seoul to Tokyo's SNS"
)
ENDPOINT = "endpoint of pinpoint-sms-voice-v2 in botocore 1.44; in neither list"
NONE = "in neither list, no endpoint of pinpoint-sms-voice-v2 in botocore 1.44"

SMS_REGIONS = (
    *(
        SmsRegion(region, True, True, BOTH)
        for region in (
            "af-south-1",
            "ap-northeast-1",
            "ap-northeast-3",
            "ap-south-1",
            "ap-south-2",
            "ap-southeast-1",
            "ap-southeast-2",
            "ap-southeast-3",
            "ap-southeast-4",
            "ca-central-1",
            "ca-west-1",
            "eu-central-1",
            "eu-central-2",
            "eu-north-1",
            "eu-south-1",
            "eu-south-2",
            "eu-west-1",
            "eu-west-2",
            "eu-west-3",
            "il-central-1",
            "me-central-1",
            "me-south-1",
            "sa-east-1",
            "us-east-1",
            "us-east-2",
            "us-west-1",
            "us-west-2",
        )
    ),
    SmsRegion("ap-northeast-2", True, False, SEOUL),
    *(SmsRegion(region, True, False, ENDPOINT) for region in ("ap-east-2", "ap-southeast-6", "mx-central-1")),
    *(SmsRegion(region, False, False, NONE) for region in ("ap-east-1", "ap-southeast-5", "ap-southeast-7")),
)
TEXTING = sorted(row.region for row in SMS_REGIONS if row.end_user_messaging)
SNS_TEXTING = sorted(row.region for row in SMS_REGIONS if row.sns)

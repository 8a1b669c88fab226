"""AWS End User Messaging SMS in the lab: texts by region, kept in a file instead of being sent."""

from __future__ import annotations

import json
import uuid
from typing import Any

import pytest
from botocore.exceptions import ClientError

from tests.conftest import Lab
from tests.lab.conftest import refused

NUMBER = "+821000000000"


def sent(lab: Lab) -> list[dict[str, Any]]:
    lines = (lab.directory / "texts.jsonl").read_text(encoding="utf-8").splitlines()
    return [json.loads(line) for line in lines]


@pytest.mark.parametrize("region", ["ap-northeast-2", "ap-northeast-1"])
def test_a_text_is_kept_with_its_id(lab: Lab, region: str) -> None:
    """End User Messaging SMS API reference, SendTextMessage."""
    body = f"test {uuid.uuid4()}"
    client = lab.aws("pinpoint-sms-voice-v2", region_name=region)
    answer = client.send_text_message(DestinationPhoneNumber=NUMBER, MessageBody=body, MessageType="TRANSACTIONAL")
    (text,) = [text for text in sent(lab) if text["body"] == body]
    assert text == {"id": answer["MessageId"], "region": region, "to": NUMBER, "body": body}


@pytest.mark.parametrize("region", ["ap-east-1", "ap-southeast-5"])
def test_no_text_from_a_region_without_the_service(lab: Lab, region: str) -> None:
    """AWS End User Messaging SMS user guide, Region availability: on AWS there is no endpoint to be found."""
    with pytest.raises(ClientError, match="scoped to a valid region"):
        lab.aws("pinpoint-sms-voice-v2", region_name=region).send_text_message(
            DestinationPhoneNumber=NUMBER, MessageBody="x"
        )


@pytest.mark.parametrize("options", [{"DestinationPhoneNumber": "0100000000"}, {"MessageType": "URGENT"}])
def test_a_text_that_is_refused(lab: Lab, options: dict[str, str]) -> None:
    with refused("ValidationException"):
        lab.aws("pinpoint-sms-voice-v2").send_text_message(
            **{"DestinationPhoneNumber": NUMBER, "MessageBody": "x", **options}
        )


def test_a_text_that_is_empty(lab: Lab) -> None:
    with refused("ValidationException"):
        lab.aws("pinpoint-sms-voice-v2").send_text_message(DestinationPhoneNumber=NUMBER, MessageBody=" ")

"""The whole way of an alarm (MON-8): state, topic, function, HTTP. All of it is made by the modules and the filter.

The Slack function's own code runs. Only the beginning of the webhook's address is another one: the server is here.
"""

from __future__ import annotations

import json
import shutil
import time
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from queue import Empty, Queue
from threading import Thread
from typing import Any

import pytest
from ansible_collections.triflow.platform.plugins.filter.notification_policies import notification_policies

from tests.conftest import PROJECT, Lab
from tests.modules.conftest import RunModule

ACCOUNT = "123456789012"
SECONDS = 30  # that a message may take
LOOPBACK = """
from __future__ import annotations

import os

import slack_function
import webhook

slack_function.WEBHOOK = webhook.Webhook(begins=os.environ["BEGINS"])
handler = slack_function.handler
"""


class Slack:
    """An HTTP server that keeps what is posted and answers with one status."""

    def __init__(self) -> None:
        self.status = 200
        self.posted: Queue[dict[str, Any]] = Queue()
        slack = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"]))
                slack.posted.put(json.loads(body))
                self.send_response(slack.status)
                self.end_headers()
                self.wfile.write(b"ok" if slack.status == 200 else b"invalid_payload")

            def log_message(self, *_unused: Any) -> None:
                """Say nothing."""

        self.server = HTTPServer(("127.0.0.1", 0), Handler)
        self.begins = f"http://127.0.0.1:{self.server.server_port}/services/"


@pytest.fixture
def slack() -> Iterator[Slack]:
    found = Slack()
    thread = Thread(target=found.server.serve_forever)
    thread.start()
    yield found
    found.server.shutdown()
    thread.join()
    found.server.server_close()


class Way:
    """Everything between an alarm and Slack, for one stack."""

    def __init__(self, lab: Lab, stack: str, slack: Slack, source: Path, run_module: RunModule) -> None:
        self.cloudwatch: Any = lab.aws("cloudwatch")
        self.sns: Any = lab.aws("sns")
        self.sqs: Any = lab.aws("sqs")
        self.lab, self.name = lab, f"{stack}-slack"
        self.topic = f"arn:aws:sns:ap-northeast-2:{ACCOUNT}:{stack}-alarms"
        self.queue = f"arn:aws:sqs:ap-northeast-2:{ACCOUNT}:{self.name}"
        log_group = f"/aws/lambda/{self.name}"
        policies = notification_policies(
            {
                "account_id": ACCOUNT,
                "topic": self.topic,
                "sms_topic": f"{self.topic}-sms",
                "budgets": False,
                "queue": self.queue,
                "secret": f"arn:aws:secretsmanager:ap-northeast-2:{ACCOUNT}:secret:{self.name}-??????",
                "sms_region": "ap-northeast-2",
                "sms_log_group": "arn:aws:logs:ap-northeast-2:123456789012:log-group:sms",
                "log_group": f"arn:aws:logs:ap-northeast-2:{ACCOUNT}:log-group:{log_group}",
            }
        )
        kms, iam, self.logs = lab.aws("kms"), lab.aws("iam"), lab.aws("logs")
        key = kms.create_key(Policy=json.dumps(policies["key"]))["KeyMetadata"]["KeyId"]
        kms.create_alias(AliasName=f"alias/{stack}", TargetKeyId=key)
        trust, policy = json.dumps(policies["role_trust"]), json.dumps(policies["role"])
        role = iam.create_role(RoleName=self.name, AssumeRolePolicyDocument=trust)["Role"]["Arn"]
        iam.put_role_policy(RoleName=self.name, PolicyName="all", PolicyDocument=policy)
        self.logs.create_log_group(logGroupName=log_group)
        self.queue_url = self.sqs.create_queue(
            QueueName=self.name, Attributes={"Policy": json.dumps(policies["queue"])}
        )["QueueUrl"]

        def made(module: str, **options: Any) -> dict[str, Any]:
            result = run_module(module, **options)
            assert not result.get("failed"), result["msg"]
            return result

        made("secret", component="secret-slack-webhook", name=self.name)
        lab.aws("secretsmanager").put_secret_value(SecretId=self.name, SecretString=f"{slack.begins}T0/B0/token")
        function = made(
            "lambda_function",
            component="function-slack",
            name=self.name,
            source=str(source),
            handler="loopback.handler",
            runtime="python3.13",
            role_arn=role,
            timeout=30,
            environment={
                "SECRET_ID": self.name,
                "STACK": stack,
                "LOG_GROUP": "/aws/ecs/triflow-backend",
                "TIME_ZONE": "Asia/Seoul",
                "BEGINS": slack.begins,
            },
            dead_letter_arn=self.queue,
            invoke_permissions=[
                {"statement_id": "topic", "principal": "sns.amazonaws.com", "source_arn": self.topic},
            ],
        )["resources"]["function-slack"]["id"]
        subscription = {"protocol": "lambda", "endpoint": function, "dead_letter_arn": self.queue}
        made(
            "sns_topics",
            topics=[
                {
                    "component": "topic-alarms",
                    "name": f"{stack}-alarms",
                    "kms_key_id": f"alias/{stack}",
                    "policy": policies["topic"],
                    "subscriptions": [subscription],
                }
            ],
        )
        made(
            "metric_alarms",
            alarms=[
                {
                    "component": "alarm-rds-cpu-high",
                    "alarm_name": f"{stack}-rds-cpu-high",
                    "alarm_description": "critical: ALM-1 CPU load of the database above 80 %.",
                    "namespace": "AWS/RDS",
                    "metric_name": "CPUUtilization",
                    "dimensions": {"DBInstanceIdentifier": f"{stack}-db"},
                    "statistic": "Average",
                    "period": 60,
                    "evaluation_periods": 5,
                    "threshold": 80,
                    "comparison_operator": "GreaterThanThreshold",
                    "alarm_actions": [self.topic],
                    "ok_actions": [self.topic],
                }
            ],
        )
        self.alarm = f"{stack}-rds-cpu-high"

    def set_state(self, state: str) -> None:
        self.cloudwatch.set_alarm_state(AlarmName=self.alarm, StateValue=state, StateReason=f"set to {state}")

    def dead_letters(self) -> list[Any]:
        answer = self.sqs.receive_message(QueueUrl=self.queue_url, WaitTimeSeconds=1)
        return [json.loads(message["Body"]) for message in answer.get("Messages", [])]


@pytest.fixture
def way(lab: Lab, stack: str, slack: Slack, tmp_path: Path, run_module: RunModule) -> Way:
    source = tmp_path / "function"
    shutil.copytree(
        PROJECT / "roles/notifications/files/functions", source, ignore=shutil.ignore_patterns("__pycache__")
    )
    (source / "loopback.py").write_text(LOOPBACK)
    return Way(lab, stack, slack, source, run_module)


def posted(slack: Slack) -> str:
    """The next message that came, as text."""
    try:
        return json.dumps(slack.posted.get(timeout=SECONDS), ensure_ascii=False)
    except Empty:
        raise AssertionError(f"nothing was posted within {SECONDS} seconds") from None


def test_an_alarm_becomes_a_message_and_so_does_its_end(way: Way, slack: Slack) -> None:
    way.set_state("ALARM")
    message = posted(slack)
    assert way.alarm in message
    assert "ALARM" in message
    assert "critical" in message
    assert "KST" in message
    way.set_state("OK")
    assert "set to OK" in posted(slack)
    assert slack.posted.empty()
    assert way.dead_letters() == []


def test_what_slack_refuses_is_kept(way: Way, slack: Slack) -> None:
    """Lambda tries an event three times; then it goes to the dead-letter queue, whole."""
    slack.status = 400
    way.set_state("ALARM")
    deadline = time.monotonic() + SECONDS
    while not (found := way.dead_letters()):
        assert time.monotonic() < deadline, "nothing came to the dead-letter queue"
    (record,) = found[0]["Records"]
    assert json.loads(record["Sns"]["Message"])["AlarmName"] == way.alarm
    assert slack.posted.qsize() == 3

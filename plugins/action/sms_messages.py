# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
from __future__ import annotations

import json
from contextlib import suppress
from typing import Any, ClassVar

from ansible_collections.triflow.platform.plugins.plugin_utils.controller import ControllerAction

SENT, FAILED = "text sent", "not sent"  # roles/notifications/files/functions/sms_function.py


class ActionModule(ControllerAction):
    purpose = "read what the function for telephones says"
    options: ClassVar[dict[str, Any]] = {
        "log_group": {"type": "str", "required": True},
        "alarm_name": {"type": "str", "required": True},
        "since": {"type": "int", "required": True},
        "count": {"type": "int", "required": True},
        "seconds": {"type": "int", "default": 120},
    }

    def work(self) -> dict[str, Any]:
        if self._task.check_mode:
            return {"changed": False, "texts": [], "waited": {}}
        where = f"log group {self.args['log_group']}, and queue {self.args['stack']}-slack-dead-letters"
        for seconds in self.moments(self.deadline(self.args["seconds"])):
            lines = self._lines()
            failed = [line for line in lines if line["event"] == FAILED]
            if failed:
                reasons = [str(line["error"]) for line in failed]
                raise self.failure(f"No text for {self.args['alarm_name']} ({where}):", *reasons)
            texts = [{"to": line["to"], "text_id": line["text_id"]} for line in lines if line["event"] == SENT]
            if len(texts) >= self.args["count"]:
                for text in texts:
                    self.say(f"text to {text['to']} handed over to AWS End User Messaging SMS as {text['text_id']}")
                return {"changed": False, "texts": texts, "waited": {"texts": round(seconds)}}
        raise self.failure(
            f"{len(texts)} of {self.args['count']} texts for {self.args['alarm_name']} were sent within "
            f"{self.args['seconds']} s: look at {where}"
        )

    def _lines(self) -> list[dict[str, Any]]:
        """What the function has said about the alarm. Lambda's own lines are no JSON."""
        pages = self.client("logs").get_paginator("filter_log_events")
        found = []
        for page in pages.paginate(logGroupName=self.args["log_group"], startTime=self.args["since"] * 1000):
            for event in page["events"]:
                with suppress(ValueError):
                    line = json.loads(event["message"])
                    if isinstance(line, dict) and line.get("about") == self.args["alarm_name"]:
                        found.append(line)
        return found

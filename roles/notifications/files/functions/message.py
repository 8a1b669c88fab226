"""Messages from CloudWatch alarms, ECS events and plain text. Nothing here reads the environment or the network.

The forms that come in: Amazon CloudWatch User Guide, "Using Amazon CloudWatch alarms" (what an alarm sends to SNS);
Amazon ECS Developer Guide, "Amazon ECS task state change events" and "Amazon ECS service deployment state change
events". The form that goes out: Slack's Block Kit reference, "Section block", "Header block" and "Text object".
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, timezone, tzinfo
from typing import Any
from urllib.parse import quote
from zoneinfo import ZoneInfo

# Slack's limits, in characters after escaping. A message holds 50 blocks; no message here has more than six.
HEADER_LIMIT = 150
SECTION_LIMIT = 3000
FIELD_LIMIT = 2000
NOTIFICATION_LIMIT = 500

CUT = " ... (cut)"
LOGS_AROUND = timedelta(minutes=5)
# AWS does not promise that its runtime holds the time zone database. Korea has had no daylight saving time since 1988.
FIXED_ZONES = {"Asia/Seoul": timezone(timedelta(hours=9), "KST")}

CIRCLES = {"critical": ":red_circle:", "warning": ":large_yellow_circle:"}
CALM_CIRCLES = {"OK": ":large_green_circle:", "INSUFFICIENT_DATA": ":white_circle:"}
COMPARISONS = {
    "GreaterThanThreshold": ">",
    "GreaterThanOrEqualToThreshold": ">=",
    "LessThanThreshold": "<",
    "LessThanOrEqualToThreshold": "<=",
}
# CloudWatch names a unit only when the alarm does, so these are known by their metric.
UNITS = {
    "CPUUtilization": "Percent",
    "MemoryUtilization": "Percent",
    "FreeStorageSpace": "Bytes",
    "FreeableMemory": "Bytes",
    "SwapUsage": "Bytes",
    "TargetResponseTime": "Seconds",
    "ReadLatency": "Seconds",
    "WriteLatency": "Seconds",
}
BINARY_PREFIXES = ("B", "KiB", "MiB", "GiB", "TiB")
NEWEST_DATAPOINT = re.compile(r"datapoints? [\[(](-?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?)\b")


@dataclass(frozen=True)
class Settings:
    """What a message needs to know: the stack's name, the log group of its service, the zone of its times."""

    stack: str
    log_group: str
    zone: tzinfo


@dataclass(frozen=True)
class Message:
    """One message. `kind` is alarm, task, deployment or text; `about` the name of the alarm or service, or empty;
    `summary` all of it in a line of plain text; `payload` the Slack message."""

    kind: str
    about: str
    summary: str
    payload: dict[str, Any]


class FormError(Exception):
    """An alarm or event has not the form that AWS documents."""


def time_zone(name: str) -> tzinfo:
    """The zone of that name. UTC if there is none, since a message matters more than its clock."""
    try:
        return ZoneInfo(name)
    except (LookupError, OSError, ValueError):
        return FIXED_ZONES.get(name, UTC)


def slack_message(subject: str, text: str, settings: Settings) -> Message:
    """The Slack message for one SNS message: its subject and its text.

    Errors: FormError for an alarm or event that has not the documented form. `plain_message` can show it.
    """
    try:
        body = json.loads(text)
    except ValueError:
        body = None
    if not isinstance(body, dict):
        return plain_message(subject, text)
    try:
        if "AlarmName" in body and "NewStateValue" in body:
            return _alarm(body, settings)
        if body.get("detail-type") == "ECS Task State Change":
            return _task(body, settings)
        if body.get("detail-type") == "ECS Deployment State Change":
            return _deployment(body, settings)
    except (ArithmeticError, AttributeError, LookupError, StopIteration, TypeError, ValueError) as error:
        raise FormError(type(error).__name__) from error
    return plain_message(subject, text)


def plain_message(subject: str, text: str) -> Message:
    """Subject and text as they are."""
    return _message("text", "", subject, _header(subject), _text(text))


def _alarm(alarm: Mapping[str, Any], settings: Settings) -> Message:
    name, state = alarm["AlarmName"], alarm["NewStateValue"]
    severity, description = _severity(alarm.get("AlarmDescription") or "")
    at = datetime.fromisoformat(alarm["StateChangeTime"])
    trigger = alarm.get("Trigger") or {}  # a composite alarm has none
    fields = {"Severity": severity, "State": f"{state} (was {alarm['OldStateValue']})"}
    evaluated = timedelta()
    summary = f"{state} {severity}: {name}"
    reason = f"CloudWatch (UTC): {alarm['NewStateReason']}"  # its times are
    if trigger:
        metric, unit = _metric(trigger)
        value = _value(alarm, unit)
        threshold = _threshold(trigger, unit)
        periods, period = trigger["EvaluationPeriods"], timedelta(seconds=trigger["Period"])
        evaluated = periods * period
        lasting = _lasting(trigger.get("DatapointsToAlarm") or periods, periods, period)
        fields |= {"Value": value, "Threshold": f"{threshold} {lasting}"}
        summary += f": {value} (threshold {threshold})"
        reason = f"{metric}\n{reason}"
    fields |= {"Time": _time(at, settings), "Stack": settings.stack}

    region = alarm["AlarmArn"].split(":")[3]
    links = [
        ("Alarm", f"{_console(region)}/cloudwatch/deeplink.js?region={region}#alarmsV2:alarm/{quote(name, safe='')}"),
        ("Logs", _logs(region, settings.log_group, at - evaluated - LOGS_AROUND, at + LOGS_AROUND)),
    ]
    if alarm.get("AlarmRule"):
        children = "".join(
            f"\n{child['Arn'].partition(':alarm:')[2]} is {child['State']['Value']}"
            for child in alarm.get("TriggeringChildren") or []
        )
        reason += f"\nRule: {alarm['AlarmRule']}{children}"
    circle = CALM_CIRCLES.get(state) or CIRCLES.get(severity, ":large_orange_circle:")
    header = _header(f"{circle} {state}: {name}")
    return _message("alarm", name, summary, header, _text(description), _fields(fields), _text(reason), _links(links))


def _task(event: Mapping[str, Any], settings: Settings) -> Message:
    detail, region = event["detail"], event["region"]
    cluster, task_id = detail["clusterArn"].rpartition("/")[2], detail["taskArn"].rpartition("/")[2]
    service = detail["group"].partition(":")[2]
    at = datetime.fromisoformat(detail.get("stoppedAt") or event["time"])
    code = detail.get("stopCode")
    fields = {
        "Severity": "warning",
        "State": f"{detail['lastStatus']} ({code})" if code else detail["lastStatus"],
        "Service": service,
        "Task": task_id,
        "Task definition": detail["taskDefinitionArn"].rpartition("/")[2],
        "Time": _time(at, settings),
        "Stack": settings.stack,
    }
    if detail.get("startedAt"):
        fields["Duration"] = f"ran for {_duration(at - datetime.fromisoformat(detail['startedAt']))}"

    containers = [_container(container) for container in detail["containers"]]
    reason = detail.get("stoppedReason") or "no reason given"
    task_url = f"{_console(region)}/ecs/v2/clusters/{quote(cluster)}/tasks/{quote(task_id)}"
    links = [("Task", f"{task_url}/configuration?region={region}")]
    if settings.log_group.endswith(f"-{service}"):  # CMP-10: the group's name ends with the service's
        links += [
            (
                f"Logs of {container['name']}",
                _logs(
                    region,
                    settings.log_group,
                    at - LOGS_AROUND,
                    at + LOGS_AROUND,
                    stream=f"ecs/{container['name']}/{task_id}",
                ),
            )
            for container in detail["containers"]
        ]
    else:
        links.append(("Logs", f"{task_url}/logs?region={region}"))
    title = f"Task {detail['lastStatus'].lower()}: {service}"
    return _message(
        "task",
        service,
        f"warning: {title}: {reason} ({'; '.join(containers) or 'no containers'})",
        _header(f"{CIRCLES['warning']} {title}"),
        _text(f"Reason: {reason}"),
        _text("\n".join(containers)),
        _fields(fields),
        _links(links),
    )


def _deployment(event: Mapping[str, Any], settings: Settings) -> Message:
    detail, region = event["detail"], event["region"]
    cluster, service = event["resources"][0].split("/")[-2:]
    at = datetime.fromisoformat(detail.get("updatedAt") or event["time"])
    title = f"{detail['eventName'].removeprefix('SERVICE_').replace('_', ' ').capitalize()}: {service}"
    reason = detail.get("reason") or "no reason given"
    service_url = f"{_console(region)}/ecs/v2/clusters/{quote(cluster)}/services/{quote(service)}/deployments"
    fields = {
        "Severity": "warning",
        "State": detail["eventName"],
        "Service": service,
        "Deployment": detail["deploymentId"],
        "Time": _time(at, settings),
        "Stack": settings.stack,
    }
    links = [
        ("Service", f"{service_url}?region={region}"),
        ("Logs", _logs(region, settings.log_group, at - LOGS_AROUND, at + LOGS_AROUND)),
    ]
    header = _header(f"{CIRCLES['warning']} {title}")
    summary = f"warning: {title}: {reason}"
    return _message("deployment", service, summary, header, _text(f"Reason: {reason}"), _fields(fields), _links(links))


def _message(kind: str, about: str, summary: str, *blocks: dict[str, Any] | None) -> Message:
    """`summary` is what a phone shows before the message is opened."""
    shown = [block for block in blocks if block]
    return Message(kind, about, summary, {"text": _fit(summary, NOTIFICATION_LIMIT), "blocks": shown})


def _container(container: Mapping[str, Any]) -> str:
    code = container.get("exitCode")
    words = [f"{container['name']}: " + ("no exit code" if code is None else f"exit code {code}")]
    return ", ".join([*words, container["reason"]] if container.get("reason") else words)


def _severity(description: str) -> tuple[str, str]:
    """Severity and the rest of an alarm's description, which begins with `critical:` or `warning:`."""
    word, _colon, rest = description.partition(":")
    if word.strip() in CIRCLES:
        return word.strip(), rest.strip()
    return "not stated", description


def _metric(trigger: Mapping[str, Any]) -> tuple[str, str]:
    """What is measured, in words, and CloudWatch's name of its unit. An expression has none: `100 * ...` is a share."""
    if "Metrics" not in trigger:
        statistic = trigger.get("ExtendedStatistic") or str(trigger.get("Statistic", "")).capitalize()
        return _named(trigger, statistic), trigger.get("Unit") or UNITS.get(trigger["MetricName"], "None")
    returned = next(metric for metric in trigger["Metrics"] if metric.get("ReturnData", True))
    if "MetricStat" in returned:
        stat = returned["MetricStat"]
        metric = stat["Metric"]
        return _named(metric, stat["Stat"]), stat.get("Unit") or UNITS.get(metric["MetricName"], "None")
    label = returned.get("Label") or returned["Id"]
    return f"{label}: {returned['Expression']}", "Percent" if returned["Expression"].startswith("100 *") else "None"


def _named(metric: Mapping[str, Any], statistic: str) -> str:
    dimensions = ", ".join(f"{dimension['name']} {dimension['value']}" for dimension in metric.get("Dimensions") or [])
    return f"{metric['MetricName']} ({statistic}) of {dimensions or metric['Namespace']}"


def _value(alarm: Mapping[str, Any], unit: str) -> str:
    """The newest datapoint. It stands in CloudWatch's reason only, newest first."""
    found = NEWEST_DATAPOINT.search(alarm["NewStateReason"])
    if found:
        return _quantity(float(found[1]), unit)
    missing = alarm["NewStateValue"] == "INSUFFICIENT_DATA" or "no datapoints" in alarm["NewStateReason"]
    return "no data" if missing else "not stated"  # somebody set the state, for a test


def _threshold(trigger: Mapping[str, Any], unit: str) -> str:
    comparison = COMPARISONS.get(trigger["ComparisonOperator"])
    if comparison is None or trigger.get("Threshold") is None:
        return "outside of its expected band"
    return f"{comparison} {_quantity(float(trigger['Threshold']), unit)}"


def _quantity(value: float, unit: str) -> str:
    """A value with a unit that people read: bytes in powers of 1024, a part of a second in milliseconds."""
    if unit == "Percent":
        return f"{_number(value)} %"
    if unit == "Bytes":
        power = 0
        while abs(value) >= 1024 and power < len(BINARY_PREFIXES) - 1:
            value, power = value / 1024, power + 1
        return f"{_number(value)} {BINARY_PREFIXES[power]}"
    if unit == "Seconds":
        return f"{_number(value * 1000)} ms" if 0 < abs(value) < 1 else f"{_number(value)} s"
    return _number(value) if unit in ("Count", "None") else f"{_number(value)} {unit.lower()}"


def _number(value: float) -> str:
    if 0 < abs(value) < 0.01:
        return f"{value:.2g}"
    return f"{value:,.2f}".rstrip("0").rstrip(".")


def _lasting(datapoints: int, periods: int, period: timedelta) -> str:
    """How long a value must be beyond the threshold before the alarm goes off."""
    if datapoints < periods:
        return f"in {datapoints} of {periods} periods of {_duration(period)}"
    row = f" in a row ({periods} x {_duration(period)})" if periods > 1 else ""
    return f"for {_duration(periods * period)}{row}"


def _duration(duration: timedelta) -> str:
    minutes, seconds = divmod(round(duration.total_seconds()), 60)
    hours, minutes = divmod(minutes, 60)
    days, hours = divmod(hours, 24)
    parts = [(days, "d"), (hours, "h"), (minutes, "min"), (seconds, "s")]
    return " ".join(f"{number} {unit}" for number, unit in parts if number) or "0 s"


def _time(at: datetime, settings: Settings) -> str:
    return at.astimezone(settings.zone).strftime("%Y-%m-%d %H:%M:%S %Z")


def _console(region: str) -> str:
    return f"https://{region}.console.aws.amazon.com"


def _logs(region: str, group: str, start: datetime, end: datetime, stream: str = "") -> str:
    """A log group's events in the console, or those of one stream. It wants names escaped twice, with $ for %."""

    def escaped(name: str) -> str:
        return quote(quote(name, safe=""), safe="").replace("%", "$")

    window = f"$3Fstart$3D{_milliseconds(start)}$26end$3D{_milliseconds(end)}"
    events = f"log-events/{escaped(stream)}" if stream else "log-events"
    return (
        f"{_console(region)}/cloudwatch/home?region={region}"
        f"#logsV2:log-groups/log-group/{escaped(group)}/{events}{window}"
    )


def _milliseconds(at: datetime) -> int:
    return round(at.timestamp() * 1000)


def _header(text: str) -> dict[str, Any]:
    return {"type": "header", "text": {"type": "plain_text", "text": _fit(text, HEADER_LIMIT), "emoji": True}}


def _text(text: str) -> dict[str, Any] | None:
    """A section of plain text: nothing in it is formatted, linked or mentioned. Slack refuses an empty one."""
    if not text.strip():
        return None
    return {"type": "section", "text": {"type": "plain_text", "text": _fit(text, SECTION_LIMIT), "emoji": False}}


def _fields(fields: Mapping[str, str]) -> dict[str, Any]:
    """A table of at most ten fields (Slack's limit); no message here has more."""
    texts = [f"*{name}*\n{_fit(value, FIELD_LIMIT - len(name) - 3)}" for name, value in fields.items()]
    return {"type": "section", "fields": [{"type": "mrkdwn", "text": text, "verbatim": True} for text in texts]}


def _links(links: Iterable[tuple[str, str]]) -> dict[str, Any]:
    """A line of links. Half a link is none, so what does not fit is left out as a whole."""
    line = ""
    for label, url in links:
        link = f"<{_escape(url)}|{_escape(label)}>"
        longer = f"{line} | {link}" if line else link
        if len(longer) > SECTION_LIMIT - len(CUT):
            line += CUT
            break
        line = longer
    return {"type": "section", "text": {"type": "mrkdwn", "text": line, "verbatim": True}}


def _fit(text: str, limit: int) -> str:
    """Escaped text of at most `limit` characters, with a visible mark where it was cut."""
    escaped = _escape(text)
    if len(escaped) <= limit:
        return escaped
    return re.sub(r"&[a-z]*$", "", escaped[: limit - len(CUT)]) + CUT


def _escape(text: str) -> str:
    """Slack's three control characters (Slack: "Formatting text for app surfaces", escaping text)."""
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")

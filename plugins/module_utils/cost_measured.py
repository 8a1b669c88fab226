# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The second scenario of a stack's cost: the same lines with the usage that was measured. Pure functions."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

from ansible_collections.triflow.platform.plugins.module_utils import cost_built, cost_difference, cost_lines
from ansible_collections.triflow.platform.plugins.module_utils.cost_built import Variables
from ansible_collections.triflow.platform.plugins.module_utils.cost_usage import DECIMALS

Report = dict[str, Any]


class Usage(NamedTuple):
    """A usage variable: its unit, what it is called, and the lines that it decides."""

    unit: str
    en: str
    ko: str
    lines: tuple[str, ...]


USAGE: Mapping[str, Usage] = {
    "cost_task_runs": Usage(
        "runs", "Tasks that run once", "일회성 태스크 실행", ("fargate-runs-vcpu", "fargate-runs-memory")
    ),
    "cost_images_gb": Usage("GB", "Container images", "컨테이너 이미지", ("images",)),
    "cost_backup_gb": Usage("GB", "Backups of the database", "데이터베이스 백업", ("database-backups",)),
    "cost_s3_standard_gb": Usage("GB", "Objects in S3 Standard", "S3 Standard 객체", ("s3-standard",)),
    "cost_s3_glacier_gb": Usage("GB", "Objects in Glacier", "Glacier 객체", ("s3-glacier",)),
    "cost_s3_put_requests": Usage("requests", "S3 write requests", "S3 쓰기 요청", ("s3-put",)),
    "cost_s3_get_requests": Usage("requests", "S3 read requests", "S3 읽기 요청", ("s3-get",)),
    "cost_s3_transitions": Usage(
        "objects", "Objects that move to Glacier", "Glacier로 옮기는 객체", ("s3-transitions",)
    ),
    "cost_nat_gb": Usage("GB", "Data through NAT, without logs", "NAT 통과 데이터, 로그 제외", ("nat-gateway-data",)),
    "cost_flow_logs_gb": Usage("GB", "Flow logs of the VPC", "VPC 흐름 로그", ("flow-logs",)),
    "cost_lcu": Usage("LCU", "Capacity units on average", "평균 용량 단위", ("load-balancer-lcu",)),
    "cost_access_logs_gb": Usage("GB", "Access logs of the load balancer", "로드 밸런서 접근 로그", ("access-logs",)),
    "cost_logs_gb": Usage(
        "GB",
        "Logs taken in by CloudWatch",
        "CloudWatch 로그 수집",
        ("logs-ingestion", "log-archive", "nat-gateway-logs", "endpoint-data"),
    ),
    "cost_logs_stored_gb": Usage("GB", "Logs kept in CloudWatch", "CloudWatch 로그 보관", ("logs-storage",)),
    "cost_notifications": Usage(
        "messages", "Notifications", "알림", ("notifications", "slack-requests", "slack-duration")
    ),
    "cost_sms": Usage("messages", "SMS to each telephone", "전화번호별 문자 메시지", ("sms",)),
    "cost_custom_metrics": Usage("metrics", "Custom metrics", "사용자 지정 지표", ("custom-metrics",)),
    "cost_transfer_gb": Usage("GB", "Data to the internet", "인터넷 전송 데이터", ("internet-data",)),
    "cost_cross_zone_gb": Usage("GB", "Data between the zones", "가용 영역 간 데이터", ("cross-zone-data",)),
}


def variables(given: Variables, usage: Mapping[str, float]) -> dict[str, Any]:
    """The stack's variables with the usage that was measured in place of theirs."""
    found = {**given, **usage}
    if "cost_lcu" in usage:
        found["cost_lcu_dimensions"] = {}  # they would win
    if "cost_nat_gb" in usage and not cost_built.from_variables(given).logs_endpoint:
        # All that went through NAT was measured. The logs among it have a line of their own.
        found["cost_nat_gb"] = max(0, round(usage["cost_nat_gb"] - found["cost_logs_gb"], DECIMALS))
    return found


def scenario(given: Variables, first: Report, found: Variables, second: Report, measured: Mapping[str, Any]) -> Report:
    """What the second scenario adds to the report of a stack.

    ``first`` is its report with the variables that are ``given``, ``second`` the one with those that were ``found``.
    ``measured`` has the ``usage`` that was, by variable, and its ``hours``. Only lines that differ are listed, and only
    usage that decides a line; what was not measured is None.
    """
    assumed = {**given, "cost_lcu": float(cost_lines.lcu(given))}
    (compared,) = cost_difference.difference([first], [second], "")["stacks"]
    shown = {line["id"] for report in (first, second) for line in report["lines"]}
    return {
        "hours": measured["hours"],
        "total_usd": second["total_usd"],
        "total_krw": second["total_krw"],
        "adds_krw": compared["adds_krw"],
        "lines": [
            {
                "id": line["id"],
                "text_en": line["text_en"],
                "text_ko": line["text_ko"],
                "assumed_krw": line["before_krw"],
                "measured_krw": line["after_krw"],
                "adds_krw": line["adds_krw"],
            }
            for line in compared["lines"]
        ],
        "usage": [
            {
                "variable": name,
                "text_en": usage.en,
                "text_ko": usage.ko,
                "unit": usage.unit,
                "assumed": assumed[name],
                "measured": found[name] if name in measured["usage"] else None,
            }
            for name, usage in USAGE.items()
            if shown & set(usage.lines)
        ],
    }

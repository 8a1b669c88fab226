# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""What the lines and switches of a cost report are called, in English and Korean, and which record row decides them."""

from __future__ import annotations

from typing import NamedTuple


class Text(NamedTuple):
    """``in_record``: the record's table (COST-1..7) counts it, too. Otherwise the record forgot it."""

    group: str  # compute, database, storage, network, load_balancing, monitoring, security
    record_id: str
    in_record: bool
    en: str
    ko: str


LINES = {
    "fargate-vcpu": Text("compute", "COST-1", True, "Fargate, processors", "Fargate 프로세서"),
    "fargate-memory": Text("compute", "COST-1", True, "Fargate, memory", "Fargate 메모리"),
    "fargate-runs-vcpu": Text("compute", "", False, "Tasks that run once, processors", "일회성 태스크 프로세서"),
    "fargate-runs-memory": Text("compute", "", False, "Tasks that run once, memory", "일회성 태스크 메모리"),
    "images": Text("compute", "CMP-8", False, "Container images in ECR", "ECR 컨테이너 이미지"),
    "database-hours": Text("database", "COST-2", True, "Database instance", "데이터베이스 인스턴스"),
    "database-storage": Text("database", "COST-2", True, "Database storage, gp3", "데이터베이스 스토리지 gp3"),
    "database-iops": Text("database", "DB-4", False, "Database IOPS above the baseline", "기본 성능을 넘는 IOPS"),
    "database-throughput": Text(
        "database", "DB-4", False, "Database throughput above the baseline", "기본을 넘는 처리량"
    ),
    "database-backups": Text("database", "DB-6", False, "Backups beyond the database's size", "크기를 넘는 백업"),
    "s3-standard": Text("storage", "COST-3", True, "Objects in S3 Standard", "S3 Standard 객체"),
    "s3-glacier": Text("storage", "COST-3", True, "Objects in Glacier", "Glacier 객체"),
    "s3-put": Text("storage", "COST-3", True, "S3 write requests", "S3 쓰기 요청"),
    "s3-get": Text("storage", "COST-3", True, "S3 read requests", "S3 읽기 요청"),
    "s3-transitions": Text("storage", "S3-3", False, "Objects that move to Glacier", "Glacier로 옮기는 객체"),
    "access-logs": Text("storage", "ALB-8", False, "Access logs of the load balancer", "로드 밸런서 접근 로그"),
    "nat-gateway-hours": Text("network", "COST-4", True, "NAT gateway", "NAT 게이트웨이"),
    "nat-gateway-data": Text("network", "COST-4", True, "Data through NAT", "NAT 통과 데이터"),
    "nat-gateway-logs": Text("network", "MON-1", False, "Logs through NAT to CloudWatch", "NAT를 지나는 로그"),
    "nat-gateway-addresses": Text("network", "NET-4", False, "Public IPv4 addresses of NAT", "NAT 공인 IPv4 주소"),
    "endpoint-hours": Text("network", "NET-5", False, "Interface endpoints", "인터페이스 엔드포인트"),
    "endpoint-data": Text("network", "NET-5", False, "Logs through the endpoint", "엔드포인트를 지나는 로그"),
    "flow-logs": Text("network", "", False, "Flow logs of the VPC", "VPC 흐름 로그"),
    "internet-data": Text("network", "COST-7", True, "Data to the internet", "인터넷 전송 데이터"),
    "cross-zone-data": Text("network", "NET-3", False, "Data between the zones", "가용 영역 간 데이터"),
    "load-balancer-hours": Text("load_balancing", "COST-5", True, "Load balancer", "로드 밸런서"),
    "load-balancer-lcu": Text(
        "load_balancing", "COST-5", True, "Load balancer, capacity units", "로드 밸런서 용량 단위"
    ),
    "load-balancer-addresses": Text(
        "load_balancing", "ALB-1", False, "Public IPv4 addresses of the load balancer", "로드 밸런서 공인 IPv4 주소"
    ),
    "hosted-zone": Text("load_balancing", "OPT-2", False, "Hosted zone in Route 53", "Route 53 호스팅 영역"),
    "logs-ingestion": Text("monitoring", "COST-6", True, "Logs taken in by CloudWatch", "CloudWatch 로그 수집"),
    "logs-storage": Text("monitoring", "COST-6", True, "Logs kept in CloudWatch", "CloudWatch 로그 보관"),
    "alarms": Text("monitoring", "COST-6", True, "Alarms", "경보"),
    "alarms-metric-math": Text("monitoring", "ALM-4", False, "Further metrics of alarms", "경보의 추가 지표"),
    "notifications": Text("monitoring", "COST-6", True, "Notifications by SNS", "SNS 알림"),
    "sms": Text("monitoring", "MON-8", False, "SMS to telephones", "문자 메시지"),
    "log-archive": Text("monitoring", "MON-3", False, "Log archive by Firehose", "Firehose 로그 보관"),
    "dashboard": Text("monitoring", "MON-4", False, "Dashboard", "대시보드"),
    "container-insights": Text("monitoring", "MON-4", False, "Container Insights metrics", "Container Insights 지표"),
    "custom-metrics": Text("monitoring", "MON-7", False, "Custom metrics", "사용자 지정 지표"),
    "slack-requests": Text("monitoring", "MON-8", False, "Messages to Slack, requests", "Slack 전송 요청"),
    "slack-duration": Text("monitoring", "MON-8", False, "Messages to Slack, duration", "Slack 전송 실행 시간"),
    "kms-key": Text("security", "MON-8", False, "KMS key of the topics", "알림 토픽의 KMS 키"),
    "secrets": Text("security", "DB-12", False, "Secrets in Secrets Manager", "Secrets Manager 보안 암호"),
}


class SwitchText(NamedTuple):
    """Of what can be switched on, or may come."""

    record_id: str
    en: str
    ko: str


SWITCHES = {
    "nat-per-zone": SwitchText("NET-4", "One NAT gateway per zone", "가용 영역마다 NAT 게이트웨이"),
    "interface-endpoints": SwitchText("NET-5", "Interface endpoints", "인터페이스 엔드포인트"),
    "flow-logs": SwitchText("", "Flow logs of the VPC", "VPC 흐름 로그"),
    "multi-az": SwitchText("DB-3", "Multi-AZ database", "다중 AZ 데이터베이스"),
    "access-logs": SwitchText("ALB-8", "Access logs of the load balancer", "로드 밸런서 접근 로그"),
    "container-insights": SwitchText("MON-4", "Container Insights", "Container Insights"),
    "custom-metrics": SwitchText("MON-7", "Custom metrics", "사용자 지정 지표"),
    "redis": SwitchText("OPT-1", "ElastiCache Redis, cache.t4g.small", "ElastiCache Redis cache.t4g.small"),
    "waf": SwitchText(
        "OPT-3", "WAF on the load balancer, two managed rule groups", "로드 밸런서 WAF, 관리형 규칙 그룹 2개"
    ),
    "extended-support": SwitchText(
        "DB-1",
        "Extended Support, once RDS ends standard support of the major version",
        "RDS 표준 지원 종료 후 확장 지원",
    ),
}

"""What `playbooks/status.yml` prints."""

from __future__ import annotations

from typing import Any

from ansible_collections.triflow.platform.plugins.module_utils.service_report import service_report

SERVICE: dict[str, Any] = {
    "arn": "arn:aws:ecs:ap-northeast-2:123456789012:service/triflow-prod/backend",
    "running_count": 1,
    "desired_count": 2,
    "pending_count": 1,
    "task_definition": "arn:aws:ecs:ap-northeast-2:123456789012:task-definition/triflow-prod-backend:7",
    "previous_task_definition": "arn:aws:ecs:ap-northeast-2:123456789012:task-definition/triflow-prod-backend:5",
    "since": "2026-11-23T10:00:00+09:00",
    "rollout_state": "IN_PROGRESS",
    "images": {"backend": "example/backend:2"},
    "targets": [
        {"id": "10.0.11.5", "port": 8000, "state": "healthy", "description": None},
        {"id": "10.0.12.5", "port": 8000, "state": "unhealthy", "description": "Health checks failed"},
    ],
    "stopped_tasks": ["task 0a1b stopped: Essential container in task exited (backend exit code 1)"],
    "events": [{"at": "2026-11-23T10:01:00+09:00", "message": "(service backend) has started 1 tasks."}],
}


def test_everything_is_said() -> None:
    assert service_report(SERVICE) == [
        "backend: 1 of 2 tasks run, 1 pending",
        "revision triflow-prod-backend:7 since 2026-11-23T10:00:00+09:00: IN_PROGRESS",
        "image of backend: example/backend:2",
        "a rollback goes to triflow-prod-backend:5",
        "target 10.0.11.5:8000 is healthy",
        "target 10.0.12.5:8000 is unhealthy (Health checks failed)",
        "stopped: task 0a1b stopped: Essential container in task exited (backend exit code 1)",
        "event 2026-11-23T10:01:00+09:00: (service backend) has started 1 tasks.",
    ]


def test_without_anything_to_go_back_to_nothing_is_said_of_it() -> None:
    lines = service_report({**SERVICE, "previous_task_definition": None})
    assert not [line for line in lines if "rollback" in line]

"""Values of Ansible Vault are shown nowhere: not in a plan, a result, a refusal, the summary or a report."""

from __future__ import annotations

import subprocess
from pathlib import Path
from typing import Any

import pytest
import yaml
from ansible.parsing.vault import VaultLib, VaultSecret

from tests.conftest import PROJECT, Lab
from tests.integration.playbook import ANSIBLE_PLAYBOOK, environment

VAULT = VaultLib([("default", VaultSecret(b"a password"))])
ADDRESS, TAG, ENVIRONMENT, WORD, DIGITS = (
    "ann@secret.example",
    "tag-5ecre7",
    "env-5ecre7",
    "w0rd-5ecre7",
    "735531",
)
WHOLE = {"vault_word": WORD, "vault_pin": "7355"}


class Vaulted(str):
    """A value with the tag !vault."""


class Dumper(yaml.SafeDumper):
    pass


Dumper.add_representer(
    Vaulted,
    lambda dumper, value: dumper.represent_scalar("!vault", VAULT.encrypt(value).decode(), style="|"),
)


def inventory(directory: Path, **variables: Any) -> tuple[str, ...]:
    """A stack with these variables and an encrypted file, and the options of a command that reads it."""
    own = {"s3_bucket_name": "triflow-vaulted", "dns_zone_name": "vaulted.com", **variables}
    (directory / "hosts.yml").write_text(yaml.dump({"prod": {"hosts": {"triflow-vaulted": own}}}, Dumper=Dumper))
    (directory / "host_vars").mkdir()
    (directory / "host_vars/triflow-vaulted.yml").write_bytes(VAULT.encrypt(yaml.safe_dump(WHOLE)))
    (directory / "password").write_text("a password")
    return ("-i", str(directory / "hosts.yml"), "--vault-password-file", str(directory / "password"))


@pytest.mark.parametrize("shows", ["default", "ansible.posix.json"])
def test_a_plan_does_not_show_them(empty_lab: Lab, tmp_path: Path, shows: str) -> None:
    options = inventory(
        tmp_path,
        notifications_email_addresses=[Vaulted(ADDRESS)],
        stack_tags={"Owner": Vaulted(TAG)},
        ecs_environment={
            "PLAIN": Vaulted(ENVIRONMENT),
            "PUT_TOGETHER": "begin {{ vault_word }} end",
            "NUMBER": Vaulted(DIGITS),
            "PIN": "{{ vault_pin }}",
        },
    )
    parts = ("--tags", "ecs,notifications", "-e", "stack_read_only=true")  # what these need is not asked for
    plan = ("site.yml", *options, "--check", "--diff", "-vvv", *parts)
    run = output(empty_lab, tmp_path, shows, *plan)
    written = (tmp_path / "summary.json").read_text()
    for secret in (ADDRESS, TAG, ENVIRONMENT, WORD, DIGITS):
        assert secret not in run
        assert secret not in written
    assert "(hidden)" in run
    assert "triflow-vaulted" in run  # what is not from a vault stays


def test_a_refusal_does_not_show_them(lab: Lab, tmp_path: Path) -> None:
    options = inventory(
        tmp_path, rds_backup_window=Vaulted("half past three"), notifications_email_addresses=["{{ vault_word }}"]
    )
    run = output(lab, tmp_path, "default", "playbooks/preflight.yml", *options)
    assert "rds_backup_window" in run
    assert "half past three" not in run
    assert WORD not in run


def output(lab: Lab, directory: Path, shows: str, *arguments: str) -> str:
    """All that a run prints."""
    done = subprocess.run(
        [ANSIBLE_PLAYBOOK, *arguments],
        cwd=PROJECT,
        env=environment(lab, directory) | {"ANSIBLE_STDOUT_CALLBACK": shows},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=180,
        check=False,
    )
    return done.stdout + done.stderr

"""RDS instances of PostgreSQL that answer: the lab's server stands behind all of them.

An instance's master user and DBName are a role and a database of that server. Instances with the same master user
share the role and so its password; instances with the same DBName share the database: that is how a restored instance
sees its source's data. They go when the last instance that uses them is deleted.
"""

from __future__ import annotations

import json
import os
import secrets
import time
import uuid
from collections.abc import Iterator
from pathlib import Path
from threading import RLock
from typing import Any

from cryptography import x509
from moto.rds.exceptions import InvalidParameterValue
from moto.rds.models import DBInstance, MasterUserSecret, RDSBackend, rds_backends

from lab.corrections.override import override
from lab.database import ADMINISTRATOR, Server
from lab.state import authority

# The role of the server's own superuser, and what PostgreSQL keeps to itself.
RESERVED = (ADMINISTRATOR, "rds_superuser", "postgres", "admin", "public")

# One password for all: two instances that are made at once must not each choose one, nor change the role together.
ONE_AT_A_TIME = RLock()

ROTATION_DAYS = 7
PASSWORD_OPTIONS = {"master_user_password", "manage_master_user_password", "rotate_master_user_password"}


def _directory() -> Path:
    return Path(os.environ["TRIFLOW_LAB_DIR"])


def server() -> Server:
    return Server.of(_directory())


def _instances() -> Iterator[DBInstance]:
    """PostgreSQL instances of all accounts and regions."""
    for account in list(rds_backends.values()):
        for backend in list(account.values()):
            for instance in list(backend.databases.values()):
                if instance.engine == "postgres" and not instance.db_cluster_identifier:
                    yield instance


def _password(instance: DBInstance) -> str:
    """Master password: the managed secret's, or the one that was given."""
    secret = getattr(instance, "master_user_secret", None)
    if secret is None:
        return str(instance._master_user_password)
    content = instance.backend.secretsmanager.get_secret_value(secret.secret_arn, "", "AWSCURRENT")
    return str(json.loads(content["SecretString"])["password"])


def _shared_password(instance: DBInstance) -> str | None:
    """Password of another instance with the same master user."""
    others = (other for other in _instances() if other is not instance and not other.is_replica)
    return next((_password(other) for other in others if other.master_username == instance.master_username), None)


@override(MasterUserSecret, "_generate_secret_string")
def _secret_string(original: Any, self: MasterUserSecret) -> str:
    """Password management with RDS and Secrets Manager: the master user's name and a random password."""
    instance = self.resource
    if not isinstance(instance, DBInstance) or instance.engine != "postgres":
        content: str = original(self)
        return content
    password = _shared_password(instance) or secrets.token_urlsafe(21)
    return json.dumps({"username": instance.master_username, "password": password})


@override(MasterUserSecret, "_create_secret")
def _create_secret(original: Any, self: MasterUserSecret, kms_key_id: str | None) -> Any:
    """Password management with RDS and Secrets Manager: the secret is rotated every seven days, without a function."""
    secret = original(self, kms_key_id)
    secret.rotation_requested = secret.rotation_enabled = True
    secret.auto_rotate_after_days = ROTATION_DAYS
    secret.next_rotation_date = int(time.time()) + ROTATION_DAYS * 86400
    return secret


@override(MasterUserSecret, "rotate_secret")
def _rotate_secret(_unused: Any, self: MasterUserSecret) -> None:
    """ModifyDBInstance, RotateMasterUserPassword: the secret gets a new password."""
    content = json.dumps({"username": self.resource.master_username, "password": secrets.token_urlsafe(21)})
    self.secretsmanager.put_secret_value(self.secret.arn, content, "", str(uuid.uuid4()), ["AWSCURRENT"])
    self._status = "rotating"


@override(RDSBackend, "create_db_instance")
def _create_db_instance(original: Any, self: RDSBackend, db_kwargs: Any) -> DBInstance:
    """CreateDBInstance: the master user can log in with its password and owns the database DBName."""
    user = db_kwargs.get("master_username")
    if db_kwargs.get("engine") == "postgres" and user and (user in RESERVED or user.startswith("pg_")):
        raise InvalidParameterValue(f"MasterUsername {user} cannot be used as it is a reserved word used by the engine")
    with ONE_AT_A_TIME:
        instance: DBInstance = original(self, db_kwargs)
        if instance.engine == "postgres" and not instance.db_cluster_identifier:
            if not instance.manage_master_user_password and instance._master_user_password is None:
                # Restored without password management from a source with it: the master user's password stays as it is.
                instance.master_user_password = _shared_password(instance) or secrets.token_urlsafe(21)
            server().create_master(str(instance.master_username), _password(instance), instance.db_name)
        return instance


@override(RDSBackend, "modify_db_instance")
def _modify_db_instance(original: Any, self: RDSBackend, identifier: str, db_kwargs: Any) -> DBInstance:
    """ModifyDBInstance, MasterUserPassword and ManageMasterUserPassword: the role gets the new password."""
    with ONE_AT_A_TIME:
        instance: DBInstance = original(self, identifier, db_kwargs)
        if instance.engine == "postgres" and PASSWORD_OPTIONS & set(db_kwargs):
            server().set_password(str(instance.master_username), _password(instance))
        return instance


@override(RDSBackend, "delete_db_instance")
def _delete_db_instance(original: Any, self: RDSBackend, *arguments: Any, **options: Any) -> DBInstance:
    """DeleteDBInstance: the data goes, unless another instance shares it."""
    with ONE_AT_A_TIME:
        instance: DBInstance = original(self, *arguments, **options)
        if instance.engine == "postgres" and not instance.db_cluster_identifier:
            others = list(_instances())
            if not others:
                server().reset()
            else:
                server().drop_master(
                    str(instance.master_username),
                    keep_role=any(other.master_username == instance.master_username for other in others),
                    databases=[instance.db_name]
                    if instance.db_name and all(other.db_name != instance.db_name for other in others)
                    else [],
                )
        return instance


def _endpoint(self: DBInstance) -> dict[str, Any]:
    """Endpoint of DBInstance: where the database answers."""
    if self.engine != "postgres" or self.db_cluster_identifier:
        return {"Address": self.address, "Port": self.port}
    if self.status == "creating":
        return {}
    found = server()
    return {"Address": found.host, "Port": found.port, "HostedZoneId": "ZLA2NUCOLGUUR"}


DBInstance.endpoint = property(_endpoint)  # type: ignore[method-assign,assignment]


def _certificate_details(self: DBInstance) -> dict[str, Any]:
    """CertificateDetails of DBInstance: which authority, and until when. All of the lab's ends on one day."""
    (certificate,) = x509.load_pem_x509_certificates(authority(_directory()).read_bytes())
    return {"CAIdentifier": self.ca_certificate_identifier, "ValidTill": certificate.not_valid_after_utc}


DBInstance.certificate_details = property(_certificate_details)  # type: ignore[attr-defined]

#!/usr/bin/python
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
from __future__ import annotations

DOCUMENTATION = r"""
module: db_extensions
version_added: 0.1.0
short_description: PostgreSQL extensions in a database on RDS
author: TriFlow AI (@triflow-ai)
description:
  - Creates the extensions that are missing, and verifies by SQL that they are there (DB-9).
  - Connects over TLS from this machine to the instance's endpoint, as the master user, whose password the module
    itself reads from the secret that RDS manages. The password never leaves the module.
  - The server has to prove by its certificate that it is the endpoint, and by SCRAM that it knows the password already.
    One that asks for the password in clear or by MD5 gets nothing.
  - All of it ends within O(wait_timeout), also when another session holds a lock or the server falls silent. While it
    waits for a session it says for which.
  - An extension that is there and not listed is left alone, and so is its version.
options:
  db_instance_identifier:
    description: Identifier of the DB instance.
    type: str
    required: true
  database:
    description: Name of the database.
    type: str
    required: true
  ca_file:
    description: File with the certificates of the authorities that may have signed the server's, in PEM.
    type: path
    required: true
  extensions:
    description: Names as in C(pg_available_extensions).
    type: list
    elements: str
    required: true
  wait_timeout:
    description: Longest time for all extensions together, in seconds, from the login on.
    type: int
    default: 300
requirements:
  - psycopg >= 3.1
  - libpq >= 16, which the package psycopg-binary brings
extends_documentation_fragment:
  - triflow.platform.stack
  - amazon.aws.common.modules
  - amazon.aws.region.modules
  - amazon.aws.boto3
attributes:
  check_mode:
    description: Reads the database when it is there; announces all extensions when it is not there yet.
    support: full
  diff_mode:
    description: Shows the extensions that would be created.
    support: full
"""

EXAMPLES = r"""
- name: Extensions
  triflow.platform.db_extensions:
    db_instance_identifier: triflow-prod-db
    database: triflow
    ca_file: /etc/ssl/rds/ap-northeast-2.pem
    extensions: [vector, pg_trgm]
"""

RETURN = r"""
changes:
  description: What was done, or would be.
  returned: always
  type: list
  elements: dict
  sample: [{component: extension-vector, action: create, fields: []}]
resources:
  description: The extensions with their versions, by component.
  returned: always
  type: dict
  sample: {extension-vector: {id: vector, version: 0.8.1}}
"""

import contextlib
import json
from typing import Any, override

from ansible.module_utils.basic import missing_required_lib
from ansible_collections.triflow.platform.plugins.module_utils import progress
from ansible_collections.triflow.platform.plugins.module_utils.guard import Guard
from ansible_collections.triflow.platform.plugins.module_utils.postgresql import (
    Database,
    Limit,
    OverTime,
)
from ansible_collections.triflow.platform.plugins.module_utils.rds_certificates import file_fault
from ansible_collections.triflow.platform.plugins.module_utils.resource import Resource, Run, StackModule

try:
    import psycopg
    from psycopg import sql

    HAS_PSYCOPG = True
except ImportError:
    HAS_PSYCOPG = False

LIBPQ_WITH_REQUIRE_AUTH = 160000


def connect(module: StackModule) -> Database | None:
    """The database as the master user sees it, or None when the instance is not there yet and this is only a plan."""
    identifier, database = module.params["db_instance_identifier"], module.params["database"]
    answer = module.api("rds").call(
        "describe_db_instances", on=identifier, absent=("DBInstanceNotFound",), DBInstanceIdentifier=identifier
    )
    instance: dict[str, Any] = answer["DBInstances"][0] if answer else {}
    endpoint, secret = instance.get("Endpoint"), instance.get("MasterUserSecret")
    if not (endpoint and secret):
        if module.check_mode:
            return None
        module.fail(
            msg=f"DB instance {identifier} is not ready (status {instance.get('DBInstanceStatus', 'not there')}): "
            "run playbooks/data.yml and wait for it first"
        )
    value = module.api("secretsmanager").call("get_secret_value", on=identifier, SecretId=secret["SecretArn"])
    login = json.loads(value["SecretString"])
    try:
        return Database(
            Limit(module.params["wait_timeout"]),
            lambda sentence: progress.say(f"{identifier}: {sentence}"),
            host=endpoint["Address"],
            port=endpoint["Port"],
            dbname=database,
            user=login["username"],
            password=login["password"],
            sslmode="verify-full",
            sslrootcert=module.params["ca_file"],
            gssencmode="disable",  # with a Kerberos ticket at hand libpq would take that in place of TLS
            require_auth="scram-sha-256",
        )
    except psycopg.OperationalError as error:
        module.fail_because(
            error, "PostgreSQL connection", f"database {database} of {identifier}", secrets=[login["password"]]
        )


class Extension(Resource):
    """An extension; without a connection, one of a database that is only planned."""

    def __init__(self, name: str, database: Database | None, guard: Guard) -> None:
        super().__init__(f"extension-{name}")
        self.name = name
        self.database = database
        self.guard = guard

    @override
    def find(self) -> dict[str, Any] | None:
        if self.database is None:
            return None
        row = self.database.execute("SELECT extversion FROM pg_extension WHERE extname = %s", (self.name,)).fetchone()
        return {"id": self.name, "version": row[0]} if row else None

    @override
    def wanted(self, live: dict[str, Any] | None) -> dict[str, Any]:
        return {"name": self.name, "version": None} if live is None else {}

    @override
    def create(self, wanted: dict[str, Any]) -> str:
        if self.database is None:
            raise ValueError(f"{self.name} cannot be created without a connection")
        self.guard.ask()  # no client of AWS does
        errors = psycopg.errors
        # Another run that creates it at the same time: IF NOT EXISTS does not see what is not committed yet.
        with contextlib.suppress(errors.UniqueViolation, errors.DuplicateObject, errors.DuplicateFunction):
            self.database.write(sql.SQL("CREATE EXTENSION IF NOT EXISTS {}").format(sql.Identifier(self.name)))
        if self.find() is None:
            raise psycopg.DatabaseError(f"{self.name} is not in pg_extension after CREATE EXTENSION")
        return self.name


def main() -> None:
    module = StackModule(
        {
            "db_instance_identifier": {"type": "str", "required": True},
            "database": {"type": "str", "required": True},
            "ca_file": {"type": "path", "required": True},
            "extensions": {"type": "list", "elements": "str", "required": True},
            "wait_timeout": {"type": "int", "default": 300},
        },
        state=False,
    )
    if not HAS_PSYCOPG:
        module.fail(msg=missing_required_lib("psycopg"))
    if psycopg.pq.version() < LIBPQ_WITH_REQUIRE_AUTH:
        module.fail(
            msg=f"libpq {psycopg.pq.version()} cannot demand scram-sha-256: install psycopg[binary], or libpq 16."
        )
    if fault := file_fault(module.params["ca_file"]):
        module.fail(msg=f"ca_file {module.params['ca_file']} holds no certificate to verify the database with: {fault}")
    database = connect(module)
    run = Run(module)
    for name in module.params["extensions"]:
        try:
            run.present(Extension(name, database, module.guard))
        except OverTime as state:
            cannot = f"Cannot create the extension {name} in {module.params['database']}"
            module.fail(msg=f"{cannot} within {module.params['wait_timeout']} s (rds_extensions_timeout): {state}")
        except psycopg.Error as error:
            advice = database.remedy(error) if database else ""
            module.fail_because(error, "PostgreSQL CREATE EXTENSION", f"{name} in {module.params['database']}", advice)
    run.exit()


if __name__ == "__main__":
    main()

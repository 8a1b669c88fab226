"""Certificates for PostgreSQL's TLS: the lab's own authority, and the server's, signed by it."""

from __future__ import annotations

import datetime
import ipaddress
import os
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID


def write_certificates(authority: Path, certificate: Path, key: Path, addresses: list[str]) -> None:
    """Write the authority's certificate, one for these IP addresses, and its key, which only the owner can read.

    Both are valid for a year. The authority's own key is not kept, so that it signs nothing else.
    """
    authority_key, server_key = (ec.generate_private_key(ec.SECP256R1()) for _unused in range(2))
    issuer = _name("triflow lab authority")
    identifier = x509.SubjectKeyIdentifier.from_public_key(authority_key.public_key())
    _sign(
        authority,
        _builder(issuer, issuer, authority_key)
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .add_extension(identifier, critical=False),
        authority_key,
    )
    alternatives = [x509.IPAddress(ipaddress.ip_address(address)) for address in addresses]
    of_issuer = x509.AuthorityKeyIdentifier.from_issuer_subject_key_identifier(identifier)
    _sign(
        certificate,
        _builder(_name("triflow lab"), issuer, server_key)
        .add_extension(x509.SubjectAlternativeName(alternatives), critical=False)
        .add_extension(of_issuer, critical=False),
        authority_key,
    )
    with os.fdopen(os.open(key, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
        file.write(
            server_key.private_bytes(
                serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
            )
        )


def _name(text: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, text)])


def _builder(subject: x509.Name, issuer: x509.Name, key: ec.EllipticCurvePrivateKey) -> x509.CertificateBuilder:
    now = datetime.datetime.now(datetime.UTC)
    return (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - datetime.timedelta(minutes=5))
        .not_valid_after(now + datetime.timedelta(days=365))
    )


def _sign(path: Path, builder: x509.CertificateBuilder, key: ec.EllipticCurvePrivateKey) -> None:
    path.write_bytes(builder.sign(key, hashes.SHA256()).public_bytes(serialization.Encoding.PEM))

"""HTTPS: certificates are checked, and who is not trusted is said."""

from __future__ import annotations

import datetime
import ssl
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from simulator.stress.engine import running
from simulator.stress.figures import Figures
from simulator.stress.load import Load
from simulator.stress.target import Target
from tests.support.answering_site import running_site


def certificate(folder: Path) -> Path:
    """A certificate for `localhost`, signed by itself, with its key in the same file."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "localhost")])
    now = datetime.datetime.now(datetime.UTC)
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - datetime.timedelta(days=1))
        .not_valid_after(now + datetime.timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName("localhost")]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .sign(key, hashes.SHA256())
    )
    file = folder / "localhost.pem"
    pem = serialization.Encoding.PEM
    form, secret = serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    file.write_bytes(key.private_bytes(pem, form, secret) + made.public_bytes(pem))
    return file


async def called(file: Path) -> Figures:
    tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    tls.load_cert_chain(file)
    with running_site(tls) as site:
        target = Target(f"https://localhost:{site.port}/")
        async with running(target, Load(rate_per_s=50, duration_s=0.2)) as run:
            async for _ in run.snapshots():
                pass
            return run.figures()


async def test_a_trusted_server_is_called(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = certificate(tmp_path)
    monkeypatch.setenv("SSL_CERT_FILE", str(file))
    figures = await called(file)
    assert (figures.counts.ok, figures.counts.errors) == (10, 0)


async def test_a_server_that_is_not_trusted_gets_no_request(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("SSL_CERT_FILE", raising=False)
    figures = await called(certificate(tmp_path))
    assert figures.counts.lost == 10
    (failed,) = figures.failed
    assert failed.label.startswith("cannot connect: certificate: self-signed certificate")

"""Real servers for the mail tests, and the mails of other projects where they are at hand."""

from __future__ import annotations

import ssl
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.integration.dovecot import Dovecot, require_dovecot

SHARED_MAILS = Path(__file__).resolve().parents[4] / "shared" / "mails"


@pytest.fixture(scope="session")
def shared_mails() -> Path:
    """The corpora of other mail projects (never committed here)."""
    if not SHARED_MAILS.is_dir():
        pytest.skip("The mails of other projects are not at hand: they are expected beside the repository in ../shared/mails")
    return SHARED_MAILS


@pytest.fixture
def dovecot() -> Iterator[Dovecot]:
    require_dovecot()
    server = Dovecot()
    server.start()
    yield server
    server.cleanup()


@pytest.fixture(scope="session")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A self-signed certificate for localhost, key and certificate in one file."""
    folder = tmp_path_factory.mktemp("tls")
    pem, key = folder / "both.pem", folder / "key.pem"
    subject = ["-subj", "/CN=localhost", "-addext", "subjectAltName=DNS:localhost,IP:127.0.0.1"]
    make = ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-keyout", str(key), "-out", str(pem)]
    subprocess.run([*make, *subject], check=True, capture_output=True)
    pem.write_text(pem.read_text() + key.read_text())
    folder.chmod(0o755)
    return pem


@pytest.fixture
def trusting(certificate: Path) -> ssl.SSLContext:
    """A client's context that trusts the certificate."""
    return ssl.create_default_context(cafile=str(certificate))

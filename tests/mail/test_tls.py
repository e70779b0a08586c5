"""Mail over TLS: only to a server whose certificate can be trusted, and never without."""

from __future__ import annotations

import shutil
import ssl
import subprocess
from pathlib import Path

import pytest

from bot.errors import MailServerError
from bot.jobs.email import DeliverEmail
from bot.store.store import Store
from tests.conftest import IN_CI, Clock
from tests.mail.conftest import ADDRESS, FROM, OweAlert
from tests.mail.server import mail_server


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A certificate for 127.0.0.1 that nobody trusts yet, with its key in the same file."""
    openssl = shutil.which("openssl")
    if openssl is None:
        missing = "there is no openssl on the path: install it (apt-get install openssl)"
        if IN_CI:
            pytest.fail(missing)
        pytest.skip(missing)
    path = tmp_path_factory.mktemp("tls") / "server.pem"
    subprocess.run(
        [
            *(openssl, "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256"),
            *("-nodes", "-days", "2", "-subj", "/CN=127.0.0.1"),
            *("-addext", "subjectAltName=IP:127.0.0.1", "-keyout", path, "-out", f"{path}.crt"),
        ],
        check=True,
        capture_output=True,
    )
    path.write_text(path.read_text() + Path(f"{path}.crt").read_text())
    return path


def speaks(certificate: Path) -> ssl.SSLContext:
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(certificate)
    return context


@pytest.mark.parametrize("security", ["starttls", "tls"])
async def test_mail_goes_over_tls_to_a_server_that_is_trusted(
    store: Store,
    owe_alert: OweAlert,
    clock: Clock,
    certificate: Path,
    security: str,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    await owe_alert()
    tls = speaks(certificate)
    async with mail_server(password="right", tls=tls, wrapped=security == "tls") as server:
        relay = server.relay(security=security, user="bot", password="right")
        deliver = DeliverEmail(store, relay, FROM, clock)
        with pytest.raises(MailServerError, match="no certificate that can be trusted"):
            await deliver()
        assert server.taken == []
        monkeypatch.setenv("SSL_CERT_FILE", str(certificate))
        await DeliverEmail(store, relay, FROM, clock)()
        assert [taken.recipient for taken in server.taken] == [ADDRESS]

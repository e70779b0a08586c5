"""Settings that need each other, and those that must make sense alone."""

from __future__ import annotations

import pytest

from bot.errors import SettingsError
from bot.mail.setup import outgoing
from config.settings import Settings, load

MAIL = {"smtp_host": "mail.example.org", "email_from": "Paperwire <papers@example.org>"}


@pytest.fixture(autouse=True)
def alone(monkeypatch: pytest.MonkeyPatch, tmp_path: object) -> None:
    """A folder and an environment without settings."""
    monkeypatch.chdir(str(tmp_path))


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"smtp_host": "mail.example.org"}, "PAPERWIRE_EMAIL_FROM is missing"),
        ({**MAIL, "smtp_user": "bot"}, "PAPERWIRE_SMTP_PASSWORD is missing"),
        ({**MAIL, "smtp_password": "x"}, "PAPERWIRE_SMTP_USER is missing"),
        ({"web_url": "https://papers.example.org"}, "PAPERWIRE_WEB_PORT is missing"),
        ({"email_from": "papers"}, "PAPERWIRE_EMAIL_FROM makes no sense"),
        ({"email_from": "a\nb <papers@example.org>"}, "PAPERWIRE_EMAIL_FROM makes no sense"),
        ({"smtp_security": "ssl"}, "PAPERWIRE_SMTP_SECURITY makes no sense"),
        ({"smtp_port": 0}, "PAPERWIRE_SMTP_PORT makes no sense"),
        ({"web_url": "papers.example.org", "web_port": 80}, "PAPERWIRE_WEB_URL makes no sense"),
        ({"web_url": "ftp://example.org", "web_port": 80}, "PAPERWIRE_WEB_URL makes no sense"),
        ({"web_url": "https://a.org/x y", "web_port": 80}, "PAPERWIRE_WEB_URL makes no sense"),
    ],
)
def test_a_setting_that_makes_no_sense_is_named(given: dict[str, object], said: str) -> None:
    with pytest.raises(SettingsError, match=said):
        load(**given)


def test_without_a_mail_server_there_is_no_e_mail() -> None:
    assert outgoing(load()) is None


@pytest.mark.parametrize(("security", "port"), [("starttls", 587), ("tls", 465), ("none", 25)])
def test_the_usual_port_goes_with_the_security(security: str, port: int) -> None:
    setup = outgoing(load(**MAIL, smtp_security=security))
    assert setup is not None
    assert (setup.relay.port, setup.relay.security) == (port, security)
    assert str(setup.sender.address) == "Paperwire <papers@example.org>"


def test_the_password_is_never_shown() -> None:
    settings = load(**MAIL, smtp_user="bot", smtp_password="very-secret")
    setup = outgoing(settings)
    assert setup is not None
    assert setup.relay.password == "very-secret"
    assert "very-secret" not in f"{settings!r} {settings} {setup!r}"


def test_a_slash_at_the_end_of_the_web_address_does_not_count() -> None:
    settings: Settings = load(web_url="https://papers.example.org/bot/", web_port=8090)
    assert settings.web_url == "https://papers.example.org/bot"

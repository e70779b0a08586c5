from __future__ import annotations

import io
from pathlib import Path

import pytest

from tests.cli.conftest import Run
from tests.mail.server import listening
from tests.search.embeddings import embeddings_address


def test_help_names_every_command_and_succeeds(run: Run) -> None:
    outcome = run("--help")
    assert outcome.code == 0
    for command in (
        "run",
        "sandbox",
        "refresh",
        "compose",
        "deliver",
        "import",
        "search",
        "doctor",
    ):
        assert command in outcome.out


@pytest.mark.parametrize(
    "arguments",
    [
        (),
        ("no-such-command",),
        ("search",),
        ("search", "x", "--limit", "0"),
        ("search", "x", "--limit", "many"),
        ("import",),
        ("sandbox", "--port", "70000"),
    ],
)
def test_what_is_not_understood_is_a_usage_error(run: Run, arguments: tuple[str, ...]) -> None:
    outcome = run(*arguments)
    assert outcome.code == 2
    assert outcome.out == ""
    assert "usage:" in outcome.err


@pytest.mark.parametrize("categories", ["cs.CL, CS", '["cs.CL"]', "cs.CL/../x"])
def test_a_category_that_is_none_is_named(
    run: Run, monkeypatch: pytest.MonkeyPatch, categories: str
) -> None:
    monkeypatch.setenv("PAPERWIRE_ARXIV_CATEGORIES", categories)
    outcome = run("health")
    assert outcome.code == 1
    assert outcome.err.startswith("paperwire: PAPERWIRE_ARXIV_CATEGORIES makes no sense. It is:")


def test_a_setting_that_makes_no_sense_is_named_with_what_it_should_be(
    run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PAPERWIRE_REFRESH_MINUTES", "soon")
    outcome = run("compose")
    assert outcome.code == 1
    assert outcome.err == (
        "paperwire: PAPERWIRE_REFRESH_MINUTES makes no sense. It is: Minutes between two looks at"
        " the sources, 5 to 1440.\n"
    )


def test_a_secret_is_never_shown(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DISCORD_TOKEN", "very-secret")
    for arguments in (("doctor",), ("deliver",), ("run",)):
        outcome = run(*arguments)
        assert outcome.code == 1
        assert "very-secret" not in outcome.out + outcome.err
        assert "Traceback" not in outcome.err


def test_deliver_without_a_token_says_what_is_missing(run: Run) -> None:
    outcome = run("deliver")
    assert outcome.code == 1
    assert outcome.err == "paperwire: DISCORD_TOKEN is not set, so nothing can be sent.\n"


def test_doctor_names_what_is_missing_and_fails(run: Run) -> None:
    outcome = run("doctor")
    assert outcome.code == 1
    assert "MISSING DISCORD_TOKEN is not set" in outcome.out
    assert "note    Hugging Face (127.0.0.1) cannot be reached" in outcome.out
    assert "ok      database" in outcome.out


def test_health_fails_while_no_bot_runs(run: Run) -> None:
    assert run("health").code == 1
    run("compose")
    outcome = run("health")
    assert outcome.code == 1
    assert "No bot is running" in outcome.out


def test_another_model_of_meaning_is_named_and_reads_what_is_there(
    run: Run, page: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    run("import", page)
    assert "search by words and by wordllama/l2_supercat_256\n" in run("doctor").out
    with embeddings_address() as address:
        monkeypatch.setenv("PAPERWIRE_EMBEDDINGS", address.url)
        monkeypatch.setenv("PAPERWIRE_EMBEDDINGS_MODEL", "small")
        monkeypatch.setenv("PAPERWIRE_EMBEDDINGS_KEY", "very-secret")
        before = run("doctor")
        assert f"by {address.url}/small, 2 papers still to be read\n" in before.out
        assert run("search", "caching").out.startswith("  1. A First Look")
        assert run("index").code == 0
        after = run("doctor")
        assert f"by {address.url}/small\n" in after.out
        assert "very-secret" not in before.out + before.err + after.out + after.err


def test_a_model_of_meaning_that_is_down_leaves_search_by_words(
    run: Run, page: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    run("import", page)
    with embeddings_address() as address:
        monkeypatch.setenv("PAPERWIRE_EMBEDDINGS", address.url)
        monkeypatch.setenv("PAPERWIRE_EMBEDDINGS_MODEL", "small")
        assert run("index").code == 0
    outcome = run("search", "caching")
    assert outcome.out.startswith("  1. A First Look")
    assert caplog.text.count("are searched by their words until it answers") == 1
    assert "Traceback" not in caplog.text
    assert f"search by words and by {address.url}/small\n" in run("doctor").out


@pytest.mark.parametrize(
    ("value", "said"),
    [
        ("glove", "PAPERWIRE_EMBEDDINGS makes no sense. It is: What reads papers"),
        ("http://127.0.0.1:9/v1", "set PAPERWIRE_EMBEDDINGS_MODEL too"),
        ("fastembed", "fastembed is not installed: run `pip install fastembed`"),
    ],
)
def test_a_model_of_meaning_that_cannot_be_had_stops_the_start(
    run: Run, monkeypatch: pytest.MonkeyPatch, value: str, said: str
) -> None:
    monkeypatch.setenv("PAPERWIRE_EMBEDDINGS", value)
    outcome = run("compose")
    assert outcome.code == 1
    assert said in outcome.err


def test_doctor_asks_for_the_language_model_and_sends_it_no_question(
    run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert "note    language model: PAPERWIRE_LLM_URL is not set; answers are" in run("doctor").out
    monkeypatch.setenv("PAPERWIRE_LLM_MODEL", "small")
    monkeypatch.setenv("PAPERWIRE_LLM_KEY", "very-secret")
    with embeddings_address() as address:
        monkeypatch.setenv("PAPERWIRE_LLM_URL", f"{address.url}/")
        taken = run("doctor")
        assert "ok      language model: small at 127.0.0.1 answers 200\n" in taken.out
        address.status = 401
        refused = run("doctor")
        assert "small at 127.0.0.1 does not take PAPERWIRE_LLM_KEY\n" in refused.out
        assert address.looked_at == ["/v1/models"] * 2
        assert address.read == []
    gone = run("doctor")
    assert "note    language model: small at 127.0.0.1 cannot be reached" in gone.out
    for said in (taken, refused, gone):
        assert "very-secret" not in said.out + said.err


def test_doctor_logs_in_at_the_mail_server_and_sends_nothing(
    run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert "note    e-mail: PAPERWIRE_SMTP_HOST is not set" in run("doctor").out
    with listening() as (told, port):
        set_up_email(monkeypatch, port)
        monkeypatch.setenv("PAPERWIRE_WEB_PORT", "9")
        outcome = run("doctor")
        assert told.taken == []
        assert told.connections == 1
    assert f"ok      e-mail: 127.0.0.1:{port} lets the bot in; mails end by command" in outcome.out
    assert "note    web server: http://127.0.0.1:9 does not answer" in outcome.out


def test_doctor_names_what_is_wrong_with_the_mail_server(
    run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    set_up_email(monkeypatch, 9)
    outcome = run("doctor")
    assert "note    e-mail: The mail server 127.0.0.1:9 cannot be reached." in outcome.out


def set_up_email(monkeypatch: pytest.MonkeyPatch, port: int) -> None:
    monkeypatch.setenv("PAPERWIRE_SMTP_HOST", "127.0.0.1")
    monkeypatch.setenv("PAPERWIRE_SMTP_PORT", str(port))
    monkeypatch.setenv("PAPERWIRE_SMTP_SECURITY", "none")
    monkeypatch.setenv("PAPERWIRE_EMAIL_FROM", "papers@example.org")


def test_a_piped_mail_is_judged_and_never_fails(
    run: Run, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    no_database = run("bounce")
    assert no_database.code == 1
    assert no_database.err == "paperwire: There is no database paperwire.sqlite.\n"
    run("compose")
    monkeypatch.setattr("sys.stdin", io.TextIOWrapper(io.BytesIO(b"Subject: hello\n\nhello\n")))
    outcome = run("bounce")
    assert (outcome.code, outcome.out) == (0, "This is no bounce; nothing was changed.\n")

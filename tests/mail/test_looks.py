"""What a mail looks like: its headers, its plain text, its HTML, whatever titles say."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import timedelta
from email.message import EmailMessage

import pytest

from bot.mail.emails import Code, Email
from bot.models import Paper
from bot.posts import Alert, Shown
from bot.render.email import WIDTH, render_email
from tests.conftest import NOON
from tests.mail.conftest import ADDRESS, FROM

HOSTILE = (
    "<script>alert(1)</script> & <img src=x onerror=alert(1)>",
    "</a></h3></div><h1>Owned</h1>",
    "{{ 7 * 7 }} {% raw %}",
    "@everyone **bold** [link](https://evil.example)",
    "evil\u202etxt.exe \u2066hidden\u2069 \u200bspace",
    "A\r\nBcc: all@example.com\r\n\r\nbody",
    "pneumono" * 40,
    "تعلم الآلة في الترجمة",
)


def a_shown(title: str = "Small caches", id: str = "2403.00001", **kw: object) -> Shown:
    paper = Paper(id=id, title=title, **kw)  # pyright: ignore[reportArgumentType]
    return Shown(paper, votes=148, stars=346, comments=3, reason="'cache' in the title")


def an_email(*shown: Shown, topic: str = "kv cache", more: int = 0) -> Email:
    alert = Alert(((topic, 1, shown or (a_shown(),)),), more)
    return Email(ADDRESS, "nonce.1.signature", alert, "1.signature")


def made(email: Email, **changes: object) -> EmailMessage:
    sender = replace(FROM, **changes)  # pyright: ignore[reportArgumentType]
    return render_email(email, sender, now=NOON)


def html_of(message: EmailMessage) -> str:
    part = message.get_body(("html",))
    assert part is not None
    return part.get_content()


def text_of(message: EmailMessage) -> str:
    part = message.get_body(("plain",))
    assert part is not None
    return part.get_content()


def test_a_mail_can_be_ended_in_one_click() -> None:
    message = made(an_email())
    url = "https://bot.example.org/unsubscribe/1.signature"
    assert message["List-Unsubscribe"] == f"<{url}>"
    assert message["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
    assert f'href="{url}"' in html_of(message)
    assert url in text_of(message)
    assert message["Message-ID"] == "<nonce.1.signature@bot.example.org>"
    assert message["Date"] == "Tue, 03 Mar 2026 12:00:00 +0000"


def test_without_a_web_address_a_mail_says_how_to_end_it_by_command() -> None:
    message = made(an_email(), web_url=None)
    assert message["List-Unsubscribe"] is None
    assert message["List-Unsubscribe-Post"] is None
    for text in (html_of(message), text_of(message)):
        assert "No more e-mail: /alerts email off on Discord." in text


def test_one_click_is_promised_over_https_alone() -> None:
    message = made(an_email(), web_url="http://bot.example.org")
    assert message["List-Unsubscribe"] == "<http://bot.example.org/unsubscribe/1.signature>"
    assert message["List-Unsubscribe-Post"] is None


def test_long_headers_are_whole_lines() -> None:
    source = made(an_email(topic="word " * 40)).as_bytes(
        policy=made(an_email()).policy.clone(max_line_length=998, linesep="\r\n")
    )
    assert b"\r\nList-Unsubscribe: <https://" in source


@pytest.mark.parametrize("title", HOSTILE)
def test_a_hostile_title_is_only_words(title: str) -> None:
    shown = a_shown(
        title,
        abstract=title,
        authors=(title,),
        organization=title,
        categories=(title,),
        ai_summary=title,
    )
    message = made(an_email(replace(shown, reason=title), topic=title))
    html, text = html_of(message), text_of(message)
    tags = set(re.findall(r"<\s*/?\s*([a-z0-9!]+)", html.lower()))
    assert tags <= {
        *("!doctype", "html", "head", "meta", "title", "style", "body"),
        *("div", "h1", "h2", "h3", "p", "a"),
    }
    assert not re.search(r"\son\w+=", re.sub(r"&[^;]+;[^<]*", "", html))
    assert message["Bcc"] is None
    assert message.keys() == made(an_email()).keys()
    for part in (html, text, str(message["Subject"])):
        assert not re.search("[\u200b\u202a-\u202e\u2066-\u2069]", part)


def test_links_lead_to_the_papers_and_the_end_alone() -> None:
    shown = a_shown(
        code_url="https://evil.example/code",
        project_url="https://evil.example",
        thumbnail_url="https://evil.example/pixel.png",
    )
    html = html_of(made(an_email(shown)))
    assert re.findall(r'(?:href|src)="([^"]*)"', html) == [
        "https://arxiv.org/abs/2403.00001",
        "https://bot.example.org/unsubscribe/1.signature",
    ]
    assert "url(" not in html


def test_the_plain_text_reads_well() -> None:
    shown = a_shown(
        authors=("Ada Lovelace", "Alan Turing"),
        published_at=NOON,
        categories=("cs.CL", "cs.LG"),
        ai_summary="We look at how caches of keys and values grow while a model writes, and find"
        " that most of what they keep is never read again.",
    )
    text = text_of(made(an_email(shown, more=14)))
    assert text == (
        "15 new papers on kv cache\n"
        "\n"
        "On kv cache\n"
        "\n"
        "Small caches\n"
        "https://arxiv.org/abs/2403.00001\n"
        "Ada Lovelace, Alan Turing · 3 March 2026 · cs.CL, cs.LG\n"
        "148 votes · 346 GitHub stars · 3 comments\n"
        "We look at how caches of keys and values grow while a model writes, and\n"
        "find that most of what they keep is never read again.\n"
        "('cache' in the title)\n"
        "\n"
        "And 14 more: /inbox on Discord shows all.\n"
        "\n"
        "-- \n"
        "You get this because you follow these topics with Paperwire on Discord.\n"
        "/topics list changes them, /alerts schedule the hour.\n"
        "No more e-mail: /alerts email off on Discord, or\n"
        "https://bot.example.org/unsubscribe/1.signature\n"
    )
    assert max(map(len, text.splitlines())) <= WIDTH


def test_the_source_is_ascii_in_short_lines() -> None:
    source = made(an_email(a_shown("Ünïcödé " * 30))).as_bytes()
    assert source.isascii()
    assert max(map(len, source.splitlines())) <= 998


def test_many_topics_fit_the_subject() -> None:
    groups = tuple(
        (f"topic {n} " + "long " * 20, n, (a_shown(id=f"2403.0000{n}"),)) for n in range(6)
    )
    subject = str(made(replace(an_email(), says=Alert(groups, 0)))["Subject"])
    assert subject.startswith("6 new papers on topic 0 long")
    assert len(subject) <= 120


def test_a_code_is_in_the_subject_and_nothing_is_subscribed_to() -> None:
    says = Code("012345", NOON + timedelta(minutes=30))
    message = made(Email(ADDRESS, "nonce.0.signature", says))
    assert message["Subject"] == "012345 is your Paperwire code"
    assert "012345" in html_of(message)
    assert "within 30\nminutes" in text_of(message) or "within 30 minutes" in text_of(message)
    assert message["List-Unsubscribe"] is None
    assert "href" not in html_of(message)


def test_news_and_what_was_held_back_are_said() -> None:
    says = Alert((("kv cache", 1, (a_shown(), a_shown(id="2403.00002"))),), 0, held=2, known=1)
    message = made(replace(an_email(), says=says))
    assert message["Subject"] == "1 new paper and news of 1 paper on kv cache"
    for text in (html_of(message), " ".join(text_of(message).split())):
        assert "2 papers held back, being like what you want less of" in text

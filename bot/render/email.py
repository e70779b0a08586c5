"""E-mails: data in, a message with plain text and HTML out; and the pages that mails link to."""

from __future__ import annotations

import textwrap
from collections.abc import Mapping
from datetime import datetime, timedelta
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTPUTF8
from email.utils import format_datetime
from functools import cache
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined, select_autoescape

from bot.mail.addresses import for_smtp
from bot.mail.emails import Code, Email
from bot.mail.setup import From
from bot.models import byline
from bot.posts import Alert, Shown
from bot.render.text import count, day, plain, shorten

MOST_TITLE = 300
MOST_ABOUT = 420
MOST_TOPIC = 110
MOST_TOPICS_IN_SUBJECT = 3
MOST_SUBJECT = 120
WIDTH = 72
"""Columns of the plain text."""


def render_email(email: Email, sender: From, *, now: datetime) -> EmailMessage:
    """Return a mail, ready to hand in; the same for every try but for its date."""
    match email.says:
        case Alert():
            subject, html, text = _alert(
                email.says, sender.unsubscribe_url(email.unsubscribe_token)
            )
        case Code():
            subject, html, text = _code(email.says, now=now)
    message = EmailMessage(policy=SMTPUTF8)
    message["From"] = sender.address
    message["To"] = _to(email.address)
    message["Subject"] = subject
    message["Date"] = format_datetime(now)
    message["Message-ID"] = f"<{email.message_token}@{sender.address.domain}>"
    message["Auto-Submitted"] = "auto-generated"
    _say_how_to_end(message, email, sender)
    message.set_content(text, cte="quoted-printable")
    message.add_alternative(html, subtype="html", cte="quoted-printable")
    return message


def _to(address: str) -> Address:
    local, _, domain = for_smtp(address).rpartition("@")
    return Address(username=local, domain=domain)


def _say_how_to_end(message: EmailMessage, email: Email, sender: From) -> None:
    """Add the headers that mail programs make their Unsubscribe button of (RFC 2369, RFC 8058)."""
    if email.unsubscribe_token is None:
        return
    message["List-Id"] = f"<alerts.{sender.address.domain}>"
    url = sender.unsubscribe_url(email.unsubscribe_token)
    if url is None:
        return
    message["List-Unsubscribe"] = f"<{url}>"
    if url.startswith("https://"):  # what RFC 8058 asks for
        message["List-Unsubscribe-Post"] = "List-Unsubscribe=One-Click"


def _alert(alert: Alert, unsubscribe: str | None) -> tuple[str, str, str]:
    shown = [s for _, _, group in alert.groups for s in group]
    subject = alert_subject(alert)
    groups = [
        {"topic": _words(topic, MOST_TOPIC), "papers": [_paper(s) for s in papers]}
        for topic, _, papers in alert.groups
    ]
    values = {
        "subject": subject,
        "preheader": " · ".join(_words(s.paper.title, 80) for s in shown[:3]),
        "groups": groups,
        "notes": _notes(alert),
        "unsubscribe": unsubscribe,
    }
    return subject, render("alert.html", values), render("alert.txt", values)


def _notes(alert: Alert) -> list[str]:
    """Return what became of papers without a place in the mail."""
    notes = [f"And {alert.more:,} more: /inbox on Discord shows all."] if alert.more else []
    if alert.held:
        held = count(alert.held, "paper")
        notes.append(f"{held} held back, being like what you want less of: /inbox names them.")
    return notes


def alert_subject(alert: Alert) -> str:
    """Return ``3 new papers on kv cache, robots and 2 more topics``."""
    topics = [_words(topic, 40) for topic, _, _ in alert.groups]
    named = ", ".join(topics[:MOST_TOPICS_IN_SUBJECT])
    rest = len(topics) - MOST_TOPICS_IN_SUBJECT
    also = f" and {count(rest, 'more topic')}" if rest > 0 else ""
    return shorten(f"{alert.in_words()} on {named}{also}", MOST_SUBJECT)


def _paper(shown: Shown) -> dict[str, str]:
    paper = shown.paper
    facts = [
        _words(byline(paper.authors), 120),
        _words(paper.organization or "", 60),
        day(paper.published_at.date()) if paper.published_at else "",
        _words(", ".join(paper.categories[:3]), 60),
        "withdrawn by its authors" if paper.withdrawn else "",
    ]
    return {
        "title": _words(paper.title, MOST_TITLE) or paper.id,
        "url": paper.url,
        "facts": " · ".join(part for part in facts if part),
        "numbers": _numbers(shown),
        "about": _words(paper.ai_summary or paper.abstract, MOST_ABOUT),
        "reason": _words(shown.reason or "", 200),
    }


def _numbers(shown: Shown) -> str:
    parts = [
        count(shown.votes, "vote") if shown.votes is not None else "",
        count(shown.stars, "GitHub star") if shown.stars else "",
        count(shown.comments, "comment") if shown.comments else "",
    ]
    return " · ".join(part for part in parts if part)


def _words(text: str, most: int) -> str:
    """Return text from outside on one line, without what turns its direction or hides."""
    return shorten(plain(text), most)


def _code(code: Code, *, now: datetime) -> tuple[str, str, str]:
    subject = f"{code.code} is your Paperwire code"
    minutes = max(1, (code.expires_at - now) // timedelta(minutes=1))
    values = {"subject": subject, "code": code.code, "within": count(minutes, "minute")}
    return subject, render("code.html", values), render("code.txt", values)


def unsubscribe_page(heading: str, words: str, *, button: str = "") -> str:
    """Return a page that a mail links to.

    Args:
        button: What its only button says; without one, the page only tells.
    """
    values = {"subject": heading, "heading": heading, "words": words, "button": button}
    return render("unsubscribe.html", values)


def render(template: str, values: Mapping[str, Any]) -> str:
    """Return a template filled in; HTML escapes all that it is given."""
    return _templates().get_template(template).render(values)


@cache
def _templates() -> Environment:
    made = Environment(
        loader=PackageLoader("bot.render"),
        autoescape=select_autoescape(("html",)),
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    made.filters["wrapped"] = wrapped
    return made


def wrapped(text: str) -> str:
    """Return text in lines of ``WIDTH`` columns; a longer word has a line of its own."""
    return "\n".join(textwrap.wrap(text, WIDTH, break_long_words=False, break_on_hyphens=False))

"""Digests, cards, alerts and notices."""

from __future__ import annotations

import importlib
import re
from datetime import date, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.alerts import MOST_IN_ALERT
from bot.client import PersistentButton
from bot.models import DeliveryKind
from bot.posts import Alert, Card, Digest, Gap, Notice, Post, Shown
from bot.render.cards import MOST_LISTED
from bot.render.messages import MOST_TITLE, forum_title, mark, render, roles_to_ping
from bot.store.outbox import nonce
from cogs import EXTENSIONS
from tests.builders import TODAY, a_delivery, a_feed
from tests.render.pages import (
    HOSTILE,
    a_shown,
    buttons,
    check,
    components,
    hostile,
    showns,
    texts,
    the_longest,
)

DAY = timedelta(days=1)
LONG = tuple(the_longest(f"2403.000{n:02}", c) for n, c in enumerate("*x:@漢_\\<"))


def a_digest(
    *, shown: int = 1, more: int = 0, days: tuple[date, ...] = (TODAY,), **kw: object
) -> Digest:
    papers = tuple(a_shown(f"2403.{n:05}") for n in range(shown))
    starter = bool(kw.pop("starter", False))
    return Digest(a_feed(**kw), papers, more, days, starter, delivery_id=9)


def an_alert(*groups: tuple[str, int], more: int = 0) -> Alert:
    """Return an alert with so many papers on each topic."""
    return Alert(
        tuple((query, n, (a_shown(),) * papers) for n, (query, papers) in enumerate(groups)), more
    )


@pytest.mark.parametrize(
    ("post", "heading"),
    [
        (a_digest(), "## Papers of 3 March 2026"),
        (a_digest(topic="kv cache"), "## Papers on kv cache of 3 March 2026"),
        (a_digest(days=()), "## Papers"),
        (a_digest(shown=2, days=(TODAY - DAY, TODAY)), "## 2 days, 2 papers"),
        (
            a_digest(shown=8, more=33, days=(TODAY - 2 * DAY, TODAY - DAY, TODAY)),
            "## 3 days, 41 papers: the top 8",
        ),
        (a_digest(topic="*a*", days=(TODAY - DAY, TODAY)), r"## 2 days, 1 paper on \*a\*"),
        (a_digest(starter=True), "## From the starter library"),
        (an_alert(("agents", 1)), "## 1 new paper on agents"),
        (an_alert(("agents", 2), ("vision", 1), more=4), "## 7 new papers on agents, vision"),
    ],
)
def test_the_heading_says_what_it_is(post: Post, heading: str) -> None:
    assert texts(render(a_delivery(), post))[0] == heading


@pytest.mark.parametrize(
    ("card", "first"),
    [
        (
            Card(a_shown(), gap=Gap(3, 41, 8)),
            "-# 3 days, 41 papers: the top 8, each in a message of its own",
        ),
        (
            Card(a_shown(), in_forum=True, gap=Gap(2, 5, 5)),
            "-# 2 days, 5 papers, each in a post of its own",
        ),
    ],
)
def test_the_first_card_after_a_gap_says_so(card: Card, first: str) -> None:
    assert texts(render(a_delivery(), card))[0] == first
    assert "days" not in texts(render(a_delivery(), Card(a_shown())))[0]


def test_a_digest_s_last_button_opens_the_rest() -> None:
    page = render(a_delivery(), a_digest(shown=2, more=1_023))
    assert [(b.label, b.custom_id) for b in buttons(page)][2:] == [("And 1,023 more", "more:9:0")]
    assert [b.label for b in buttons(render(a_delivery(), a_digest(shown=2)))] == ["1", "2"]


def test_an_alert_leads_to_the_inbox_and_the_topics() -> None:
    page = render(a_delivery(), an_alert(("agents", 1), more=4))
    assert texts(page)[-1] == "-# And 4 more: /inbox shows all."
    assert buttons(page)[-1].custom_id == "topics"


def test_a_notice_is_its_words() -> None:
    assert texts(render(a_delivery(), Notice("Feed 1 is paused."))) == ["Feed 1 is paused."]


@pytest.mark.parametrize(
    ("post", "roles"),
    [
        (a_digest(), []),
        (a_digest(role_id=55), [55]),
        (Card(a_shown()), []),
        (Card(a_shown(), role_id=55), [55]),
        (an_alert(("agents", 1)), []),
        (Notice("<@&55> @everyone"), []),
    ],
)
def test_only_a_role_that_a_moderator_named_is_pinged(post: Post, roles: list[int]) -> None:
    assert [role.id for role in roles_to_ping(post)] == roles
    shown = "".join(texts(render(a_delivery(), post)))
    if not isinstance(post, Notice):
        assert ("<@&55>" in shown) is bool(roles)


@pytest.mark.parametrize(
    ("title", "shown"),
    [
        ("A title", "A title"),
        ("*A*\ntitle", "*A* title"),  # Discord reads no markdown there
        ("\u200b", "2403.00001"),
        ("word " * 40, "word " * 19 + "word…"),
    ],
)
def test_a_forum_post_is_named_like_its_paper(title: str, shown: str) -> None:
    assert forum_title(Card(a_shown(title=title))) == shown


@given(hostile)
def test_a_forum_post_always_has_a_name_that_fits(title: str) -> None:
    assert 1 <= len(forum_title(Card(a_shown(title=title or " ")))) <= MOST_TITLE


POSTS = [
    Digest(a_feed(role_id=2**63 - 1, topic="*" * 200), LONG, 10**6, (TODAY - DAY, TODAY)),
    Digest(a_feed(role_id=1), LONG, 1, (TODAY,)),
    Card(LONG[0], role_id=2**63 - 1, in_forum=True, gap=Gap(7, 10**6, 20)),
    Alert(tuple(("*" * 200, n, (shown,)) for n, shown in enumerate(LONG[:MOST_IN_ALERT])), 10**6),
    Alert((("agents", 1, LONG[:MOST_IN_ALERT]),), 0),
]


@pytest.mark.parametrize("shortened", [True, False])
@pytest.mark.parametrize("post", POSTS)
def test_a_message_of_which_everything_is_too_long_fits(post: Post, shortened: bool) -> None:
    check(render(a_delivery(), post, shortened=shortened))


def test_a_feed_with_more_papers_than_a_page_still_fits() -> None:
    check(render(a_delivery(), a_digest(shown=10, more=3, role_id=55)))


@settings(max_examples=40, deadline=None)
@given(
    st.lists(showns, min_size=1, max_size=MOST_LISTED).map(tuple), hostile, st.integers(0, 10**6)
)
def test_hostile_words_do_nothing(shown: tuple[Shown, ...], topic: str, more: int) -> None:
    check(render(a_delivery(), Digest(a_feed(topic=topic), shown, more, (TODAY,))))
    check(render(a_delivery(), Alert(((topic or "agents", 1, shown),), more)))


@pytest.mark.parametrize("kind", DeliveryKind)
@pytest.mark.parametrize("post", [*POSTS, Notice("Words.")])
def test_a_message_is_found_again_by_its_mark(kind: DeliveryKind, post: Post) -> None:
    delivery = a_delivery(nonce=nonce("channel:1", kind, "a"))
    marked = [c for c in components(render(delivery, post)) if c.get("id") == mark(delivery)]
    assert [c["type"] for c in marked] == [17], "one container"


@given(st.text(), st.text())
def test_a_mark_is_a_number_that_discord_takes(target: str, subject: str) -> None:
    made = mark(a_delivery(nonce=nonce(target, "card", subject)))
    assert 500 <= made < 2**31
    assert made == mark(a_delivery(nonce=nonce(target, "card", subject)))


def test_marks_tell_messages_apart() -> None:
    marks = {mark(a_delivery(nonce=nonce("channel:1", "card", str(n)))) for n in range(5_000)}
    assert len(marks) == 5_000


def test_no_button_is_dead() -> None:
    """Each is answered by exactly one of our persistent buttons."""
    for module in EXTENSIONS:
        importlib.import_module(module)
    answered = {  # a module that a bot has loaded too has its classes twice
        cls.__discord_ui_compiled_template__.pattern for cls in PersistentButton.__subclasses__()
    }
    posts = [a_digest(more=3), Card(a_shown()), an_alert(("agents", 1), more=1)]
    pressed = [b.custom_id for post in posts for b in buttons(render(a_delivery(), post))]
    for custom_id in filter(None, pressed):
        assert len([pattern for pattern in answered if re.fullmatch(pattern, custom_id)]) == 1


@pytest.mark.parametrize("text", HOSTILE)
def test_a_hostile_topic_does_nothing(text: str) -> None:
    check(render(a_delivery(), a_digest(topic=text, more=1)))

"""Posts as Discord components: digests, cards, alerts and notices."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from datetime import date

import discord
from discord import ui

from bot.models import Delivery
from bot.posts import Alert, Card, Digest, Notice, Post
from bot.render.alerts import alert
from bot.render.cards import ACCENT, Page, card, listed
from bot.render.text import count, day, excerpt, plain, shorten

MOST_TITLE = 100
"""Characters in the title of a forum post."""


def mark(delivery: Delivery) -> int:
    """Return the number that a delivery's message carries as its container's component id.

    Discord hands it back with the message, so that the message can be
    recognised in its place: https://discord.com/developers/docs/components/reference
    """
    digest = hashlib.blake2b(delivery.nonce.encode(), digest_size=4).digest()
    return int.from_bytes(digest) % (2**31 - 1_000) + 500


def render(delivery: Delivery, post: Post, *, shortened: bool = False) -> Page:
    """Return a delivery's message.

    Args:
        shortened: Leave out what can be left out; Discord refused the full text.
    """
    number = mark(delivery)
    match post:
        case Digest():
            return digest(post, mark=number, shortened=shortened)
        case Card():
            return card(
                post.shown,
                role_id=post.role_id,
                mark=number,
                shortened=shortened,
                above=gap_in_words(post),
            )
        case Alert():
            return alert(post, mark=number, shortened=shortened)
        case Notice():
            return notice(post, mark=number)


def roles_to_ping(post: Post) -> list[discord.Object]:
    """Return the roles that a moderator named for the feed; nobody else is ever pinged."""
    role_id = (
        post.feed.role_id
        if isinstance(post, Digest)
        else post.role_id
        if isinstance(post, Card)
        else None
    )
    return [discord.Object(role_id)] if role_id else []


def forum_title(post: Card) -> str:
    """Return a forum post's title."""
    return shorten(plain(post.shown.paper.title), MOST_TITLE) or post.shown.paper.id


def digest(post: Digest, *, mark: int | None = None, shortened: bool = False) -> Page:
    """Return a feed's day in one message; its last button opens the rest to one reader alone."""
    below: list[ui.Button[ui.LayoutView]] = []
    if post.more:
        below.append(
            ui.Button(label=f"And {post.more:,} more", custom_id=f"more:{post.delivery_id}:0")
        )
    return listed(
        f"## {digest_title(post)}",
        post.shown,
        below=below,
        role_id=post.feed.role_id,
        mark=mark,
        shortened=shortened,
    )


def digest_title(post: Digest) -> str:
    """Return ``Papers of 3 March 2026``, or ``3 days, 41 papers: the top 8`` after a gap."""
    about = f" on {excerpt(post.feed.topic, 80)}" if post.feed.topic else ""
    if post.starter:
        return f"From the starter library{about}"
    total = len(post.shown) + post.more
    if len(post.days) > 1:
        top = f": the top {len(post.shown)}" if post.more else ""
        return f"{len(post.days)} days, {count(total, 'paper')}{about}{top}"
    return f"Papers{about} of {day(_only(post.days))}" if post.days else f"Papers{about}"


def gap_in_words(post: Card) -> str:
    """Return ``3 days, 41 papers: the top 8, …`` for the first card after a gap, else nothing."""
    if post.gap is None:
        return ""
    gap, what = post.gap, "post" if post.in_forum else "message"
    top = f": the top {gap.shown}" if gap.shown < gap.papers else ""
    return f"{gap.days} days, {count(gap.papers, 'paper')}{top}, each in a {what} of its own"


def _only(days: Sequence[date]) -> date:
    return days[0]


def notice(post: Notice, *, mark: int | None = None) -> Page:
    """Return words from us."""
    box: ui.Container[ui.LayoutView] = ui.Container(
        ui.TextDisplay(post.text), accent_colour=ACCENT, id=mark
    )
    return Page(box)

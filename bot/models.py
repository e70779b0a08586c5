"""Papers and what people want of them, as plain data. All moments are UTC-aware."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from enum import StrEnum
from functools import lru_cache
from urllib.parse import quote_plus

ARXIV_URL = "https://arxiv.org/abs/"
ARXIV_SEARCH_URL = "https://arxiv.org/search/?searchtype=title&query="
HUGGING_FACE_URL = "https://huggingface.co/papers/"

TITLE_ONLY_PREFIX = "title-"
"""Begins the id of a paper that no source has given an arXiv id for yet."""


_LONGEST_SEARCH = 48
"""Characters of a title: each takes up to nine in an address, and a button's takes 512."""


@dataclass(frozen=True, slots=True)
class Paper:
    """One work, as the sources describe it. Its popularity is in snapshots.

    Text is stored as the source gave it, less line breaks; it is hostile and
    is escaped where it is rendered.
    """

    id: str
    """arXiv id without version (``2405.15738``, ``hep-th/9901001``), or ``title-…``."""
    title: str
    abstract: str = ""
    authors: tuple[str, ...] = ()
    """In the paper's own order."""
    published_at: datetime | None = None
    """When the first version appeared; None where no source said."""
    updated_at: datetime | None = None
    """When the version that we know appeared; None where no source said."""
    version: int | None = None
    categories: tuple[str, ...] = ()
    """arXiv categories, the primary one first."""
    comment: str | None = None
    doi: str | None = None
    journal_ref: str | None = None
    ai_summary: str | None = None
    """One or two sentences; by Hugging Face's model, or ours for the starter library."""
    ai_keywords: tuple[str, ...] = ()
    organization: str | None = None
    code_url: str | None = None
    project_url: str | None = None
    thumbnail_url: str | None = None
    media_urls: tuple[str, ...] = ()
    withdrawn: bool = False
    """The authors took it back."""

    @property
    def has_arxiv_id(self) -> bool:
        return not self.id.startswith(TITLE_ONLY_PREFIX)

    @property
    def url(self) -> str:
        """Where the paper can be read; arXiv's search for it while only its title is known."""
        if self.has_arxiv_id:
            return ARXIV_URL + self.id
        return ARXIV_SEARCH_URL + quote_plus(self.title[:_LONGEST_SEARCH])

    @property
    def hugging_face_url(self) -> str | None:
        return HUGGING_FACE_URL + self.id if self.has_arxiv_id else None


@dataclass(frozen=True, slots=True)
class Snapshot:
    """What a source said of a paper's popularity at one moment. Never edited."""

    paper_id: str
    source: str
    taken_at: datetime
    upvotes: int | None = None
    comments: int | None = None
    stars: int | None = None
    """GitHub stars of the paper's code."""


@dataclass(frozen=True, slots=True)
class Account:
    """An author's account at Hugging Face."""

    author: str
    """As the paper spells the name."""
    user: str
    status: str | None = None
    """Who says so, in Hugging Face's words: ``claimed_verified``, ``admin_assigned``, …"""


@dataclass(frozen=True, slots=True)
class Submission:
    """How a paper came to Hugging Face, and what else its page there says; None: not said."""

    submitted_at: datetime | None = None
    submitted_by: str | None = None
    """A user's name."""
    submitter_organization: str | None = None
    authors_take_part: bool | None = None
    """Whether an author has written in the discussion."""
    discussion_id: str | None = None
    accounts: tuple[Account, ...] = ()
    organization_handle: str | None = None
    organization_logo_url: str | None = None
    code_added_by: str | None = None
    """``user``, ``admin`` or ``auto``."""
    summary_model: str | None = None
    """What wrote the paper's ``ai_summary``."""
    rest: str | None = None
    """The fields that nobody reads, as they came: a JSON object. None where there are none."""


@dataclass(frozen=True, slots=True)
class Record:
    """One paper as one answer showed it, with its popularity there if it said any."""

    paper: Paper
    upvotes: int | None = None
    comments: int | None = None
    stars: int | None = None
    submitted_on: date | None = None
    """The daily list that took the paper, where the source names it."""
    submission: Submission = Submission()
    unknown: tuple[str, ...] = ()
    """Fields that the answer has and we know nothing of: the source has begun to give more."""


@dataclass(frozen=True, slots=True)
class Refusal:
    """A record that made no sense and was left out, alone."""

    where: str
    """``line 12`` of a text, ``record 3`` of a list: counted from 1."""
    reason: str


@dataclass(frozen=True, slots=True)
class Listing:
    """What a source showed for one day or category, in its own order."""

    source: str
    """``huggingface``, ``arxiv``, ``page`` or ``starter``."""
    name: str
    """Which of the source's lists: ``daily``, ``trending``, ``cs.CL``, …"""
    day: date
    """The list's own day, in the source's calendar."""
    seen_at: datetime
    records: tuple[Record, ...] = ()
    refusals: tuple[Refusal, ...] = ()
    whole: bool = False
    """Whether this is all of the list, so that what it does not show is not on it any more."""


class Style(StrEnum):
    """How a feed posts."""

    DIGEST = "digest"
    CARDS = "cards"
    FORUM = "forum"


@dataclass(frozen=True, slots=True)
class Feed:
    """A channel's standing wish."""

    id: int
    guild_id: int
    channel_id: int
    created_by: int
    created_at: datetime
    topic: str = ""
    """The topic's words as typed; empty for everything that is listed."""
    style: Style = Style.DIGEST
    hour: int = 9
    timezone: str = "UTC"
    """An IANA name."""
    days: frozenset[int] = frozenset(range(7))
    """Weekdays to post on; Monday is 0."""
    min_votes: int = 0
    max_papers: int = 10
    role_id: int | None = None
    """A role to ping with each post, by a moderator's own choice."""
    paused_at: datetime | None = None
    paused_because: str | None = None


class Way(StrEnum):
    """How a person's alerts reach them, as their own words say it."""

    DM = "direct message"
    EMAIL = "e-mail"
    BOTH = "direct message and e-mail"


class Frequency(StrEnum):
    """How often a person's alerts come."""

    INSTANT = "instant"
    """As soon as something has matched."""
    DAILY = "daily"
    WEEKLY = "weekly"


MOST_IN_ALERT = 8
"""Papers with a line of their own: as many as a message lists."""


@dataclass(frozen=True, slots=True)
class Schedule:
    """When a person's alerts come, by their own clocks, and how long they may be."""

    frequency: Frequency = Frequency.DAILY
    hour: int = 9
    """0 to 23 in their zone; of no account where alerts come instantly."""
    timezone: str = "UTC"
    """An IANA name."""
    quiet_days: frozenset[int] = frozenset()
    """Their weekdays without alerts, never all seven; Monday is 0."""
    max_papers: int = MOST_IN_ALERT
    """Papers in an alert, 1 to ``MOST_IN_ALERT``; what is over waits in the inbox."""


class Strictness(StrEnum):
    """How far a topic's meaning may stretch beyond its words."""

    STRICT = "strict"
    NORMAL = "normal"
    BROAD = "broad"


@dataclass(frozen=True, slots=True)
class Topic:
    """A person's standing wish."""

    id: int
    user_id: int
    query: str
    """As typed; parsed by ``bot.topics``."""
    created_at: datetime
    strictness: Strictness = Strictness.NORMAL
    paused_until: datetime | None = None


@dataclass(frozen=True, slots=True)
class Match:
    """A paper that a topic wants, with the reason in words."""

    topic_id: int
    paper_id: str
    reason: str
    matched_at: datetime


class DeliveryKind(StrEnum):
    """What a delivery carries. Part of its key."""

    DIGEST = "digest"
    CARD = "card"
    POST = "post"
    """A forum post."""
    ALERT = "alert"
    CODE = "code"
    """A code that proves an e-mail address."""
    NOTICE = "notice"
    """Words from us to a moderator or a reader: a feed was paused, and why."""


class DeliveryState(StrEnum):
    """Where a delivery is on its way. ``sent``, ``held`` and ``gave_up`` are ends."""

    OWED = "owed"
    SENDING = "sending"
    """Claimed and perhaps already at Discord; only recovery may touch it."""
    SENT = "sent"
    HELD = "held"
    """Kept back, with a reason; a person or an event can release it."""
    GAVE_UP = "gave_up"


EMAIL = "email:"
"""Begins the target of what a person gets by e-mail."""


@dataclass(frozen=True, slots=True)
class Delivery:
    """One message owed to one place."""

    id: int
    target: str
    """``channel:123``, ``user:456`` or, for their e-mail, ``email:456``."""
    kind: DeliveryKind
    subject: str
    """What it is about: a paper's id, a digest's feed and day. Unique with target and kind."""
    payload: dict[str, object]
    """What to render: ids, never rendered text."""
    state: DeliveryState
    due_at: datetime
    created_at: datetime
    expires_at: datetime | None = None
    """After this it is stale and is held instead; None for never."""
    guild_id: int | None = None
    feed_id: int | None = None
    user_id: int | None = None
    attempts: int = 0
    nonce: str = ""
    """At most 25 characters, made from target, kind and subject."""
    claimed_at: datetime | None = None
    uncertain_at: datetime | None = None
    """Since when the message may be there without our knowing; None when it cannot be."""
    sent_at: datetime | None = None
    message_id: int | None = None
    place_id: int | None = None
    """The channel or thread that the message is in, once known."""
    reason: str | None = None
    """Why it is held, late or given up, in words for a person."""

    @property
    def url(self) -> str | None:
        """Where the message can be seen on Discord; None until it is there."""
        if self.message_id is None or self.place_id is None:
            return None
        where = self.guild_id or "@me"
        return f"https://discord.com/channels/{where}/{self.place_id}/{self.message_id}"


@dataclass(frozen=True, slots=True)
class SourceState:
    """How a source has been doing."""

    source: str
    name: str
    tried_at: datetime | None = None
    good_at: datetime | None = None
    """When it last answered with something that made sense."""
    error: str | None = None
    """The last trouble in one line; None after a good answer."""
    retry_at: datetime | None = None
    """Not before this moment, where the source asked for patience."""
    etag: str | None = None
    last_modified: str | None = None
    further: tuple[tuple[str | None, str | None], ...] = ()
    """ETag and Last-Modified of the list's pages after the first."""
    counts: dict[str, int] = field(default_factory=dict[str, int])


@dataclass(frozen=True, slots=True)
class Reception:
    """How a paper was taken up, by Semantic Scholar."""

    paper_id: str
    title: str = ""
    """As Semantic Scholar spells it; empty where only the numbers are told."""
    tldr: str | None = None
    """One sentence by its model."""
    citations: int | None = None
    influential_citations: int | None = None
    venue: str | None = None
    """Where it was published: a journal or a conference."""


class EventKind(StrEnum):
    """What can happen to a paper after we heard of it."""

    CODE = "code"
    WEIGHTS = "weights"
    DATA = "data"
    DEMO = "demo"
    VERSION = "version"
    WITHDRAWN = "withdrawn"
    LISTED = "listed"
    """A daily list took it, a day or more after we knew it."""


@dataclass(frozen=True, slots=True)
class PaperEvent:
    """One thing that happened to a paper that we knew. Happens once."""

    paper_id: str
    kind: EventKind
    at: datetime
    """When a source told us."""
    detail: str = ""
    """What appeared: an address, ``owner/name`` on Hugging Face, ``v2``, a list's day."""


_NOT_WORDS = re.compile(r"[\W_]+")


def clean_text(text: str) -> str:
    """Return text on one line: runs of white space become one space; NUL goes."""
    return " ".join(text.replace("\x00", "").split())


@lru_cache(maxsize=2_048)  # taking a paper in asks for its title four times
def title_key(title: str) -> str:
    """Return what two spellings of the same title have in common.

    Case, accents, punctuation, spacing and TeX's dollar signs do not count.
    Empty for a title without letters or digits.
    """
    if title.isascii():
        letters = title.lower()
    else:
        folded = unicodedata.normalize("NFKD", title).casefold()
        letters = "".join(c for c in folded if not unicodedata.combining(c))
    return _NOT_WORDS.sub(" ", letters).strip()


_UNNAMED = re.compile(r"(\d{1,9}) others?", re.ASCII)


def byline(authors: Sequence[str], *, most: int = 3) -> str:
    """Return ``A, B, C and 9 others``; empty for no authors.

    Args:
        authors: The last may itself be ``19 others``, where a source names only the first.
    """
    unnamed = _UNNAMED.fullmatch(authors[-1]) if authors else None
    named = authors[:-1] if unnamed else authors
    if not unnamed and len(named) <= most + 1:
        return ", ".join(named)
    others = len(named[most:]) + (int(unnamed[1]) if unnamed else 0)
    rest = f"{others} {'other' if others == 1 else 'others'}"
    return f"{', '.join(named[:most])} and {rest}" if named else rest

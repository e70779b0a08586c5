"""``search``, ``show`` and ``outbox``: the library and the ledger, for people and programs."""

from __future__ import annotations

import asyncio
import json
from dataclasses import asdict
from datetime import datetime
from typing import Any

from sqlite_utils import Database

from bot.app import Rooms, opened, utc_now
from bot.cli.indexing import bring_up
from bot.cli.say import note, say, say_json
from bot.discover import find
from bot.errors import StoreError
from bot.feeding import STATES, Part
from bot.feeds import in_words
from bot.finding import Search, nothing_found, with_ids
from bot.models import Paper, Reception, Submission, byline
from bot.posts import Shown
from bot.render.text import plain
from bot.search.engine import LONGEST_QUERY, Hit
from bot.search.query import parse_query
from bot.store import heartbeat, ledger, papers, submissions
from bot.store.ledger import Line
from bot.store.store import Store
from config.settings import Settings


async def search(settings: Settings, query: str, *, limit: int, as_json: bool) -> int:
    """Print the papers that fit a query best; 0 also when there are none."""
    async with opened(settings) as rooms:
        found = await _search(rooms, query, limit)
    if as_json:
        say_json([_result(paper, hit) for paper, hit in found])
        return 0
    if not found:
        wanted = Search(query[:LONGEST_QUERY])
        note(nothing_found(wanted, now=utc_now(), read=settings.arxiv_categories))
    for number, (paper, hit) in enumerate(found, 1):
        when = paper.published_at.date().isoformat() if paper.published_at else "no date"
        say(f"{number:>3}. {plain(paper.title)}")
        say(f"     {when}  {paper.url or paper.id}")
        for quote in hit.highlights:
            if quote.field != "title":
                say(f"     “{plain(quote.text)}”")
    return 0


async def _search(rooms: Rooms, query: str, limit: int) -> list[tuple[Paper, Hit]]:
    await bring_up(rooms)
    now = rooms.now()
    asked = await with_ids(rooms, parse_query(query[:LONGEST_QUERY], now=now))
    hits = await asyncio.to_thread(rooms.engine.search, asked, limit=limit, now=now)
    found = await rooms.store.read(papers.get_many, [hit.paper_id for hit in hits])
    by_id = {hit.paper_id: hit for hit in hits}
    return [(paper, by_id[paper.id]) for paper in found]


def _result(paper: Paper, hit: Hit) -> dict[str, Any]:
    return {
        "id": paper.id,
        "title": paper.title,
        "score": hit.score,
        "published_at": paper.published_at.isoformat() if paper.published_at else None,
        "url": paper.url,
        "highlights": [asdict(highlight) for highlight in hit.highlights],
    }


async def show(settings: Settings, text: str, *, as_json: bool) -> int:
    """Print one paper."""
    async with opened(settings) as rooms:
        await bring_up(rooms)
        shown = await find(rooms, text)
        said = await rooms.store.read(_said, shown.paper.id)
    if as_json:
        say_json({**_whole(shown), **said})
    else:
        say("\n".join(line for line in _lines(shown) if line))
    return 0


def _said(db: Database, paper_id: str) -> dict[str, Any]:
    """Return which source spoke of a paper and since when, and what Hugging Face says beside it."""
    statements = papers.statements_of(db, paper_id)
    beside = submissions.get_many(db, [paper_id]).get(paper_id, Submission())
    return {
        "sources": [
            {
                "source": said.source,
                "first_said_at": said.first_said_at.isoformat(),
                "said_at": said.said_at.isoformat(),
            }
            for said in statements
        ],
        "submission": _readable(asdict(beside)) | {"rest": json.loads(beside.rest or "{}")},
    }


def _readable(values: dict[str, Any]) -> dict[str, Any]:
    return {
        name: value.isoformat() if isinstance(value, datetime) else value
        for name, value in values.items()
    }


def _whole(shown: Shown) -> dict[str, Any]:
    taken_up = shown.reception or Reception(shown.paper.id)
    numbers = {
        "votes": shown.votes,
        "comments": shown.comments,
        "stars": shown.stars,
        "citations": taken_up.citations,
        "influential_citations": taken_up.influential_citations,
        "venue": taken_up.venue,
    }
    return {**_readable(asdict(shown.paper)), "url": shown.paper.url, **numbers}


def _lines(shown: Shown) -> list[str]:
    paper = shown.paper
    when = paper.published_at.date().isoformat() if paper.published_at else ""
    votes = f"{shown.votes:,} votes" if shown.votes is not None else ""
    stars = f"{shown.stars:,} stars" if shown.stars else ""
    return [
        plain(paper.title),
        plain(byline(paper.authors, most=8)),
        "  ".join(
            part for part in (when, paper.url or paper.id, votes, stars, shown.cited) if part
        ),
        plain(shown.venue),
        plain(paper.ai_summary or ""),
        plain(paper.abstract),
        f"Code: {plain(paper.code_url)}" if paper.code_url else "",
        f"Project: {plain(paper.project_url)}" if paper.project_url else "",
    ]


async def outbox(
    settings: Settings, *, limit: int, only: str | None, feed_id: int | None, as_json: bool
) -> int:
    """Print what became of each paper for each feed, and of every other message, latest first.

    Args:
        only: ``sent``, ``owed`` or ``held``; None for all.
        feed_id: Of one feed alone.
    """
    states = STATES[Part(only or "all")]
    async with opened(settings) as rooms:
        lines = await (
            rooms.store.read(ledger.lines, limit=limit, states=states)
            if feed_id is None
            else rooms.store.read(ledger.of_feed, feed_id, limit=limit, states=states)
        )
    if as_json:
        say_json([_ledger_line(line) for line in lines])
        return 0
    if not lines:
        note("The outbox is empty." if only is None and feed_id is None else "There is none.")
    for line in lines:
        say(_in_words(line))
    return 0


def _in_words(line: Line) -> str:
    delivery = line.delivery
    what = line.paper_id or (delivery.subject if delivery else "")
    whose = f"feed {line.feed_id}" if line.feed_id else (delivery.target if delivery else "")
    text = f"{line.at:%Y-%m-%d %H:%M}  {line.state:<8} {whose:<26} {plain(what)}"
    why = f"  ({plain(in_words(line.reason))})" if line.reason else ""
    title = f"  {plain(line.title)}" if line.title else ""
    url = f"\n{'':18}{delivery.url}" if delivery and delivery.url else ""
    return f"{text}{title}{why}{url}"


def _ledger_line(line: Line) -> dict[str, Any]:
    """Return a line as a program reads it; never the rendered text."""
    delivery = line.delivery
    return {
        "feed_id": line.feed_id,
        "paper_id": line.paper_id,
        "title": line.title,
        "state": line.state,
        "reason": line.reason,
        "at": line.at.isoformat(),
        "url": delivery.url if delivery else None,
        "delivery": _readable(asdict(delivery)) if delivery else None,
    }


async def health(settings: Settings) -> int:
    """Print how the running bot does; 1 if none is alive and connected."""
    if not settings.database.exists():
        raise StoreError(f"There is no database {settings.database}.")
    async with Store(settings.database) as store:
        beat = await store.read(heartbeat.last)
    if beat is None or utc_now() - beat.at > heartbeat.STOPPED_AFTER:
        say(f"No bot is running on {settings.database}.")
        return 1
    say("alive and connected" if beat.connected else "alive, but not connected to Discord")
    return 0 if beat.connected else 1

"""Back after an outage: what is still wanted comes once and together, the rest is held and says why."""

from __future__ import annotations

from datetime import date, timedelta
from pathlib import Path

import pytest
from sqlite_utils import Database

from bot.feeds import Held
from bot.listing_days import closes_at, newest_closed_day
from bot.models import DeliveryKind, DeliveryState, Feed, Listing, Style
from bot.store import feeds, ledger, listings, outbox
from bot.store.store import Store
from tests.builders import a_record
from tests.local_discord import LocalDiscord
from tests.process.bot_process import bot_process
from tests.process.conftest import Place
from tests.process.owing import A_DAY, add_feed, everything, list_papers, now

HOUR = timedelta(hours=1)
PAPERS_A_DAY = 4


def closed_days(count: int) -> list[date]:
    """Return the days of the newest complete lists, newest first."""
    days = [newest_closed_day(now())]
    while len(days) < count:
        days.append(newest_closed_day(closes_at(days[-1]) - HOUR))
    return days


def list_days(db: Database, days: list[date]) -> None:
    for day in days:
        papers = [f"{day:%y%m}.{day.day:02}{n:03}" for n in range(PAPERS_A_DAY)]
        records = tuple(a_record(paper_id, upvotes=10) for paper_id in papers)
        listings.record(db, Listing("huggingface", "daily", day, now(), records))


def a_feed_of_last_month(db: Database, place: Place) -> Feed:
    return add_feed(
        db,
        guild_id=place.guild,
        channel_id=place.channel,
        created_by=place.owner,
        created_at=now() - 30 * A_DAY,
    )


@pytest.mark.parametrize(
    ("missed", "title"),
    [(1, "Papers of "), (3, "3 days, 12 papers: the top 8")],
)
async def test_what_was_missed_comes_in_one_message(
    missed: int, title: str, server: LocalDiscord, place: Place, database: Path, store: Store
) -> None:
    await store.run(list_days, closed_days(missed))
    await store.run(a_feed_of_last_month, place)
    async with bot_process(server, database) as bot:
        await server.until(lambda: server.ledger.messages, 60)
        assert await bot.stop() == 0
    [message] = server.ledger.messages.values()
    assert message.text.startswith(f"## {title}")


@pytest.mark.parametrize("style", [Style.CARDS, Style.FORUM])
async def test_the_first_of_several_messages_says_what_was_missed(
    style: Style, server: LocalDiscord, place: Place, database: Path, store: Store
) -> None:
    await store.run(list_days, closed_days(3))
    channel = place.forum if style is Style.FORUM else place.channel
    wishes = {"guild_id": place.guild, "created_by": place.owner, "max_papers": 3}
    created_at = now() - 30 * A_DAY
    await store.run(add_feed, channel_id=channel, style=style, created_at=created_at, **wishes)
    async with bot_process(server, database) as bot:
        await server.until(lambda: len(server.ledger.messages) == 3, 60)
        assert await bot.stop() == 0
    said = [m.text for m in sorted(server.ledger.messages.values(), key=lambda m: m.id)]
    assert ["3 days, 12 papers: the top 3" in text for text in said] == [True, False, False]


async def test_what_is_no_news_any_more_is_held_and_says_so(
    server: LocalDiscord, place: Place, database: Path, store: Store
) -> None:
    days = closed_days(7)
    await store.run(list_days, days)
    feed = await store.run(a_feed_of_last_month, place)
    async with bot_process(server, database) as bot:
        await server.until(lambda: server.ledger.messages, 60)
        assert await bot.stop() == 0
    [message] = server.ledger.messages.values()
    decided = await store.read(ledger.of_feed, feed.id, limit=1000)
    old = [day for day in days if now().date() - day > timedelta(days=7)]
    late = [line for line in decided if line.reason == Held.LATE]
    assert len(late) == len(old) * PAPERS_A_DAY
    posted = (len(days) - len(old)) * PAPERS_A_DAY
    assert f"{len(days) - len(old)} days, {posted} papers: the top 8" in message.text


async def test_a_digest_that_is_a_day_late_is_not_sent_stale(
    server: LocalDiscord, place: Place, database: Path, store: Store
) -> None:
    await store.run(list_papers, ["2403.00001"])
    feed = await store.run(a_feed_of_last_month, place)
    await store.run(owe_yesterday_s, feed)
    async with bot_process(server, database) as bot:
        await server.until(lambda: server.ledger.messages, 60)
        assert await bot.stop() == 0
    stale, fresh = await store.read(everything)
    assert (stale.state, stale.reason) == (DeliveryState.HELD, outbox.TOO_LATE)
    assert fresh.state is DeliveryState.SENT
    [message] = server.ledger.messages.values()
    assert "2403.00001" in message.text, "what was still news came with the next digest"


def owe_yesterday_s(db: Database, feed: Feed) -> None:
    """Leave yesterday's digest in the outbox, as a bot that was stopped would."""
    day = now() - A_DAY
    delivery_id = outbox.enqueue(
        db,
        outbox.Owed(
            target=f"channel:{feed.channel_id}",
            kind=DeliveryKind.DIGEST,
            subject=f"feed:{feed.id}:{day.date()}",
            payload={"papers": ["2403.00001"], "more": [], "days": [str(day.date())]},
            due_at=day,
            expires_at=now() - HOUR,
            guild_id=feed.guild_id,
            feed_id=feed.id,
        ),
        now=day,
    )
    feeds.decide(db, feed.id, [("2403.00001", None)], now=day, delivery_id=delivery_id)

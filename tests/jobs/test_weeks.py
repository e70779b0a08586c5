"""Whole weeks, replayed by a server on loopback: what a feed posts, and at which hours."""

from __future__ import annotations

import hashlib
import json
from collections.abc import AsyncIterator, Collection
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta

import pytest
from aiohttp import web

from bot import feeding
from bot.jobs.compose import Compose
from bot.jobs.looks import Looks
from bot.jobs.refresh import Refresh
from bot.listing_days import announced_at, announces_on, closes_at, complete_at, opens_at
from bot.models import Delivery, Style
from bot.store import outbox
from bot.store.store import Store
from bot.topics.reading import Reader
from tests.builders import a_feed
from tests.conftest import Clock
from tests.jobs.web import Net, a_net, json_answer, xml_answer
from tests.sources.samples import an_entry, an_item, an_rss_feed

DAY, HOUR = timedelta(days=1), timedelta(hours=1)
HOURS = (0, 1, 2, 3, 4, 8, 9, 10, 15, 20)
"""UTC; of each day: when the jobs run."""
A_LIST = 4
"""Papers, that join it in equal steps."""


def paper_id(number: int) -> str:
    return f"2501.{number:05}"


@dataclass
class World:
    """Hugging Face and arXiv as they stand at the clock's moment."""

    clock: Clock
    joins: dict[int, tuple[date, datetime]] = field(
        default_factory=dict[int, tuple[date, datetime]]
    )
    """By paper number: the list that takes it, and when."""
    down: tuple[datetime, datetime] | None = None

    def fill(self, first: date, last: date, *, empty: Collection[date]) -> None:
        """Give each weekday a list."""
        for n in range((last - first).days + 1):
            day = first + n * DAY
            if day.weekday() < 5 and day not in empty:
                step = (closes_at(day) - opens_at(day)) / A_LIST
                for place in range(A_LIST):
                    joined_at = opens_at(day) + (place + 0.9) * step
                    self.joins[len(self.joins) + 1] = day, joined_at

    async def lists(self, request: web.Request) -> web.StreamResponse:
        if self.down and self.down[0] <= self.clock.now < self.down[1]:
            return web.Response(status=503)
        wanted = request.query.get("date")
        there = [
            number
            for number, (day, at) in self.joins.items()
            if at <= self.clock.now and wanted in (None, str(day))
        ]
        shown = there[-9:] if request.query["p"] == "0" else []
        body = json.dumps([self._entry(number) for number in shown])
        etag = f'"{hashlib.sha256(body.encode()).hexdigest()}"'
        if request.headers.get("If-None-Match") == etag:
            return web.Response(status=304)
        return json_answer(body, ETag=etag)

    def _entry(self, number: int) -> dict[str, object]:
        day = self.joins[number][0]
        votes = (self.clock.now - self.joins[number][1]) // (5 * HOUR)
        dated = f"{day}T00:00:00.000Z"
        return an_entry(number, paper={"upvotes": votes, "submittedOnDailyAt": dated})

    async def announced(self, request: web.Request) -> web.StreamResponse:
        """Announce, each evening, what daily lists take two days later."""
        evening = (self.clock.now - 5 * HOUR).date()
        while not announces_on(evening) or announced_at(evening) > self.clock.now:
            evening -= DAY
        dated = f"{evening + DAY:%a, %d %b %Y} 00:00:00 -0500"
        items = [
            an_item(f"{paper_id(number)}v1", date=dated)
            for number, (day, _) in self.joins.items()
            if timedelta() <= day - evening <= 4 * DAY
        ]
        channel = f"<channel><pubDate>{dated}</pubDate>".encode()
        return xml_answer(an_rss_feed(*items).replace(b"<channel>", channel))


@pytest.fixture
async def net(clock: Clock) -> AsyncIterator[Net]:
    async with a_net(clock) as net:
        yield net


def utc(month: int, day: int, hour: int) -> datetime:
    return datetime(2026, month, day, hour, tzinfo=UTC)


async def live(
    world: World, net: Net, store: Store, reader: Reader, *, since: datetime, until: datetime
) -> None:
    """Look, decide and go on, at ``HOURS``; the feeds are made at the start, after a first look."""
    clock = world.clock
    net.pages.will(world.lists)
    net.papers.will(world.announced)
    refresh = Refresh(store, Looks(net.hugging_face, net.arxiv, ("cs.CL",)), clock)
    clock.now = since
    await refresh()
    for channel, wish in enumerate(({}, {"style": Style.CARDS}, {"timezone": "Asia/Tokyo"})):
        feed = a_feed(channel_id=channel, created_at=since, max_papers=40, **wish)
        await store.run(feeding.add_feed, feed, most=9)
    days = (until - since).days + 1
    for at in (since.replace(hour=hour) + n * DAY for n in range(days + 1) for hour in HOURS):
        if since < at <= until:
            clock.now = at
            await refresh()
            await Compose(store, clock, reader)()


def carried(delivery: Delivery) -> list[str]:
    """Return the papers in a message."""
    shown = delivery.payload.get("papers", [delivery.subject])
    assert isinstance(shown, list)
    return [str(paper) for paper in shown]


THANKSGIVING = date(2026, 11, 26)


@pytest.mark.parametrize(
    ("since", "until", "empty", "down"),
    [
        pytest.param(utc(3, 5, 12), utc(3, 11, 20), (), None, id="the clocks go forward"),
        pytest.param(utc(10, 29, 12), utc(11, 4, 20), (), None, id="the clocks go back"),
        pytest.param(
            utc(11, 24, 12), utc(12, 2, 20), (THANKSGIVING + DAY,), None, id="Thanksgiving"
        ),
        pytest.param(
            utc(4, 6, 12),
            utc(4, 11, 20),
            (),
            (utc(4, 8, 20), utc(4, 9, 10)),
            id="nobody answers while a list closes",
        ),
    ],
)
async def test_each_paper_of_each_list_is_posted_once_at_the_feed_s_hour_and_not_before_its_list_closes(
    since: datetime,
    until: datetime,
    empty: Collection[date],
    down: tuple[datetime, datetime] | None,
    clock: Clock,
    net: Net,
    store: Store,
    reader: Reader,
) -> None:
    world = World(clock, down=down)
    world.fill(since.date() - 20 * DAY, until.date() + 3 * DAY, empty=empty)
    await live(world, net, store, reader, since=since, until=until)

    first, last = since.date(), until.date() - DAY
    wanted = sorted(paper_id(n) for n, (day, _) in world.joins.items() if first <= day <= last)
    for channel, hours in ((0, {9}), (1, {9}), (2, {0, 1, 2, 3})):
        sent = [
            delivery
            for delivery in await store.read(outbox.recent, limit=999)
            if delivery.target == f"channel:{channel}"
        ]
        assert sorted(id_ for delivery in sent for id_ in carried(delivery)) == wanted
        late = {10} if down else set[int]()
        assert {delivery.created_at.hour for delivery in sent} <= hours | late
        for delivery in sent:
            days = [world.joins[int(id_[5:])][0] for id_ in carried(delivery)]
            assert delivery.created_at >= max(map(complete_at, days))

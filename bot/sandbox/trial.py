"""The sandbox with everything in it: papers, a feed, a topic, and the jobs at work."""

from __future__ import annotations

import logging
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from datetime import datetime, timedelta

from sqlite_utils import Database

from bot.app import opened, services_for, working
from bot.client import PaperBot
from bot.jobs.runner import JobRunner
from bot.models import Feed, Schedule, Strictness
from bot.sandbox import Sandbox
from bot.store import feeds, people, trials
from cogs import EXTENSIONS
from config.settings import Settings

log = logging.getLogger(__name__)

TOPIC = "language models"


@asynccontextmanager
async def trying(settings: Settings, *, port: int | None) -> AsyncGenerator[str]:
    """Open the sandbox and give its address.

    The server has a feed whose hour is now, and its owner follows a topic, so
    that the first papers arrive as a post and as an alert. Both are gone when
    the sandbox closes; the papers stay.
    """
    async with opened(settings) as rooms:
        await rooms.store.run(trials.forget)
        runner = JobRunner()
        services = services_for(rooms, runner)
        async with Sandbox(
            lambda: PaperBot(services, EXTENSIONS, message_content=settings.message_content),
            port=settings.sandbox_port if port is None else port,
        ) as sandbox:
            await rooms.store.run(
                _furnish,
                sandbox.guild_id,
                sandbox.channel_id,
                sandbox.person_id,
                now=rooms.now(),
            )
            try:
                async with working(rooms, sandbox.bot, runner, starter_is_news=True):
                    yield sandbox.url
            finally:
                await rooms.store.run(trials.forget)


def _furnish(
    db: Database, guild_id: int, channel_id: int, person_id: int, *, now: datetime
) -> None:
    trials.begin(db, guild_id=guild_id, user_id=person_id)
    person = people.ensure(db, person_id, now=now)
    people.set_schedule(db, person.user_id, Schedule(hour=now.hour))
    people.follow(db, person.user_id, TOPIC, Strictness.NORMAL, now=now)
    # Made an hour ago, so that the hour that has begun is its first.
    made_at = now - timedelta(hours=1)
    feeds.add(
        db,
        Feed(
            id=0,
            guild_id=guild_id,
            channel_id=channel_id,
            created_by=person_id,
            created_at=made_at,
            hour=now.hour,
            max_papers=6,
        ),
    )

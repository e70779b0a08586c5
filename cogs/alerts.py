"""``/alerts``: when and how a person's alerts reach them."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from typing import Literal

import discord
from discord import app_commands
from discord.ext import commands
from sqlite_utils import Database

from bot.client import PaperBot, Services, say
from bot.listing_days import offered_timezones, parse_timezone
from bot.mail.addresses import LONGEST
from bot.models import MOST_IN_ALERT, Frequency, Schedule
from bot.render import alerts as render
from bot.schedules import parse_days
from bot.store import people
from bot.store.people import Person
from cogs import email

QUIET_DAYS = (
    "none",
    "weekends",
    "weekdays",
    "Monday",
    "Tuesday",
    "Wednesday",
    "Thursday",
    "Friday",
    "Saturday",
    "Sunday",
)
"""Offered for quiet days; any others can be typed."""


class Alerts(commands.GroupCog, group_name="alerts", group_description="How alerts reach you"):
    """What a person decides of their own alerts."""

    def __init__(self, services: Services) -> None:
        super().__init__()
        self.services = services

    @app_commands.command()
    @app_commands.describe(
        frequency="As soon as something appears, once a day, or once a week",
        hour="The hour of the day, 0 to 23",
        timezone="Your time zone, such as Europe/Berlin; daylight saving is kept",
        quiet_days="Days without alerts: sat, sun, or mon-wed, or weekends, or none",
        most="Papers in one alert at the most; the rest waits in /inbox",
    )
    async def schedule(
        self,
        interaction: discord.Interaction,
        frequency: Literal["instant", "daily", "weekly"] | None = None,
        hour: app_commands.Range[int, 0, 23] | None = None,
        timezone: app_commands.Range[str, 1, 64] | None = None,
        quiet_days: app_commands.Range[str, 1, 100] | None = None,
        most: app_commands.Range[int, 1, MOST_IN_ALERT] | None = None,
    ) -> None:
        """Show or change when your alerts come"""
        await interaction.response.defer(ephemeral=True, thinking=True)
        changes: dict[str, object] = {
            "frequency": Frequency(frequency) if frequency else None,
            "hour": hour,
            "timezone": parse_timezone(timezone).key if timezone else None,
            "quiet_days": parse_days(quiet_days) if quiet_days else None,
            "max_papers": most,
        }
        wanted = {name: value for name, value in changes.items() if value is not None}
        now = self.services.now()
        person = await self.services.store.run(_change, interaction.user.id, wanted, now=now)
        if wanted:
            self.services.wake("compose")
        person = person.reached(by_email=self.services.by_email)
        await say(interaction, render.schedule(person, changed=bool(wanted), now=now))

    @app_commands.command()
    @app_commands.describe(
        address="Where your alerts go instead of your direct messages; off ends that",
        code="The six digits that came to the address",
        keep_dm="Whether direct messages come as well",
    )
    async def email(
        self,
        interaction: discord.Interaction,
        address: app_commands.Range[str, 1, LONGEST] | None = None,
        code: app_commands.Range[str, 6, 12] | None = None,
        keep_dm: bool | None = None,
    ) -> None:
        """Get your alerts by e-mail, see where they go, or end that"""
        await interaction.response.defer(ephemeral=True, thinking=True)
        user_id = interaction.user.id
        said = await email.answer(
            self.services, user_id, address=address, code=code, keep_dm=keep_dm
        )
        await say(interaction, said)

    @schedule.autocomplete("timezone")
    async def _zones(
        self, interaction: discord.Interaction, current: str
    ) -> list[app_commands.Choice[str]]:
        return [app_commands.Choice(name=zone, value=zone) for zone in offered_timezones(current)]

    @schedule.autocomplete("quiet_days")
    async def _days(
        self, interaction: discord.Interaction, current: str
    ) -> list[app_commands.Choice[str]]:
        wanted = current.strip().casefold()
        return [
            app_commands.Choice(name=days, value=days)
            for days in QUIET_DAYS
            if wanted in days.casefold()
        ]


def _change(db: Database, user_id: int, wanted: dict[str, object], *, now: datetime) -> Person:
    """Change some of a person's schedule and return the person."""
    person = people.ensure(db, user_id, now=now)
    changed: Schedule = replace(person.schedule, **wanted)  # pyright: ignore[reportArgumentType]
    people.set_schedule(db, user_id, changed)
    return replace(person, schedule=changed)


async def setup(bot: PaperBot) -> None:
    await bot.add_cog(Alerts(bot.services))
    email.add_buttons(bot)

"""A person's DM channel, opened by their own command."""

from __future__ import annotations

import discord

from bot.client import Services
from bot.delivery.rules import DM_OPENS_REST, NO_NEW_DMS
from bot.errors import DeliveryError
from bot.store import dm_rest, people

TOO_FAST = 40003
"""Discord's code for too many new DM channels."""


async def open_channel(
    services: Services, user: discord.User | discord.Member
) -> discord.DMChannel:
    """Return a person's DM channel. What opens it is a command of theirs.

    Raises:
        DeliveryError: Discord wants no new ones from the bot for some hours.
        discord.DiscordException: It cannot be opened.
    """
    now = services.now()
    person = await services.store.read(people.get, user.id)
    is_new = person is None or person.dm_channel_id is None
    if is_new and await services.store.read(dm_rest.resting_until, now=now):
        raise DeliveryError(NO_NEW_DMS, code=TOO_FAST)
    try:
        return await user.create_dm()
    except discord.HTTPException as error:
        if error.code != TOO_FAST:
            raise
        await services.store.run(dm_rest.rest, until=now + DM_OPENS_REST)
        raise DeliveryError(NO_NEW_DMS, code=TOO_FAST) from error

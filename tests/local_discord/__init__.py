"""A Discord on loopback for whole-process tests: real HTTP, a real WebSocket, real trouble.

An unmodified discord.py bot talks to it when ``Route.BASE`` is ``server.api_url``
and ``DiscordWebSocket.DEFAULT_GATEWAY`` is ``server.gateway_url``::

    async with LocalDiscord(limits=DISCORD_LIMITS) as server:
        guild = server.world.add_guild()
        channel = server.world.add_channel(guild)
        ...
        server.faults.add(Fault(Effect.CUT, channel_id=channel, after=True))
"""

from tests.local_discord.faults import Effect, Fault
from tests.local_discord.interactions import Answer, Impossible, NoAnswer
from tests.local_discord.ledger import Complaint, MadeMessage, Request
from tests.local_discord.limits import DISCORD_LIMITS, Limits, Rate, Scope
from tests.local_discord.server import TOKEN, LocalDiscord, addressed_to

__all__ = [
    "DISCORD_LIMITS",
    "TOKEN",
    "Answer",
    "Complaint",
    "Effect",
    "Fault",
    "Impossible",
    "Limits",
    "LocalDiscord",
    "MadeMessage",
    "NoAnswer",
    "Rate",
    "Request",
    "Scope",
    "addressed_to",
]

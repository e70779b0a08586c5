"""What is in the sandbox: one server, one person, the bot, and a room for each place."""

from __future__ import annotations

import simcord

from bot.sandbox.live import LiveEnv, Place, PlaceKind, Room

SERVER = "Paperwire sandbox"
BOT = "Paperwire"
CHANNEL = "papers"
TOPIC = "New papers, as they come"
FORUM = "paper-forum"
TAGS = ("Language models", "Vision", "Agents", "Theory")


class World:
    """One server with a channel and a forum, and the one person who owns it.

    Args:
        env: Not yet started, so that the bot finds all of it at its login.
        timezone: An IANA name; what moments are shown in.
    """

    def __init__(self, env: LiveEnv, *, timezone: str) -> None:
        env.name_bot(BOT)
        self._env = env
        self._timezone = timezone
        self.person = env.create_user("you", global_name="You")
        self.guild = env.create_guild(SERVER, owner=self.person)
        self.channel = self.guild.create_text_channel(CHANNEL, topic=TOPIC)
        self.forum = self.guild.create_forum_channel(FORUM)
        env.add_tags(self.forum, TAGS)
        self.dm = self.person.dm_channel
        self._member = simcord.MemberActor(env, self.guild, self.person)

    def places(self) -> list[Place]:
        """Return everything that can be looked at, oldest first."""
        return self._env.places()

    def open_rooms(self) -> list[Room]:
        """Return the rooms that have been entered, oldest first."""
        return list(self._env.rooms.values())

    async def room(self, place_id: int) -> Room | None:
        """Return the place's room, opened if need be; None where there is none to enter."""
        kinds = {place.id: place.kind for place in self.places()}
        if kinds.get(place_id, PlaceKind.FORUM) is PlaceKind.FORUM:
            return None
        async with self._env.lock:
            room = self._env.rooms.get(place_id)
            return room or await self._new_room(place_id, kinds[place_id]).__aenter__()

    def _new_room(self, place_id: int, kind: PlaceKind) -> Room:
        if kind is PlaceKind.DM:
            return Room(self._env, self.dm, self.person, timezone=self._timezone)
        channel = self._env.channel(self.guild, place_id)
        return Room(self._env, channel, self._member, timezone=self._timezone)

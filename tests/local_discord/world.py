"""Guilds, channels and people of the local Discord, and what happens to them."""

from __future__ import annotations

import random
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from simcord.backend import permissions, serializers
from simcord.backend.models import Guild, Overwrite
from simcord.enums import ChannelType, OverwriteType

from tests.local_discord.backend import WorldBackend


@dataclass
class World:
    """What people do to a guild while the bot is in it. Everything is announced to the bot."""

    backend: WorldBackend
    shards: int = 1
    """Guilds are dealt to so many shards in turn."""
    locales: dict[int, str] = field(default_factory=dict[int, str])
    """A person's language, where it is not en-US."""
    _away: dict[int, Guild] = field(default_factory=dict[int, Guild])
    """Guilds that the bot was thrown out of, as it will find them on return."""

    # Making

    def add_guild(self, name: str = "Reading group") -> int:
        shard = len(self.backend.guilds) % self.shards
        return self.backend.create_guild(name, shard_id=shard, shard_count=self.shards).id

    def add_channel(self, guild_id: int, name: str = "papers") -> int:
        return self.backend.create_channel(guild_id, name).id

    def add_forum(self, guild_id: int, name: str = "library", tags: Iterable[str] = ()) -> int:
        made = [
            {
                "id": str(self.backend.snowflake()),
                "name": tag,
                "moderated": False,
                "emoji_id": None,
                "emoji_name": None,
            }
            for tag in tags
        ]
        forum = self.backend.create_channel(
            guild_id, name, type=ChannelType.FORUM, available_tags=made
        )
        return forum.id

    def add_user(self, name: str = "reader", guilds: Iterable[int] = ()) -> int:
        """Make a person who is in these guilds, with everybody's permissions there."""
        user_id = self.backend.make_user(name).id
        for guild_id in guilds:
            self.backend.add_member(guild_id, user_id, announce=True)
        return user_id

    def owner_of(self, guild_id: int) -> int:
        """Return a person who may do everything there."""
        return self.backend.guilds[guild_id].owner_id

    def populate(
        self, *, guilds: int = 1, channels: int = 1, forums: int = 0, users: int = 0, seed: int = 0
    ) -> None:
        """Make ``guilds`` guilds with ``channels`` and ``forums`` each, and people in one each."""
        chance = random.Random(seed)
        made = [self.add_guild(f"Guild {n + 1}") for n in range(guilds)]
        for guild_id in made:
            for n in range(channels):
                self.add_channel(guild_id, f"papers-{n + 1}")
            for n in range(forums):
                self.add_forum(guild_id, f"library-{n + 1}", ["new", "classic"])
        for n in range(users):
            self.add_user(f"reader-{n + 1}", [chance.choice(made)] if made else [])

    # Permissions

    def deny(self, channel_id: int, *names: str) -> None:
        """Take permissions (``send_messages``, …) away from the bot in one channel."""
        overwrite = self._bot_overwrite(channel_id)
        bits = _flags(names)
        self._overwrite(channel_id, allow=overwrite.allow & ~bits, deny=overwrite.deny | bits)

    def allow(self, channel_id: int, *names: str) -> None:
        """Give the bot permissions in one channel, also such as were denied."""
        overwrite = self._bot_overwrite(channel_id)
        bits = _flags(names)
        self._overwrite(channel_id, allow=overwrite.allow | bits, deny=overwrite.deny & ~bits)

    def hide(self, channel_id: int) -> None:
        self.deny(channel_id, "view_channel")

    def show(self, channel_id: int) -> None:
        self.allow(channel_id, "view_channel")

    def _bot_overwrite(self, channel_id: int) -> Overwrite:
        bot_id = self.backend.bot_user.id
        for overwrite in self.backend.get_channel(channel_id).overwrites:
            if overwrite.target_id == bot_id:
                return overwrite
        return Overwrite(bot_id, OverwriteType.MEMBER)

    def _overwrite(self, channel_id: int, *, allow: int, deny: int) -> None:
        bot_id = self.backend.bot_user.id
        overwrite = Overwrite(bot_id, OverwriteType.MEMBER, allow=allow, deny=deny)
        self.backend.set_overwrite(channel_id, overwrite)

    # Coming and going

    def delete_channel(self, channel_id: int) -> None:
        """Delete a channel, forum or thread; the threads inside go without a word, as they do."""
        channel = self.backend.get_channel(channel_id)
        if channel.guild_id is not None:
            self._drop_threads(self.backend.guilds[channel.guild_id], channel_id)
        self.backend.delete_channel(channel_id)

    def _drop_threads(self, guild: Guild, parent_id: int) -> None:
        for thread_id in list(guild.thread_ids):
            if self.backend.channels[thread_id].parent_id == parent_id:
                guild.thread_ids.remove(thread_id)
                del self.backend.channels[thread_id]
                del self.backend.messages[thread_id]

    def delete_message(self, channel_id: int, message_id: int) -> None:
        self.backend.delete_message(channel_id, message_id)

    def archive(self, thread_id: int, *, archived: bool = True, locked: bool = False) -> None:
        state = {"archived": archived, "locked": locked}
        self.backend.edit_channel(thread_id, {}, thread_metadata=state)

    def remove_bot(self, guild_id: int) -> None:
        """Throw the bot out. Everything in the guild waits for ``invite_bot``."""
        # The channels stay known, so that asking for one says 50001 and not 10003.
        self._away[guild_id] = self.backend.guilds.pop(guild_id)
        self.backend.emit("GUILD_DELETE", {"id": str(guild_id)})

    def invite_bot(self, guild_id: int) -> None:
        """Bring the bot back to a guild that it was thrown out of."""
        self.backend.guilds[guild_id] = self._away.pop(guild_id)
        self._announce_guild(guild_id)

    def outage(self, guild_id: int) -> None:
        """Tell the bot that Discord has lost a guild for now; REST is not touched."""
        self.backend.outages.add(guild_id)
        self.backend.emit("GUILD_DELETE", {"id": str(guild_id), "unavailable": True})

    def end_outage(self, guild_id: int) -> None:
        self._announce_guild(guild_id)
        self.backend.outages.discard(guild_id)

    def _announce_guild(self, guild_id: int) -> None:
        guild = self.backend.guilds[guild_id]
        self.backend.emit("GUILD_CREATE", serializers.guild_create_payload(self.backend, guild))

    def join(self, guild_id: int, user_id: int) -> None:
        self.backend.add_member(guild_id, user_id, announce=True)

    def leave(self, guild_id: int, user_id: int) -> None:
        self.backend.remove_member(guild_id, user_id)

    # Talking and looking

    def say(
        self, user_id: int, channel_id: int, content: str, *, reply_to: int | None = None
    ) -> int:
        """Let a person write; the message's id."""
        reference = {"message_id": str(reply_to)} if reply_to is not None else None
        message = self.backend.create_message(channel_id, user_id, content, reference=reference)
        return message.id

    def dm_of(self, user_id: int) -> int:
        """Return the person's DM channel with the bot; made if there was none."""
        return self.backend.get_dm_channel(user_id).id

    def messages(self, channel_id: int) -> list[dict[str, Any]]:
        """Return what is in a channel or thread now, oldest first, as Discord would send it."""
        return [
            dict(serializers.message_payload(self.backend, message))
            for message in self.backend.messages.get(channel_id, {}).values()
        ]

    def threads(self, parent_id: int) -> list[int]:
        """Return the threads of a channel, the posts of a forum, oldest first."""
        channel = self.backend.get_channel(parent_id)
        guild = self.backend.get_guild(channel.guild_id or 0)
        return [i for i in guild.thread_ids if self.backend.channels[i].parent_id == parent_id]

    def describe(self) -> dict[str, Any]:
        """Return everything by id, for another process."""
        return {
            "guilds": [self._describe_guild(guild) for guild in self.backend.guilds.values()],
            "users": [u.id for u in self.backend.users.values() if not u.bot],
            "bot_id": self.backend.bot_user.id,
            "application_id": self.backend.application_id,
        }

    def _describe_guild(self, guild: Guild) -> dict[str, Any]:
        channels = [self.backend.channels[i] for i in guild.channel_ids]
        return {
            "id": guild.id,
            "name": guild.name,
            "owner_id": guild.owner_id,
            "members": [i for i in guild.members if i != self.backend.bot_user.id],
            "channels": [c.id for c in channels if c.type == ChannelType.TEXT],
            "forums": [c.id for c in channels if c.type == ChannelType.FORUM],
        }


def _flags(names: Iterable[str]) -> int:
    bits = 0
    for name in names:
        bits |= permissions.flag(name)
    return bits

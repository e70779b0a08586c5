"""People at the local Discord: slash commands, buttons, menus and modals."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from simcord.backend import serializers
from simcord.backend.command_access import command_access
from simcord.backend.models import Interaction
from simcord.components import walk_components
from simcord.enums import SELECT_TYPES, AppCommandType, InteractionType, OptionType
from simcord.interactions import (
    base_payload,
    nest_options,
    validate_option_value,
    walk_to_subcommand,
)

from tests.local_discord.backend import WorldBackend
from tests.local_discord.calls import Call
from tests.local_discord.pulse import Pulse
from tests.local_discord.world import World

ANSWER_WITHIN = 3.0
"""Seconds; after that Discord says "The application did not respond"."""

MAX_ATTACHMENT = 10 * 1024 * 1024

ID_OPTIONS = {OptionType.USER, OptionType.CHANNEL, OptionType.ROLE, OptionType.MENTIONABLE}


class Impossible(Exception):
    """A person could not do this: no such command, button or permission there."""


class NoAnswer(Exception):
    """The bot did not answer within three seconds; its user sees so, in red."""


@dataclass(frozen=True)
class Answer:
    """How the bot answered one interaction. What it looks like is read when asked for."""

    user_id: int
    milliseconds: float
    """From the event's sending to the callback's arrival."""
    record: Interaction
    _backend: WorldBackend
    _pulse: Pulse

    @property
    def kind(self) -> str:
        """``message``, ``deferred``, ``update``, ``modal``, ``autocomplete``, …"""
        return str(self.record.response_kind)

    @property
    def ephemeral(self) -> bool:
        return self.record.ephemeral

    @property
    def choices(self) -> list[dict[str, Any]]:
        return self.record.autocomplete_choices or []

    @property
    def modal(self) -> dict[str, Any]:
        """The modal that was opened; empty for none."""
        return self.record.modal or {}

    @property
    def message(self) -> dict[str, Any] | None:
        """The answer as it stands now; None while there is none, or once deleted."""
        return self._payload(self.record.message_id)

    @property
    def followups(self) -> list[dict[str, Any]]:
        found = [self._payload(message_id) for message_id in self.record.followup_ids]
        return [payload for payload in found if payload is not None]

    @property
    def text(self) -> str:
        """The answer's words now, with those of components; empty for none."""
        made = self._backend.ledger.messages.get(self.record.message_id or 0)
        return made.text if made else ""

    async def finished(self, seconds: float = 10.0) -> Answer:
        """Wait until "… is thinking" has given way to an answer.

        Raises:
            TimeoutError: It did not within ``seconds``.
        """
        await self._pulse.until(lambda: not self.record.loading, seconds)
        return self

    async def followed_up(self, count: int = 1, seconds: float = 10.0) -> list[dict[str, Any]]:
        """Wait for follow-up messages and return them.

        Raises:
            TimeoutError: There were fewer after ``seconds``.
        """
        await self._pulse.until(lambda: len(self.record.followup_ids) >= count, seconds)
        return self.followups

    def _payload(self, message_id: int | None) -> dict[str, Any] | None:
        message = self._backend.messages.get(self.record.channel_id, {}).get(message_id or 0)
        if message is None:
            return None
        return dict(serializers.message_payload(self._backend, message, for_user=self.user_id))


@dataclass
class Interactions:
    """What people do, each time until the bot's first answer has arrived."""

    world: World
    pulse: Pulse
    answer_within: float = ANSWER_WITHIN
    _arrived: dict[int, float] = field(default_factory=dict[int, float])
    """Interaction → when its callback came, in ``perf_counter`` seconds."""

    def arrived(self, call: Call, at: float) -> None:
        """Note that a callback was accepted."""
        self._arrived.setdefault(int(call.words[1]), at)

    async def slash(
        self, user_id: int, channel_id: int, name: str, options: Mapping[str, Any] | None = None
    ) -> Answer:
        """Run a command by its full name, ``papers trending``.

        People, channels and roles among the options are given by id.

        Raises:
            Impossible: There is no such command for this person there.
            NoAnswer: The bot was silent for three seconds.
        """
        root, leaf, nesting = self._command(user_id, channel_id, name)
        declared = {option["name"]: option for option in leaf.get("options") or ()}
        given = options or {}
        _check_names(name, declared, given)
        resolved: dict[str, dict[str, Any]] = {}
        values = [
            self._option(name, declared[key], value, resolved, user_id, channel_id)
            for key, value in given.items()
        ]
        data = _command_data(root, nest_options(root, nesting, values))
        data |= {"resolved": resolved} if resolved else {}
        kind = InteractionType.APPLICATION_COMMAND
        return await self._send(kind, user_id, channel_id, data)

    async def autocomplete(
        self,
        user_id: int,
        channel_id: int,
        name: str,
        option: str,
        typed: str,
        filled: Mapping[str, Any] | None = None,
    ) -> Answer:
        """Type into an option; the choices are in the answer. Raises like ``slash``."""
        root, leaf, nesting = self._command(user_id, channel_id, name)
        declared = {each["name"]: each for each in leaf.get("options") or ()}
        if not declared.get(option, {}).get("autocomplete"):
            raise Impossible(f"/{name} does not complete {option!r}")
        values = [
            {"name": key, "type": declared[key]["type"], "value": value}
            for key, value in (filled or {}).items()
        ]
        kind = declared[option]["type"]
        values.append({"name": option, "type": kind, "value": typed, "focused": True})
        data = _command_data(root, nest_options(root, nesting, values))
        return await self._send(
            InteractionType.APPLICATION_COMMAND_AUTOCOMPLETE, user_id, channel_id, data
        )

    async def menu(self, user_id: int, message_id: int, name: str) -> Answer:
        """Choose an app's entry from a message's context menu. Raises like ``slash``."""
        channel_id, message = self._message(message_id)
        root = self._find(user_id, channel_id, name, AppCommandType.MESSAGE)
        data = {
            "id": root["id"],
            "name": root["name"],
            "type": AppCommandType.MESSAGE,
            "target_id": str(message_id),
            "resolved": {"messages": {str(message_id): message}},
        }
        return await self._send(InteractionType.APPLICATION_COMMAND, user_id, channel_id, data)

    async def press(self, user_id: int, message_id: int, custom_id: str) -> Answer:
        """Press a button. Raises like ``slash``."""
        part = self._component(message_id, custom_id)
        data = {"custom_id": custom_id, "component_type": part["type"], "id": part.get("id")}
        return await self._use(user_id, message_id, data)

    async def select(
        self, user_id: int, message_id: int, custom_id: str, values: Sequence[str]
    ) -> Answer:
        """Choose from a select menu of words. Raises like ``slash``."""
        part = self._component(message_id, custom_id)
        known = {option["value"] for option in part.get("options") or ()}
        if part["type"] not in SELECT_TYPES or not known.issuperset(values):
            raise Impossible(f"{custom_id!r} does not offer {values!r}")
        data = {"custom_id": custom_id, "component_type": part["type"], "values": list(values)}
        return await self._use(user_id, message_id, {**data, "id": part.get("id")})

    async def submit(self, opened: Answer, values: Mapping[str, object]) -> Answer:
        """Fill in the modal that an answer opened, by custom id. Raises like ``slash``."""
        if not opened.modal:
            raise Impossible("no modal was opened")
        data = {
            "custom_id": opened.modal["custom_id"],
            "components": [_filled_in(part, values) for part in opened.modal["components"]],
        }
        record = opened.record
        return await self._send(
            InteractionType.MODAL_SUBMIT,
            opened.user_id,
            record.channel_id,
            data,
            source_id=record.source_message_id,
        )

    # Finding what is meant

    def _command(
        self, user_id: int, channel_id: int, name: str
    ) -> tuple[dict[str, Any], dict[str, Any], list[str]]:
        first, *rest = name.split()
        root = self._find(user_id, channel_id, first, AppCommandType.CHAT_INPUT)
        leaf, nesting = walk_to_subcommand(root, rest)
        return root, leaf, nesting

    def _find(
        self, user_id: int, channel_id: int, name: str, kind: AppCommandType
    ) -> dict[str, Any]:
        backend = self.world.backend
        guild_id = backend.get_channel(channel_id).guild_id
        command = backend.find_command(name, guild_id, kind)
        if command is None:
            raise Impossible(f"no command {name!r} was synced")
        access = command_access(backend, command, user_id=user_id, channel_id=channel_id)
        if not access.allowed:
            raise Impossible(f"{name!r} is not shown to this person: {access.reason}")
        return command

    def _message(self, message_id: int) -> tuple[int, dict[str, Any]]:
        backend = self.world.backend
        made = backend.ledger.messages[message_id]
        message = backend.get_message(made.channel_id, message_id)
        return made.channel_id, dict(serializers.message_payload(backend, message))

    def _component(self, message_id: int, custom_id: str) -> dict[str, Any]:
        _, message = self._message(message_id)
        for part in walk_components(message["components"]):
            if part.get("custom_id") == custom_id and not part.get("disabled"):
                return part
        raise Impossible(f"the message has nothing to press with {custom_id!r}")

    # Sending

    def _option(
        self,
        command: str,
        option: Mapping[str, Any],
        value: Any,
        resolved: dict[str, dict[str, Any]],
        user_id: int,
        channel_id: int,
    ) -> dict[str, Any]:
        if option["type"] in ID_OPTIONS:
            self._resolve(int(value), resolved, user_id, channel_id)
            value = str(value)
        else:
            value = validate_option_value(command, dict(option), value)
        return {"name": option["name"], "type": option["type"], "value": value}

    def _resolve(
        self, target: int, resolved: dict[str, dict[str, Any]], user_id: int, channel_id: int
    ) -> None:
        backend = self.world.backend
        guild = backend.guilds.get(backend.get_channel(channel_id).guild_id or 0)
        if target in backend.channels:
            payload = dict(serializers.channel_payload(backend, backend.channels[target]))
            resolved.setdefault("channels", {})[str(target)] = self._permitted(
                payload, target, user_id
            )
        elif guild and target in guild.roles:
            role = dict(serializers.role_payload(guild.roles[target]))
            resolved.setdefault("roles", {})[str(target)] = role
        else:
            user = dict(serializers.user_payload(backend.get_user(target)))
            resolved.setdefault("users", {})[str(target)] = user
            if guild and target in guild.members:
                member = serializers.member_payload(
                    backend, guild, guild.members[target], with_user=False
                )
                resolved.setdefault("members", {})[str(target)] = dict(member)

    def _permitted(self, channel: dict[str, Any], target: int, user_id: int) -> dict[str, Any]:
        """Add what the person and the bot may do in a channel that was chosen."""
        backend = self.world.backend
        guild_id = backend.channels[target].guild_id
        if guild_id is None:
            return channel
        theirs = backend.compute_permissions(guild_id, user_id, target)
        ours = backend.compute_permissions(guild_id, backend.bot_user.id, target)
        return {**channel, "permissions": str(theirs), "app_permissions": str(ours)}

    async def _use(self, user_id: int, message_id: int, data: dict[str, Any]) -> Answer:
        channel_id, _ = self._message(message_id)
        kind = InteractionType.MESSAGE_COMPONENT
        return await self._send(kind, user_id, channel_id, data, source_id=message_id)

    async def _send(
        self,
        kind: InteractionType,
        user_id: int,
        channel_id: int,
        data: dict[str, Any],
        *,
        source_id: int | None = None,
    ) -> Answer:
        backend = self.world.backend
        record, payload = base_payload(
            backend,
            type=kind,
            channel_id=channel_id,
            guild_id=backend.get_channel(channel_id).guild_id,
            user_id=user_id,
            data=data,
        )
        self._amend(payload, record)
        if source_id is not None:
            record.source_message_id = source_id
            payload["message"] = self._message(source_id)[1]
        sent_at = time.perf_counter()
        backend.emit("INTERACTION_CREATE", payload)
        return await self._answer(record, sent_at)

    def _amend(self, payload: dict[str, Any], record: Interaction) -> None:
        """Put right what simcord leaves out or makes up."""
        locale = self.world.locales.get(record.user_id, "en-US")
        payload["locale"] = locale
        payload["attachment_size_limit"] = MAX_ATTACHMENT
        payload["authorizing_integration_owners"] = {"0": str(record.guild_id or 0)}

    async def _answer(self, record: Interaction, sent_at: float) -> Answer:
        try:
            await self.pulse.until(lambda: record.id in self._arrived, self.answer_within)
        except TimeoutError:
            raise NoAnswer(f"no answer within {self.answer_within:g} s") from None
        taken = (self._arrived.pop(record.id) - sent_at) * 1000
        return Answer(record.user_id, taken, record, self.world.backend, self.pulse)


def _check_names(
    command: str, declared: Mapping[str, Mapping[str, Any]], given: Mapping[str, Any]
) -> None:
    if unknown := given.keys() - declared.keys():
        raise Impossible(f"/{command} has no option {sorted(unknown)}")
    needed = {name for name, option in declared.items() if option.get("required")}
    if missing := needed - given.keys():
        raise Impossible(f"/{command} needs {sorted(missing)}")


def _command_data(root: Mapping[str, Any], options: list[dict[str, Any]]) -> dict[str, Any]:
    data = {
        "id": root["id"],
        "name": root["name"],
        "type": root.get("type", AppCommandType.CHAT_INPUT),
        "options": options,
    }
    return data | ({"guild_id": root["guild_id"]} if root.get("guild_id") else {})


def _filled_in(part: Mapping[str, Any], values: Mapping[str, object]) -> dict[str, Any]:
    """Return one row of a modal as the client sends it back."""
    sent: dict[str, Any] = {"type": part["type"], "id": part.get("id")}
    if "components" in part:
        sent["components"] = [_filled_in(child, values) for child in part["components"]]
    if "component" in part:
        sent["component"] = _filled_in(part["component"], values)
    if "custom_id" in part:
        value = values.get(part["custom_id"], part.get("value", ""))
        sent["custom_id"] = part["custom_id"]
        sent["values" if isinstance(value, list | tuple) else "value"] = value
    return sent

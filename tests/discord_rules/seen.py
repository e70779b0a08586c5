"""Messages, as a person sees them: words, buttons, menus, files."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace

import discord
import simcord

from tests.discord_rules.components import SELECTS, Kind, texts, walk
from tests.discord_rules.lengths import Json, objects

Message = discord.Message | simcord.ResponseMessage
Hand = simcord.MemberActor | simcord.UserHandle
"""A person in a server, or the same person in direct messages."""


@dataclass(frozen=True, slots=True)
class Button:
    label: str
    """Empty for a button that shows only an emoji."""
    custom_id: str | None
    url: str | None
    disabled: bool


@dataclass(frozen=True, slots=True)
class Select:
    custom_id: str
    placeholder: str
    options: tuple[tuple[str, str], ...]
    """Label and value; empty for users, roles and channels."""


@dataclass(frozen=True, slots=True)
class Modal:
    title: str
    fields: dict[str, str]
    """Each control's custom_id by its label."""


@dataclass(frozen=True, slots=True)
class Seen:
    """One message, or all that answers an interaction, as it was at that moment."""

    messages: tuple[Message, ...]
    text: str
    """Content, embeds and text displays from top to bottom, a line each."""
    ephemeral: bool
    """Whether there is a message and only the person who asked sees any of it."""
    buttons: tuple[Button, ...]
    selects: tuple[Select, ...]
    files: tuple[str, ...]
    """Names of the attached files."""
    modal: Modal | None = None
    hand: Hand | None = None
    """Who began the interaction that this answers, in the server or in direct messages."""
    result: simcord.InteractionResult | None = None

    @property
    def message(self) -> Message:
        """The only message."""
        (message,) = self.messages
        return message

    def button(self, name: str) -> Button:
        """Return the one button with that label or custom_id."""
        found = [button for button in self.buttons if name in (button.label, button.custom_id)]
        assert len(found) == 1, f"{len(found)} buttons named {name!r} among {self.buttons}"
        return found[0]

    def holder(self, custom_id: str) -> Message:
        """Return the message that has the button or select with that custom_id."""
        for message in self.messages:
            if any(c.get("custom_id") == custom_id for c in walk(_components(message))):
                return message
        raise AssertionError(f"nothing has the custom_id {custom_id!r} in {self.text!r}")


def see(messages: Iterable[Message]) -> Seen:
    """Return what the messages show together."""
    messages = tuple(messages)
    components = [c for message in messages for c in walk(_components(message))]
    return Seen(
        messages=messages,
        text="\n".join(line for message in messages for line in _lines(message)),
        ephemeral=bool(messages) and all(message.flags.ephemeral for message in messages),
        buttons=tuple(_button(c) for c in components if c.get("type") == Kind.BUTTON),
        selects=tuple(_select(c) for c in components if c.get("type") in SELECTS),
        files=tuple(file.filename for message in messages for file in message.attachments),
    )


def see_answer(hand: Hand, result: simcord.InteractionResult) -> Seen:
    """Return what the bot answered: the response first, then what followed it.

    A press that was only acknowledged has the pressed message as its response;
    where something followed, that alone is the answer.
    """
    pressed_only = result.deferred and result.followups
    first = [result.response] if result.response and not pressed_only else []
    modal = _modal(result.modal) if result.modal else None
    return replace(see([*first, *result.followups]), modal=modal, hand=hand, result=result)


def _components(message: Message) -> list[Json]:
    if isinstance(message, simcord.ResponseMessage):
        return message.components
    return [dict(component.to_dict()) for component in message.components]


def _lines(message: Message) -> Iterator[str]:
    if message.content:
        yield message.content
    for embed in message.embeds:
        yield from filter(None, (embed.author.name, embed.title, embed.description))
        for field in embed.fields:
            yield f"{field.name}: {field.value}"
        if embed.footer.text:
            yield embed.footer.text
    yield from texts(_components(message))


def _button(component: Json) -> Button:
    return Button(
        label=component.get("label") or "",
        custom_id=component.get("custom_id"),
        url=component.get("url"),
        disabled=bool(component.get("disabled")),
    )


def _select(component: Json) -> Select:
    return Select(
        custom_id=component["custom_id"],
        placeholder=component.get("placeholder") or "",
        options=tuple((o["label"], o["value"]) for o in objects(component.get("options"))),
    )


def _modal(data: Json) -> Modal:
    fields: dict[str, str] = {}
    for part in objects(data.get("components")):
        for control in walk([part]):
            if custom_id := control.get("custom_id"):
                fields[part.get("label") or control.get("label") or custom_id] = custom_id
    return Modal(data["title"], fields)

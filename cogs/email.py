"""What ``/alerts email`` and its buttons do: name an address, prove it, end it."""

from __future__ import annotations

import discord
from discord import ui

from bot.client import PaperBot, PersistentButton, Services, explain, say, services_of
from bot.errors import UserError
from bot.mail import confirming
from bot.render import mailbox as render
from bot.render.cards import Page

OFF = frozenset(("", "off", "none", "end", "stop"))
"""What people type in place of an address to end e-mail."""


async def answer(
    services: Services,
    user_id: int,
    *,
    address: str | None,
    code: str | None,
    keep_dm: bool | None,
) -> Page | str:
    """Do what the options of the command ask; without any, show how things are.

    Raises:
        UserError: The operator has set up no e-mail, or what was given makes no sense.
    """
    store, now = services.store, services.now()
    if address is not None and address.strip().casefold() in OFF:
        return render.ended(await confirming.end(store, user_id))
    if not services.by_email:
        raise UserError(render.NOT_SET_UP)
    if code is not None:
        mailbox = await confirming.confirm(store, user_id, code, keeps_dm=keep_dm, now=now)
        return render.confirmed(mailbox)
    if address is not None:
        claim = await confirming.ask(store, user_id, address, keeps_dm=keep_dm, now=now)
        services.wake("email")
        return render.asked(claim)
    if keep_dm is not None:
        return render.changed(await confirming.keep_dm(store, user_id, keep_dm))
    return render.state(await confirming.state(store, user_id, now=now))


class CodeModal(ui.Modal, title="The code from the mail"):
    """Takes the code, without typing the command again."""

    code: ui.Label[CodeModal] = ui.Label(
        text="The six digits in its subject",
        component=ui.TextInput(custom_id="code", min_length=6, max_length=12),
    )

    async def on_submit(self, interaction: discord.Interaction, /) -> None:
        assert isinstance(self.code.component, ui.TextInput)
        await interaction.response.defer(ephemeral=True, thinking=True)
        said = await answer(
            services_of(interaction),
            interaction.user.id,
            address=None,
            code=self.code.component.value,
            keep_dm=None,
        )
        await say(interaction, said)

    async def on_error(self, interaction: discord.Interaction, error: Exception, /) -> None:
        await explain(interaction, error)


class CodeButton(PersistentButton, template=r"email:code"):
    """Opens a field for the code."""

    async def press(self, interaction: discord.Interaction) -> None:
        await interaction.response.send_modal(CodeModal())


class KeepDmButton(PersistentButton, template=r"email:dm:(?P<keep>[01])"):
    """Lets direct messages come beside the e-mail, or no more."""

    async def press(self, interaction: discord.Interaction) -> None:
        await _press(interaction, keep_dm=self.parts["keep"] == "1")


class EndButton(PersistentButton, template=r"email:off"):
    """Ends e-mail."""

    async def press(self, interaction: discord.Interaction) -> None:
        await _press(interaction, address="off")


async def _press(
    interaction: discord.Interaction, *, address: str | None = None, keep_dm: bool | None = None
) -> None:
    await interaction.response.defer(ephemeral=True, thinking=True)
    services, user_id = services_of(interaction), interaction.user.id
    said = await answer(services, user_id, address=address, code=None, keep_dm=keep_dm)
    await say(interaction, said)


def add_buttons(bot: PaperBot) -> None:
    """Let the bot know the buttons, also those of messages from before a restart."""
    bot.add_dynamic_items(CodeButton, KeepDmButton, EndButton)

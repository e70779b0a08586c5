"""A person's e-mail as Discord components: where alerts go, and what waits for a code."""

from __future__ import annotations

from discord import ui

from bot.mail.confirming import State
from bot.render.cards import ACCENT, Page
from bot.render.text import escape, moment
from bot.store.mailboxes import Claim, Mailbox

NOT_SET_UP = "This bot's operator has not set up e-mail."
Button = ui.Button[ui.LayoutView]


def asked(claim: Claim) -> Page:
    """Return the answer to somebody who named an address."""
    return _page([_waits(claim)], [_enter()])


def confirmed(mailbox: Mailbox) -> Page:
    """Return the answer to a right code."""
    return _page([f"That is the code. {_comes(mailbox)}"], _changes(mailbox))


def changed(mailbox: Mailbox) -> Page:
    """Return where alerts go, after a change of that."""
    return _page([_comes(mailbox)], _changes(mailbox))


def ended(address: str) -> str:
    """Return the answer to somebody who ended e-mail."""
    return f"No more e-mail to {escape(address)}. Alerts come as direct messages."


def state(found: State) -> Page:
    """Return all that is known of a person's e-mail."""
    lines: list[str] = []
    buttons: list[Button] = []
    mailbox = found.mailbox
    if mailbox and mailbox.stopped_at:
        since = moment(mailbox.stopped_at)
        why = escape(mailbox.stopped_because or "")
        lines.append(f"No e-mail goes to {escape(mailbox.address)} since {since}: {why}.")
    elif mailbox:
        lines.append(_comes(mailbox))
        buttons += _changes(mailbox)
    if found.claim:
        lines.append(_waits(found.claim))
        buttons.append(_enter())
    if not lines:
        lines.append(
            "You get no e-mail. Give this command an address, and your alerts come there instead"
            " of as direct messages."
        )
    return _page(lines, buttons)


def _page(lines: list[str], buttons: list[Button]) -> Page:
    rows: list[ui.Item[ui.LayoutView]] = [ui.ActionRow(*buttons)] if buttons else []
    box: ui.Container[ui.LayoutView] = ui.Container(
        ui.TextDisplay("\n".join(lines)), *rows, accent_colour=ACCENT
    )
    return Page(box)


def _waits(claim: Claim) -> str:
    return (
        f"A code goes to {escape(claim.address)} and is good until {moment(claim.expires_at, 't')}."
        " Enter it here, or with /alerts email code."
    )


def _comes(mailbox: Mailbox) -> str:
    beside = "and as direct messages" if mailbox.keeps_dm else "instead of as direct messages"
    return f"Alerts come by e-mail to {escape(mailbox.address)}, {beside}."


def _enter() -> Button:
    return Button(label="Enter the code", custom_id="email:code")


def _changes(mailbox: Mailbox) -> list[Button]:
    label = "E-mail alone" if mailbox.keeps_dm else "Direct messages too"
    return [
        Button(label=label, custom_id=f"email:dm:{int(not mailbox.keeps_dm)}"),
        Button(label="End e-mail", custom_id="email:off"),
    ]

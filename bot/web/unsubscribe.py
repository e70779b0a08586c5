"""Ends e-mail to one address, from a link in a mail or by a mail program's own button."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime

from aiohttp import web
from sqlite_utils import Database

from bot.mail import ending
from bot.mail.tokens import Signer, read_mailbox
from bot.render.email import unsubscribe_page
from bot.store import mailboxes
from bot.store.mailboxes import Mailbox
from bot.store.secret import secret
from bot.store.store import Store

ONE_CLICK = ("List-Unsubscribe", "One-Click")
"""What mail programs send, and our own button: https://www.rfc-editor.org/rfc/rfc8058#section-3.1"""


@dataclass(frozen=True, slots=True)
class Unsubscribe:
    """The page, and what its button does."""

    store: Store
    now: Callable[[], datetime]

    async def show(self, request: web.Request) -> web.Response:
        """Show a page with a button. Looking ends nothing: scanners follow every link in a mail."""
        mailbox = await self.store.run(_mailbox, request.match_info["token"])
        if mailbox is None or mailbox.stopped_at:
            return _page("No e-mail", "Paperwire sends nothing to this address.")
        return _page(
            "No more e-mail?",
            "Paperwire sends alerts on the topics that you follow on Discord to this address."
            " Without e-mail they come as direct messages on Discord.",
            button="No more e-mail",
        )

    async def end(self, request: web.Request) -> web.Response:
        """End e-mail to the address. Without cookies or a log-in, once or many times."""
        name, value = ONE_CLICK
        if (await _form(request)).get(name) != value:
            raise web.HTTPBadRequest(text=f"The body has to be {name}={value}.")
        await self.store.run(_end, request.match_info["token"], now=self.now())
        return _page(
            "No more e-mail",
            "Paperwire sends nothing more to this address. Your alerts come as direct messages on"
            " Discord; /topics list there changes or ends them.",
        )


async def _form(request: web.Request) -> Mapping[str, object]:
    """Return what was sent; nothing where it is no form, whatever its headers say."""
    try:
        return await request.post()
    except (LookupError, ValueError):  # a character set that is none, letters that are none in it
        return {}


def _mailbox(db: Database, token: str) -> Mailbox | None:
    """Return the mailbox that a token is for; None if it is gone.

    Raises:
        HTTPNotFound: The token is not ours.
    """
    mailbox_id = read_mailbox(Signer(secret(db)), token)
    if mailbox_id is None:
        raise web.HTTPNotFound(
            text=unsubscribe_page(
                "This link is not whole",
                "Copy all of it from the mail, or type /alerts email off on Discord.",
            ),
            content_type="text/html",
        )
    return mailboxes.get(db, mailbox_id)


def _end(db: Database, token: str, *, now: datetime) -> None:
    mailbox = _mailbox(db, token)
    if mailbox is not None:
        ending.stop(db, mailbox.id, ending.UNSUBSCRIBED, now=now)


def _page(heading: str, words: str, *, button: str = "") -> web.Response:
    return web.Response(
        text=unsubscribe_page(heading, words, button=button), content_type="text/html"
    )

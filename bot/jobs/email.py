"""Hands owed e-mails to the operator's mail server: each on its own, once."""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlite_utils import Database

from bot.delivery import rules
from bot.errors import DeliveryError, MailServerError, StoreError
from bot.jobs.deliver import hold_stale
from bot.mail import emails, ending
from bot.mail.addresses import for_smtp
from bot.mail.emails import Email
from bot.mail.replies import Verdict
from bot.mail.setup import From
from bot.mail.smtp import AnswerLost, Connection, MailRefused, Relay, connected
from bot.models import Delivery, DeliveryKind, DeliveryState
from bot.render.email import render_email
from bot.render.text import escape
from bot.store import mailboxes, notices, outbox, telling
from bot.store.store import Store

log = logging.getLogger(__name__)

BATCH = 100
FIRST_REST = timedelta(seconds=30)
LONGEST_REST = timedelta(minutes=15)
"""A server that does not let us in is not asked every few seconds: it may lock us out for that."""
IN_DOUBT = "the mail server's answer was lost: it may have arrived, so it is not sent again"
NO_LONGER_WANTED = "what it was about is no longer wanted"


@dataclass
class DeliverEmail:
    """Send all e-mail that is due, over one connection, one after the other.

    Exactly once as far as SMTP can: before a mail's text goes out, the disk
    knows (``mailboxes.hand_over``). What failed or was cut off before is sent
    again; what was cut off after may have arrived and is held, never sent twice.

    Args:
        store: Where the outbox is.
        relay: The operator's mail server.
        sender: Who sends.
        now: The clock.
    """

    store: Store
    relay: Relay
    sender: From
    now: Callable[[], datetime]
    stopping: bool = False
    resting_until: datetime | None = None
    _rest: timedelta = FIRST_REST
    _trouble: MailServerError | None = None

    async def __call__(self) -> None:
        """Send until nothing is due.

        Raises:
            MailServerError: The server lets us in no more. Nothing is lost; a
                call after ``resting_until`` tries again, earlier ones say the same.
            StoreError: The outbox cannot be read or written.
        """
        if self._trouble and self.resting_until and self.now() < self.resting_until:
            raise self._trouble
        await self.store.run(outbox.recover, by_email=True)
        try:
            sent = await self._send_all()
        except MailServerError as error:
            self.resting_until, self._trouble = self.now() + self._rest, error
            self._rest = min(LONGEST_REST, self._rest * 2)
            raise
        self._trouble, self._rest = None, FIRST_REST
        if sent:
            log.info("email: %d tried", sent)

    async def _send_all(self) -> int:
        tried = 0
        while not self.stopping and (ready := await self._ready()):
            async with connected(self.relay) as connection:
                tried += await self._send_over(connection, ready)
        return tried

    async def _ready(self) -> list[Delivery]:
        """Return what is to be sent now, after what is not was settled."""
        while True:
            due = await self.store.read(outbox.due, now=self.now(), limit=BATCH, by_email=True)
            kept = await self.store.run(sort_out, due, now=self.now())
            if kept or not due:
                return kept

    async def _send_over(self, connection: Connection, deliveries: list[Delivery]) -> int:
        """Send over one connection for as long as it holds; returns how many were tried."""
        tried = 0
        for delivery in deliveries:
            if self.stopping:
                break
            tried += 1
            if not await self._send(connection, delivery):
                break
        return tried

    async def _send(self, connection: Connection, delivery: Delivery) -> bool:
        """Take one delivery as far as it goes; False if the connection is of no more use."""
        if not await self.store.run_durably(outbox.claim, delivery.id, now=self.now()):
            return True
        try:
            email = await self.store.run(emails.load, delivery)
            if email is None:
                await self._hold(delivery, NO_LONGER_WANTED)
                return True
            return await self._hand_in(connection, delivery, email)
        except (StoreError, MailServerError):
            raise
        except Exception:
            log.exception("e-mail %s met a bug", delivery.id)
            await self.store.run(note_bug, delivery, now=self.now())
            return await connection.start_over()

    async def _hand_in(self, connection: Connection, delivery: Delivery, email: Email) -> bool:
        async def before_text() -> None:
            await self.store.run_durably(mailboxes.hand_over, delivery.id, now=self.now())

        try:
            await connection.send(
                render_email(email, self.sender, now=self.now()),
                sender=self.sender.address.addr_spec,
                recipient=for_smtp(email.address),
                token=email.message_token,
                before_text=before_text,
            )
        except MailRefused as error:
            log.info("e-mail %s: %s (%s)", delivery.id, error, error.verdict.name.lower())
            await self.store.run(note_refusal, delivery, email, error.verdict, now=self.now())
            if error.verdict is Verdict.NOT_US:
                raise MailServerError(
                    f"The mail server {self.relay.host} does not take mail from"
                    f" {self.sender.address.addr_spec} (PAPERWIRE_EMAIL_FROM)."
                ) from error
            return await connection.start_over()
        except AnswerLost:
            await self.store.run(note_lost_answer, delivery, now=self.now())
            return False
        await self.store.run(note_sent, delivery, now=self.now())
        return True

    async def _hold(self, delivery: Delivery, why: str) -> None:
        await self.store.run(outbox.settle, delivery.id, DeliveryState.HELD, reason=why)


def sort_out(db: Database, due: list[Delivery], *, now: datetime) -> list[Delivery]:
    """Hold what is too late and what may have arrived; returns the rest."""
    ready: list[Delivery] = []
    for delivery in due:
        if delivery.uncertain_at is not None and mailboxes.is_handed_over(db, delivery.id):
            hold_in_doubt(db, delivery, now=now)
        elif rules.is_stale(delivery, now=now):
            hold_stale(db, delivery, now=now)
        else:
            outbox.is_absent(db, delivery.id)
            ready.append(delivery)
    return ready


def hold_in_doubt(db: Database, delivery: Delivery, *, now: datetime) -> None:
    """Hold what may have arrived, and tell the person, who has it in the inbox."""
    outbox.settle(db, delivery.id, DeliveryState.HELD, reason=IN_DOUBT)
    if delivery.kind is DeliveryKind.ALERT:
        text = f"An e-mail to you may be missing: {IN_DOUBT}. /inbox shows its papers."
        tell(db, delivery, text, f"email-doubt:{delivery.id}", now=now)


def note_sent(db: Database, delivery: Delivery, *, now: datetime) -> None:
    """Write down that the server took a mail."""
    outbox.mark_emailed(db, delivery.id, now=now)
    mailboxes.take_back(db, delivery.id)


def note_lost_answer(db: Database, delivery: Delivery, *, now: datetime) -> None:
    """Write down that the connection ended: whether after the text went out decides."""
    if mailboxes.is_handed_over(db, delivery.id):
        hold_in_doubt(db, delivery, now=now)
    else:
        postpone(db, delivery, "the mail server hung up", now=now)


def note_bug(db: Database, delivery: Delivery, *, now: datetime) -> None:
    """Write down that a mail could not be made; one that may have arrived is held."""
    if mailboxes.is_handed_over(db, delivery.id):
        hold_in_doubt(db, delivery, now=now)
    else:
        postpone(db, delivery, "something went wrong on our side", now=now)


def note_refusal(
    db: Database, delivery: Delivery, email: Email, verdict: Verdict, *, now: datetime
) -> None:
    """Write down what becomes of a mail that the server did not take."""
    mailboxes.take_back(db, delivery.id)
    match verdict:
        case Verdict.LATER:
            postpone(db, delivery, "the mail server asked to wait", now=now)
        case Verdict.NOT_US:
            postpone(db, delivery, "the mail server takes no mail from the bot", now=now)
        case Verdict.NO_MAILBOX:
            note_no_mailbox(db, delivery, email, now=now)
        case Verdict.REFUSED:
            why = "the mail server refused it"
            outbox.settle(db, delivery.id, DeliveryState.HELD, reason=why)
            text = f"An e-mail to {escape(email.address)} could not be sent: {why}."
            also = " /inbox shows its papers." if delivery.kind is DeliveryKind.ALERT else ""
            tell(db, delivery, text + also, f"email-refused:{delivery.id}", now=now)


def note_no_mailbox(db: Database, delivery: Delivery, email: Email, *, now: datetime) -> None:
    """End e-mail to an address that nobody reads, and tell the person who named it."""
    why = ending.no_mailbox(email.address)
    outbox.settle(db, delivery.id, DeliveryState.HELD, reason=why)
    if delivery.kind is DeliveryKind.CODE:
        mailboxes.drop_claim(db, delivery.user_id or 0)
        text = f"No code could be sent: {escape(why)}. /alerts email takes another address."
        tell(db, delivery, text, f"email-code:{delivery.id}", now=now)
        return
    telling.withdraw(db, delivery.id)
    mailbox = mailboxes.of(db, delivery.user_id or 0)
    if mailbox and mailbox.address == email.address:
        ending.stop(db, mailbox.id, why, now=now)


def postpone(db: Database, delivery: Delivery, why: str, *, now: datetime) -> None:
    """Owe a mail again after a wait that doubles; it cannot have arrived."""
    until = rules.next_try(DeliveryError(why), attempts=delivery.attempts + 1, now=now)
    outbox.postpone(db, delivery.id, until=until, reason=why)


def tell(db: Database, delivery: Delivery, text: str, subject: str, *, now: datetime) -> None:
    """Owe a word to the person whose mail it was."""
    notices.owe(db, delivery.user_id or 0, text, subject, now=now)

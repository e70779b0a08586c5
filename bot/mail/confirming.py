"""How a person gets their alerts by e-mail: they name an address and prove it by a code."""

from __future__ import annotations

import hmac
import secrets
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import Enum, auto

from sqlite_utils import Database

from bot.errors import UserError
from bot.mail.addresses import key, parse_address
from bot.mail.tokens import Signer
from bot.models import DeliveryKind
from bot.store import mailboxes, outbox, people
from bot.store.mailboxes import Claim, Mailbox
from bot.store.outbox import Owed
from bot.store.secret import secret
from bot.store.store import Store

CODE_LASTS = timedelta(minutes=30)
"""Long enough for a mail server that lets unknown senders wait before it takes their mail."""
MOST_TRIES = 5
"""Wrong codes; of a million, these and the day's codes leave a guesser 25 in a million."""
MOST_CODES_A_PERSON = 5
MOST_CODES_AN_ADDRESS = 3
A_DAY = timedelta(days=1)
BETWEEN_CODES = timedelta(minutes=1)
_ASK_ANEW = "Ask for a new one with /alerts email."


@dataclass(frozen=True, slots=True)
class State:
    """What is known of a person's e-mail."""

    mailbox: Mailbox | None
    claim: Claim | None


async def state(store: Store, user_id: int, *, now: datetime) -> State:
    """Return a person's mailbox and the address that waits for its code."""
    return await store.read(_state, user_id, now=now)


def _state(db: Database, user_id: int, *, now: datetime) -> State:
    claim = mailboxes.claim_of(db, user_id)
    if claim and claim.expires_at <= now:
        claim = None
    return State(mailboxes.of(db, user_id), claim)


async def ask(
    store: Store, user_id: int, text: str, *, keeps_dm: bool | None, now: datetime
) -> Claim:
    """Owe a code to an address that a person names.

    Args:
        keeps_dm: Whether direct messages come as well; None: as it is now.

    Raises:
        UserError: It is no address, or too many codes went out already.
    """
    address = parse_address(text)
    code = f"{secrets.randbelow(1_000_000):06}"
    return await store.run(_ask, user_id, address, code, keeps_dm=keeps_dm, now=now)


def _ask(
    db: Database, user_id: int, address: str, code: str, *, keeps_dm: bool | None, now: datetime
) -> Claim:
    people.ensure(db, user_id, now=now)
    if keeps_dm is None:
        mailbox = mailboxes.of(db, user_id)
        keeps_dm = mailbox is not None and mailbox.keeps_dm
    digest = Signer(secret(db)).signature("limit", key(address))
    _check_limits(db, user_id, digest, now=now)
    mailboxes.note_code(db, user_id, digest, now=now)
    expires_at = now + CODE_LASTS
    claim_id = mailboxes.claim(db, user_id, address, code, keeps_dm=keeps_dm, expires_at=expires_at)
    outbox.enqueue(db, _owed(user_id, claim_id, expires_at, now), now=now)
    claim = mailboxes.get_claim(db, claim_id)
    assert claim is not None
    return claim


def _owed(user_id: int, claim_id: int, expires_at: datetime, now: datetime) -> Owed:
    return Owed(
        target=mailboxes.target(user_id),
        kind=DeliveryKind.CODE,
        subject=f"code:{claim_id}",
        payload={"claim": claim_id},
        due_at=now,
        expires_at=expires_at,
        user_id=user_id,
    )


def _check_limits(db: Database, user_id: int, digest: str, *, now: datetime) -> None:
    """Let nobody flood an address, be it by one account or by many.

    Raises:
        UserError: Too many codes went out; says when the next may.
    """
    own = mailboxes.codes_for_person(db, user_id, since=now - A_DAY)
    there = mailboxes.codes_to_address(db, digest, since=now - A_DAY)
    for sent, most in ((own, MOST_CODES_A_PERSON), (there, MOST_CODES_AN_ADDRESS)):
        again = next_code_at(sent, most)
        if again and again > now:
            raise UserError(
                f"Too many codes were asked for. The next can go out <t:{int(again.timestamp())}:R>."
            )


def next_code_at(sent: list[datetime], most: int) -> datetime | None:
    """Return when one more code may go out; None for at once.

    Args:
        sent: When codes went out in the last day, oldest first.
        most: How many a day.
    """
    if len(sent) >= most:
        return sent[-most] + A_DAY
    return sent[-1] + BETWEEN_CODES if sent else None


async def forget(store: Store, *, now: datetime) -> int:
    """Forget addresses that nobody proved within a day, since they may be anybody's."""
    return await store.run(mailboxes.forget_claims, before=now - A_DAY)


class Guess(Enum):
    """What became of a code that was given."""

    RIGHT = auto()
    NONE_ASKED = auto()
    EXPIRED = auto()
    TOO_MANY = auto()
    WRONG = auto()


async def confirm(
    store: Store, user_id: int, text: str, *, keeps_dm: bool | None = None, now: datetime
) -> Mailbox:
    """Take a code, and from now on send to the address that it proves.

    Args:
        keeps_dm: Whether direct messages come as well; None: as was said with the address.

    Raises:
        UserError: The code is wrong, too old, or there is none to give.
    """
    guess, mailbox = await store.run(_confirm, user_id, text, keeps_dm=keeps_dm, now=now)
    if mailbox is None:
        raise UserError(_WHY_NOT[guess])
    return mailbox


def _confirm(
    db: Database, user_id: int, text: str, *, keeps_dm: bool | None, now: datetime
) -> tuple[Guess, Mailbox | None]:
    """Judge a code. Returns instead of raising: a wrong try must be committed."""
    claim = mailboxes.claim_of(db, user_id)
    guess = judge(claim, text, now=now)
    if claim is None or guess is not Guess.RIGHT:
        if claim is not None and guess is Guess.WRONG:
            mailboxes.count_try(db, claim.id)
        return guess, None
    if keeps_dm is not None:
        claim = replace(claim, keeps_dm=keeps_dm)
    return guess, mailboxes.confirm(db, claim, now=now)


def judge(claim: Claim | None, text: str, *, now: datetime) -> Guess:
    """Return what becomes of a code; spaces and dashes in it do not count."""
    if claim is None:
        return Guess.NONE_ASKED
    if claim.expires_at <= now:
        return Guess.EXPIRED
    if claim.tries >= MOST_TRIES:
        return Guess.TOO_MANY
    digits = "".join(c for c in text if c not in " -\u00a0")
    right = hmac.compare_digest(digits.encode(), claim.code.encode())
    return Guess.RIGHT if right else Guess.WRONG


_WHY_NOT = {
    Guess.NONE_ASKED: "No address waits for a code. Name one with /alerts email.",
    Guess.EXPIRED: f"That code is too old. {_ASK_ANEW}",
    Guess.TOO_MANY: f"Too many wrong codes. {_ASK_ANEW}",
    Guess.WRONG: "That is not the code. It is the six digits in the mail's subject.",
}


async def end(store: Store, user_id: int) -> str:
    """End a person's e-mail, also an address that waits for its code; returns the address.

    Raises:
        UserError: There is nothing to end.
    """
    ended = await store.run(_end, user_id)
    if ended is None:
        raise UserError("You get no e-mail from the bot. /alerts email with an address begins it.")
    return ended


def _end(db: Database, user_id: int) -> str | None:
    claim = mailboxes.claim_of(db, user_id)
    mailboxes.drop_claim(db, user_id)
    mailbox = mailboxes.remove(db, user_id)
    return mailbox.address if mailbox else claim.address if claim else None


async def keep_dm(store: Store, user_id: int, keeps_dm: bool) -> Mailbox:
    """Let the direct message come beside the e-mail, or no more.

    Raises:
        UserError: They get no e-mail.
    """
    mailbox = await store.run(_keep_dm, user_id, keeps_dm)
    if mailbox is None:
        raise UserError("You get no e-mail from the bot. /alerts email with an address begins it.")
    return mailbox


def _keep_dm(db: Database, user_id: int, keeps_dm: bool) -> Mailbox | None:
    mailbox = mailboxes.of(db, user_id)
    if mailbox is None or mailbox.stopped_at:
        return None
    mailboxes.set_keeps_dm(db, user_id, keeps_dm)
    return replace(mailbox, keeps_dm=keeps_dm)

"""Mailboxes: where people want e-mail, and which addresses wait for their code."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlite_utils import Database

from bot.models import EMAIL, DeliveryKind
from bot.store import outbox, telling
from bot.store.rows import Row, at, moment, parsed


@dataclass(frozen=True, slots=True)
class Mailbox:
    """An address that a person proved to be theirs."""

    id: int
    user_id: int
    address: str
    keeps_dm: bool
    """Whether the direct message comes as well."""
    stopped_at: datetime | None
    """Since when nothing is sent there; None while it is used."""
    stopped_because: str | None


@dataclass(frozen=True, slots=True)
class Claim:
    """An address that waits for its code."""

    id: int
    user_id: int
    address: str
    keeps_dm: bool
    code: str
    tries: int
    """Wrong codes so far."""
    expires_at: datetime


def of(db: Database, user_id: int) -> Mailbox | None:
    rows = db.query("SELECT * FROM mailbox WHERE user_id = ?", [user_id])
    return next((_to_mailbox(row) for row in rows), None)


def get(db: Database, mailbox_id: int) -> Mailbox | None:
    rows = db.query("SELECT * FROM mailbox WHERE id = ?", [mailbox_id])
    return next((_to_mailbox(row) for row in rows), None)


def _to_mailbox(row: Row) -> Mailbox:
    return Mailbox(
        row["id"],
        row["user_id"],
        row["address"],
        bool(row["keeps_dm"]),
        parsed(row["stopped_at"]),
        row["stopped_because"],
    )


def claim(
    db: Database,
    user_id: int,
    address: str,
    code: str,
    *,
    keeps_dm: bool,
    expires_at: datetime,
) -> int:
    """Let an address wait for its code, in the place of the person's last one; returns its id."""
    drop_claim(db, user_id)
    cursor = db.execute(
        "INSERT INTO mailbox_claim (user_id, address, keeps_dm, code, expires_at)"
        " VALUES (?, ?, ?, ?, ?)",
        [user_id, address, keeps_dm, code, moment(expires_at)],
    )
    return int(cursor.lastrowid or 0)


def claim_of(db: Database, user_id: int) -> Claim | None:
    rows = db.query("SELECT * FROM mailbox_claim WHERE user_id = ?", [user_id])
    return next((_to_claim(row) for row in rows), None)


def get_claim(db: Database, claim_id: int) -> Claim | None:
    rows = db.query("SELECT * FROM mailbox_claim WHERE id = ?", [claim_id])
    return next((_to_claim(row) for row in rows), None)


def _to_claim(row: Row) -> Claim:
    return Claim(
        row["id"],
        row["user_id"],
        row["address"],
        bool(row["keeps_dm"]),
        row["code"],
        row["tries"],
        at(row["expires_at"]),
    )


def drop_claim(db: Database, user_id: int) -> bool:
    """Forget an address that waits for its code; False if none does."""
    return db.execute("DELETE FROM mailbox_claim WHERE user_id = ?", [user_id]).rowcount == 1


def forget_claims(db: Database, *, before: datetime) -> int:
    """Forget the addresses whose codes ran out before a moment; returns how many."""
    return db.execute("DELETE FROM mailbox_claim WHERE expires_at < ?", [moment(before)]).rowcount


def count_try(db: Database, claim_id: int) -> None:
    """Note that a wrong code was given."""
    db.execute("UPDATE mailbox_claim SET tries = tries + 1 WHERE id = ?", [claim_id])


def confirm(db: Database, claim: Claim, *, now: datetime) -> Mailbox:
    """Make a claimed address the person's mailbox; links in mails to an earlier one do no more."""
    drop_claim(db, claim.user_id)
    db.execute("DELETE FROM mailbox WHERE user_id = ?", [claim.user_id])
    cursor = db.execute(
        "INSERT INTO mailbox (user_id, address, keeps_dm, confirmed_at) VALUES (?, ?, ?, ?)",
        [claim.user_id, claim.address, claim.keeps_dm, moment(now)],
    )
    made = get(db, int(cursor.lastrowid or 0))
    assert made is not None
    return made


def remove(db: Database, user_id: int) -> Mailbox | None:
    """Forget a person's address; None if there was none.

    What is owed to it is held, and the next direct message brings the papers of what cannot have
    arrived.
    """
    gone = of(db, user_id)
    if gone is not None:
        db.execute("DELETE FROM mailbox WHERE user_id = ?", [user_id])
        _hold(db, target(user_id), because="you ended e-mail")
    return gone


def hold_all(db: Database, *, because: str) -> int:
    """Hold all that is owed by e-mail, since none is sent any more; returns how many.

    The next direct messages bring the papers of what cannot have arrived.
    """
    outbox.recover(db, by_email=True)
    return sum(_hold(db, place, because=because) for place in outbox.owed_places(db, EMAIL))


def _hold(db: Database, place: str, *, because: str, kind: DeliveryKind | None = None) -> int:
    owed = outbox.owed_to(db, place)
    held = outbox.hold_target(db, place, reason=because, kind=kind)
    for delivery_id in owed:
        if not is_handed_over(db, delivery_id):
            telling.withdraw(db, delivery_id)
    return held


def stop(db: Database, mailbox_id: int, *, because: str, now: datetime) -> Mailbox | None:
    """Send no more alerts to an address and hold those owed to it; None if that is so already.

    The next direct message brings the papers of what cannot have arrived.
    """
    stopped = db.execute(
        "UPDATE mailbox SET stopped_at = ?, stopped_because = ?"
        " WHERE id = ? AND stopped_at IS NULL",
        [moment(now), because, mailbox_id],
    ).rowcount
    mailbox = get(db, mailbox_id)
    if not stopped or mailbox is None:
        return None
    _hold(db, target(mailbox.user_id), because=because, kind=DeliveryKind.ALERT)
    return mailbox


def set_keeps_dm(db: Database, user_id: int, keeps_dm: bool) -> None:
    """Let the direct message come as well, or no more."""
    db.execute("UPDATE mailbox SET keeps_dm = ? WHERE user_id = ?", [keeps_dm, user_id])


def target(user_id: int) -> str:
    """Return the place that a person's e-mail is owed to."""
    return f"{EMAIL}{user_id}"


def note_code(db: Database, user_id: int, address_digest: str, *, now: datetime) -> None:
    """Note that a code goes out, and forget those of more than a day ago."""
    db.execute("DELETE FROM mailbox_code WHERE sent_at <= ?", [moment(now - timedelta(days=1))])
    db.execute(
        "INSERT INTO mailbox_code (user_id, address_digest, sent_at) VALUES (?, ?, ?)",
        [user_id, address_digest, moment(now)],
    )


def codes_for_person(db: Database, user_id: int, *, since: datetime) -> list[datetime]:
    """Return when codes went out for a person, oldest first, within a day."""
    rows = db.query(
        "SELECT sent_at FROM mailbox_code WHERE user_id = ? AND sent_at > ? ORDER BY sent_at",
        [user_id, moment(since)],
    )
    return [at(row["sent_at"]) for row in rows]


def codes_to_address(db: Database, address_digest: str, *, since: datetime) -> list[datetime]:
    """Return when codes went out to an address, whoever asked, oldest first, within a day."""
    rows = db.query(
        "SELECT sent_at FROM mailbox_code WHERE address_digest = ? AND sent_at > ?"
        " ORDER BY sent_at",
        [address_digest, moment(since)],
    )
    return [at(row["sent_at"]) for row in rows]


def hand_over(db: Database, delivery_id: int, *, now: datetime) -> None:
    """Note that a mail's text goes to the server now.

    Must be committed to the disk before the text is sent (``Store.run_durably``):
    after a crash it tells a mail that may have arrived from one that cannot have.
    """
    db.execute(
        "INSERT OR REPLACE INTO mail_handed_over (delivery_id, at) VALUES (?, ?)",
        [delivery_id, moment(now)],
    )


def is_handed_over(db: Database, delivery_id: int) -> bool:
    """Whether the server may have taken a mail without our knowing."""
    rows = db.query("SELECT 1 FROM mail_handed_over WHERE delivery_id = ?", [delivery_id])
    return any(True for _ in rows)


def take_back(db: Database, delivery_id: int) -> None:
    """Note that the server has said what became of a mail."""
    db.execute("DELETE FROM mail_handed_over WHERE delivery_id = ?", [delivery_id])

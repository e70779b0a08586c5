"""The database's own secret: signs what the bot must recognise when it comes back."""

from __future__ import annotations

import secrets

from sqlite_utils import Database

_NAME = "secret"


def secret(db: Database) -> bytes:
    """Return the secret, made on first use. Whoever has the database has it.

    Must be called with ``Store.run`` where it may be the first use.
    """
    db.execute(
        "INSERT INTO meta (name, value) VALUES (?, ?) ON CONFLICT DO NOTHING",
        [_NAME, secrets.token_hex(32)],
    )
    [row] = db.query("SELECT value FROM meta WHERE name = ?", [_NAME])
    return bytes.fromhex(row["value"])

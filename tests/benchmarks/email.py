"""How fast owed e-mail is handed in: ``python -m tests.benchmarks.email [--mails 500]``."""

from __future__ import annotations

import argparse
import asyncio
import tempfile
import time
from pathlib import Path

from bot.cli.say import say
from bot.jobs.email import DeliverEmail
from bot.mail.emails import load
from bot.render.email import render_email
from bot.store import listings, outbox
from bot.store.store import Store
from tests.builders import a_listing
from tests.conftest import NOON
from tests.mail.conftest import FROM, ONE, owe
from tests.mail.server import mail_server


async def measure(mails: int, folder: Path) -> None:
    """Print mails a second over loopback SMTP, with all that is written for each, and rendering alone."""
    async with Store(folder / "db.sqlite") as store, mail_server() as server:
        await store.run(listings.record, a_listing(papers=[ONE]))
        for number in range(mails):
            await store.run(owe, 100 + number, f"reader{number}@example.com", "alert:x")
        delivery = await store.read(outbox.get, 1)
        assert delivery is not None
        email = await store.run(load, delivery)
        assert email is not None
        began = time.perf_counter()
        for _ in range(mails):
            render_email(email, FROM, now=NOON).as_bytes()
        rendered = time.perf_counter() - began
        began, used = time.perf_counter(), time.process_time()
        await DeliverEmail(store, server.relay(), FROM, lambda: NOON)()
        took, used = time.perf_counter() - began, time.process_time() - used
        assert len(server.taken) == mails
    say(f"{mails} mails, one paper each, server in the same process")
    say(f"handed in: {mails / took:,.0f}/s ({1000 * used / mails:.1f} ms of processor a mail)")
    say(f"rendered alone: {mails / rendered:,.0f}/s")


if __name__ == "__main__":
    given = argparse.ArgumentParser(description=__doc__)
    given.add_argument("--mails", type=int, default=500)
    with tempfile.TemporaryDirectory() as folder:
        asyncio.run(measure(given.parse_args().mails, Path(folder)))

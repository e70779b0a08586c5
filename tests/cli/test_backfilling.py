"""``paperwire backfill`` as it is typed, and stopped with Ctrl+C."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import sys
from asyncio.subprocess import PIPE, Process
from collections.abc import Generator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from aiohttp import web

from bot.listing_days import newest_closed_day
from tests.cli.conftest import CLOSED, Run
from tests.conftest import ROOT
from tests.jobs.web import Source, a_source, json_answer
from tests.sources.samples import a_page, an_entry


def test_a_day_that_is_none_is_a_usage_error(run: Run) -> None:
    outcome = run("backfill", "--since", "yesterday")
    assert outcome.code == 2
    assert "'yesterday' is no day like 2024-05-31" in outcome.err


def test_a_day_that_is_too_early_says_which_is_not(run: Run, tmp_path: Path) -> None:
    outcome = run("backfill", "--since", "2023-05-03")
    assert (outcome.code, outcome.out) == (1, "")
    assert "Hugging Face has daily lists since 2023-05-04" in outcome.err
    assert list(tmp_path.iterdir()) == [], "no database is made for it"


def test_sources_that_cannot_be_reached_are_each_named(
    run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PAPERWIRE_ARXIV_OAI_URL", CLOSED)
    outcome = run("backfill", "--since", f"{datetime.now(UTC).date() - timedelta(days=9)}")
    assert outcome.code == 1
    assert "Hugging Face could not be reached. The same command goes on" in outcome.err
    assert "arXiv could not be reached. The same command goes on" in outcome.err
    assert outcome.out == "papers: 0 new, 0 updated, 0 unchanged, 0 refused\n"


async def backfilling(source: Source, folder: Path, *more: str) -> Process:
    since = newest_closed_day(datetime.now(UTC)) - timedelta(days=7)
    return await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "bot", "--database", str(folder / "db.sqlite"), "backfill"),
        *("--since", f"{since}", "--source", "huggingface", *more),
        cwd=folder,
        env={**os.environ, "PYTHONPATH": str(ROOT), "PAPERWIRE_HUGGING_FACE_URL": source.url},
        stdout=PIPE,
        stderr=PIPE,
    )


@pytest.fixture
def ctrl_c() -> Generator[None]:
    """Let children be interrupted: one of a shell's background job ignores SIGINT, as its parent does."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)


@pytest.mark.usefixtures("ctrl_c")
async def test_ctrl_c_keeps_what_was_fetched_and_the_next_run_goes_on(tmp_path: Path) -> None:
    asked_again = asyncio.Event()

    async def never(request: web.Request) -> web.StreamResponse:
        asked_again.set()
        await asyncio.Event().wait()
        raise AssertionError

    async with a_source() as source:
        source.will(json_answer(a_page([1, 2])), never)
        process = await backfilling(source, tmp_path)
        await asked_again.wait()
        process.send_signal(signal.SIGINT)
        out, err = await process.communicate()
        assert process.returncode == 130
        assert out == b"papers: 2 new, 0 updated, 0 unchanged, 0 refused\n"
        assert b"Traceback" not in err

        source.will(json_answer(a_page([1, 2])))
        process = await backfilling(source, tmp_path)
        out, _ = await process.communicate()
        assert process.returncode == 0
        assert len(source.requests) == 5, "six lists in eight days, one was there"
        assert out.startswith(b"papers: 0 new, ")


async def test_a_report_says_for_each_fetched_day_what_was_absent(tmp_path: Path) -> None:
    async with a_source() as source:
        source.will(json_answer(json.dumps([an_entry(paper={"upvotes": None})])), json_answer("[]"))
        process = await backfilling(source, tmp_path, "--report")
        out, _ = await process.communicate()
    newest = newest_closed_day(datetime.now(UTC))
    lines = out.decode().splitlines()
    assert lines[0] == f"daily {newest}: 1 papers, 0 refused; absent: upvotes 1"
    assert len(lines) == 7, "six lists in eight days"
    assert lines[1].endswith(": 0 papers, 0 refused; absent: nothing")


async def test_two_backfills_do_not_ask_for_the_same_at_once(tmp_path: Path) -> None:
    asked = asyncio.Event()

    async def never(request: web.Request) -> web.StreamResponse:
        asked.set()
        await asyncio.Event().wait()
        raise AssertionError

    async with a_source() as source:
        source.will(never)
        first = await backfilling(source, tmp_path)
        await asked.wait()
        second = await backfilling(source, tmp_path)
        out, err = await second.communicate()
        first.kill()
        await first.communicate()
        assert (second.returncode, out) == (1, b"")
        assert b"Another backfill from Hugging Face runs on " in err
        assert len(source.requests) == 1

        source.will(json_answer(a_page([1, 2])))
        third = await backfilling(source, tmp_path)
        assert await third.wait() == 0

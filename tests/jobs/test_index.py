"""The search index follows the store, and can be lost at any time."""

from __future__ import annotations

import asyncio
import logging
import shutil
from collections.abc import AsyncGenerator, AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

import pytest

from bot.errors import SourceError, StoreError
from bot.jobs.index import Embed, Index, open_engine
from bot.models import Paper
from bot.paper_ids import title_only_id
from bot.search import embed
from bot.search.embed import Embedder, OpenAIEmbeddings, WordLlama
from bot.search.engine import SearchEngine
from bot.store import listings, papers, schema
from bot.store.store import Store
from tests.builders import a_listing, a_record
from tests.conftest import NOON
from tests.search.embeddings import embeddings_address

TITLE = "Robots fold laundry from one video"


@pytest.fixture(scope="module")
def embedder() -> WordLlama:
    return WordLlama.load()


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "index"


@pytest.fixture
async def engine(folder: Path, embedder: WordLlama) -> AsyncIterator[SearchEngine]:
    engine = SearchEngine.open(folder, embedder=embedder)
    yield engine
    await asyncio.to_thread(engine.close)


@asynccontextmanager
async def opened(
    store: Store, folder: Path, *, embedder: Embedder | None = None, rebuild: bool = False
) -> AsyncGenerator[SearchEngine]:
    engine = await open_engine(store, folder, embedder=embedder, rebuild=rebuild)
    try:
        yield engine
    finally:
        await asyncio.to_thread(engine.close)


async def know(store: Store, *ids: str, title: str | None = None) -> None:
    """Let the store know some papers."""
    records = [a_record(id, title=title) for id in ids]
    await store.run(listings.record, a_listing(*records))


def found(engine: SearchEngine, query: str) -> list[str]:
    return [hit.paper_id for hit in engine.search(query, now=NOON)]


async def test_what_the_store_knows_can_be_found(store: Store, engine: SearchEngine) -> None:
    await know(store, "2403.00001", title=TITLE)
    await Index(store, engine)()
    assert found(engine, "laundry") == ["2403.00001"]
    assert len(engine) == 1


async def test_a_second_run_has_nothing_to_do(store: Store, engine: SearchEngine) -> None:
    await know(store, "2403.00001", "2403.00002")
    seen: list[tuple[int, int]] = []
    index = Index(store, engine, lambda done, of: seen.append((done, of)))
    await index()
    await index()
    assert seen == [(2, 2)]


def times(folder: Path) -> dict[Path, int]:
    """Return when each file was written last."""
    return {path: path.stat().st_mtime_ns for path in folder.rglob("*")}


async def test_new_votes_touch_no_index(store: Store, engine: SearchEngine, folder: Path) -> None:
    ids = [f"2403.{number:05}" for number in range(1, 501)]
    first = [a_record(id, 3) for id in ids]
    await store.run(listings.record, a_listing(*first))
    await Index(store, engine)()
    before = times(folder)
    mark = engine.watermark

    voted = [a_record(id, 30) for id in ids]
    await store.run(listings.record, a_listing(*voted, seen_at=NOON + timedelta(hours=1)))
    await Index(store, engine)()
    assert engine.watermark == mark
    assert times(folder) == before


async def test_a_changed_text_is_found_by_its_new_words(store: Store, engine: SearchEngine) -> None:
    await know(store, "2403.00001", title="Robots at home")
    await Index(store, engine)()
    changed = a_record("2403.00001", title="Robots at home", abstract="They fold laundry.")
    await store.run(listings.record, a_listing(changed))
    await Index(store, engine)()
    assert found(engine, "laundry") == ["2403.00001"]
    assert len(engine) == 1


async def test_a_paper_that_got_its_id_is_there_under_that_alone(
    store: Store, engine: SearchEngine
) -> None:
    await know(store, title_only_id(TITLE), title=TITLE)
    await Index(store, engine)()
    assert found(engine, "laundry") == [title_only_id(TITLE)]
    await know(store, "2403.00001", title=TITLE)
    await Index(store, engine)()
    assert found(engine, "laundry") == ["2403.00001"]
    assert len(engine) == 1


@dataclass
class FullDisk:
    """An engine whose disk is full at one update."""

    engine: SearchEngine
    full: bool = True

    def update(self, changed: Sequence[Paper], *, watermark: str) -> None:
        if self.full:
            self.full = False
            raise StoreError("The disk is full.")
        self.engine.update(changed, watermark=watermark)

    def __getattr__(self, name: str) -> object:
        return getattr(self.engine, name)

    def __len__(self) -> int:
        return len(self.engine)


async def test_a_run_that_was_cut_off_between_two_steps_is_made_up_for(
    store: Store, engine: SearchEngine
) -> None:
    await know(store, title_only_id(TITLE), title=TITLE)
    await Index(store, engine)()
    await know(store, "2403.00001", title=TITLE)
    index = Index(store, FullDisk(engine))  # pyright: ignore[reportArgumentType]
    with pytest.raises(StoreError):
        await index()
    await index()
    assert found(engine, "laundry") == ["2403.00001"]


async def test_the_index_is_kept_between_two_starts(store: Store, folder: Path) -> None:
    await know(store, "2403.00001", title=TITLE)
    async with opened(store, folder) as engine:
        await Index(store, engine)()
    async with opened(store, folder) as engine:
        assert found(engine, "laundry") == ["2403.00001"]


async def test_another_database_s_index_is_made_anew(
    store: Store, folder: Path, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    await know(store, "2403.00001", title=TITLE)
    async with opened(store, folder) as engine:
        await Index(store, engine)()
    async with Store(tmp_path / "other.sqlite") as other, opened(other, folder) as engine:
        assert "the search index is not this database's" in caplog.text
        assert len(engine) == 0
        await know(other, "2403.00002", title=TITLE)
        await Index(other, engine)()
        assert found(engine, "laundry") == ["2403.00002"]


async def test_an_index_ahead_of_a_database_from_a_backup_is_made_anew(
    folder: Path, tmp_path: Path
) -> None:
    path, backup = tmp_path / "main.sqlite", tmp_path / "backup.sqlite"
    async with Store(path) as store:
        await know(store, "2403.00001", title=TITLE)
    shutil.copy(path, backup)
    async with Store(path) as store, opened(store, folder) as engine:
        await know(store, "2403.00002", title=TITLE)
        await Index(store, engine)()
    async with Store(backup) as store, opened(store, folder) as engine:
        assert len(engine) == 0
        await Index(store, engine)()
        assert found(engine, "laundry") == ["2403.00001"]


async def test_a_lost_index_is_built_again(store: Store, folder: Path) -> None:
    await know(store, "2403.00001", title=TITLE)
    async with opened(store, folder) as engine:
        await Index(store, engine)()
    shutil.rmtree(folder)
    async with opened(store, folder) as engine:
        assert len(engine) == 0
        await Index(store, engine)()
        assert found(engine, "laundry") == ["2403.00001"]


async def test_it_is_made_anew_on_demand(store: Store, folder: Path) -> None:
    await know(store, "2403.00001", title=TITLE)
    async with opened(store, folder) as engine:
        await Index(store, engine)()
    async with opened(store, folder, rebuild=True) as engine:
        assert len(engine) == 0


async def test_the_watermark_names_the_database_and_how_far_it_was_read(
    store: Store, engine: SearchEngine
) -> None:
    await know(store, "2403.00001", "2403.00002")
    await Index(store, engine)()
    identity = await store.read(schema.identity)
    revision = await store.read(papers.latest_revision)
    assert engine.watermark == f"{identity}:{revision}"


async def test_an_index_that_another_process_made_anew_is_taken_up(
    store: Store, folder: Path
) -> None:
    await know(store, *(f"2403.{number:05}" for number in range(1, 41)))
    async with opened(store, folder) as engine:
        await Index(store, engine)()
    async with opened(store, folder) as idle:
        async with opened(store, folder, rebuild=True) as other:
            await Index(store, other)()
        await know(store, "2404.00001", title=TITLE)
        await Index(store, idle)()
        assert found(idle, "laundry") == ["2404.00001"]
        assert len(idle.similar("2404.00001")) == 10
    async with opened(store, folder) as engine:
        assert engine.pending == 0, "what the idle one wrote is kept"


async def test_an_index_that_another_process_began_anew_is_completed(
    store: Store, folder: Path
) -> None:
    await know(store, "2403.00001", "2403.00002")
    async with opened(store, folder) as engine:
        await Index(store, engine)()
    async with opened(store, folder) as idle:
        async with opened(store, folder, rebuild=True):
            pass  # it was killed before it had put a paper in
        await know(store, "2404.00001", title=TITLE)
        await Index(store, idle)()
        assert len(idle) == 3


async def test_another_model_reads_the_library_while_new_papers_are_found(
    store: Store, folder: Path, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)
    await know(store, *(f"2403.{number:05}" for number in range(1, 151)))
    async with opened(store, folder) as engine:
        await Index(store, engine)()
        assert engine.pending == 0
    with embeddings_address() as address:
        model = OpenAIEmbeddings(address.url, "small", dims=64)
        async with opened(store, folder, embedder=model) as engine:
            assert engine.pending == 150
            told: list[tuple[int, int]] = []
            address.may_answer.clear()
            embedding = asyncio.create_task(
                Embed(engine, lambda done, of: told.append((done, of)))()
            )
            await know(store, "2404.00001", title=TITLE)
            index = asyncio.create_task(Index(store, engine)())
            address.may_answer.set()
            await asyncio.gather(embedding, index)
            await Embed(engine)()
            assert engine.pending == 0
            assert found(engine, "laundry") == ["2404.00001"]
            assert len(engine.similar("2403.00001")) == 10
    assert told[0][0] == 64
    assert len([text for text in address.read if text.startswith(TITLE)]) == 1
    assert "128 of 15" in caplog.text


async def test_reading_goes_on_where_it_stopped_when_the_model_could_not_be_asked(
    store: Store, folder: Path
) -> None:
    await know(store, *(f"2403.{number:05}" for number in range(1, 101)))
    with embeddings_address() as address:
        model = OpenAIEmbeddings(address.url, "small", dims=64)
        async with opened(store, folder, embedder=model) as engine:
            await Index(store, engine)()

            def fail_after_the_first(done: int, of: int) -> None:
                address.status = 500

            with pytest.raises(SourceError):
                await Embed(engine, fail_after_the_first)()
            assert engine.pending == 36
            address.status = 200
            await Embed(engine)()
            assert engine.pending == 0


async def test_a_slow_model_is_asked_for_fewer_papers_at_once(
    store: Store, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    await know(store, *(f"2403.{number:05}" for number in range(1, 9)))
    monkeypatch.setattr(embed, "REQUEST_TIMEOUT", 0.2)
    with embeddings_address() as address:
        address.waits_for_more_than = 2
        model = OpenAIEmbeddings(address.url, "small", dims=64)
        async with opened(store, folder, embedder=model) as engine:
            await Index(store, engine)()
            job = Embed(engine, together=8)
            await job()
            assert (engine.pending, job.together) == (0, 2)


async def test_a_model_that_never_answers_is_a_trouble(
    store: Store, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    await know(store, "2403.00001")
    monkeypatch.setattr(embed, "REQUEST_TIMEOUT", 0.1)
    with embeddings_address() as address:
        address.waits_for_more_than = 0
        model = OpenAIEmbeddings(address.url, "small", dims=64)
        async with opened(store, folder, embedder=model) as engine:
            await Index(store, engine)()
            with pytest.raises(SourceError, match="did not answer in time"):
                await Embed(engine)()
            assert engine.pending == 1

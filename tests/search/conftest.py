"""An engine over a few papers of our own."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from bot.models import Paper
from bot.search.embed import WordLlama
from bot.search.engine import SearchEngine
from tests.builders import a_paper

PAPERS = (
    a_paper(
        "2401.00001",
        "Tidewater: Pre-Training Language Models on Ocean Logs",
        abstract="Sailors wrote logs for centuries. We train a language model on ship logs and"
        " ask it about the weather of the past. It forecasts storms that archives confirm.",
        authors=("Ada Wellenreiter", "Li Hai"),
        categories=("cs.CL", "physics.ao-ph"),
        organization="Harbour Institute",
        ai_keywords=("language models", "ocean logs"),
        code_url="https://github.com/harbour/tidewater",
        published_at=datetime(2024, 1, 5, tzinfo=UTC),
    ),
    a_paper(
        "2402.00002",
        "Counting Bees with Cheap Cameras",
        abstract="Hives were filmed by three cameras each. A detector counts bees as they enter."
        " Its error is 4 % on sunny days and 9 % in rain.",
        authors=("Jürgen Erdős", "Ada Wellenreiter"),
        categories=("cs.CV",),
        ai_summary="Low-cost cameras estimate how many insects fly into a hive.",
        ai_keywords=("object detection", "insects"),
        published_at=datetime(2025, 2, 7, tzinfo=UTC),
    ),
    a_paper(
        "2403.00003",
        "A Faster Cache for Long Conversations",
        abstract="Attention over a long chat re-reads the same keys and values. We keep the"
        " cache small by merging entries that are nearly equal. Memory falls by half.",
        authors=("Grace Okonkwo",),
        categories=("cs.CL", "cs.LG"),
        published_at=datetime(2026, 3, 1, tzinfo=UTC),
    ),
    a_paper("title-00000000abcd", "Notes on Nothing in Particular"),
)


@pytest.fixture(scope="session")
def embedder() -> WordLlama:
    return WordLlama.load()


@pytest.fixture
def engine(tmp_path: Path, embedder: WordLlama) -> Iterator[SearchEngine]:
    """An engine that holds nothing yet."""
    engine = SearchEngine.open(tmp_path / "index", embedder=embedder)
    yield engine
    engine.close()


@pytest.fixture(scope="module")
def library(
    tmp_path_factory: pytest.TempPathFactory, embedder: WordLlama
) -> Iterator[SearchEngine]:
    """An engine that holds ``PAPERS``, for tests that change nothing."""
    engine = SearchEngine.open(tmp_path_factory.mktemp("library"), embedder=embedder)
    engine.update(PAPERS, watermark="1")
    yield engine
    engine.close()


def papers_about(*subjects: str) -> list[Paper]:
    """Return a paper a subject, with ids from ``2405.00000`` on."""
    return [a_paper(f"2405.{place:05}", subject) for place, subject in enumerate(subjects)]

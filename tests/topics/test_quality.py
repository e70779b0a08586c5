from __future__ import annotations

from pathlib import Path

import pytest

from bot.models import Strictness
from bot.search.embed import WordLlama
from tests.benchmarks.topics_quality import found, held_back, load, quality


@pytest.mark.data
def test_strict_is_precise_and_broad_finds_nearly_all_on_topics_held_back(
    shared_data: Path,
) -> None:
    papers, judged = load(shared_data)
    half, embedder = held_back(judged), WordLlama.load()
    strict = found(papers, half, Strictness.STRICT, embedder)
    broad = found(papers, half, Strictness.BROAD, embedder)
    first = [each.as_first_judged for each in half]
    assert quality(first, strict).precision >= 0.9
    assert quality(first, broad).recall >= 0.9

"""What the tests of answers share: word vectors, and papers made up for them."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from bot.models import Paper
from bot.search.embed import WordLlama

LAMPREY = Paper(
    id="2601.00001",
    title="Lamprey: Reading Long Ledgers with Short Memories",
    abstract=(
        "Bookkeeping assistants must read ledgers of many thousand lines. "
        "However, their memory grows with every line, which makes long ledgers costly. "
        "We introduce Lamprey, a reader that keeps only the lines that later sums depend on. "
        "Lamprey is trained on 12,500 ledgers that were collected from small bakeries. "
        "It is 3.4x faster than a full-memory reader at the same accuracy. "
        "A sum that refers to a discarded line cannot be checked any more. "
        "The weights are available at https://example.org/lamprey."
    ),
    authors=("Ada Baker", "Ben Miller", "Cem Yılmaz"),
    published_at=datetime(2026, 1, 5, tzinfo=UTC),
    updated_at=datetime(2026, 2, 7, tzinfo=UTC),
    version=2,
    categories=("cs.CL", "cs.LG"),
    comment="Accepted to the Workshop on Ledgers, 9 pages",
    ai_summary="A reader of ledgers forgets lines that no later sum needs.",
    organization="Bakery Lab",
    code_url="https://github.com/example/lamprey",
)
HERON = Paper(
    id="2601.00002",
    title="Heron: Counting Water Birds from Balloons",
    abstract=(
        "Water birds are counted from boats, which disturbs them. "
        "We present Heron, a detector that finds water birds in pictures taken by balloons. "
        "Heron finds 91% of the birds that people see. "
        "Fog remains a problem."
    ),
    authors=("Dora Reed",),
    published_at=datetime(2026, 1, 9, tzinfo=UTC),
)
OTTER = Paper(
    id="2601.00003",
    title="Forgetting on Purpose in Recurrent Readers",
    abstract=(
        "Recurrent readers forget by accident. "
        "We study forgetting on purpose, and find that a reader which drops a tenth of its state "
        "every hour learns faster. "
        "The effect is gone when the state is small."
    ),
)


@pytest.fixture(scope="session")
def embedder() -> WordLlama:
    return WordLlama.load()

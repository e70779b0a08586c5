"""How long does a feed with a topic take to look through everything that is listed?

``python -m tests.benchmarks.feed_topics`` holds 10,000 recorded papers against one topic: read
anew, as right after a start, and kept by the bot's reader, as from then on. It prints processor
time and fails where kept papers do not take less than a fifth.
"""

from __future__ import annotations

import sys
import time
from datetime import UTC, datetime

from bot.candidates import Gathered, Listed, choose
from bot.search.embed import WordLlama
from bot.topics.reading import Reader
from tests.benchmarks import corpus
from tests.builders import a_feed
from tests.conftest import SHARED_DATA

PAPERS = 10_000
LEAST_GAIN = 5
NOW = datetime(2026, 3, 3, 12, tzinfo=UTC)


def seconds(gathered: Gathered, reader: Reader) -> tuple[float, int]:
    """Return the processor time of one choice, and how many papers fit."""
    feed = a_feed(topic="speculative decoding OR kv cache OR cat:cs.RO", max_papers=PAPERS)
    began = time.process_time()
    choice = choose(feed, gathered, room=PAPERS, now=NOW, reader=reader)
    return time.process_time() - began, len(choice.posted)


def main() -> int:
    papers = tuple(corpus.arxiv_papers(SHARED_DATA)[-PAPERS:])
    listed = {paper.id: Listed(NOW.date()) for paper in papers}
    gathered = Gathered(papers, listed, {}, {}, frozenset(), frozenset())
    reader = Reader(WordLlama.load())
    anew, fit = seconds(gathered, reader)
    kept, fit_again = seconds(gathered, reader)
    assert fit == fit_again
    sys.stdout.write(
        f"{len(papers):,} papers, {fit:,} fit; processor time {anew:.2f} s read anew,"
        f" {kept:.2f} s kept: {anew / kept:.0f} x less\n"
    )
    return 0 if anew >= LEAST_GAIN * kept else 1


if __name__ == "__main__":
    sys.exit(main())

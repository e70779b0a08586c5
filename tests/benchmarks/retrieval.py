"""How well search finds: nDCG@10 and recall@100, for ours and for tantivy alone.

Run ``python -m tests.benchmarks.retrieval``. Cranfield has questions judged by people; weights
were chosen on its even questions and on the known items, its odd questions are the test.
"""

from __future__ import annotations

import argparse
import math
import tempfile
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path

import tantivy

from bot.models import Paper
from bot.search.engine import SearchEngine
from tests.benchmarks.corpus import Question, QuestionSet, cranfield, known_items
from tests.conftest import SHARED_DATA

NOW = datetime(2026, 5, 1, tzinfo=UTC)
DEPTH = 100
AT_ONCE = 2_000

Search = Callable[[str], list[str]]
"""From a text to the ids of the best ``DEPTH`` papers."""


@dataclass(frozen=True, slots=True)
class Quality:
    """Means over the questions of a set."""

    ndcg_at_10: float
    recall_at_100: float
    milliseconds: float
    """Median of one search."""


def ndcg(found: Sequence[str], relevant: dict[str, float], *, depth: int = 10) -> float:
    """Return the discounted gain of an answer, 1 for the best one possible.

    https://en.wikipedia.org/wiki/Discounted_cumulative_gain, with linear gains.
    """
    gains = [relevant.get(paper_id, 0.0) for paper_id in found[:depth]]
    best = sorted(relevant.values(), reverse=True)[:depth]
    return _discounted(gains) / _discounted(best)


def recall(found: Sequence[str], relevant: dict[str, float], *, depth: int = DEPTH) -> float:
    return len(relevant.keys() & set(found[:depth])) / len(relevant)


def measure(search: Search, questions: Sequence[Question]) -> Quality:
    gains: list[float] = []
    recalls: list[float] = []
    times: list[float] = []
    for question in questions:
        begun = time.perf_counter()
        found = search(question.text)
        times.append(time.perf_counter() - begun)
        gains.append(ndcg(found, question.relevant))
        recalls.append(recall(found, question.relevant))
    median = sorted(times)[len(times) // 2] * 1e3
    return Quality(_mean(gains), _mean(recalls), median)


def our_search(folder: Path, papers: Sequence[Paper]) -> Search:
    """Return the whole search with its default set-up over ``papers``."""
    engine = SearchEngine.open(folder)
    for start in range(0, len(papers), AT_ONCE):
        engine.update(papers[start : start + AT_ONCE], watermark=str(start))
    return lambda text: [hit.paper_id for hit in engine.search(text, limit=DEPTH, now=NOW)]


def tantivy_alone(papers: Sequence[Paper]) -> Search:
    """Return tantivy over one field of title and abstract with its English stemmer."""
    builder = tantivy.SchemaBuilder()
    builder.add_text_field("id", stored=True, tokenizer_name="raw", index_option="basic")
    builder.add_text_field("text", tokenizer_name="en_stem")
    index = tantivy.Index(builder.build())
    writer = index.writer(64_000_000, 1)
    for paper in papers:
        text = f"{paper.title} {paper.abstract}"
        writer.add_document(tantivy.Document(id=paper.id, text=text))
    writer.commit()
    index.reload()
    searcher = index.searcher()

    def search(text: str) -> list[str]:
        query, _ = index.parse_query_lenient(text, ["text"])
        hits = searcher.search(query, DEPTH, count=False).hits
        return [str(searcher.doc(address).get_first("id")) for _, address in hits]

    return search


def halves(whole: QuestionSet) -> list[QuestionSet]:
    """Return the set, the half that weights were chosen on, and the half that is the test."""
    return [
        replace(whole, name=f"{whole.name}, all"),
        replace(whole, name=f"{whole.name}, even (tuned on)", questions=whole.questions[::2]),
        replace(whole, name=f"{whole.name}, odd (test)", questions=whole.questions[1::2]),
    ]


def report(sets: Sequence[QuestionSet]) -> None:
    """Print a line a set; all of them are over the same papers."""
    with tempfile.TemporaryDirectory() as folder:
        ours = our_search(Path(folder), sets[0].papers)
        bare = tantivy_alone(sets[0].papers)
        for each in sets:
            for name, search in (("tantivy alone", bare), ("ours", ours)):
                quality = measure(search, each.questions)
                print(  # noqa: T201
                    f"{each.name:28} {len(each.questions):4} questions  {name:13}"
                    f"  nDCG@10 {quality.ndcg_at_10:.3f}  recall@100 {quality.recall_at_100:.3f}"
                    f"  {quality.milliseconds:6.2f} ms"
                )


def main() -> None:
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--data", type=Path, default=SHARED_DATA)
    data = arguments.parse_args().data
    report(halves(cranfield(data)))
    report(known_items(data))


def _discounted(gains: Sequence[float]) -> float:
    return sum(gain / math.log2(place + 2) for place, gain in enumerate(gains))


def _mean(values: Sequence[float]) -> float:
    return sum(values) / len(values)


if __name__ == "__main__":
    main()

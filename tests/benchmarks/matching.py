"""How fast topics meet a day's papers, beside Aho-Corasick and a full-text query a topic.

Run as ``python -m tests.benchmarks.matching [--meaning NORMAL_OR_BROAD] [TOPICS ...]``; it reads
the recorded daily papers. All three answer one question: which papers have all the words of which topics
(strictness broad, by words). Aho-Corasick needs ``pip install pyahocorasick``. The ratios are of
processor time, which another program on the machine disturbs least. Each number of topics has a
process of its own, so that its memory can be told.
"""

from __future__ import annotations

import argparse
import importlib
import random
import resource
import sqlite3
import time
from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from itertools import cycle, islice
from multiprocessing import get_context
from pathlib import Path
from typing import Any, TypeVar

from bot.errors import UserError
from bot.models import Paper, Strictness
from bot.search.embed import WordLlama
from bot.topics.codes import read_paper
from bot.topics.match import Matcher
from bot.topics.query import Kind, TopicQuery, parse_topic
from bot.topics.terms import terms, without_addresses
from tests.benchmarks.corpus import daily_papers
from tests.conftest import SHARED_DATA

T = TypeVar("T")

SIZES = (1_000, 100_000, 1_000_000)
PAPERS = 200
DIFFERENT = 100_000
"""Different topics at most; a million is these, each again and again."""
MOST_BESIDE = 100_000
"""Topics that the other two are given at most: they take minutes and gigabytes for more."""


@dataclass(frozen=True, slots=True)
class Time:
    """How long something took, in seconds."""

    wall: float
    processor: float
    """Of all threads."""

    def __str__(self) -> str:
        return f"{self.wall:8.3f} s ({self.processor:.3f} s of processor)"


def timed(work: Callable[[], T], *, times: int = 3) -> tuple[T, Time]:
    """Return what ``work`` returned the last time, and its fastest time.

    What it returned before is let go first, so that memory is that of one time.
    """
    wall, processor = time.perf_counter(), time.process_time()
    result = work()
    took = Time(time.perf_counter() - wall, time.process_time() - processor)
    if times == 1:
        return result, took
    del result
    result, again = timed(work, times=times - 1)
    return result, Time(min(took.wall, again.wall), min(took.processor, again.processor))


def topics(papers: Sequence[Paper], count: int) -> list[TopicQuery]:
    """Return topics made of the papers' own keywords, one or two at a time."""
    chance = random.Random(3)
    keywords = sorted({keyword for paper in papers for keyword in paper.ai_keywords})
    made: dict[str, TopicQuery] = {}
    while len(made) < min(count, DIFFERENT):
        text = " ".join(chance.sample(keywords, chance.choice((1, 1, 2))))
        try:
            query = parse_topic(" ".join(text.replace('"', " ").split()[:4]))
        except UserError:
            continue
        if query.alternatives and not query.min_votes:
            made[str(query)] = query
    return list(islice(cycle(made.values()), count))


def text_of(paper: Paper) -> str:
    """Return the paper's stems, each between spaces."""
    parts = (paper.title, *paper.ai_keywords, without_addresses(paper.abstract))
    return f" {' '.join(terms(' '.join(parts)))} "


def stems_of(query: TopicQuery) -> list[str]:
    plain = [c.text for each in query.alternatives for c in each if c.kind is Kind.WORD]
    return terms(" ".join(plain))


def by_aho_corasick(queries: Sequence[TopicQuery], papers: Sequence[str]) -> Callable[[], int]:
    """Return what finds the topics' words and counts the pairs; topics by their rarest word.

    Raises:
        ModuleNotFoundError: pyahocorasick is not installed.
    """
    automaton: Any = importlib.import_module("ahocorasick").Automaton()
    stems = [frozenset(stems_of(query)) for query in queries]
    used: defaultdict[str, int] = defaultdict(int)
    for each in stems:
        for stem in each:
            used[stem] += 1
    for stem in used:
        automaton.add_word(f" {stem} ", stem)
    automaton.make_automaton()
    by_rarest: defaultdict[str, list[frozenset[str]]] = defaultdict(list)
    for each in stems:
        by_rarest[min(each, key=lambda stem: used[stem])].append(each)

    def count() -> int:
        pairs = 0
        for paper in papers:
            has = {stem for _, stem in automaton.iter(paper)}
            pairs += sum(each <= has for stem in has for each in by_rarest.get(stem, ()))
        return pairs

    return count


def by_full_text(queries: Sequence[TopicQuery], papers: Sequence[str]) -> Callable[[], int]:
    """Return what asks SQLite FTS5 once a topic, and counts the pairs."""
    db = sqlite3.connect(":memory:")
    db.execute("CREATE VIRTUAL TABLE paper USING fts5(text)")
    db.executemany("INSERT INTO paper VALUES (?)", [(paper,) for paper in papers])
    asked = [" ".join(f'"{stem}"' for stem in stems_of(query)) for query in queries]

    def count() -> int:
        found = (
            db.execute("SELECT count(*) FROM paper WHERE paper MATCH ?", (each,)) for each in asked
        )
        return sum(row[0] for cursor in found for row in cursor)

    return count


def peak() -> float:
    """Return the most memory that this process has had, in gigabytes."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e6


def loaded(queries: Sequence[TopicQuery], matcher: Matcher, strictness: Strictness) -> Matcher:
    for number, query in enumerate(queries):
        matcher.add(number, query, strictness)
    matcher.match([])
    return matcher


def measure(data: Path, count: int, meaning: Strictness | None) -> list[str]:
    """Return what to tell of one number of topics; by words, if no meaning is wanted."""
    everything = daily_papers(data)
    papers = random.Random(1).sample([p for p in everything if p.ai_keywords], PAPERS)
    queries = topics(everything, count)
    del everything
    read, reading = timed(lambda: [read_paper(paper) for paper in papers])
    before = peak()
    empty = Matcher(WordLlama.load() if meaning else None)
    matcher, loading = timed(lambda: loaded(queries, empty, meaning or Strictness.BROAD), times=1)
    hits, ours = timed(lambda: matcher.match(read))
    lines = [
        f"{count:,} topics × {PAPERS} papers, {f'with meaning, {meaning}' if meaning else 'by words'}",
        f"  reading the papers   {reading}",
        f"  taking the topics in {loading}",
        f"  matching             {ours}: {len(hits):,} pairs",
        f"  memory               {peak():.2f} GB at most, {before:.2f} before the first topic",
    ]
    if meaning is None and count <= MOST_BESIDE:
        texts, preparing = timed(lambda: [text_of(paper) for paper in papers])
        lines.append(f"  their stems          {preparing}")
        lines += beside(queries, texts, ours, reading.processor, preparing.processor)
    return lines


def beside(
    queries: Sequence[TopicQuery],
    papers: Sequence[str],
    ours: Time,
    reading: float,
    preparing: float,
) -> Iterator[str]:
    """Yield how long the other two take, and what part of it is ours.

    Args:
        reading: Processor seconds to make of the papers what we match.
        preparing: The same for the other two.
    """
    for name, prepare in (("Aho-Corasick", by_aho_corasick), ("FTS5 a topic", by_full_text)):
        try:
            work = prepare(queries, papers)
        except ModuleNotFoundError:
            yield f"  {name}: left out; pip install pyahocorasick"
            continue
        pairs, theirs = timed(work)
        alone = ours.processor / theirs.processor
        from_papers = (ours.processor + reading) / (theirs.processor + preparing)
        yield f"  {name:20} {theirs}: {pairs:,} pairs"
        yield f"    ours takes {alone:.3f} of it; {from_papers:.3f} from the papers' text on"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("topics", nargs="*", type=int, default=SIZES)
    parser.add_argument("--meaning", type=Strictness, choices=(Strictness.NORMAL, Strictness.BROAD))
    chosen = parser.parse_args()
    with ProcessPoolExecutor(1, get_context("spawn"), max_tasks_per_child=1) as alone:
        for count in chosen.topics:
            work = alone.submit(measure, SHARED_DATA, count, chosen.meaning)
            print("\n".join(work.result()), flush=True)  # noqa: T201


if __name__ == "__main__":
    main()

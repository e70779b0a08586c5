"""How often answers quote the right sentence, and how often they rightly say nothing.

``python -m tests.benchmarks.answers [--papers 100000]`` asks the questions of
``answers_questions.json`` about the recorded abstracts: with the paper given, and over all of them
through the search engine. What was tuned was tuned on the ``tune`` part; the ``report`` part is
what counts. The weights come from ``answers_weights.py`` beside this, which reads ``tune`` alone.
``report`` was written anew after an earlier one had been looked at too often (that one is now in
``tune``), and has been looked at seven times since, the last twice without a change; what was
changed between the looks was found on ``tune``, and no single question of it was looked at.

More papers than are recorded are mixed from others, so that sentences and halves of titles of the
papers asked about stand in several: right paper first can say less there.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial
from math import log1p
from pathlib import Path
from statistics import fmean, quantiles
from tempfile import TemporaryDirectory
from time import perf_counter, process_time

from bot.answers.answer import Answer, answer
from bot.answers.evidence import rank
from bot.answers.passages import ABSTRACT, Sentence, passages_of
from bot.answers.question import read_question
from bot.answers.words import split, stem
from bot.asking import find_candidates
from bot.models import Paper
from bot.search.embed import WordLlama
from bot.search.engine import SearchEngine
from tests.benchmarks.corpus import arxiv_papers, daily_papers, resampled_papers
from tests.conftest import SHARED_DATA

QUESTIONS = Path(__file__).with_name("answers_questions.json")
NOW = datetime(2026, 11, 1, tzinfo=UTC)
CHUNK = 2_000


@dataclass(frozen=True, slots=True)
class Asked:
    """A question, and where in its paper's abstract the answer stands."""

    paper: str
    question: str
    kind: str | None
    """None where the abstract does not say."""
    part: str
    """``tune`` or ``report``; a paper's questions are all in one."""
    answered_at: tuple[int, ...]
    """Characters of the abstract, each in the middle of a sentence that answers."""

    @property
    def has_answer(self) -> bool:
        return bool(self.answered_at)

    def is_answered_by(self, sentence: Sentence, paper: Paper) -> bool:
        if sentence.paper_id != self.paper or sentence.section != ABSTRACT:
            return False
        start = paper.abstract.index(sentence.text)
        return any(start <= at < start + len(sentence.text) for at in self.answered_at)


def questions(part: str) -> list[Asked]:
    """Return one part of the set."""
    every = [Asked(**each) for each in json.loads(QUESTIONS.read_text())]
    return [asked for asked in every if asked.part == part]


Ranking = Callable[[str, Paper], Sequence[Sentence]]


def ours(question: str, paper: Paper, *, embedder: WordLlama) -> list[Sentence]:
    found = rank(
        read_question(question),
        passages_of(paper),
        embedder=embedder,
        titles={paper.id: paper.title},
    )
    return [evidence.sentence for evidence in found]


def bm25(question: str, paper: Paper) -> list[Sentence]:
    """Rank by the words alone: https://en.wikipedia.org/wiki/Okapi_BM25, k1 = 1.2, b = 0.75."""
    sentences = [s for passage in passages_of(paper) for s in passage.sentences]
    words = [Counter(map(stem, split(s.text))) for s in sentences]
    usual = fmean(sum(each.values()) for each in words)
    wanted = set(map(stem, split(question)))
    having = {w: sum(w in each for each in words) for w in wanted}
    scores = [
        sum(
            log1p((len(words) - having[w] + 0.5) / (having[w] + 0.5))
            * each[w]
            * 2.2
            / (each[w] + 1.2 * (0.25 + 0.75 * sum(each.values()) / usual))
            for w in wanted
        )
        for each in words
    ]
    order = sorted(range(len(sentences)), key=lambda i: -scores[i])
    return [sentences[i] for i in order]


def hits(
    asked: Sequence[Asked], papers: Mapping[str, Paper], ranking: Ranking
) -> list[tuple[str, int]]:
    """Return, for each question with an answer, its kind and the answer's place from 0."""
    places: list[tuple[str, int]] = []
    for each in asked:
        if each.kind is not None:
            paper = papers[each.paper]
            ranked = ranking(each.question, paper)
            found = (n for n, s in enumerate(ranked) if each.is_answered_by(s, paper))
            places.append((each.kind, next(found, len(ranked))))
    return places


def f1_of_silence(asked: Sequence[Asked], given: Sequence[Answer]) -> str:
    silent = [(a.abstained, not q.has_answer) for q, a in zip(asked, given, strict=True)]
    right = sum(was and should for was, should in silent)
    wrongly = sum(was and not should for was, should in silent)
    missed = sum(should and not was for was, should in silent)
    f1 = 2 * right / max(1, 2 * right + wrongly + missed)
    return (
        f"F1 {f1:.3f}: silent on {right} of {right + missed} without an answer,"
        f" and on {wrongly} of {len(silent) - right - missed} with one"
    )


def say(line: str) -> None:
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


def report_hits(name: str, places: Sequence[tuple[str, int]]) -> None:
    first = fmean(place == 0 for _, place in places)
    third = fmean(place < 3 for _, place in places)
    say(f"  {name}: hit@1 {first:.3f}, hit@3 {third:.3f} of {len(places)}")


def report_kinds(places: Sequence[tuple[str, int]]) -> None:
    for kind in sorted({kind for kind, _ in places}):
        own = [place for each, place in places if each == kind]
        first, third = fmean(p == 0 for p in own), fmean(p < 3 for p in own)
        say(f"    {kind}: {first:.2f} / {third:.2f} of {len(own)}")


def report_one(asked: Sequence[Asked], papers: Mapping[str, Paper], embedder: WordLlama) -> None:
    """Print the figures with the paper given."""
    report_hits("BM25", hits(asked, papers, bm25))
    places = hits(asked, papers, partial(ours, embedder=embedder))
    report_hits("ours", places)
    report_kinds(places)
    given = [answer(q.question, [papers[q.paper]], embedder=embedder) for q in asked]
    say(f"  silence, {f1_of_silence(asked, given)}")
    shown = [len(a.claims) for a in given if not a.abstained]
    say(f"  sentences shown: {fmean(shown):.2f}")


def report_many(
    asked: Sequence[Asked],
    papers: Mapping[str, Paper],
    embedder: WordLlama,
    engine: SearchEngine,
) -> None:
    """Print the figures with no paper given."""
    given: list[Answer] = []
    walls: list[float] = []
    work: list[float] = []
    for each in asked:
        wall, cpu = perf_counter(), process_time()
        ids = find_candidates(engine, read_question(each.question), now=NOW, recency=False)
        given.append(answer(each.question, [papers[id_] for id_ in ids], embedder=embedder))
        walls.append(perf_counter() - wall)
        work.append(process_time() - cpu)
    said = [(q, a) for q, a in zip(asked, given, strict=True) if q.has_answer and not a.abstained]
    right = fmean(a.claims[0].paper_id == q.paper for q, a in said)
    say(f"  {len(papers)} papers: right paper first {right:.3f} of {len(said)} answered")
    say(f"  silence, {f1_of_silence(asked, given)}")
    for name, times in (("elapsed", walls), ("computing", work)):
        p50, p95 = quantiles(times, n=20)[9], quantiles(times, n=20)[18]
        say(f"  {name}: p50 {1e3 * p50:.0f} ms, p95 {1e3 * p95:.0f} ms")


def at_work(size: int) -> dict[str, Paper]:
    """Return the recorded papers, and as many mixed ones as it takes for so many in all."""
    papers = {paper.id: paper for paper in daily_papers(SHARED_DATA)}
    more = resampled_papers(arxiv_papers(SHARED_DATA), max(0, size - len(papers)))
    return {**{paper.id: paper for paper in more}, **papers}


def indexed(papers: Mapping[str, Paper], folder: Path, embedder: WordLlama) -> SearchEngine:
    """Return an index of the papers; one that is in the folder is used as it is."""
    engine = SearchEngine.open(folder, embedder=embedder)
    known = list(papers.values())
    for start in range(len(engine), len(known), CHUNK):
        engine.update(known[start : start + CHUNK], watermark=str(start))
    return engine


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("parts", nargs="*", default=("tune", "report"))
    parser.add_argument(
        "--papers", type=int, default=0, metavar="N", help="mix more, for so many in all"
    )
    parser.add_argument("--folder", type=Path, help="where the index stays for the next run")
    return parser.parse_args()


def main() -> None:
    given = arguments()
    papers = at_work(given.papers)
    embedder = WordLlama.load()
    with TemporaryDirectory() as scratch:
        engine = indexed(papers, given.folder or Path(scratch), embedder)
        for part in given.parts:
            asked = questions(part)
            say(f"{part}: {len(asked)} questions, the paper given")
            report_one(asked, papers, embedder)
            say(f"{part}: no paper given")
            report_many(asked, papers, embedder, engine)
        engine.close()


if __name__ == "__main__":
    main()

"""How well topics choose: precision and recall for each strictness, on topics that were held back.

Run as ``python -m tests.benchmarks.topics_quality``; it reads the recorded daily papers.

``topics_judgements.json`` names a pool of 800 of them, drawn by chance, and for each topic those
of the pool that work on it or with it, not those that mention it.

What the figures are worth: the judgements are one language model's, not people's, and nobody has
made them twice. It read titles and the first 250 characters of the summaries, few abstracts. In a
second pass it saw what words near each other find, for the held-back topics too, and added 36 of
722 judgements; it took none away. That favours matching by words. Thresholds were chosen on every
other topic; links and stop words were settled after a look at all of them.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from bot.models import Paper, Strictness
from bot.search.embed import WordLlama
from bot.topics.match import Matcher
from bot.topics.query import parse_topic
from tests.benchmarks.corpus import daily_papers
from tests.conftest import SHARED_DATA

JUDGEMENTS = Path(__file__).with_name("topics_judgements.json")


@dataclass(frozen=True, slots=True)
class Judged:
    """A topic as typed, and which papers of the pool it should find."""

    topic: str
    relevant: frozenset[str]
    added_later: frozenset[str] = frozenset()
    """Those of ``relevant`` that only the second pass named."""

    @property
    def as_first_judged(self) -> Judged:
        return Judged(self.topic, self.relevant - self.added_later)


@dataclass(frozen=True, slots=True)
class Quality:
    """How well the topics chose."""

    precision: float
    """Mean over the topics that found anything."""
    recall: float
    """Mean over all topics."""
    found: float
    """Papers a topic."""


def load(data: Path) -> tuple[list[Paper], list[Judged]]:
    """Return the pool and the judgements."""
    judgements = json.loads(JUDGEMENTS.read_bytes())
    pool = set(judgements["pool"])
    papers = [paper for paper in daily_papers(data) if paper.id in pool]
    later: dict[str, list[str]] = judgements["added_later"]
    judged = [
        Judged(topic, frozenset(ids), frozenset(later.get(topic, ())))
        for topic, ids in judgements["topics"].items()
    ]
    return papers, judged


def tuned(judged: Sequence[Judged]) -> Sequence[Judged]:
    return judged[0::2]


def held_back(judged: Sequence[Judged]) -> Sequence[Judged]:
    return judged[1::2]


def found(
    papers: Sequence[Paper], judged: Sequence[Judged], strictness: Strictness, embedder: WordLlama
) -> list[frozenset[str]]:
    """Return which papers each topic finds."""
    matcher = Matcher(embedder)
    for number, each in enumerate(judged):
        matcher.add(number, parse_topic(each.topic), strictness)
    hits = list(matcher.match(papers))
    return [
        frozenset(papers[hit.paper_index].id for hit in hits if hit.topic_id == number)
        for number in range(len(judged))
    ]


def quality(judged: Sequence[Judged], chosen: Sequence[frozenset[str]]) -> Quality:
    right = [len(each.relevant & ids) for each, ids in zip(judged, chosen, strict=True)]
    return Quality(
        precision=_mean(r / len(ids) for r, ids in zip(right, chosen, strict=True) if ids),
        recall=_mean(r / len(each.relevant) for r, each in zip(right, judged, strict=True)),
        found=_mean(map(len, chosen)),
    )


def _mean(numbers: Iterable[float]) -> float:
    them = list(numbers)
    return sum(them) / len(them)


def main() -> None:
    papers, judged = load(SHARED_DATA)
    embedder = WordLlama.load()
    print(f"{len(judged)} topics, {len(papers)} papers")  # noqa: T201
    for half, name in ((tuned(judged), "tuned"), (held_back(judged), "held back")):
        for strictness in Strictness:
            chosen = found(papers, half, strictness, embedder)
            print(f"{name:9} {strictness:6}  {_told(quality(half, chosen))}")  # noqa: T201
            first = quality([each.as_first_judged for each in half], chosen)
            print(f"{'':9} {'':6}  {_told(first)}, as first judged")  # noqa: T201


def _told(q: Quality) -> str:
    return f"precision {q.precision:.3f}  recall {q.recall:.3f}  {q.found:.1f} papers a topic"


if __name__ == "__main__":
    main()

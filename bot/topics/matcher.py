"""Any number of topics, ready to be matched with a day's papers at once."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from math import isnan

import numpy as np

from bot.models import Paper, Strictness
from bot.topics.batch import Batch, Mask
from bot.topics.blocks import Block, Demand, Found, Numbers, Rows
from bot.topics.codes import (
    ALWAYS,
    Codes,
    ReadPaper,
    Refused,
    author_code,
    read_paper,
    refused,
    votes_code,
    wanted,
)
from bot.topics.meaning import (
    STEPS,
    Embedder,
    Steps,
    Vectors,
    least_product,
    paper_steps,
    topic_steps,
)
from bot.topics.names import Name, is_named
from bot.topics.query import Alternative, TopicQuery, wish

BLOCK = 1 << 16
"""Alternatives in a block: what is copied when a topic comes or goes, at most."""
TOGETHER = 256
"""Papers matched at once: memory grows with them."""
GATHERED = 1 << 14
"""Topics that wait, as objects, to become arrays."""


@dataclass(frozen=True, slots=True)
class Hit:
    """A paper that a topic wants."""

    topic_id: int
    paper_index: int
    """Place in the papers that were matched, from 0."""
    by_words: bool
    """Whether the paper has the topic's words; else meaning stood in for them."""
    similarity: float | None = None
    """How near the meanings are; None where the topic has none or nobody asked."""


@dataclass(frozen=True, slots=True)
class Hits:
    """What topics want, in arrays, each pair once and in no order: there can be millions."""

    topic_ids: Rows
    paper_indices: Numbers
    by_words: Mask
    similarities: Vectors
    """NaN where a topic has no meaning or nobody asked."""

    def __len__(self) -> int:
        return len(self.topic_ids)

    def chosen(self, places: Rows | Mask) -> Hits:
        return Hits(
            self.topic_ids[places],
            self.paper_indices[places],
            self.by_words[places],
            self.similarities[places],
        )

    def __iter__(self) -> Iterator[Hit]:
        columns = (self.topic_ids, self.paper_indices, self.by_words, self.similarities)
        for topic_id, index, by_words, near in zip(*(c.tolist() for c in columns), strict=True):
            yield Hit(topic_id, index, by_words, None if isnan(near) else near)


class Matcher:
    """Topics that come and go one by one, each under its own id."""

    def __init__(self, embedder: Embedder | None = None) -> None:
        """Without ``embedder``, words alone decide."""
        self._embedder = embedder
        self._ids: set[int] = set()
        self._gone: set[int] = set()
        self._new: dict[int, list[tuple[Demand, str]]] = {}
        self._plain: list[Block] = []
        self._meant: list[Block] = []
        self._several: set[int] = set()
        self._names: defaultdict[str, set[Name]] = defaultdict(set)
        self._votes: set[int] = set()

    def __len__(self) -> int:
        return len(self._ids)

    def __contains__(self, topic_id: int) -> bool:
        return topic_id in self._ids

    def add(self, topic_id: int, query: TopicQuery, strictness: Strictness) -> None:
        """Take a topic in; one with the same id is replaced."""
        self.remove(topic_id)
        self._ids.add(topic_id)
        refuse = refused(query)
        alternatives = query.alternatives or ((),)
        if len(alternatives) > 1:
            self._several.add(topic_id)
        self._new[topic_id] = [
            self._demand(topic_id, query, alternative, refuse, strictness)
            for alternative in alternatives
        ]
        if len(self._new) >= GATHERED:
            self._settle()

    def remove(self, topic_id: int) -> None:
        """Let a topic go; one that is not there is no error."""
        if topic_id in self._ids:
            self._ids.discard(topic_id)
            self._several.discard(topic_id)
            if self._new.pop(topic_id, None) is None:
                self._gone.add(topic_id)

    def _demand(
        self,
        topic_id: int,
        query: TopicQuery,
        alternative: Alternative,
        refuse: Refused,
        strictness: Strictness,
    ) -> tuple[Demand, str]:
        """Return one alternative as numbers, and what it is about if meaning counts."""
        want = wanted(query, alternative, strictness)
        has_meaning = self._embedder is not None and strictness is not Strictness.STRICT
        about = wish(alternative) if has_meaning else ""
        firm = (*want.others, *map(self._author, want.authors), *self._at_least(query.min_votes))
        demand = Demand(
            topic_id,
            codes=(*firm, *want.words) or (ALWAYS,),
            firm=firm if about else (),
            refused=(*refuse.said, *((self._author(name),) for name in refuse.authors)),
            least_product=least_product(strictness) if about else 0,
        )
        return demand, about

    def _author(self, name: Name) -> int:
        for word in name:
            if len(word) > 1:
                self._names[word].add(name)
        return author_code(name)

    def _at_least(self, votes: int) -> tuple[int, ...]:
        if not votes:
            return ()
        self._votes.add(votes)
        return (votes_code(votes),)

    def _settle(self) -> None:
        """Put what is new into blocks, and take out what is gone."""
        gone = np.fromiter(self._gone, np.int64)
        new = [each for demands in self._new.values() for each in demands]
        self._gone, self._new = set(), {}
        self._plain = _settled(self._plain, gone, self._block([e for e in new if not e[1]]))
        self._meant = _settled(self._meant, gone, self._block([e for e in new if e[1]]))

    def _block(self, demands: Sequence[tuple[Demand, str]]) -> Block | None:
        if not demands:
            return None
        wishes = [about for _, about in demands]
        if self._embedder is None or not wishes[0]:
            steps = np.zeros((len(demands), 0), np.int8)
        else:
            steps = topic_steps(wishes, self._embedder)
        return Block.of([demand for demand, _ in demands], steps)

    def match(
        self,
        papers: Sequence[Paper | ReadPaper],
        votes: Mapping[str, int] | None = None,
        *,
        steps: Steps | None = None,
    ) -> Hits:
        """Return which topics want which papers.

        Args:
            votes: Paper id → votes now; none for a paper that is absent.
            steps: What ``paper_steps`` gave for these papers, where it is known already.
        """
        self._settle()
        read = [read_paper(each) if isinstance(each, Paper) else each for each in papers]
        found: list[Found] = []
        for start in range(0, len(read), TOGETHER):
            part = read[start : start + TOGETHER]
            codes = [self._codes(paper, (votes or {}).get(paper.id, 0)) for paper in part]
            batch = Batch(codes, first=start)
            near = self._steps(part, steps, start)
            for block in (*self._plain, *self._meant):
                found += block.match(batch, near)
        return self._each_once(_gathered(found))

    def _steps(self, papers: Sequence[ReadPaper], steps: Steps | None, start: int) -> Steps:
        if steps is not None:
            return steps[start : start + len(papers)]
        if self._embedder is None or not self._meant:
            return np.zeros((len(papers), 0), np.int8)
        return paper_steps(papers, self._embedder)

    def _codes(self, paper: ReadPaper, votes: int) -> Codes:
        """Return what a paper has, with the names and numbers of votes that topics ask for."""
        more = {votes_code(least) for least in self._votes if votes >= least}
        for has in paper.names if self._names else ():
            for word in has:
                wanted_names = self._names.get(word, ())
                more.update(author_code(name) for name in wanted_names if is_named(name, has))
        return np.concatenate((paper.codes, np.fromiter(more, np.int64)))

    def _each_once(self, hits: Hits) -> Hits:
        """Return the pairs without those that another alternative of the topic has found too."""
        if not self._several:
            return hits
        wanted = np.fromiter(self._several, np.int64)
        several = np.flatnonzero(np.isin(hits.topic_ids, wanted))
        order = np.lexsort(
            (
                -np.nan_to_num(hits.similarities[several], nan=-2),
                ~hits.by_words[several],
                hits.paper_indices[several],
                hits.topic_ids[several],
            )
        )
        ordered = several[order]
        topic_ids, papers = hits.topic_ids[ordered], hits.paper_indices[ordered]
        again = (topic_ids[1:] == topic_ids[:-1]) & (papers[1:] == papers[:-1])
        if not again.any():
            return hits  # without a copy: there can be millions
        kept = np.ones(len(hits), np.bool_)
        kept[ordered[1:][again]] = False
        return hits.chosen(kept)


def _settled(blocks: Sequence[Block], gone: Rows, new: Block | None) -> list[Block]:
    """Return the blocks without what is gone and with what is new, small ones made one."""
    settled: list[Block] = []
    kept = [block.without(gone) for block in blocks] if len(gone) else blocks
    for block in (*kept, *([new] if new else [])):
        if settled and len(settled[-1]) + len(block) <= BLOCK:
            settled[-1] = settled[-1].then(block)
        elif len(block):
            settled.append(block)
    return settled


def _gathered(found: list[Found]) -> Hits:
    """Return all that was found; empties the list, since both together can take a gigabyte."""
    count = sum(len(each.papers) for each in found)
    hits = Hits(
        np.empty(count, np.int64),
        np.empty(count, np.int32),
        np.empty(count, np.bool_),
        np.empty(count, np.float32),
    )
    end = count
    while found:
        each = found.pop()
        start = end - len(each.papers)
        hits.topic_ids[start:end] = each.topic_ids
        hits.paper_indices[start:end] = each.papers
        hits.by_words[start:end] = each.by_words
        hits.similarities[start:end] = each.products
        end = start
    np.divide(hits.similarities, np.float32(STEPS**2), out=hits.similarities)
    return hits

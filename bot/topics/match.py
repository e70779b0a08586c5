"""Topics and papers brought together: one topic with one paper, or a million with a day's."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from bot.models import Paper, Strictness
from bot.topics.meaning import Embedder, is_close, similarities
from bot.topics.query import Alternative, Kind, TopicQuery
from bot.topics.reading import MatchPaper, holds, read_paper
from bot.topics.why import Reason, reason


@dataclass(frozen=True, slots=True)
class Hit:
    """A paper that a topic wants."""

    topic_id: int
    paper_index: int
    """Place in the papers that were matched, from 0."""
    by_words: bool
    """Whether all words of the topic are in the paper; else meaning spoke for some."""
    similarity: float | None = None
    """How near the meanings are; None where the topic has none or nobody asked."""


def matches(
    query: TopicQuery,
    paper: Paper | MatchPaper,
    *,
    votes: int = 0,
    similarity: float | Sequence[float] | None = None,
    strictness: Strictness = Strictness.NORMAL,
) -> Reason | None:
    """Return why the topic wants the paper; None if it does not. Agrees with ``Matcher``.

    Args:
        votes: What the paper has now.
        similarity: How near the meanings are, for all alternatives or each; from
            ``bot.topics.meaning.similarities`` or a ``Hit``. None: words alone decide.
    """
    read = read_paper(paper) if isinstance(paper, Paper) else paper
    if votes < query.min_votes or (query.has_code and not read.has_code):
        return None
    if any(holds(clause, read) for clause in query.excluded):
        return None
    alternatives = query.alternatives or ((),)
    near = _for_each(similarity, len(alternatives))
    for alternative, similarity_ in zip(alternatives, near, strict=True):
        if _fits(alternative, read, similarity_, strictness):
            return reason(query, alternative, read, votes=votes, similarity=similarity_)
    return None


def _for_each(similarity: float | Sequence[float] | None, count: int) -> Sequence[float | None]:
    if similarity is None or isinstance(similarity, int | float):
        return [similarity] * count
    return similarity or [None] * count


def _fits(
    alternative: Alternative, paper: MatchPaper, similarity: float | None, strictness: Strictness
) -> bool:
    words = [clause for clause in alternative if clause.kind is Kind.WORD]
    others = [clause for clause in alternative if clause.kind is not Kind.WORD]
    if not all(holds(clause, paper) for clause in others):
        return False
    has_words = all(holds(clause, paper) for clause in words)
    return has_words or is_close(similarity, strictness)


class Matcher:
    """Topics, ready to be matched with papers; they come and go one by one."""

    def __init__(self, embedder: Embedder | None = None) -> None:
        """Without ``embedder``, words alone decide."""
        self._embedder = embedder
        self._topics: dict[int, tuple[TopicQuery, Strictness]] = {}

    def __len__(self) -> int:
        return len(self._topics)

    def add(self, topic_id: int, query: TopicQuery, strictness: Strictness) -> None:
        """Take a topic in; one with the same id is replaced."""
        self._topics[topic_id] = (query, strictness)

    def remove(self, topic_id: int) -> None:
        """Let a topic go; one that is not there is no error."""
        self._topics.pop(topic_id, None)

    def match(
        self, papers: Sequence[Paper | MatchPaper], votes: Mapping[str, int] | None = None
    ) -> list[Hit]:
        """Return which topics want which papers.

        Args:
            votes: Paper id → votes now; none for those that are absent.
        """
        read = [read_paper(p) if isinstance(p, Paper) else p for p in papers]
        hits: list[Hit] = []
        for topic_id, (query, strictness) in self._topics.items():
            near = similarities(query, read, self._embedder) if self._embedder else [None] * len(read)
            for index, paper in enumerate(read):
                why = matches(
                    query,
                    paper,
                    votes=(votes or {}).get(paper.id, 0),
                    similarity=near[index],
                    strictness=strictness,
                )
                if why is not None:
                    hits.append(Hit(topic_id, index, why.by_words, why.similarity))
        return hits

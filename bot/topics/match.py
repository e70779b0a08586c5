"""Topics and papers brought together: one topic with one paper, or a million with a day's."""

from __future__ import annotations

from collections.abc import Sequence

from bot.models import Paper, Strictness
from bot.topics.codes import ReadPaper, Refused, Wanted, read_paper, refused, wanted
from bot.topics.matcher import Hit, Hits, Matcher
from bot.topics.meaning import is_close
from bot.topics.names import is_any_named
from bot.topics.query import TopicQuery
from bot.topics.why import Reason, reason

__all__ = ["Hit", "Hits", "Matcher", "matches", "read_paper"]


def matches(
    query: TopicQuery,
    paper: Paper | ReadPaper,
    *,
    votes: int = 0,
    similarity: float | Sequence[float] | None = None,
    strictness: Strictness = Strictness.NORMAL,
) -> Reason | None:
    """Return why the topic wants the paper; None if it does not. Agrees with ``Matcher``.

    Args:
        votes: What the paper has now.
        similarity: How near the meanings are, for all alternatives or for each: from
            ``similarities`` or a ``Hit``. None: words alone decide.
    """
    read = read_paper(paper) if isinstance(paper, Paper) else paper
    if votes < query.min_votes or _is_refused(refused(query), read):
        return None
    alternatives = query.alternatives or ((),)
    near = _for_each(similarity, len(alternatives))
    for alternative, similar in zip(alternatives, near, strict=True):
        want = wanted(query, alternative, strictness)
        if not _fits(want, read):
            continue
        by_words = all(map(read.has, want.words))
        if by_words or is_close(similar, strictness):
            return reason(
                query, alternative, read, votes=votes, by_words=by_words, similarity=similar
            )
    return None


def _is_refused(refuse: Refused, paper: ReadPaper) -> bool:
    said = any(all(map(paper.has, codes)) for codes in refuse.said)
    return said or any(is_any_named(name, paper.names) for name in refuse.authors)


def _for_each(similarity: float | Sequence[float] | None, count: int) -> Sequence[float | None]:
    if similarity is None or isinstance(similarity, int | float):
        return [similarity] * count
    return similarity or [None] * count


def _fits(want: Wanted, paper: ReadPaper) -> bool:
    """Whether the paper has all that nearness of meaning cannot stand in for."""
    named = all(is_any_named(name, paper.names) for name in want.authors)
    return named and all(map(paper.has, want.others))

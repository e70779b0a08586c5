"""Which of some papers one topic wants, and why: the same for people, feeds and lists."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from bot.models import Paper, Strictness
from bot.topics.match import matches
from bot.topics.meaning import similarities
from bot.topics.query import TopicQuery
from bot.topics.reading import Reader


def reasons(
    query: TopicQuery,
    papers: Sequence[Paper],
    votes: Mapping[str, int],
    *,
    reader: Reader,
    strictness: Strictness = Strictness.NORMAL,
) -> dict[str, str]:
    """Return why the topic wants a paper, by its id, for those that it wants.

    Each paper that the reader has not kept takes two milliseconds: not on the event loop.

    Args:
        votes: What papers have now; none for those left out.
    """
    read = reader.read(papers)
    near = similarities(query, read.steps, reader.embedder)
    found: dict[str, str] = {}
    for paper, similar in zip(read.papers, near, strict=True):
        why = matches(
            query, paper, votes=votes.get(paper.id, 0), similarity=similar, strictness=strictness
        )
        if why:
            found[paper.id] = str(why)
    return found

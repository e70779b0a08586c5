"""The reason for a match, in words."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from bot.models import Paper, Strictness
from bot.topics.codes import ReadPaper
from bot.topics.meaning import is_close
from bot.topics.names import is_named
from bot.topics.query import Alternative, Clause, Kind, TopicQuery
from bot.topics.terms import joined, term, terms, words


@dataclass(frozen=True, slots=True)
class Reason:
    """Why a topic wants a paper."""

    text: str
    """Plain, not escaped: parts of the paper and of the topic stand in it."""
    by_words: bool
    """Whether the paper has the topic's words; else meaning stood in for them."""
    similarity: float | None
    """How near the meanings are; None where it was not asked."""

    def __str__(self) -> str:
        return self.text


def reason(
    query: TopicQuery,
    alternative: Alternative,
    paper: ReadPaper,
    *,
    votes: int,
    by_words: bool,
    similarity: float | None,
) -> Reason:
    """Say why ``paper`` fits ``alternative``; that it does is taken for granted."""
    lines = [
        *_found(alternative, paper.paper),
        *_meaning(similarity, by_words=by_words),
        *_names(alternative, paper),
        *(["has code"] if query.has_code else []),
        *([f"{votes} vote{'s' * (votes != 1)}"] if query.min_votes else []),
    ]
    return Reason("; ".join(lines) or "you follow all papers", by_words, similarity)


@dataclass(frozen=True, slots=True)
class _Part:
    """One of a paper's texts, to look for words in."""

    name: str
    words: tuple[str, ...]
    in_order: str
    """Its terms as one text in which a row of them can be found."""

    def has(self, clause: Clause) -> bool:
        wanted = words(clause.text)
        if _in_order(terms(clause.text)) in self.in_order:
            return True
        whole = joined(wanted[0], term(wanted[1])) if len(wanted) == 2 else term(wanted[0])
        return len(wanted) < 3 and whole in self._joined()

    def _joined(self) -> Iterator[str]:
        them = [term(word) for word in self.words]
        yield from them
        yield from map(joined, self.words, them[1:])


def _part(name: str, texts: Sequence[str]) -> _Part:
    them = tuple(word for text in texts for word in (*words(text), ""))
    return _Part(name, them, " | ".join(_in_order(terms(text)) for text in texts))


def _in_order(terms_: Sequence[str]) -> str:
    return f" {' '.join(terms_)} "


def _found(alternative: Alternative, paper: Paper) -> Iterator[str]:
    """Yield ``“kv cache” in the title`` and the like, one for each part of the paper."""
    left = [clause for clause in alternative if clause.kind in (Kind.WORD, Kind.PHRASE)]
    for part in (
        _part("title", [paper.title]),
        _part("keywords", paper.ai_keywords),
        _part("abstract", [paper.abstract]),
    ):
        here = [clause for clause in left if part.has(clause)]
        left = [clause for clause in left if clause not in here]
        if here:
            yield f"{_quoted(here, part)} in the {part.name}"


def _quoted(clauses: Sequence[Clause], part: _Part) -> str:
    """Return the clauses' words; those that stand next to each other in one pair of quotes."""
    runs: list[str] = []
    for clause in clauses:
        longer = f"{runs[-1]} {clause.text}" if runs else clause.text
        if runs and _in_order(terms(longer)) in part.in_order:
            runs[-1] = longer
        else:
            runs.append(clause.text)
    quoted = [f"“{run}”" for run in runs]
    return " and ".join(filter(None, (", ".join(quoted[:-1]), quoted[-1])))


def _meaning(similarity: float | None, *, by_words: bool) -> list[str]:
    if is_close(similarity, Strictness.NORMAL):
        return ["close in meaning to your topic"]
    return [] if by_words else ["near your topic in meaning"]


def _names(alternative: Alternative, paper: ReadPaper) -> Iterator[str]:
    for clause in alternative:
        match clause.kind:
            case Kind.AUTHOR:
                yield f"by {_author(clause, paper)}, whom you follow"
            case Kind.ORGANIZATION:
                yield f"from {paper.paper.organization}"
            case Kind.CATEGORY:
                yield f"in {clause.text}"
            case Kind.WORD | Kind.PHRASE:
                pass


def _author(clause: Clause, paper: ReadPaper) -> str:
    """Return the first author, as the paper names them, whom the clause can mean."""
    wanted = tuple(words(clause.text))
    named = zip(paper.paper.authors, paper.names, strict=True)
    return next((name for name, has in named if is_named(wanted, has)), clause.text)

"""Which of several papers a question is about."""

from __future__ import annotations

import re
from collections.abc import Sequence

import numpy as np

from bot.answers.patterns import word_set
from bot.answers.question import Question
from bot.answers.words import Reading, asked_words, search_words
from bot.models import Paper, title_key
from bot.search.embed import Embedder

ENOUGH = 0.6
"""The share of a question's words that a paper must touch to be the one that is meant."""

_OF_PAPERS = word_set(
    "wrote written write author authored who behind publish published release released come came"
    " out when date day year old new newest recent recently latest vote votes upvote upvotes like"
    " likes star stars comment comments code github repo repository implementation source sourced"
    " open project page demo website link url doi arxiv id number version versions updated"
    " revised category categories conference journal venue accepted peer reviewed withdrawn"
    " retracted title first last lead senior count main key core central idea ideas contribution"
    " contributions point insight novelty takeaway summary gist tldr tl dr novel state art sota"
    " trend trends trending happening progress advance advances development developments research"
    " field area topic week month today lately overview survey publicly available public"
    " organization institution university lab company team group share shared find where short"
    " brief"
)
"""Words that ask for something of a paper, whatever it is about."""


def topic_words(question: Question) -> list[str]:
    """Return the words that tell which paper is meant; none for *who wrote it?*."""
    return [word for word in asked_words(question.text) if word not in _OF_PAPERS]


def field_words(question: Question) -> list[str]:
    """Return the words of a field that is asked for, as they are written."""
    words = search_words(question.text).split()
    return [word for word in words if word.casefold() not in _OF_PAPERS]


def papers_about(question: Question, papers: Sequence[Paper], *, embedder: Embedder) -> list[Paper]:
    """Return the papers that the question can be about, most likely first.

    A question that names nothing can be about any of them.
    """
    words = topic_words(question)
    if not words or not papers:
        return list(papers)
    texts = [f"{paper.title}. {paper.abstract}" for paper in papers]
    reading = Reading.of(words, [*texts, *(paper.title for paper in papers)], embedder)
    whole, named = np.split(reading.share(reading.touched), 2)
    order = np.argsort(-(whole + named), kind="stable")
    return [papers[i] for i in order if whole[i] >= ENOUGH]


def paper_named(question: Question, papers: Sequence[Paper]) -> Paper | None:
    """Return the only paper that has the names in the question, or the most of them.

    A name is a whole title, what stands before the colon of one, or a word that the question writes
    like one (``CamelCase``, ``BERT``, ``GPT-5``).
    """
    if titled := _longest_title_in(question.text, papers):
        return titled
    asked = _tokens(question.text)
    names = {_joined(name) for name in names_in(question.text)}
    counts = [_names_in(paper, asked, names) for paper in papers]
    most = max(counts, default=0)
    return papers[counts.index(most)] if most and counts.count(most) == 1 else None


def _longest_title_in(text: str, papers: Sequence[Paper]) -> Paper | None:
    said = f" {title_key(text)} "
    keys = ((title_key(paper.title), paper) for paper in papers)
    titled = {key: paper for key, paper in keys if len(key.split()) >= _SHORTEST_TITLE}
    longest = max((key for key in titled if f" {key} " in said), key=len, default="")
    return titled.get(longest)


def names_in(text: str) -> list[str]:
    """Return the words of a question that it writes like names, in order."""
    return list(dict.fromkeys(_NAME.findall(text)))


def lacks_name(names: Sequence[str], text: str) -> bool:
    """Whether a text has one of some names nowhere, in any spelling with or without hyphens."""
    joined = _joined(text)
    return any(not any(form in joined for form in _forms(name)) for name in names)


def _forms(name: str) -> tuple[str, ...]:
    """Return what stands for a name: itself, its singular, and *Heron* for *Heron-based*."""
    whole, first = _joined(name), _joined(name.partition("-")[0])
    return (whole, whole.removesuffix("s"), first) if len(first) > 1 else (whole,)


def _names_in(paper: Paper, asked: set[str], names: set[str]) -> int:
    head, colon, _ = paper.title.partition(":")
    own = _tokens(head)
    called = bool(colon) and own <= asked and len("".join(own)) >= _SHORTEST_NAME
    known = names & _tokens(f"{paper.title}. {paper.abstract}")
    return len(known) + _CALLED * called


_SHORTEST_NAME = 3
"""Letters and digits."""
_SHORTEST_TITLE = 3
"""Words; two may be a field, and not the paper that bears its name."""
_CALLED = 3
"""How many names in the text a title's own name is worth."""
_TOKEN = re.compile(r"[^\W_]+(?:[-.+][^\W_]+)*")
# A word with a capital or a digit within, or a capital where no sentence begins.
_NAME = re.compile(r"(?:\b[^\W_]+[A-Z\d]|(?<=\w\s)[A-Z])[^\W_]*(?:[-.+][^\W_]+)*")


_NUMBERED = re.compile(r"\b([^\W\d]+) (\d+)\b")


def _tokens(text: str) -> set[str]:
    return {_joined(token) for token in _TOKEN.findall(text)}


def _joined(token: str) -> str:
    return re.sub(r"\W", "", token).casefold()


def paper_meant(question: Question, papers: Sequence[Paper], *, embedder: Embedder) -> Paper | None:
    """Return the one paper that a question is about; None where that cannot be told."""
    if len(papers) == 1:
        return papers[0]
    if not topic_words(question):
        return None
    named = paper_named(question, papers)
    about = papers_about(question, papers, embedder=embedder)
    about = [named, *about] if named else about
    return next((paper for paper in about if _has_numbers(question, paper)), None)


def _has_numbers(question: Question, paper: Paper) -> bool:
    """Whether a title has the question's numbered names: one on Llama is not *Llama 2*."""
    said = f" {title_key(paper.title)} "
    return all(
        f" {name} {number} " in said or f" {name}{number} " in said
        for name, number in _NUMBERED.findall(title_key(question.text))
    )

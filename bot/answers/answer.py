"""A question and papers, into an answer made of what they say, or that they do not say.

Nothing is invented: without a language model an answer is one to three sentences as they stand in
a paper, or a value of its record.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

from bot.answers.choose import MOST_SHOWN, choose
from bot.answers.evidence import rank
from bot.answers.full_text import Body
from bot.answers.outline import outline, what_it_brings
from bot.answers.passages import ABSTRACT, AI_SUMMARY, Passage, Sentence
from bot.answers.question import Kind, Question, read_question
from bot.answers.record import RECORD, known
from bot.answers.subject import paper_meant, paper_named, papers_about
from bot.answers.understood import understand
from bot.answers.verify import Text
from bot.models import Paper, Snapshot
from bot.search.embed import Embedder

FULL_TEXT = "full text"
ONE_SILENT = "The paper does not say."
ALL_SILENT = "The papers do not say."


@dataclass(frozen=True, slots=True)
class Claim:
    """One thing that an answer says, with what it rests on."""

    text: str
    quote: str
    """As it stands in the paper or its record; hostile."""
    paper_id: str
    section: str
    """The section's name, ``Abstract``, ``AI summary`` or ``Record``; hostile."""
    url: str
    """On arXiv or Hugging Face, always of the cited paper."""


@dataclass(frozen=True, slots=True)
class Read:
    """What was read of one paper."""

    paper_id: str
    parts: tuple[str, ...]
    """Of ``Record``, ``Abstract``, ``AI summary`` and ``full text``."""


@dataclass(frozen=True, slots=True)
class Answer:
    """What the papers say."""

    answer: str
    """The claims' texts in reading order, or that the papers do not say."""
    abstained: bool
    claims: tuple[Claim, ...] = ()
    model: str | None = None
    """The language model that worded it; None for the papers' own sentences."""
    read: tuple[Read, ...] = ()
    suspicious: tuple[str, ...] = ()
    """Ids of the papers read whose text gives orders to language models."""
    note: str | None = None
    """One sentence of ours on how it came about, such as that a full text could not be had."""


def proven(claims: Iterable[Claim], passages: Mapping[str, Sequence[Passage]]) -> tuple[Claim, ...]:
    """Return the claims whose quote stands in the paper they cite, each with its true place.

    For claims that a language model made: what it says of section and address is not believed.

    Args:
        passages: Paper id → what the model was given of it.
    """
    texts = {paper_id: Text(p.text for p in each) for paper_id, each in passages.items()}
    kept: list[Claim] = []
    for claim in claims:
        text = texts.get(claim.paper_id)
        place = text.find(claim.quote) if text else None
        if place is not None:
            passage = passages[claim.paper_id][place]
            kept.append(replace(claim, section=passage.section, url=passage.url))
    return tuple(kept)


def answer(
    question: str,
    papers: Sequence[Paper],
    *,
    embedder: Embedder,
    full_texts: Mapping[str, Body] | None = None,
    votes: Mapping[str, Snapshot] | None = None,
) -> Answer:
    """Answer from the papers given; takes milliseconds of computing, so call it off the event loop.

    Args:
        question: Anything at all; it is looked up and never obeyed.
        papers: The one that is asked about, or the candidates of a search, best first.
        embedder: Called with single words and sentences, so a light one serves best.
        full_texts: Paper id → its full text, or the part that matters, where it was fetched.
        votes: Paper id → its latest snapshot.
    """
    asked = read_question(question)
    if asked.fact is not None:
        said = _from_record(asked, papers, votes or {}, embedder)
        if said is not None:
            return said
    return _from_text(asked, papers, full_texts or {}, embedder)


def _from_record(
    question: Question,
    papers: Sequence[Paper],
    votes: Mapping[str, Snapshot],
    embedder: Embedder,
) -> Answer | None:
    """Return what the record says; None where it is silent and the text may know."""
    paper = paper_meant(question, papers, embedder=embedder)
    said = known(question.fact, paper, votes.get(paper.id)) if paper and question.fact else None
    read = (Read(paper.id, (RECORD,)),) if paper else ()
    if paper is not None and said is not None:
        url = paper.hugging_face_url or paper.url
        claim = Claim(said.text, said.value, paper.id, RECORD, url)
        return Answer(said.text, abstained=False, claims=(claim,), read=read)
    return _silent(papers, read) if question.kind is Kind.RECORD else None


def _from_text(
    question: Question,
    papers: Sequence[Paper],
    full_texts: Mapping[str, Body],
    embedder: Embedder,
) -> Answer:
    understood = {paper.id: understand(paper, full_texts.get(paper.id)) for paper in papers}
    passages = {paper_id: each.passages for paper_id, each in understood.items()}
    suspicious = tuple(id for id, each in understood.items() if each.gives_orders)
    chosen = _chosen(question, papers, passages, embedder)
    read = tuple(_read(paper, full_texts) for paper in papers)
    if not chosen:
        return _silent(papers, read, suspicious)
    claims = tuple(Claim(s.text, s.text, s.paper_id, s.section, s.url) for s in chosen)
    words = " ".join(claim.text for claim in claims)
    return Answer(words, abstained=False, claims=claims, read=read, suspicious=suspicious)


def _chosen(
    question: Question,
    papers: Sequence[Paper],
    passages: Mapping[str, Sequence[Passage]],
    embedder: Embedder,
) -> list[Sentence]:
    if question.kind in (Kind.SUMMARY, Kind.OVERVIEW):
        return _outlines(question, papers, passages, embedder)
    every, titles, people = _to_rank(question, papers, passages)
    ranked = rank(question, every, embedder=embedder, titles=titles, people=people)
    return [evidence.sentence for evidence in choose(ranked)]


def passages_to_rank(
    question: Question, papers: Sequence[Paper]
) -> tuple[list[Passage], dict[str, str], dict[str, str]]:
    """Return what ``rank`` is given for a question: passages, titles and people of the papers."""
    return _to_rank(question, papers, {paper.id: understand(paper).passages for paper in papers})


def _to_rank(
    question: Question, papers: Sequence[Paper], passages: Mapping[str, Sequence[Passage]]
) -> tuple[list[Passage], dict[str, str], dict[str, str]]:
    named = paper_named(question, papers) if len(papers) > 1 else None
    titles = {paper.id: paper.title for paper in ([named] if named else papers)}
    every = [passage for paper_id in titles for passage in passages[paper_id]]
    return every, titles, {paper.id: _people(paper) for paper in papers}


def _people(paper: Paper) -> str:
    return " ".join((*paper.authors, paper.organization or ""))


def _outlines(
    question: Question,
    papers: Sequence[Paper],
    passages: Mapping[str, Sequence[Passage]],
    embedder: Embedder,
) -> list[Sentence]:
    """Return the one paper's outline, or what each of the first few papers brings."""
    if question.kind is Kind.SUMMARY or len(papers) == 1:
        meant = paper_meant(question, papers, embedder=embedder)
        return outline(passages[meant.id], meant.title, embedder=embedder) if meant else []
    about = papers_about(question, papers, embedder=embedder)[:MOST_SHOWN]
    found = [what_it_brings(passages[p.id], p.title, embedder=embedder) for p in about]
    return [sentence for sentence in found if sentence]


def _read(paper: Paper, full_texts: Mapping[str, Body]) -> Read:
    parts = (
        (ABSTRACT, bool(paper.abstract)),
        (AI_SUMMARY, bool(paper.ai_summary)),
        (FULL_TEXT, paper.id in full_texts),
    )
    return Read(paper.id, tuple(name for name, there in parts if there))


def _silent(
    papers: Sequence[Paper], read: tuple[Read, ...], suspicious: tuple[str, ...] = ()
) -> Answer:
    words = ONE_SILENT if len(papers) == 1 else ALL_SILENT
    return Answer(words, abstained=True, read=read, suspicious=suspicious)

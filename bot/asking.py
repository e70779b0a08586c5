"""Questions of people, answered from the library: which papers, which of their text, what they say.

``bot.answers`` decides what the papers say; here it is looked up what to read.
"""

from __future__ import annotations

import asyncio
import logging
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from enum import StrEnum
from functools import cached_property, partial

from bot.answers.answer import Answer, answer
from bot.answers.drafts import select
from bot.answers.full_text import Body
from bot.answers.question import Kind, Question, read_question
from bot.answers.record import RECORD
from bot.answers.subject import field_words, names_in, paper_named, papers_about, topic_words
from bot.answers.words import search_words
from bot.errors import ModelError, NoSuchPaper, SourceError, StoreError, UserError
from bot.lookup import Lookup
from bot.models import Paper, Snapshot
from bot.paper_ids import arxiv_id, find_arxiv_ids, find_dois, without_ids
from bot.render.text import plain
from bot.search.embed import Embedder, quick_embedder
from bot.search.engine import SearchEngine
from bot.store import full_texts, listings, papers, people
from bot.store import questions as shelves
from bot.store.store import Store
from bot.wording import Asker, Progress, Wording

MOST_NAMED = 3
"""Papers that one question can be asked about."""
CANDIDATES = 10
"""Papers of a search that are read for an answer."""
MOST_ON_A_SHELF = 300
"""Papers of a library or a server that are looked through, the latest first."""
MORE_BY_NAME = 3
"""Papers that are read besides, since they have a name that is asked for."""
NEWS = timedelta(days=90)
"""How old the papers are that answer *what is new?*, where there are enough."""
ENOUGH_NEWS = 3
"""Papers."""
MOST_PASSAGES = 120
"""Of a full text that is asked about: a usual paper whole, the nearest of a longer one."""
PASSAGES_OF_OTHERS = 4
"""Of full texts that happen to be kept of papers that a search found."""
ONLY_A_LINK = "What is this paper about?"
"""What somebody asks who gives nothing but a link."""
WHICH_PAPER = (
    "Which paper do you mean? Give its title, arXiv id or link, or ask under its post."
    " /papers trending shows what is new."
)
MOST_EARLIER = 3
"""Exchanges of the conversation that a language model is told of."""
OWN_SENTENCES = "These are the papers' own sentences."

log = logging.getLogger(__name__)


class Scope(StrEnum):
    """Which papers a question is about that names none."""

    RECENT = "recent"
    """All that the bot knows, the newer ones a little before the older."""
    SAVED_HERE = "saved here"
    """What the server's feeds posted."""
    LIBRARY = "library"
    """What the person saved."""


@dataclass(frozen=True, slots=True)
class Exchange:
    """An earlier question of a conversation, with what came of it."""

    question: str
    answer: str
    paper_ids: tuple[str, ...]
    """The papers that it was about: those quoted, else those read if they are few."""

    @classmethod
    def after(cls, question: str, given: Answer) -> Exchange:
        """Return what to hand in with the next question of the conversation."""
        quoted = tuple(dict.fromkeys(claim.paper_id for claim in given.claims))
        read = tuple(each.paper_id for each in given.read)
        return cls(question, given.answer, quoted or (read if len(read) <= MOST_NAMED else ()))


@dataclass
class Answers:
    """Answers questions. One is enough for all; every method may be called at the same time."""

    store: Store
    engine: SearchEngine
    now: Callable[[], datetime]
    lookup: Lookup | None = None
    """Fetches what the library lacks; None while there is no web, and nothing is fetched."""
    wording: Wording | None = None
    """Lets a language model word the answers; None where there is none."""

    async def answer(
        self,
        question: str,
        *,
        paper_ids: Sequence[str] = (),
        scope: Scope = Scope.RECENT,
        user_id: int | None = None,
        guild_id: int | None = None,
        earlier: Sequence[Exchange] = (),
        on_progress: Progress | None = None,
    ) -> Answer:
        """Answer a question. Cancelling it leaves nothing behind.

        Args:
            question: In anybody's words; arXiv ids, DOIs and links in it name papers.
            paper_ids: The papers asked about, as ids or links; none for those of the scope.
            scope: Where to look if no paper is named.
            user_id: Who asks: for their library, and for what they may spend.
            guild_id: Where they ask; None outside of servers.
            earlier: The conversation so far, oldest first.
            on_progress: Told what is already known while the rest is still being read.

        Raises:
            UserError: The question is empty, or names a paper that cannot be had, or the scope
                is empty; the text says what to do.
        """
        ids = await self._ids_in(question)
        if not (ids or paper_ids) and find_dois(question, limit=1):
            raise NoSuchPaper("The library has no paper with that DOI (yet).")
        asked = read_question(without_ids(question) or (ONLY_A_LINK if ids else ""))
        if not plain(asked.text):
            raise UserError("Ask a question, such as “What is its main idea?”.")
        said = _Saying(self, asked, Asker(user_id, guild_id), tuple(earlier), on_progress)
        if ids and not paper_ids and earlier and compares_back(asked):
            paper_ids = earlier[-1].paper_ids[: MOST_NAMED - len(ids)]
        named = await self._named([*paper_ids, *ids])
        if named:
            return await said.of(named, about=named)
        before = await self._talked_about(asked, earlier)
        if before:
            given = await said.of(before, about=before[:MOST_NAMED])
            if not given.abstained or refers_back(asked):
                return given
        if scope is Scope.RECENT and names_nothing(asked):
            return Answer(WHICH_PAPER, abstained=True)
        found = await self._candidates(asked, scope, user_id, guild_id)
        by_name = paper_named(asked, found)
        return await said.of(found, about=[by_name] if by_name else [])

    async def _ids_in(self, question: str) -> list[str]:
        """Return the ids of the papers that a question names, the first few; of DOIs the known."""
        ids = find_arxiv_ids(question, limit=MOST_NAMED)
        dois = find_dois(question, limit=MOST_NAMED)
        known = await self.store.read(papers.with_dois, dois) if dois else []
        return [*ids, *known][:MOST_NAMED]

    async def _named(self, texts: Sequence[str]) -> list[Paper]:
        """Return the papers that are asked about by id or link."""
        wanted = list(dict.fromkeys(arxiv_id(text) or text.strip() for text in texts))
        if len(wanted) > MOST_NAMED:
            raise UserError(f"Ask about {MOST_NAMED} papers at a time.")
        return [await self.paper(paper_id) for paper_id in wanted]

    async def paper(self, paper_id: str) -> Paper:
        """Return a paper by its id; one that the library lacks is asked for at the sources.

        Raises:
            NoSuchPaper: There is none.
            UserError: It may exist, but nobody could be asked.
        """
        known = await self.store.read(papers.get, paper_id)
        if known is not None:
            return known
        name = f"arXiv {paper_id}" if arxiv_id(paper_id) else "that paper"
        if self.lookup is None or arxiv_id(paper_id) is None:
            raise NoSuchPaper(f"The library does not have {name} (yet).")
        try:
            fetched = await self.lookup.record(paper_id)
        except SourceError as error:
            log.info("%s was asked about and could not be fetched: %s", paper_id, error)
            raise UserError(
                f"The library does not have {name}, and it could not be fetched just now."
                " Try again in a few minutes."
            ) from error
        if fetched is None:
            raise NoSuchPaper(f"Neither Hugging Face nor arXiv has {name}.")
        return fetched

    async def _talked_about(self, asked: Question, earlier: Sequence[Exchange]) -> list[Paper]:
        """Return the papers that a conversation was about, if this question can be on them too."""
        if not earlier or (asked.kind is Kind.OVERVIEW and topic_words(asked)):
            return []
        return await self.store.read(papers.get_many, earlier[-1].paper_ids)

    async def _candidates(
        self, asked: Question, scope: Scope, user_id: int | None, guild_id: int | None
    ) -> list[Paper]:
        match scope:
            case Scope.RECENT:
                return await self._searched(asked)
            case Scope.LIBRARY:
                ids = await self.store.read(people.saved, user_id or 0, limit=MOST_ON_A_SHELF)
                empty = "You have saved no papers. /library save puts one on your list."
            case Scope.SAVED_HERE:
                ids = await self.store.read(shelves.on_server, guild_id or 0, limit=MOST_ON_A_SHELF)
                empty = "No papers were posted on this server yet. /feeds add begins with it."
        if not ids:
            raise UserError(empty)
        shelf = await self.store.read(papers.get_many, ids)
        return (await asyncio.to_thread(_likeliest, asked, shelf, await self.reader()))[:CANDIDATES]

    async def _searched(self, asked: Question) -> list[Paper]:
        if asked.kind is Kind.OVERVIEW:
            found = await self._search(asked, since=(self.now() - NEWS).date())
            if len(found) >= ENOUGH_NEWS:
                return found
        return await self._search(asked)

    async def _search(self, asked: Question, *, since: date | None = None) -> list[Paper]:
        look = partial(find_candidates, self.engine, asked, now=self.now(), since=since)
        return await self.store.read(papers.get_many, await asyncio.to_thread(look))

    async def votes(self, found: Sequence[Paper]) -> Mapping[str, Snapshot]:
        ids = [paper.id for paper in found]
        return await self.store.read(
            listings.latest_snapshots, "huggingface", ids, until=self.now()
        )

    async def reader(self) -> Embedder:
        """Return a model that reads single words; the first time it may have to be loaded."""
        return await asyncio.to_thread(lambda: self._embedder)

    @cached_property
    def _embedder(self) -> Embedder:
        """A model that reads single words, many of them at once."""
        return quick_embedder(self.engine.embedder)


def find_candidates(
    engine: SearchEngine,
    asked: Question,
    *,
    now: datetime,
    since: date | None = None,
    recency: bool = True,
) -> list[str]:
    """Return the ids of the papers that a question may be about, likeliest first.

    First those whose title it says, then the best of a search for all its words, then a few that
    have its names.
    """
    names = names_in(asked.text)
    words = " ".join(field_words(asked)) if asked.kind is Kind.OVERVIEW else ""
    searches = [(words or search_words(asked.text, names=names), CANDIDATES)]
    if names:
        searches.append((" ".join(names), MORE_BY_NAME))
    found = [
        hit.paper_id
        for words, limit in searches
        for hit in engine.search(words, limit=limit, now=now, since=since, recency=recency)
    ]
    titled = [] if asked.kind is Kind.OVERVIEW else engine.titles_in(asked.text)
    return list(dict.fromkeys([*titled, *found]))


@dataclass(frozen=True, slots=True)
class _Saying:
    """One question on its way to an answer."""

    answers: Answers
    asked: Question
    asker: Asker
    earlier: tuple[Exchange, ...]
    on_progress: Progress | None

    async def of(self, found: Sequence[Paper], *, about: Sequence[Paper]) -> Answer:
        """Return what papers say.

        Args:
            found: The papers that may say it, the likeliest first.
            about: Those that are asked about: what the abstract leaves open is looked for in
                their full text, which is fetched if need be.
        """
        first = await self._extract(found, {})
        if self.asked.kind is Kind.RECORD or _is_of_record(first):
            return first
        if self.asked.kind in _OF_ABSTRACTS:
            return await self._worded(found, {}, first)
        note = await self._fetch(about, first)
        bodies = await self._bodies(found, about)
        said = replace(await self._extract(found, bodies), note=note) if bodies or note else first
        return await self._worded(found, bodies, said)

    async def _worded(
        self, found: Sequence[Paper], bodies: Mapping[str, Body], said: Answer
    ) -> Answer:
        """Return the answer in a model's words, where there is one and it keeps to the papers."""
        if self.answers.wording is None:
            return said
        reader = await self.answers.reader()
        choose = partial(select, self.asked, found, bodies, embedder=reader)
        given = await asyncio.to_thread(choose)
        if not given.papers:
            return said
        try:
            worded = await self.answers.wording.answer(
                self.asked.text,
                given,
                asker=self.asker,
                earlier=[(each.question, each.answer) for each in self.earlier[-MOST_EARLIER:]],
                on_progress=self.on_progress,
            )
        except ModelError as error:
            return replace(said, note=_together(said.note, f"{error} {OWN_SENTENCES}"))
        return replace(worded, note=_together(said.note, worded.note))

    async def _fetch(self, about: Sequence[Paper], first: Answer) -> str | None:
        """Fetch the full texts that are missing; returns what could not be had, in a sentence."""
        lookup = self.answers.lookup
        if lookup is None or not about:
            return None
        missing = await lookup.missing(about)
        if missing and self.on_progress and not first.abstained:
            await self.on_progress(first)
        await lookup.fetch(missing)
        without = await self._without_text(about)
        return await lookup.why_not(without[0]) if without and lookup.most else None

    async def _without_text(self, about: Sequence[Paper]) -> list[Paper]:
        ids = [paper.id for paper in about]
        read = await self.answers.store.read(full_texts.kept, ids)
        return [paper for paper in about if paper.id not in read]

    async def _bodies(self, found: Sequence[Paper], about: Sequence[Paper]) -> dict[str, Body]:
        """Return what full texts say: all of those asked about, of others what is near."""
        store, text = self.answers.store, self.asked.text
        ids = [paper.id for paper in about]
        others = [paper.id for paper in found if paper.id not in ids]
        near = await store.read(full_texts.read, others, text, most=PASSAGES_OF_OTHERS, whole=False)
        whole = await store.read(full_texts.read, ids, text, most=MOST_PASSAGES)
        if whole:
            await self._note_used(list(whole))
        return {**near, **whole}

    async def _note_used(self, ids: Sequence[str]) -> None:
        try:
            await self.answers.store.run(full_texts.note_used, ids, now=self.answers.now())
        except StoreError as error:  # they were read all the same
            log.warning("it was not noted which full texts are used: %s", error)

    async def _extract(self, found: Sequence[Paper], bodies: Mapping[str, Body]) -> Answer:
        """Return what papers say in their own sentences."""
        votes = await self.answers.votes(found) if self.asked.fact else {}
        say = partial(
            answer,
            self.asked.text,
            found,
            embedder=await self.answers.reader(),
            full_texts=bodies,
            votes=votes,
        )
        return await asyncio.to_thread(say)


_OF_ABSTRACTS = (Kind.SUMMARY, Kind.OVERVIEW)
"""Kinds that the full text would answer no better."""


def _together(*notes: str | None) -> str | None:
    return " ".join(note for note in notes if note) or None


def _is_of_record(given: Answer) -> bool:
    return any(claim.section == RECORD for claim in given.claims)


_BACK = re.compile(
    r"\b(?:it|its|it's|they|their|them|this|that|these|those|he|she|the (?:paper|authors?|method"
    r"|model|approach|work|study|dataset|first|second|third|last|other) (?:one|of them)?)\b"
    r"|^\W*(?:and|but|so|what about|how about|why)\b",
    re.IGNORECASE,
)
_POINTS = re.compile(r"\b(?:it|its|it's|they|their|them|these|those|this)\b", re.IGNORECASE)


def refers_back(asked: Question) -> bool:
    """Whether a question makes sense only after an earlier one."""
    return not topic_words(asked) or bool(_BACK.search(asked.text))


def compares_back(asked: Question) -> bool:
    """Whether a question compares what was spoken of before with something else."""
    return asked.kind is Kind.COMPARISON and bool(_POINTS.search(asked.text))


def names_nothing(asked: Question) -> bool:
    """Whether a question asks for something of a paper and says nothing of which."""
    if asked.kind is Kind.OVERVIEW:
        return False
    words = topic_words(asked)
    pointing = len(words) == 1 and bool(_BACK.search(asked.text)) and not names_in(asked.text)
    return not words or pointing


def _likeliest(asked: Question, shelf: Sequence[Paper], embedder: Embedder) -> list[Paper]:
    """Return the papers that a question can be about, likeliest first; all where none stands out."""
    return papers_about(asked, shelf, embedder=embedder) or list(shelf)

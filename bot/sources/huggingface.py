"""Hugging Face's daily papers: votes, summaries, code, and what is linked to a paper.

The API in outline: https://huggingface.co/docs/hub/api and
https://github.com/huggingface/skills (``huggingface-papers``). Its answers leave out what is
absent; fields came and moved over the years, and every shape since 2024-05 is understood.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field, fields
from datetime import date
from random import randrange

from bot.errors import SourceError
from bot.models import Listing, Paper, Record, Refusal, Submission
from bot.paper_ids import arxiv_id, version_of
from bot.sources import untrusted
from bot.sources.http import FRESH, JSON, TEXT, Answer, Fetched, Validators, Web, of_pages
from bot.sources.huggingface_fields import submission, unknown_fields
from bot.sources.untrusted import is_list, is_object

NAME = "huggingface"
BASE_URL = "https://huggingface.co"

Understood = tuple[tuple[Record, ...], tuple[Refusal, ...]]

_PAGE = 100
_SHORTEST_FULL_PAGE = 50
"""The server's own page size: an answer with fewer records is the last, whatever we asked for."""
_MOST_PAGES = 20
_MOST_ITEMS = 1_000
"""Of an answer, which is asked for 120 at the most; millions would stop all else for minutes."""
_LONGEST_QUERY = 250
_LONGEST_SUMMARY = 5_000

REPORTED = (
    "abstract",
    "authors",
    "published_at",
    "ai_summary",
    "ai_keywords",
    "organization",
    "code_url",
    "project_url",
    "thumbnail_url",
    "media_urls",
)
REPORTED_COUNTS = ("upvotes", "comments", "stars", "submitted_on")
REPORTED_BESIDE = tuple(each.name for each in fields(Submission) if each.name != "rest")


@dataclass(frozen=True, slots=True)
class Linked:
    """Repositories of one kind that name a paper, most liked first."""

    names: tuple[str, ...] = ()
    has_more: bool = False

    @property
    def count(self) -> int:
        """How many are named here; there are more where ``has_more``."""
        return len(self.names)


@dataclass(frozen=True, slots=True)
class Artifacts:
    """What people have built from a paper."""

    models: Linked
    datasets: Linked
    spaces: Linked


@dataclass
class HuggingFace:
    """Asks Hugging Face.

    Args:
        web: May ask the host of ``base_url``.
        base_url: Without a slash at its end.
        token: Raises the rate limits; not needed.
        choose: Picks one of so many pages to ask whether a list has changed.

    Every method raises ``SourceError`` where there is no answer of use.
    """

    web: Web
    base_url: str = BASE_URL
    token: str | None = field(default=None, repr=False)
    choose: Callable[[int], int] = field(default=randrange, repr=False)

    async def daily(
        self,
        day: date | None = None,
        *,
        week: str | None = None,
        month: str | None = None,
        validators: Validators = FRESH,
    ) -> Fetched:
        """Return the papers of one day, week or month; without any, of the latest list.

        Args:
            day: In Hugging Face's calendar, whose days end near 21:30 US Eastern.
            week: An ISO week, ``2024-W03``.
            month: ``2024-01``.
            validators: Of the last time, see ``Fetched``.
        """
        wanted = {"date": day.isoformat() if day else None, "week": week, "month": month}
        params = {name: value for name, value in wanted.items() if value}
        name = "week" if week else "month" if month else "daily"
        return await self._list(name, params, validators, day=day)

    async def trending(self, *, validators: Validators = FRESH) -> Fetched:
        """Return what Hugging Face thinks is rising now, at most 100 papers of any age."""
        today = self.web.now().date()
        return await self._list("trending", {"sort": "trending"}, validators, day=today, pages=1)

    async def paper(self, paper_id: str) -> Record | None:
        """Return what Hugging Face knows of a paper; None where it has no page for it."""
        answer = await self._get(f"/api/papers/{paper_id}", allow={404})
        if answer.status == 404:
            return None
        found = understand(untrusted.load_json(answer.text, source="Hugging Face"))
        if isinstance(found, str):
            raise SourceError(f"Hugging Face's page of {paper_id} makes no sense: {found}.")
        return found

    async def search(self, query: str, *, limit: int = 20) -> tuple[Record, ...]:
        """Return the papers that match some words, best first; at most 120."""
        params = {"q": query[:_LONGEST_QUERY], "limit": str(max(1, min(limit, 120)))}
        answer = await self._get("/api/papers/search", params=params)
        return parse_daily(answer.text)[0]

    async def artifacts(self, paper_id: str) -> Artifacts:
        """Return the models, datasets and spaces that name a paper: three requests."""
        return Artifacts(
            models=await self._linked("models", paper_id),
            datasets=await self._linked("datasets", paper_id),
            spaces=await self._linked("spaces", paper_id),
        )

    async def full_text(self, paper_id: str) -> str | None:
        """Return a paper as markdown, made from arXiv's HTML; None where there is none."""
        answer = await self._get(
            f"/papers/{paper_id}.md", accept={*TEXT, "text/html"}, allow={404}, bucket="pages"
        )
        text = answer.text.strip()
        is_page = answer.content_type == "text/html" or text[:15].lower().startswith("<!doctype")
        return None if answer.status == 404 or is_page or not text else text

    async def _list(
        self,
        name: str,
        params: dict[str, str],
        validators: Validators,
        *,
        day: date | None,
        pages: int = _MOST_PAGES,
    ) -> Fetched:
        took = day if name == "daily" else None
        first = await self._changed(params, validators)
        if first is None:
            return Fetched((), validators, not_modified=True)
        understood, seen = [parse_daily(first.text, day=took)], [first.validators]
        while len(understood) < pages and _may_go_on(understood):
            answer = await self._page(params, len(understood), FRESH)
            understood.append(parse_daily(answer.text, day=took))
            seen.append(answer.validators)
        records = _unique(record for page, _ in understood for record in page)
        refusals = tuple(refusal for _, page in understood for refusal in page)
        seen_at = self.web.now()
        list_day = day or latest_day(records) or seen_at.date()
        # What trended in the morning is news in the evening; what a daily list drops is not.
        whole = took is not None and not refusals and not _may_go_on(understood)
        listing = Listing(NAME, name, list_day, seen_at, records, refusals, whole)
        return Fetched((listing,), of_pages(seen))

    async def _changed(self, params: dict[str, str], validators: Validators) -> Answer | None:
        """Return a list's first page; None where it seems unchanged, which costs one request.

        Votes move on all pages of a list. So one of them tells, any: what changed on another
        alone is seen a look or two later.
        """
        pages = (validators, *validators.further)
        number = self.choose(len(pages))
        answer = await self._page(params, number, pages[number])
        if answer.not_modified:
            return None
        return answer if number == 0 else await self._page(params, 0, FRESH)

    async def _page(self, params: dict[str, str], page: int, validators: Validators) -> Answer:
        return await self._get(
            "/api/daily_papers",
            params={**params, "p": str(page), "limit": str(_PAGE)},
            validators=validators,
        )

    async def _linked(self, kind: str, paper_id: str) -> Linked:
        answer = await self._get(
            f"/api/{kind}",
            params={
                "filter": f"arxiv:{paper_id}",
                "sort": "likes",
                "direction": "-1",
                "limit": str(_PAGE),
            },
        )
        return parse_linked(answer.text, full=_PAGE)

    async def _get(
        self,
        path: str,
        *,
        params: dict[str, str] | None = None,
        validators: Validators = FRESH,
        accept: Iterable[str] = JSON,
        allow: Iterable[int] = (),
        bucket: str = "api",
    ) -> Answer:
        headers = {"Authorization": f"Bearer {self.token.strip()}"} if self.token else {}
        return await self.web.get(
            self.base_url.rstrip("/") + path,
            source=NAME,
            params=params,
            headers=headers,
            accept=frozenset(accept),
            validators=validators,
            allow=frozenset(allow),
            bucket=bucket,
        )


def parse_daily(body: bytes | str, *, day: date | None = None) -> Understood:
    """Understand an answer of ``/api/daily_papers`` or ``/api/papers/search``.

    Args:
        body: A JSON list.
        day: The daily list that took the papers, where a record does not say so itself.

    Returns:
        The papers in the answer's order, and the records that made no sense.

    Raises:
        SourceError: The answer as a whole is no list of papers.
    """
    found = untrusted.load_json(body, source="Hugging Face")
    if not is_list(found):
        message = untrusted.line(found.get("error")) if is_object(found) else ""
        raise SourceError(f"Hugging Face gave no list of papers{message and ': '}{message}.")
    _check_length(found)
    return understand_all(found, day=day)


def understand_all(items: Sequence[object], *, day: date | None = None) -> Understood:
    """Understand each record on its own, see ``parse_daily``."""
    records: list[Record] = []
    refusals: list[Refusal] = []
    for number, item in enumerate(items, 1):
        outcome = understand(item, day=day)
        if isinstance(outcome, Record):
            records.append(outcome)
        else:
            refusals.append(Refusal(f"record {number}", outcome))
    return tuple(records), tuple(refusals)


def understand(item: object, *, day: date | None = None) -> Record | str:
    """Return one record, bare or wrapped in a list's entry; or why it makes no sense."""
    if not is_object(item):
        return "not an object"
    paper = item.get("paper", item)
    if not is_object(paper):
        return "its paper is not an object"
    given_id, given_title = paper.get("id"), paper.get("title") or item.get("title")
    paper_id = arxiv_id(given_id) if isinstance(given_id, str) and len(given_id) < 100 else None
    if paper_id is None:
        return f"no arXiv id ({untrusted.line(given_id, most=50) or 'none of use'})"
    title = untrusted.line(given_title, most=untrusted.LONGEST_TITLE)
    if not title:
        return f"{paper_id} has no title of use"
    return Record(
        paper=_paper(paper_id, title, paper, item),
        upvotes=untrusted.count(paper.get("upvotes")),
        comments=untrusted.count(item.get("numComments")),
        stars=untrusted.count(paper.get("githubStars")),
        submitted_on=untrusted.day(paper.get("submittedOnDailyAt")) or day,
        submission=submission(item, paper),
        unknown=unknown_fields(item, paper),
    )


def parse_linked(body: bytes | str, *, full: int) -> Linked:
    """Understand a list of repositories; one of ``full`` names may have been cut.

    Raises:
        SourceError: It is no such list.
    """
    found = untrusted.load_json(body, source="Hugging Face")
    if not is_list(found):
        raise SourceError("Hugging Face gave no list of repositories.")
    _check_length(found)
    ids = (item.get("id") or item.get("modelId") for item in found if is_object(item))
    names = tuple(name for given in ids if (name := untrusted.line(given)))
    return Linked(names, has_more=len(found) >= full)


def _check_length(items: Sequence[object]) -> None:
    if len(items) > _MOST_ITEMS:
        raise SourceError(f"Hugging Face gave a list of {len(items):,}, which is not read.")


def absent_fields(records: Iterable[Record]) -> dict[str, int]:
    """Return how many of some records lack each field, most often lacking first.

    Fields that no record lacks are left out.
    """
    absent: Counter[str] = Counter()
    for record in records:
        absent.update(name for name in REPORTED if not getattr(record.paper, name))
        absent.update(name for name in REPORTED_COUNTS if getattr(record, name) is None)
        beside = record.submission
        absent.update(name for name in REPORTED_BESIDE if getattr(beside, name) in (None, ()))
    return dict(absent.most_common())


def unknown_fields_of(records: Iterable[Record]) -> dict[str, int]:
    """Return the fields that we know nothing of, and in how many records each stands."""
    return dict(Counter(name for record in records for name in record.unknown).most_common())


def latest_day(records: Iterable[Record]) -> date | None:
    """Return the latest daily list that some records name."""
    return max((record.submitted_on for record in records if record.submitted_on), default=None)


def _paper(paper_id: str, title: str, paper: dict[str, object], item: dict[str, object]) -> Paper:
    given = paper.get("summary") or item.get("summary")
    return Paper(
        id=paper_id,
        title=title,
        abstract=untrusted.line(given, most=untrusted.LONGEST_TEXT),
        authors=_authors(paper.get("authors")),
        # The entry's own publishedAt meant something else before 2025-03-10.
        published_at=untrusted.moment(paper.get("publishedAt")),
        version=version_of(str(paper["id"])),
        ai_summary=untrusted.line(paper.get("ai_summary"), most=_LONGEST_SUMMARY) or None,
        ai_keywords=untrusted.lines(paper.get("ai_keywords")),
        organization=_organization(paper, item),
        code_url=untrusted.code_address(paper.get("githubRepo")),
        project_url=untrusted.web_address(paper.get("projectPage")),
        thumbnail_url=untrusted.web_address(item.get("thumbnail")),
        media_urls=_media(paper, item),
    )


def _authors(given: object) -> tuple[str, ...]:
    if not is_list(given):
        return ()
    shown = (author for author in given if is_object(author) and not author.get("hidden"))
    return untrusted.lines([author.get("name") for author in shown])


def _organization(paper: dict[str, object], item: dict[str, object]) -> str | None:
    for given in (paper.get("organization"), item.get("organization")):
        if is_object(given):
            name = untrusted.line(given.get("fullname")) or untrusted.line(given.get("name"))
            if name:
                return name
    return None


def _media(paper: dict[str, object], item: dict[str, object]) -> tuple[str, ...]:
    given: list[object] = [item.get("mediaUrl")]
    for urls in (paper.get("mediaUrls"), item.get("mediaUrls")):
        if is_list(urls):
            given += urls[: untrusted.MOST_ITEMS]
    return untrusted.web_addresses(given)


def _unique(records: Iterable[Record]) -> tuple[Record, ...]:
    return tuple({record.paper.id: record for record in records}.values())


def _may_go_on(pages: Sequence[Understood]) -> bool:
    """Tell whether there may be another page: the last was full, and had something new."""
    (records, refusals) = pages[-1]
    before = {record.paper.id for page, _ in pages[:-1] for record in page}
    return len(records) + len(refusals) >= _SHORTEST_FULL_PAGE and any(
        record.paper.id not in before for record in records
    )

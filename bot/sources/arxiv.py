"""arXiv: its query API, its daily announcements and its whole catalogue.

The query API lags behind and at times disagrees with what was announced; the RSS is what was
announced. One request in three seconds over all of it, which ``Web`` sees to.
"""

from __future__ import annotations

import re
from collections.abc import AsyncGenerator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date

from bot.errors import SourceError
from bot.models import Listing, Record, Refusal
from bot.paper_ids import is_category
from bot.sources.arxiv_xml import (
    NAME,
    Harvest,
    Understood,
    parse_announcement,
    parse_atom,
    parse_oai,
)
from bot.sources.http import FRESH, XML, Answer, Fetched, Validators, Web

API_URL = "https://export.arxiv.org"
RSS_URL = "https://rss.arxiv.org"
OAI_URL = "https://oaipmh.arxiv.org"
PAGES_URL = "https://arxiv.org"

_IDS_A_REQUEST = 100
_MOST_RESULTS = 2_000
_MOST_MARKS = 500_000
"""Tags and attributes of an answer. The longest, 2,000 records of some 100, has not half of it; 16 MB
of nothing else have millions, which would stop all else for minutes."""
_SET = re.compile(r"[\w:.-]{1,60}", re.ASCII)


@dataclass
class ArXiv:
    """Asks arXiv.

    Args:
        web: May ask the hosts of the addresses.
        api_url: The query API's, without a slash at its end; likewise the others.
        pages_url: Where full texts are, as HTML and PDF.

    Every method raises ``SourceError`` where there is no answer of use.
    """

    web: Web
    api_url: str = API_URL
    rss_url: str = RSS_URL
    oai_url: str = OAI_URL
    pages_url: str = PAGES_URL

    async def newest(self, category: str, *, limit: int = 100) -> Listing:
        """Return a category's latest submissions, newest first, cross-lists included."""
        records, refusals = await self._query(
            {
                "search_query": f"cat:{_known_category(category)}",
                "sortBy": "submittedDate",
                "sortOrder": "descending",
            },
            limit=limit,
        )
        seen_at = self.web.now()
        return Listing(NAME, f"{category} newest", seen_at.date(), seen_at, records, refusals)

    async def announced(self, category: str, *, validators: Validators = FRESH) -> Fetched:
        """Return a category's announcement of today: what is new, cross-listed, replaced.

        Weekends and holidays have an empty one.
        """
        answer = await self.web.get(
            f"{self.rss_url.rstrip('/')}/rss/{_known_category(category)}",
            source=NAME,
            accept=XML,
            validators=validators,
        )
        if answer.not_modified:
            return Fetched((), validators, not_modified=True)
        announcement = replace(parse_announcement(_sane(answer)), category=category)
        return Fetched(announcement.listings(seen_at=self.web.now()), answer.validators)

    async def by_ids(self, ids: Sequence[str]) -> Understood:
        """Return what arXiv says of some papers; those that it does not know are left out."""
        records: list[Record] = []
        refusals: list[Refusal] = []
        for start in range(0, len(ids), _IDS_A_REQUEST):
            some = ids[start : start + _IDS_A_REQUEST]
            found, refused = await self._query({"id_list": ",".join(some)}, limit=len(some))
            records += found
            refusals += refused
        return tuple(records), tuple(refusals)

    async def page(self, paper_id: str) -> str | None:
        """Return a paper's full text as HTML, made by LaTeXML; None where there is none."""
        answer = await self._full_text(f"html/{paper_id}", "text/html")
        return answer.text if answer.status != 404 else None

    async def pdf(self, paper_id: str) -> bytes | None:
        """Return a paper as PDF; None where arXiv does not have it."""
        answer = await self._full_text(f"pdf/{paper_id}", "application/pdf")
        return answer.body if answer.status != 404 else None

    async def _full_text(self, path: str, accept: str) -> Answer:
        address = f"{self.pages_url.rstrip('/')}/{path}"
        return await self.web.get(address, source=NAME, accept={accept}, allow={404})

    async def search(
        self, words: str, *, categories: Sequence[str] = (), limit: int = 50
    ) -> tuple[Record, ...]:
        """Return the papers that have all of some words anywhere, best first.

        Args:
            words: As a person typed them; words in double quotes stand together.
            categories: The paper is in one of them; none for any.
            limit: At most 2,000.
        """
        query = " AND ".join(f'all:"{term}"' for term in _terms(words))
        if categories:
            either = " OR ".join(f"cat:{_known_category(category)}" for category in categories)
            query = f"({query}) AND ({either})" if query else either
        if not query:
            return ()
        records, _ = await self._query({"search_query": query, "sortBy": "relevance"}, limit=limit)
        return records

    async def harvest(
        self,
        since: date | None = None,
        until: date | None = None,
        *,
        subject: str | None = None,
        token: str | None = None,
    ) -> AsyncGenerator[Harvest]:
        """Give the catalogue's records that changed within some days, page by page.

        Administrative changes count as well, so old papers come along. A page has up to
        1,000 records.

        Args:
            since: The first day, in UTC; None for arXiv's beginning.
            until: The last day; None for today.
            subject: One of arXiv's sets, ``cs`` or ``cs:cs:CL``.
            token: Of the last page that was taken in, to go on after it.

        Raises:
            SourceError: A page could not be read. With the last page's token the harvest
                goes on there; after about a day the token is void and ``since`` must do.
        """
        params = {"verb": "ListRecords", **_range(since, until, subject)}
        while True:
            if token is not None:
                params = {"verb": "ListRecords", "resumptionToken": token}
            answer = await self.web.get(
                f"{self.oai_url.rstrip('/')}/oai", source=NAME, params=params, accept=XML
            )
            page = parse_oai(_sane(answer))
            if page.token is not None and page.token == token:
                raise SourceError("arXiv's catalogue gives the same page for ever.")
            yield page
            if page.token is None:
                return
            token = page.token

    async def _query(self, params: Mapping[str, str], *, limit: int) -> Understood:
        answer = await self.web.get(
            f"{self.api_url.rstrip('/')}/api/query",
            source=NAME,
            params={**params, "max_results": str(max(1, min(limit, _MOST_RESULTS)))},
            accept=XML,
        )
        return parse_atom(_sane(answer))


def _sane(answer: Answer) -> bytes:
    """Return an answer's XML, unless no answer of arXiv's has as many tags and attributes."""
    marks = answer.body.count(b"<") + answer.body.count(b"=")
    if marks > _MOST_MARKS:
        raise SourceError(f"arXiv gave XML of {marks:,} tags and attributes, which is not read.")
    return answer.body


def oai_set(category: str) -> str:
    """Return the set of the catalogue that is a category's: ``cs:cs:CL``, ``physics:hep-th``.

    https://info.arxiv.org/help/oa/index.html

    Raises:
        SourceError: It is no category.
    """
    archive = _known_category(category).partition(".")[0]
    group = archive if archive in _OWN_GROUPS else "physics"
    if archive == category == group:
        return category
    return f"{group}:{category.replace('.', ':')}"


_OWN_GROUPS = frozenset({"cs", "econ", "eess", "math", "q-bio", "q-fin", "stat"})


def _known_category(category: str) -> str:
    if not is_category(category):
        raise SourceError(f"{category[:30]!r} is no arXiv category.")
    return category


_TERM = re.compile(r'"([^"]*)"|(\S+)')
_NOT_IN_A_TERM = re.compile(r"[^\w\s.'-]+")


def _terms(words: str) -> list[str]:
    found = (quoted or word for quoted, word in _TERM.findall(words[:300]))
    return [term for text in found if (term := _NOT_IN_A_TERM.sub(" ", text).strip())]


def _range(since: date | None, until: date | None, subject: str | None) -> dict[str, str]:
    if subject is not None and not _SET.fullmatch(subject):
        raise SourceError(f"{subject[:60]!r} is no set of arXiv's.")
    given = {
        "metadataPrefix": "arXivRaw",
        "from": since.isoformat() if since else None,
        "until": until.isoformat() if until else None,
        "set": subject,
    }
    return {name: value for name, value in given.items() if value}

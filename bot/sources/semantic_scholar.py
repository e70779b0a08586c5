"""Semantic Scholar: one-sentence summaries, citations and venues. Useful, never needed.

https://api.semanticscholar.org/api-docs/graph#tag/Paper-Data/operation/post_graph_get_papers
Without a key it refuses most requests for haste (429).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from bot.errors import SourceError
from bot.models import TITLE_ONLY_PREFIX, Reception
from bot.sources import untrusted
from bot.sources.http import Web
from bot.sources.untrusted import is_list, is_object

NAME = "semantic_scholar"
BASE_URL = "https://api.semanticscholar.org"
MOST_IDS = 500
"""Papers in a request, by its documentation."""
_FIELDS = "title,tldr,citationCount,influentialCitationCount,venue,publicationVenue,journal"
_LONGEST_SUMMARY = 2_000


@dataclass
class SemanticScholar:
    """Asks Semantic Scholar.

    Args:
        web: May ask the host of ``base_url``.
        base_url: Without a slash at its end.
        key: Raises the rate limits.
    """

    web: Web
    base_url: str = BASE_URL
    key: str | None = field(default=None, repr=False)

    async def receptions(self, paper_ids: Sequence[str]) -> dict[str, Reception]:
        """Return what is known of some papers, by arXiv id; unknown ones are left out.

        Raises:
            SourceError: There is no answer of use; without a key that is usual.
        """
        wanted = [i for i in dict.fromkeys(paper_ids) if not i.startswith(TITLE_ONLY_PREFIX)]
        found: dict[str, Reception] = {}
        for start in range(0, len(wanted), MOST_IDS):
            found |= await self._some(wanted[start : start + MOST_IDS])
        return found

    async def _some(self, paper_ids: Sequence[str]) -> dict[str, Reception]:
        answer = await self.web.post(
            f"{self.base_url.rstrip('/')}/graph/v1/paper/batch",
            source=NAME,
            params={"fields": _FIELDS},
            headers={"x-api-key": self.key.strip()} if self.key else {},
            json={"ids": [f"ARXIV:{paper_id}" for paper_id in paper_ids]},
            allow={400},
        )
        if answer.status == 400:
            return _none_or_complain(answer.text)
        return parse_batch(answer.text, paper_ids)


def parse_batch(body: bytes | str, paper_ids: Sequence[str]) -> dict[str, Reception]:
    """Understand an answer of ``/graph/v1/paper/batch``, which keeps the order of the question.

    Raises:
        SourceError: It is no list of as many papers as were asked for.
    """
    found = untrusted.load_json(body, source="Semantic Scholar")
    if not is_list(found) or len(found) != len(paper_ids):
        raise SourceError("Semantic Scholar gave no list of the papers asked for.")
    outcomes = (
        _understand(paper_id, item) for paper_id, item in zip(paper_ids, found, strict=True)
    )
    return {reception.paper_id: reception for reception in outcomes if reception}


def _understand(paper_id: str, item: object) -> Reception | None:
    if not is_object(item):
        return None
    title = untrusted.line(item.get("title"), most=untrusted.LONGEST_TITLE)
    tldr = item.get("tldr")
    summary = untrusted.line(tldr.get("text"), most=_LONGEST_SUMMARY) if is_object(tldr) else ""
    reception = Reception(
        paper_id,
        title,
        tldr=summary or None,
        citations=untrusted.count(item.get("citationCount")),
        influential_citations=untrusted.count(item.get("influentialCitationCount")),
        venue=_venue(item),
    )
    return reception if title else None


def _venue(item: dict[str, object]) -> str | None:
    for given in (item.get("venue"), item.get("publicationVenue"), item.get("journal")):
        name = untrusted.line(given.get("name") if is_object(given) else given)
        if name and "arxiv" not in name.lower():
            return name
    return None


def _none_or_complain(text: str) -> dict[str, Reception]:
    """Return nothing where it knows none of the papers, which it calls a bad request."""
    found = untrusted.load_json(text, source="Semantic Scholar")
    message = untrusted.line(found.get("error")) if is_object(found) else ""
    if "no valid paper ids" in message.lower():
        return {}
    raise SourceError(
        f"Semantic Scholar refused the request: {message.rstrip('.') or 'no reason given'}."
    )

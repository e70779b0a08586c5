"""What arXiv's answers say: three kinds of XML, and their ways of naming the same things.

- Query API (Atom): https://info.arxiv.org/help/api/user-manual.html
- Announcements (RSS, Atom): https://info.arxiv.org/help/rss_specifications.html
- OAI-PMH: https://info.arxiv.org/help/oa/index.html
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from email.utils import parsedate_to_datetime
from enum import StrEnum
from xml.etree.ElementTree import Element, ParseError

from defusedxml import DefusedXmlException
from defusedxml import ElementTree as SafeTree

from bot.errors import SourceError
from bot.listing_days import EASTERN
from bot.models import Listing, Paper, Record, Refusal
from bot.paper_ids import arxiv_id, version_of
from bot.sources import untrusted

NAME = "arxiv"

Understood = tuple[tuple[Record, ...], tuple[Refusal, ...]]

_ATOM = "{http://www.w3.org/2005/Atom}"
_ARXIV = "{http://arxiv.org/schemas/atom}"
_DC = "{http://purl.org/dc/elements/1.1/}"
_OAI = "{http://www.openarchives.org/OAI/2.0/}"
_FORMATS = {
    "{http://arxiv.org/OAI/arXiv/}arXiv": "arXiv",
    # An old export leaves the namespace of the record's format out.
    f"{_OAI}arXiv": "arXiv",
    "{http://arxiv.org/OAI/arXivRaw/}arXivRaw": "arXivRaw",
    "{http://www.openarchives.org/OAI/2.0/oai_dc/}dc": "oai_dc",
}
_ERRORS_PATH = "/api/errors"
_LONGEST_MESSAGE = 160
_LONGEST_COMMENT = 2_000


class Kind(StrEnum):
    """What an announcement says of a paper."""

    NEW = "new"
    CROSS = "cross"
    """Listed under another category than its own."""
    REPLACE = "replace"
    """A new version."""
    REPLACE_CROSS = "replace-cross"


@dataclass(frozen=True, slots=True)
class Announcement:
    """One category's announcement of one day."""

    day: date | None
    """The day of the announcement in US Eastern; None where the feed names none."""
    category: str
    records: Mapping[Kind, tuple[Record, ...]]
    refusals: tuple[Refusal, ...] = ()

    def listings(self, *, seen_at: datetime) -> tuple[Listing, ...]:
        """Return a list for each kind: ``cs.CL``, ``cs.CL cross``, …; the first always."""
        day = self.day or seen_at.date()
        new = Listing(NAME, self.category, day, seen_at, self.records[Kind.NEW], self.refusals)
        others = (
            Listing(NAME, f"{self.category} {kind}", day, seen_at, records)
            for kind in (Kind.CROSS, Kind.REPLACE, Kind.REPLACE_CROSS)
            if (records := self.records[kind])
        )
        return (new, *others)


@dataclass(frozen=True, slots=True)
class Harvest:
    """One page of arXiv's catalogue."""

    records: tuple[Record, ...] = ()
    refusals: tuple[Refusal, ...] = ()
    token: str | None = None
    """Asks for the next page; None after the last. Lives for about a day."""
    total: int | None = None
    """Records over all pages, where arXiv says so."""
    before: int | None = None
    """Records on the pages before this one, where arXiv says so."""
    dated: datetime | None = None
    """When arXiv answered."""

    def listing(self, *, seen_at: datetime) -> Listing:
        day = (self.dated or seen_at).date()
        return Listing(NAME, "catalogue", day, seen_at, self.records, self.refusals)


def parse_atom(body: bytes) -> Understood:
    """Understand an answer of the query API.

    Raises:
        SourceError: It is no feed, or arXiv's own error, whose words are kept.
    """
    feed = _root(body, f"{_ATOM}feed", "Atom feed")
    entries = feed.findall(f"{_ATOM}entry")
    for entry in entries:
        if _ERRORS_PATH in _text(entry, f"{_ATOM}id"):
            raise _complaint(_text(entry, f"{_ATOM}summary"))
    return _understand_each(entries, _entry)


def atom_updated_at(body: bytes) -> datetime | None:
    """Return when a feed says it was made."""
    feed = _root(body, f"{_ATOM}feed", "Atom feed")
    return untrusted.moment(_text(feed, f"{_ATOM}updated"))


def is_announcement(body: bytes) -> bool:
    """Tell whether an Atom feed is an announcement, and not the answer to a query."""
    return _ANNOUNCES in _text(_root(body, f"{_ATOM}feed", "Atom feed"), f"{_ATOM}title")


_ANNOUNCES = " updates on "
"""In the title of each announcement, after the category."""


def parse_announcement(body: bytes) -> Announcement:
    """Understand an announcement, as RSS or as Atom: https://info.arxiv.org/help/rss.html

    Raises:
        SourceError: It is neither.
    """
    root = _tree(body)
    if root.tag == f"{_ATOM}feed":
        made_at = untrusted.moment(_text(root, f"{_ATOM}updated"))
        day = made_at.astimezone(EASTERN).date() if made_at else None
        title = _text(root, f"{_ATOM}title")
        return _announcement(title, day, root.findall(f"{_ATOM}entry"), _entry)
    channel = _checked(root, "rss", "RSS feed").find("channel")
    if channel is None:
        raise SourceError("arXiv gave an RSS feed without a channel.")
    announced_at = _mail_date(_text(channel, "pubDate"))
    day = announced_at.date() if announced_at else None
    return _announcement(_text(channel, "title"), day, channel.findall("item"), _item)


def _announcement(
    title: str,
    day: date | None,
    items: Iterable[Element],
    understand: Callable[[Element], Record | str],
) -> Announcement:
    """Tell the papers of an announcement apart by what it says of each."""
    records: dict[Kind, list[Record]] = {kind: [] for kind in Kind}
    refusals: list[Refusal] = []
    for number, item in enumerate(items, 1):
        kind, outcome = _kind(item), understand(item)
        if kind is None:
            outcome = "its announce type is none that is known"
        if kind is None or isinstance(outcome, str):
            refusals.append(Refusal(f"record {number}", str(outcome)))
        else:
            records[kind].append(outcome)
    return Announcement(
        day=day,
        category=title.partition(_ANNOUNCES)[0] or "announced",
        records={kind: tuple(found) for kind, found in records.items()},
        refusals=tuple(refusals),
    )


def parse_oai(body: bytes) -> Harvest:
    """Understand a page of OAI-PMH in the formats ``arXivRaw``, ``arXiv`` or ``oai_dc``.

    Records marked deleted are passed over: they give no reason and no text, and what was posted,
    saved or asked about must still be found. A paper that its authors took back is none of them:
    arXiv goes on giving its record, and that says so (``is_withdrawn``).

    Raises:
        SourceError: It is no such page, or arXiv's own error, whose words are kept.
    """
    root = _root(body, f"{_OAI}OAI-PMH", "OAI-PMH answer")
    for error in root.findall(f"{_OAI}error"):
        if error.get("code") != "noRecordsMatch":
            raise _complaint(f"{error.get('code')}: {error.text or ''}")
    present = [record for record in root.iter(f"{_OAI}record") if not _is_deleted(record)]
    records, refusals = _understand_each(present, _oai_record)
    token = next(root.iter(f"{_OAI}resumptionToken"), None)
    return Harvest(
        records=records,
        refusals=refusals,
        token=(untrusted.line(token.text) or None) if token is not None else None,
        total=_number(token.get("completeListSize")) if token is not None else None,
        before=_number(token.get("cursor")) if token is not None else None,
        dated=untrusted.moment(_text(root, f"{_OAI}responseDate")),
    )


def _is_deleted(record: Element) -> bool:
    header = record.find(f"{_OAI}header")
    return header is not None and header.get("status") == "deleted"


def is_withdrawn(comment: str | None, abstract: str) -> bool:
    """Tell whether a paper was taken back, by the words that arXiv asks authors to use, and its own."""
    if _SAYS_SO_LATER.search(comment or ""):
        return True
    return any(_WITHDRAWN.match(text) for text in (comment or "", abstract))


_WITHDRAWN = re.compile(
    r"\W{0,3}(?:arxiv admin note:\s*)?(?:(?:this|the|our)\s+)?(?:\w{1,20}\s+)?"
    r"(?:(?:has|have)\s+(?:now\s+|temporarily\s+)?been\s+(?:temporarily\s+)?withdrawn\b(?!\s+from\b)"
    r"|(?:(?:was|is(?:\s+being)?)\s+)?withdrawn(?=\s*(?:$|[].;,:(]|by\b|due\b|because\b))"
    r"|(?:(?:has|have)\s+withdrawn|withdrew|withdraw)\s+(?:this|the|our)\s+"
    r"(?:paper|article|manuscript|submission|work|preprint)\b(?!\s+from\b))",
    re.IGNORECASE,
)
_SAYS_SO_LATER = re.compile(
    r"[.;,:(]\s*(?:this|the|our)\s+(?:paper|article|manuscript|submission|work|preprint|version)\s+"
    r"has\s+been\s+(?:withdrawn\s+(?:by|due)\b|removed\s+by\s+arxiv\s+admin)",
    re.IGNORECASE,
)


def _root(body: bytes, tag: str, what: str) -> Element:
    return _checked(_tree(body), tag, what)


def _tree(body: bytes) -> Element:
    try:
        return SafeTree.fromstring(body, forbid_dtd=True)
    except DefusedXmlException as error:
        raise SourceError("arXiv's answer defines entities, which is refused.") from error
    except (ParseError, ValueError, LookupError) as error:
        raise SourceError("arXiv did not give valid XML.") from error


def _checked(root: Element, tag: str, what: str) -> Element:
    if root.tag != tag:
        raise SourceError(f"arXiv gave <{untrusted.line(root.tag)}> instead of an {what}.")
    return root


def _understand_each(
    elements: Iterable[Element], understand: Callable[[Element], Record | str]
) -> Understood:
    records: list[Record] = []
    refusals: list[Refusal] = []
    for number, element in enumerate(elements, 1):
        outcome = understand(element)
        if isinstance(outcome, Record):
            records.append(outcome)
        else:
            refusals.append(Refusal(f"record {number}", outcome))
    return tuple(records), tuple(refusals)


def _entry(entry: Element) -> Record | str:
    """Understand one entry of a query's answer, or of an announcement as Atom."""
    given = _text(entry, f"{_ATOM}id")
    links = [link.get("href", "") for link in entry.findall(f"{_ATOM}link")]
    published_at = untrusted.moment(_text(entry, f"{_ATOM}published"))
    updated_at = untrusted.moment(_text(entry, f"{_ATOM}updated"))
    kind = _kind(entry)
    if kind is Kind.NEW:
        published_at = published_at or updated_at
    elif kind is not None:
        published_at = None
        updated_at = None if kind is Kind.CROSS else updated_at
    names = [_text(author, f"{_ATOM}name") for author in entry.findall(f"{_ATOM}author")]
    return _record(
        given_id=given,
        version=next((v for text in (given, *links) if (v := version_of(text))), None),
        title=_text(entry, f"{_ATOM}title"),
        abstract=_abstract(_text(entry, f"{_ATOM}summary")),
        authors=names or _names(_text(entry, f"{_DC}creator")),
        published_at=published_at,
        updated_at=updated_at,
        categories=_categories(entry),
        comment=_text(entry, f"{_ARXIV}comment"),
        doi=_text(entry, f"{_ARXIV}doi") or _text(entry, f"{_ARXIV}DOI"),
        journal_ref=_text(entry, f"{_ARXIV}journal_ref")
        or _text(entry, f"{_ARXIV}journal_reference"),
    )


def _item(item: Element) -> Record | str:
    """Understand one item of an announcement. Its date is the announcement's.

    A paper may be cross-listed years after its last version, of whose date that says nothing.
    """
    announced_at, kind = _mail_date(_text(item, "pubDate")), _kind(item)
    description = _text(item, "description")
    guid = _text(item, "guid")
    return _record(
        given_id=_text(item, "link") or guid,
        version=version_of(guid) or version_of(description[:80]),
        title=_text(item, "title"),
        abstract=_abstract(description),
        authors=_names(_text(item, f"{_DC}creator")),
        published_at=announced_at if kind is Kind.NEW else None,
        updated_at=announced_at if kind is not Kind.CROSS else None,
        categories=[category.text or "" for category in item.findall("category")],
        doi=_text(item, f"{_ARXIV}DOI"),
        journal_ref=_text(item, f"{_ARXIV}journal_reference"),
    )


def _oai_record(record: Element) -> Record | str:
    metadata = record.find(f"{_OAI}metadata")
    for body in metadata if metadata is not None else ():
        match _FORMATS.get(body.tag):
            case "arXivRaw":
                return _raw(_fields(body), body)
            case "arXiv":
                return _arxiv_format(_fields(body), body)
            case "oai_dc":
                return _dublin_core(body)
            case _:
                return "its format is none that is known"
    return "no metadata"


def _raw(fields: Mapping[str, str], body: Element) -> Record | str:
    """Understand ``arXivRaw``, which alone has all versions and their dates."""
    versions = [
        (int(version[1:]), _mail_date(_fields(element).get("date", "")))
        for element in body
        if _local(element.tag) == "version"
        and (version := element.get("version", ""))[1:].isdecimal()
        and len(version) < 6
    ]
    first, latest = (
        min(versions, default=None, key=_number_of),
        max(versions, default=None, key=_number_of),
    )
    return _oai_fields(
        fields,
        version=latest[0] if latest else None,
        authors=_names(fields.get("authors", "")),
        published_at=first[1] if first and first[0] == 1 else None,
        updated_at=latest[1] if latest else None,
    )


def _arxiv_format(fields: Mapping[str, str], body: Element) -> Record | str:
    created_at = untrusted.moment(fields.get("created"))
    updated_at = untrusted.moment(fields.get("updated"))
    is_first = created_at is not None and may_be_first(created_at, fields.get("id", ""))
    return _oai_fields(
        fields,
        version=None,
        authors=[_name(author) for author in body.iter() if _local(author.tag) == "author"],
        published_at=created_at if is_first else None,
        updated_at=updated_at or created_at,
    )


def _oai_fields(
    fields: Mapping[str, str],
    *,
    version: int | None,
    authors: Sequence[str],
    published_at: datetime | None,
    updated_at: datetime | None,
) -> Record | str:
    return _record(
        given_id=fields.get("id", ""),
        version=version,
        title=fields.get("title", ""),
        abstract=fields.get("abstract", ""),
        authors=authors,
        published_at=published_at,
        updated_at=updated_at,
        categories=fields.get("categories", "").split(),
        comment=fields.get("comments", ""),
        doi=fields.get("doi", ""),
        journal_ref=fields.get("journal-ref", ""),
    )


def _dublin_core(body: Element) -> Record | str:
    """Understand ``oai_dc``, whose subjects are names instead of categories."""
    dates = sorted(
        moment
        for element in body.findall(f"{_DC}date")
        if (moment := untrusted.moment(element.text))
    )
    identifiers = [element.text or "" for element in body.findall(f"{_DC}identifier")]
    descriptions = [element.text or "" for element in body.findall(f"{_DC}description")]
    comments = [text for text in descriptions if text.startswith("Comment:")]
    return _record(
        given_id=next((text for text in identifiers if arxiv_id(text)), ""),
        version=None,
        title=_text(body, f"{_DC}title"),
        abstract=next((text for text in descriptions if text not in comments), ""),
        authors=[_turned(element.text or "") for element in body.findall(f"{_DC}creator")],
        published_at=dates[0] if dates else None,
        updated_at=dates[-1] if dates else None,
        categories=(),
        comment="".join(comments[:1]).removeprefix("Comment:"),
        doi=next((text[4:] for text in identifiers if text.startswith("doi:")), ""),
    )


def _record(
    *,
    given_id: str,
    version: int | None,
    title: str,
    abstract: str,
    authors: Sequence[str],
    published_at: datetime | None,
    updated_at: datetime | None,
    categories: Sequence[str],
    comment: str = "",
    doi: str = "",
    journal_ref: str = "",
) -> Record | str:
    """Return the record, or why it makes no sense."""
    paper_id = arxiv_id(given_id)
    if paper_id is None:
        return f"no arXiv id ({untrusted.line(given_id, most=60) or 'none of use'})"
    title = untrusted.line(title, most=untrusted.LONGEST_TITLE)
    if not title:
        return f"{paper_id} has no title of use"
    abstract = untrusted.line(abstract, most=untrusted.LONGEST_TEXT)
    comment = untrusted.line(comment, most=_LONGEST_COMMENT)
    paper = Paper(
        id=paper_id,
        title=title,
        abstract=abstract,
        authors=tuple(name for name in untrusted.lines(list(authors)) if _LETTER.search(name)),
        published_at=published_at.astimezone(UTC) if published_at else None,
        updated_at=updated_at.astimezone(UTC) if updated_at else None,
        version=version,
        categories=tuple(dict.fromkeys(untrusted.lines(list(categories)))),
        comment=comment or None,
        doi=_first_doi(doi),
        journal_ref=untrusted.line(journal_ref, most=_LONGEST_COMMENT) or None,
        withdrawn=is_withdrawn(comment, abstract),
    )
    return Record(paper)


_LETTER = re.compile(r"[^\W\d_]")
_DOI = re.compile(r"10\.\d{4,9}/[^\s,;]{1,200}", re.ASCII)


def _first_doi(text: str) -> str | None:
    found = _DOI.search(text[:1_000])
    return found[0] if found else None


def _categories(entry: Element) -> list[str]:
    """Return an entry's categories, the primary one first."""
    primary = [element.get("term", "") for element in entry.findall(f"{_ARXIV}primary_category")]
    return primary + [element.get("term", "") for element in entry.findall(f"{_ATOM}category")]


def _kind(element: Element) -> Kind | None:
    try:
        return Kind(_text(element, f"{_ARXIV}announce_type").lower())
    except ValueError:
        return None


def _abstract(text: str) -> str:
    """Return the abstract of an announcement, which has a line of its own before it."""
    head, found, abstract = text.partition("Abstract:")
    return abstract if found and "Announce Type:" in head else text


_AFFILIATION = re.compile(r"\([^()]*\)")
_BETWEEN_NAMES = re.compile(r",\s*(?:and\s+)?|\s+and\s+|;\s*")
_SUFFIXES = frozenset({"jr", "jr.", "sr", "sr.", "ii", "iii", "iv"})


def _names(text: str) -> list[str]:
    """Split arXiv's line of authors, without the affiliations in parentheses."""
    for _ in range(3):  # they may be nested
        text = _AFFILIATION.sub("", text)
    names: list[str] = []
    for name in _BETWEEN_NAMES.split(" ".join(text.split())):
        if names and name.strip().lower() in _SUFFIXES:
            names[-1] += f" {name.strip()}"
        else:
            names.append(name)
    return names


def _name(author: Element) -> str:
    """Return ``Forenames Keyname Suffix``; a record may give two keynames."""
    parts = {
        part: " ".join(element.text or "" for element in author if _local(element.tag) == part)
        for part in ("forenames", "keyname", "suffix")
    }
    return " ".join(part for part in parts.values() if part)


def _turned(name: str) -> str:
    """Return ``Forenames Keyname`` for ``Keyname, Forenames``."""
    keyname, _, forenames = name.partition(",")
    return f"{forenames} {keyname}"


def may_be_first(created_at: datetime, paper_id: str) -> bool:
    """Tell whether a date can be that of a paper's first version: the id has its month.

    arXiv's present server calls the latest version's date ``created``, and a paper can be
    listed under a further category years after it appeared.
    """
    digits = re.search(r"\d{4}", paper_id)
    if digits is None:
        return False
    year, month = int(digits[0][:2]), int(digits[0][2:])
    months = (2000 if year < 91 else 1900) * 12 + year * 12 + month
    return abs(created_at.year * 12 + created_at.month - months) <= 1


def _mail_date(text: str) -> datetime | None:
    """Return a moment as mail writes it, in its own zone: the announcement's day depends on it."""
    try:
        moment = parsedate_to_datetime(text[:60])
        moment = moment.replace(tzinfo=moment.tzinfo or UTC)
    except (ValueError, OverflowError):
        return None
    return moment if untrusted.moment(moment.isoformat()) else None


def _text(element: Element, tag: str) -> str:
    found = element.find(tag)
    return (found.text or "").strip() if found is not None else ""


def _fields(element: Element) -> dict[str, str]:
    """Return the texts of an element's children by name; the first of a name counts."""
    fields: dict[str, str] = {}
    for child in element:
        fields.setdefault(_local(child.tag), (child.text or "").strip())
    return fields


def _local(tag: str) -> str:
    return tag.rpartition("}")[2]


def _number(text: str | None) -> int | None:
    return int(text) if text and text.isdecimal() and len(text) < 10 else None


def _number_of(version: tuple[int, datetime | None]) -> int:
    return version[0]


def _complaint(words: str) -> SourceError:
    text = " ".join(words.split())
    if len(text) > _LONGEST_MESSAGE:
        text = text[: _LONGEST_MESSAGE - 1] + "…"
    return SourceError(f"arXiv says: {text.rstrip('.') or 'an error without words'}.")

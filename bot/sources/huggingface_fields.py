"""Which fields Hugging Face's answers have, and what becomes of each.

Every field of the 501 recorded days stands here: read, or kept unread for a reason. One that does
not is new: it is kept unread and reported.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from datetime import datetime

from bot.models import Account, Submission
from bot.sources import untrusted
from bot.sources.untrusted import is_list, is_object

Fields = dict[str, object]

READ: dict[str, frozenset[str]] = {
    "": frozenset(
        {
            "paper",
            "title",
            "summary",
            "publishedAt",
            "thumbnail",
            "mediaUrl",
            "mediaUrls",
            "numComments",
            "isAuthorParticipating",
            "organization",
            "submitterOrganization",
            "submittedBy",
        }
    ),
    "paper": frozenset(
        {
            "id",
            "title",
            "summary",
            "authors",
            "publishedAt",
            "upvotes",
            "discussionId",
            "submittedOnDailyAt",
            "submittedOnDailyBy",
            "ai_summary",
            "ai_summary_model",
            "ai_keywords",
            "githubRepo",
            "githubRepoAddedBy",
            "githubStars",
            "projectPage",
            "mediaUrls",
            "organization",
        }
    ),
    "author": frozenset({"name", "hidden", "status", "user"}),
    "user": frozenset({"name", "user"}),
    "organization": frozenset({"name", "fullname", "avatar"}),
}
"""What is read of each kind of object."""

UNREAD: dict[str, dict[str, str]] = {
    "": {},
    "paper": {},
    "author": {
        "_id": "a number of Hugging Face's own, by which nothing can be asked for",
        "statusLastChangedAt": "when a claim was made, which says nothing of the paper",
    },
    "user": {
        **dict.fromkeys(("_id", "id"), "the account's name says who it is"),
        **dict.fromkeys(
            (
                "avatarUrl",
                "followerCount",
                "fullname",
                "isHf",
                "isHfAdmin",
                "isMod",
                "isPro",
                "isUserFollowing",
                "type",
            ),
            "about a person's account and not the paper",
        ),
    },
    "organization": {"_id": "the handle says which it is"},
}
"""What is kept as it came of each kind of object (``Submission.rest``), and why it is not read."""

_KNOWN = {kind: names | UNREAD[kind].keys() for kind, names in READ.items()}
_MOST_UNKNOWN = 20
_LONGEST_REST = 2**18
"""Characters: 6,000 authors come to some 200,000."""
_INNER = {
    "submittedBy": "user",
    "submittedOnDailyBy": "user",
    "user": "user",
    "organization": "organization",
    "submitterOrganization": "organization",
}


def unknown_fields(item: Fields, paper: Fields) -> tuple[str, ...]:
    """Return the fields of an entry and its paper that are neither read nor left out."""
    if item is paper:
        found = _unknown("paper", "paper", paper)
    else:
        found = [*_unknown("", "", item), *_unknown("paper", "paper", paper)]
    for path, kind, inner in _parts(item, paper):
        if is_object(inner) and not inner.keys() <= _KNOWN[kind]:
            found += _unknown(path, kind, inner)
    return tuple(dict.fromkeys(found))[:_MOST_UNKNOWN]


def _unknown(path: str, kind: str, fields: Fields) -> list[str]:
    names = (untrusted.line(name, most=60) for name in fields.keys() - _KNOWN[kind])
    return sorted(f"{path}.{name}".lstrip(".") for name in names if name)


def _parts(item: Fields, paper: Fields) -> Iterator[tuple[str, str, object]]:
    """Yield the objects within an entry with their paths and kinds."""
    yield "submittedBy", "user", item.get("submittedBy")
    yield "submitterOrganization", "organization", item.get("submitterOrganization")
    yield "organization", "organization", item.get("organization")
    yield "paper.organization", "organization", paper.get("organization")
    yield "paper.submittedOnDailyBy", "user", paper.get("submittedOnDailyBy")
    for author in _objects(paper.get("authors")):
        yield "paper.authors", "author", author
        yield "paper.authors.user", "user", author.get("user")


def submission(item: Fields, paper: Fields) -> Submission:
    """Return what an entry says beside the paper itself and its popularity."""
    owner = _first(paper.get("organization"), item.get("organization"))
    sender = _first(item.get("submitterOrganization"))
    takes_part = item.get("isAuthorParticipating")
    return Submission(
        submitted_at=_submitted_at(item, paper),
        submitted_by=_user(_first(paper.get("submittedOnDailyBy"), item.get("submittedBy"))),
        submitter_organization=_word(sender.get("fullname")) or _word(sender.get("name")),
        authors_take_part=takes_part if isinstance(takes_part, bool) else None,
        discussion_id=_word(paper.get("discussionId")),
        accounts=tuple(_accounts(paper.get("authors"))),
        organization_handle=_word(owner.get("name")),
        organization_logo_url=untrusted.web_address(owner.get("avatar")),
        code_added_by=_word(paper.get("githubRepoAddedBy")),
        summary_model=_word(paper.get("ai_summary_model")),
        rest=_rest(item, paper),
    )


def _rest(item: Fields, paper: Fields) -> str | None:
    """Return the fields of an entry that are not read, as JSON; None for none or far too much.

    A paper's own stand under ``paper``, also where the answer is the paper alone.
    """
    found = _unread("paper", paper)
    authors = [
        _unread("author", author) | ({} if not author.get("hidden") else _hidden(author))
        for author in _objects(paper.get("authors"))
    ]
    if any(authors):
        found["authors"] = authors
    found = {"paper": found} if found else {}
    if item is not paper:
        found |= _unread("", item)
        title = item.get("title")
        if title != paper.get("title") and _word(title) != _word(paper.get("title")):
            found["title"] = title
    try:
        text = json.dumps(found, sort_keys=True, separators=(",", ":"))
    except RecursionError:
        return None
    return text if found and len(text) <= _LONGEST_REST else None


def _unread(kind: str, fields: Fields) -> Fields:
    """Return the fields of an object that are not read, and those of the objects within it."""
    found = {name: value for name, value in fields.items() if name not in READ[kind]}
    for name in fields.keys() & _INNER.keys() - found.keys():
        inner = fields[name]
        if is_object(inner) and (unread := _unread(_INNER[name], inner)):
            found[name] = unread
    return found


def _hidden(author: Fields) -> Fields:
    """Return what is not read of an author whom Hugging Face does not show."""
    return {
        name: author.get(name) for name in ("name", "hidden", "status", "user") if name in author
    }


def _submitted_at(item: Fields, paper: Fields) -> datetime | None:
    """Return when somebody brought the paper.

    Until 2025-03-10 the entry's own ``publishedAt`` was that, before ``submittedOnDailyAt`` came;
    since then it is the paper's, and ``summary`` stands beside it.
    """
    given = paper.get("submittedOnDailyAt")
    is_old = "summary" not in item and item.get("publishedAt") != paper.get("publishedAt")
    if given is None and is_old and item is not paper:
        given = item.get("publishedAt")
    return untrusted.moment(given)


def _accounts(authors: object) -> Iterator[Account]:
    for author in _objects(authors):
        name, user = _word(author.get("name")), _user(_first(author.get("user")))
        if name and user and not author.get("hidden"):
            yield Account(name, user, _word(author.get("status")))


def _user(given: Fields) -> str | None:
    return _word(given.get("user")) or _word(given.get("name"))


def _objects(given: object) -> Iterable[Fields]:
    return filter(is_object, given[: untrusted.MOST_ITEMS]) if is_list(given) else ()


def _first(*given: object) -> Fields:
    return next(filter(is_object, given), {})


def _word(given: object) -> str | None:
    return untrusted.line(given) or None

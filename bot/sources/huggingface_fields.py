"""Which fields Hugging Face's answers have, and what becomes of each.

Every field of the 501 recorded days stands here: read, or left out for a reason. One that does
not is new, and is reported.
"""

from __future__ import annotations

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

LEFT_OUT: dict[str, dict[str, str]] = {
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
"""What is not kept of each kind of object, and why."""

_KNOWN = {kind: names | LEFT_OUT[kind].keys() for kind, names in READ.items()}
_MOST_UNKNOWN = 20


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
    )


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

"""arXiv ids: found in whatever people paste, and brought to one form.

The forms are arXiv's own (https://info.arxiv.org/help/arxiv_identifier.html):
``2405.15738`` since April 2007 (four digits after the dot until 2014, five
since) and ``hep-th/9901001`` before, where a subject class (``math.GT/0309136``)
is no part of the id.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator
from itertools import islice
from urllib.parse import unquote

from bot.models import TITLE_ONLY_PREFIX, clean_text, title_key

_ARCHIVES = (
    "acc-phys|adap-org|alg-geom|ao-sci|astro-ph|atom-ph|bayes-an|chao-dyn|chem-ph|cmp-lg"
    "|comp-gas|cond-mat|cs|dg-ga|funct-an|gr-qc|hep-ex|hep-lat|hep-ph|hep-th|math-ph|math"
    "|mtrl-th|nlin|nucl-ex|nucl-th|patt-sol|physics|plasm-ph|q-alg|q-bio|quant-ph|solv-int"
    "|supr-con"
)
# Every repetition is bounded, so a search stays linear in the length of the text.
_SLASH = r"(?:/|%2f)"  # a link within another's query is written so
_LINK = (
    r"(?:(?<!\w)|(?<=%2f)|(?<=\b_))(?:"
    rf"arxiv\.org(?::\d{{1,5}})?(?:{_SLASH}{{1,2}}|:)(?:[a-z-]{{1,12}}{_SLASH}){{0,2}}"
    r"|(?:alphaxiv|ar5iv)\.org/(?:[a-z]{1,12}/){0,3}"
    r"|(?:huggingface|hf)\.co/(?:[a-z]{2}/|api/)?papers/"
    rf"|10\.48550{_SLASH}arxiv\."
    rf"|arxiv\s{{0,2}}(?:[:.-]|%3a|{_SLASH})?\s{{0,2}}"
    r")"
)
# Not within a word, a longer number, a path or a mail address of something else; `_` is markup.
_ALONE = r"(?<![a-z0-9./@%+-])(?<!\w_)"
_NEW = r"(?P<month>\d\d(?:0[1-9]|1[0-2]))\.(?P<number>\d{4,5})"
_OLD = (
    rf"(?P<archive>{_ARCHIVES})(?:\.[a-z]{{2,5}}(?:-[a-z]{{2,4}})?)?"
    rf"{_SLASH}(?P<old_month>\d\d(?:0[1-9]|1[0-2]))(?P<old_number>\d{{3}})"
)
_ID = re.compile(
    rf"(?:(?P<link>{_LINK})|{_ALONE})(?:{_NEW}|{_OLD})"
    r"(?:v(?P<version>[1-9]\d{0,2}))?(?![a-z0-9]|_\w|\.\d)",
    re.ASCII | re.IGNORECASE,
)
_WRAPPING = (
    " \t\r\n<>()[]{}\"'`.,;:!?*_~|"
    "\u00a0\u200b\u200c\u200d\u200e\u200f\u2060\ufeff"  # invisible, and copied along
    "“”‘’«»…。，、：；！？（）【】「」"
)
# As arXiv prints it on its pages, and along the margin of a PDF.
_SUBJECT = re.compile(
    r"\s{0,2}[\[(][a-z.-]{2,20}[\])]?(?:\s{1,2}\d{1,2}\s[a-z]{3}\s\d{4})?",
    re.ASCII | re.IGNORECASE,
)
_FILE = re.compile(r"\.(?:pdf|html|md)", re.IGNORECASE)
_LABEL = re.compile(r"^doi\s?:?\s{1,2}", re.IGNORECASE)
_NEW_STYLE_SINCE = 704
_FIVE_DIGITS_SINCE = 1501


def arxiv_id(text: str) -> str | None:
    """Return the arXiv id that a text stands for, without version.

    Args:
        text: An id in any case and either style, perhaps with ``arXiv:``, a
            version or ``[cs.CL]`` around it; a link to arXiv, alphaXiv, ar5iv,
            Hugging Face or Semantic Scholar; a DOI ``10.48550/arXiv.…``.

    Returns:
        ``2405.15738`` or ``hep-th/9901001``; None where the text is anything
        else, also a sentence that mentions an id.
    """
    text = text.strip(_WRAPPING)
    found = next(_matches(text), None)
    return _canonical(found) if found and _stands_alone(text, found) else None


_DOI = re.compile(r"(?<![\w.])10\.\d{4,9}/[^\s?#&<>\"]{1,200}", re.ASCII)
_AROUND_A_DOI = " \t\r\n<>[]{}\"'`.,;"


def doi(text: str) -> str | None:
    """Return the DOI that a text stands for, in lower case: case does not count in DOIs.

    Args:
        text: A DOI, perhaps with ``doi:`` before it, or a link to doi.org or a publisher that
            names it.

    Returns:
        ``10.1103/physrevd.76.013009``; None where the text is anything else, also a sentence
        that mentions a DOI.
    """
    words = unquote(text[:500]).strip(_AROUND_A_DOI).split()
    if len(words) == 2 and words[0].lower().rstrip(":") == "doi":
        words = words[1:]
    found = _DOI.search(words[0]) if len(words) == 1 else None
    return found[0].rstrip(_AROUND_A_DOI + "/").lower() if found else None


_CATEGORY = re.compile(r"[a-z]+(-[a-z]+)?(\.[A-Za-z]+(-[a-z]+)?)?", re.ASCII)


def is_category(name: str) -> bool:
    """Tell whether a name has the form of an arXiv category: ``cs.CL``, ``hep-th``."""
    return len(name) <= 30 and _CATEGORY.fullmatch(name) is not None


def find_arxiv_ids(text: str, *, limit: int) -> list[str]:
    """Return the first ``limit`` different arXiv ids that a free text mentions, in order.

    DOIs and links count; numbers within other links and words do not.
    """
    unique = dict.fromkeys(_canonical(found) for found in _matches(text))
    return list(islice(unique, limit))


def without_ids(text: str) -> str:
    """Return a text without the arXiv ids, links and DOIs that it mentions, on one line."""
    text = clean_text(text)
    kept: list[str] = []
    end = 0
    mentions = [*_matches(text), *_DOI.finditer(text)]
    for found in sorted(mentions, key=lambda found: found.start()):
        if found.start() < end:
            continue  # an arXiv id within its DOI
        start = text.rfind(" ", 0, found.start()) + 1
        kept.append(text[end : max(start, end)])
        after = text.find(" ", found.end())
        end = len(text) if after < 0 else after
    return clean_text(" ".join([*kept, text[end:]]))


def find_dois(text: str, *, limit: int) -> list[str]:
    """Return the first ``limit`` different DOIs that a free text mentions, in lower case."""
    found = (match[0].rstrip(_AROUND_A_DOI + "/:)").lower() for match in _DOI.finditer(text))
    return list(islice(dict.fromkeys(found), limit))


def version_of(text: str) -> int | None:
    """Return the version that the first arXiv id in a text names; None where it names none."""
    found = next(_matches(text), None)
    return int(found["version"]) if found and found["version"] else None


def title_only_id(title: str) -> str:
    """Return the id of a paper of which only the title is known.

    Two spellings of a title (see ``title_key``) have the same id.
    """
    key = title_key(title) or clean_text(title)
    digest = hashlib.sha256(key.encode("utf-8", "replace")).hexdigest()
    return TITLE_ONLY_PREFIX + digest[:12]


def _matches(text: str) -> Iterator[re.Match[str]]:
    return (found for found in _ID.finditer(text) if _exists(found))


def _exists(found: re.Match[str]) -> bool:
    """Tell whether arXiv can have given this id: its month decides on its style."""
    if found["month"]:
        month, number = int(found["month"]), found["number"]
        digits = 5 if month >= _FIVE_DIGITS_SINCE else 4
        return month >= _NEW_STYLE_SINCE and len(number) == digits and int(number) > 0
    month = int(found["old_month"])
    return (month >= 9107 or month < _NEW_STYLE_SINCE) and int(found["old_number"]) > 0


def _canonical(found: re.Match[str]) -> str:
    if found["month"]:
        return f"{found['month']}.{found['number']}"
    return f"{found['archive'].lower()}/{found['old_month']}{found['old_number']}"


def _stands_alone(text: str, found: re.Match[str]) -> bool:
    before, after = text[: found.start()], text[found.end() :]
    if _SUBJECT.fullmatch(after):
        after = ""
    if not found["link"]:
        return not before and (not after or _FILE.fullmatch(after) is not None)
    return not any(character.isspace() for character in _LABEL.sub("", before) + after)

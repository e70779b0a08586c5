"""What a topic asks for: the language that people type it in, and how it is said back."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from difflib import get_close_matches
from enum import StrEnum

from bot.errors import UserError
from bot.models import Strictness, clean_text
from bot.topics.terms import STOP_WORDS, words

__all__ = ["Clause", "Kind", "Strictness", "TopicQuery", "parse_topic"]

LONGEST = 200
"""Characters of a topic, also as ``str`` writes it."""
MOST_VOTES = 999_999
SHOWN_IN_ERRORS = 40
"""Characters of what was not understood."""


class Kind(StrEnum):
    """What a clause looks at."""

    WORD = "word"
    """Title, abstract and keywords, or their meaning."""
    PHRASE = "phrase"
    """Words next to each other in title, abstract or keywords."""
    AUTHOR = "author"
    ORGANIZATION = "org"
    CATEGORY = "cat"


@dataclass(frozen=True, slots=True)
class Clause:
    """One thing that a paper must have, or must not have."""

    kind: Kind
    text: str
    """As typed; a category as arXiv writes it (``cs.CL``, or ``cs`` for all of an archive)."""

    def __str__(self) -> str:
        match self.kind:
            case Kind.WORD:
                return self.text
            case Kind.PHRASE:
                return f'"{self.text}"'
            case _:
                value = f'"{self.text}"' if " " in self.text else self.text
                return f"{self.kind}:{value}"


Alternative = tuple[Clause, ...]


@dataclass(frozen=True, slots=True)
class TopicQuery:
    """A topic, understood. ``parse_topic(str(query))`` is the same query."""

    alternatives: tuple[Alternative, ...] = ()
    """A paper must fit one, in all its clauses; where there are none, every paper fits."""
    excluded: tuple[Clause, ...] = ()
    """Whatever alternative a paper fits, it must have none of these."""
    has_code: bool = False
    min_votes: int = 0

    def __str__(self) -> str:
        parts = [" OR ".join(" ".join(map(str, each)) for each in self.alternatives)]
        parts += [f"-{clause}" for clause in self.excluded]
        parts += ["has:code"] if self.has_code else []
        parts += [f"min:{self.min_votes}"] if self.min_votes else []
        return " ".join(filter(None, parts))

    @property
    def categories(self) -> list[str]:
        """The categories that papers are wanted from."""
        clauses = (clause for each in self.alternatives for clause in each)
        return [clause.text for clause in clauses if clause.kind is Kind.CATEGORY]

    def in_words(self) -> str:
        """Return what the topic asks for, as one would say it. Plain text, not escaped."""
        wanted = ", or ".join(_alternative_in_words(each) for each in self.alternatives)
        parts = [f"papers {wanted}" if wanted else "all papers"]
        parts += [_excluded_in_words(clause) for clause in self.excluded]
        parts += ["with code"] if self.has_code else []
        parts += [f"at least {_count(self.min_votes, 'vote')}"] if self.min_votes else []
        return ", ".join(parts)


def wish(alternative: Alternative) -> str:
    """Return what an alternative is about, for its meaning; empty where it has no plain words."""
    said = [c for c in alternative if c.kind in (Kind.WORD, Kind.PHRASE)]
    has_words = any(clause.kind is Kind.WORD for clause in said)
    return " ".join(clause.text for clause in said) if has_words else ""


def _alternative_in_words(alternative: Alternative) -> str:
    said = [_quoted(c) for c in alternative if c.kind in (Kind.WORD, Kind.PHRASE)]
    parts = [f"with {_listed(said)}"] if said else []
    for kind, preposition in _PREPOSITIONS.items():
        values = [c.text for c in alternative if c.kind is kind]
        parts += [f"{preposition} {_listed(values)}"] if values else []
    return " ".join(parts)


_PREPOSITIONS = {Kind.AUTHOR: "by", Kind.ORGANIZATION: "from", Kind.CATEGORY: "in"}


def _excluded_in_words(clause: Clause) -> str:
    preposition = _PREPOSITIONS.get(clause.kind)
    return f"not {preposition} {clause.text}" if preposition else f"not {_quoted(clause)}"


def _quoted(clause: Clause) -> str:
    return f"“{clause.text}”" if clause.kind is Kind.PHRASE else clause.text


def _listed(items: Sequence[str]) -> str:
    return " and ".join(filter(None, (", ".join(items[:-1]), items[-1])))


def _count(number: int, noun: str) -> str:
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"


_FIELDS = ("author", "org", "cat", "has", "min")
_PIECE = re.compile(
    r"""(?P<not>-+)?
        (?:(?P<field>author|org|cat|has|min):\s*|(?P<unknown>[^\W\d_]+):(?=[^\s:]))?
        (?:"(?P<quoted>[^"]*)"|(?P<bare>[^\s"]+))""",
    re.IGNORECASE | re.VERBOSE,
)
_WORD = re.compile(r"(?<![^\W_])[cfCF](?:\+\+|#)|[^\W_]+(?:[-.+'’_]+[^\W_]+)*")
_EDGES = re.compile(r"^[\W_]+|[\W_]+$")
_LEFT_OUT = STOP_WORDS | {"or", "not"}
_NOT_IN_NAMES = re.compile(r"[^\w\s.'’&-]+|_+")
_QUOTES = str.maketrans(dict.fromkeys("“”„‟«»＂", '"'))
_DASH = re.compile(r"(?<!\S)[‐‑‒–—−]+")
_BRACKET = re.compile(r"[()\[\]{}]\S*")
_CATEGORY = re.compile(r"([a-z]+(?:-[a-z]+)?)(?:\.([a-z]+(?:-[a-z]+)*|\*))?", re.IGNORECASE)
_ARCHIVE_NAMES = (
    "astro-ph cond-mat cs econ eess gr-qc hep-ex hep-lat hep-ph hep-th math math-ph nlin nucl-ex"
    " nucl-th physics q-bio q-fin quant-ph stat"
)
_ARCHIVES = frozenset(_ARCHIVE_NAMES.split())
"""Where arXiv's categories begin: https://arxiv.org/category_taxonomy."""


def parse_topic(text: str) -> TopicQuery:
    """Return what a topic asks for.

    Words that must all occur, ``"a phrase"``, ``author:``, ``org:``, ``cat:``; ``OR`` between
    alternatives of these. For all alternatives together: ``-`` before any of them, ``has:code``,
    ``min:20`` (votes).

    Raises:
        UserError: It makes no sense; the sentence says what, and where.
    """
    tidy = _tidy(text)
    if len(tidy) > LONGEST:
        raise UserError(
            f"That is {len(tidy)} characters; a topic has at most {LONGEST}."
            " Follow several shorter topics instead."
        )
    _refuse_lone_quote(tidy)
    parsing = _Parsing()
    for piece in _PIECE.finditer(tidy):
        parsing.take(piece)
    query = parsing.finish()
    if len(parsing.alternatives) > 1 and (bracket := _BRACKET.search(_QUOTED.sub("", tidy))):
        raise UserError(
            f"Brackets do not group words here ({_shown(bracket[0])}):"
            " write each alternative out, with OR between them."
        )
    return query


def exclusions(text: str) -> list[str]:
    """Return what leaves out each of the words, phrases and fields that commas separate.

    Quotes are not needed: ``book review, author:Jane Doe`` is ``-"book review"`` and
    ``-author:"Jane Doe"``. It is not checked: ``parse_topic`` does that.
    """
    parts = _BETWEEN_EXCLUSIONS.split(_tidy(text).replace('"', ""))
    return [_exclusion(part) for each in parts if (part := each.strip(" -"))]


def _exclusion(part: str) -> str:
    field = _NAMED.match(part)
    name = field[0].rstrip() if field else ""
    value = part[field.end() :] if field else part
    return f'-{name}"{value}"' if " " in value else f"-{name}{value}"


_BETWEEN_EXCLUSIONS = re.compile(r"[,;]|\sOR\s")
_NAMED = re.compile(r"[^\W\d_]+:\s*(?=[^\s:])")
_QUOTED = re.compile(r'"[^"]*"')


def _tidy(text: str) -> str:
    """Return text on one line, with plain quotes and dashes, without what cannot be seen."""
    visible = "".join(c for c in text if c.isprintable() or c.isspace())
    return _DASH.sub("-", clean_text(visible).translate(_QUOTES))


def _refuse_lone_quote(text: str) -> None:
    if text.count('"') % 2:
        rest = text[text.rindex('"') + 1 :]
        where = f"before {_shown(rest)}" if rest else "at the end"
        raise UserError(f"The quote {where} has no partner: put one on each side of the phrase.")


@dataclass(slots=True)
class _Parsing:
    """What has been understood so far."""

    alternatives: list[list[Clause]] = field(default_factory=lambda: [[]])
    excluded: list[Clause] = field(default_factory=list[Clause])
    left_out: list[str] = field(default_factory=list[str])
    has_code: bool = False
    min_votes: int = 0

    def take(self, piece: re.Match[str]) -> None:
        value = piece["bare"] if piece["quoted"] is None else piece["quoted"]
        if piece["unknown"]:
            raise _unknown_field(piece)
        name = (piece["field"] or "").casefold()
        is_plain = not name and not piece["not"] and piece["quoted"] is None
        operator = _EDGES.sub("", value).casefold() if is_plain else ""
        if operator == "or":
            self._begin_alternative(piece)
        elif operator == "not":
            raise UserError(f"To leave something out, put a dash before it: {_dashed(piece)}.")
        elif name in ("has", "min"):
            self._demand(name, value, piece)
        else:
            self._add(_clauses(name, value, piece), is_excluded=bool(piece["not"]))

    def _begin_alternative(self, piece: re.Match[str]) -> None:
        if not self.alternatives[-1]:
            raise _lonely_or(piece)
        self.alternatives.append([])

    def _demand(self, name: str, value: str, piece: re.Match[str]) -> None:
        if piece["not"]:
            raise UserError(f"{name}: cannot be left out with a dash ({_shown(piece[0])}).")
        if name == "has":
            self.has_code = _has_code(value)
        elif self.min_votes:
            raise UserError(f"min: is there twice ({_shown(piece[0])}): keep one.")
        else:
            self.min_votes = _votes(value)

    def _add(self, clauses: Iterable[Clause], *, is_excluded: bool) -> None:
        into = self.excluded if is_excluded else self.alternatives[-1]
        for clause in clauses:
            if clause.kind is Kind.WORD and clause.text.casefold() in _LEFT_OUT:
                self.left_out.append(clause.text)
            elif clause not in into:
                into.append(clause)

    def finish(self) -> TopicQuery:
        if not self.alternatives[-1]:
            self._check_that_something_is_left()
            self.alternatives.pop()
        query = TopicQuery(
            tuple(dict.fromkeys(map(tuple, self.alternatives))),
            tuple(self.excluded),
            self.has_code,
            self.min_votes,
        )
        if len(str(query)) > LONGEST:
            raise UserError(f"That is too long for one topic: at most {LONGEST} characters.")
        return query

    def _check_that_something_is_left(self) -> None:
        if len(self.alternatives) > 1:
            raise UserError("There is nothing to look for after the last OR: add words to it.")
        if self.has_code or self.min_votes:
            return
        if self.left_out:
            said = " ".join(self.left_out)
            raise UserError(f"{_shown(said)} stands in every paper: add a word that does not.")
        if self.excluded:
            raise UserError("That says only what to leave out: say also what you want.")
        raise UserError("That has no words: say what you want to hear of, like kv cache.")


def _unknown_field(piece: re.Match[str]) -> UserError:
    name = piece["unknown"].casefold()
    where = f"{_shown(piece[0])}{_after(piece)}"
    if piece["bare"] and piece["bare"].startswith("//"):
        return UserError(f"A link is not a topic ({where}): say in words what it is about.")
    near = get_close_matches(name, _FIELDS, 1)
    hint = f"did you mean {near[0]}:?" if near else "there are author:, org:, cat:, has: and min:."
    return UserError(f"I do not know {name[:SHOWN_IN_ERRORS]}: ({where}); {hint}")


def _lonely_or(piece: re.Match[str]) -> UserError:
    return UserError(f"OR stands between two things to look for, not{_after(piece) or ' first'}.")


def _after(piece: re.Match[str]) -> str:
    before = piece.string[: piece.start()].split()
    return f" after {_shown(before[-1])}" if before else ""


def _dashed(piece: re.Match[str]) -> str:
    rest = piece.string[piece.end() :].split()
    return _shown(f"-{rest[0]}" if rest else "-survey")


def _shown(text: str) -> str:
    if len(text) > SHOWN_IN_ERRORS:
        text = text[: SHOWN_IN_ERRORS - 1] + "…"
    return f"“{text}”"


def _has_code(value: str) -> bool:
    if value.casefold() != "code":
        raise UserError(f"has: goes with code alone, not with {_shown(value)}: write has:code.")
    return True


def _votes(value: str) -> int:
    if not re.fullmatch(r"0*[1-9][0-9]{0,5}", value):
        raise UserError(
            f"min: takes a number of votes from 1 to {MOST_VOTES}, not {_shown(value)}:"
            " write for example min:20."
        )
    return int(value)


def _clauses(name: str, value: str, piece: re.Match[str]) -> Iterator[Clause]:
    if name == "cat":
        yield Clause(Kind.CATEGORY, _category(value))
    elif name:
        yield Clause(Kind(name), _name(name, value, piece))
    elif piece["quoted"] is not None:
        if not words(value):
            raise UserError(
                f"The quotes{_after(piece)} have no words in them: fill or remove them."
            )
        yield Clause(Kind.PHRASE, value.strip())
    elif value.rstrip(":").casefold() in _FIELDS and value.endswith(":"):
        raise UserError(f"There is nothing behind {_shown(value)}: write it like author:hinton.")
    else:
        yield from (Clause(Kind.WORD, word) for word in _WORD.findall(value) if words(word))


def _name(name: str, value: str, piece: re.Match[str]) -> str:
    tidy = clean_text(_NOT_IN_NAMES.sub(" ", value)).strip(" -")
    if not any(len(word) > 1 for word in words(tidy)):
        raise UserError(f"{name}: needs a name of two letters or more ({_shown(piece[0])}).")
    return tidy


def _category(value: str) -> str:
    named = category(value)
    if named is None:
        raise UserError(f"{_shown(value)} is no arXiv category: {_to_write_instead(value)}.")
    return named


def _to_write_instead(value: str) -> str:
    several = categories_in(value)
    if len(several) > 1:
        return f"for papers of any of them write {' OR '.join(f'cat:{c}' for c in several)}"
    return "write it like cat:cs.CL, or cat:cs for all of cs"


def categories_in(value: str) -> list[str]:
    """Return the categories in a list such as ``cs.CL,cs.LG``; none where it has anything else."""
    named = [category(part) for part in re.split(r"[,;|/+&]+", value) if part]
    return [each for each in named if each] if all(named) else []


def category(value: str) -> str | None:
    """Return a category as arXiv writes it; None for what cannot be one."""
    found = _CATEGORY.fullmatch(value)
    if found is None or found[1].casefold() not in _ARCHIVES:
        return None
    archive, subject = found[1].casefold(), found[2]
    if not subject or subject == "*":
        return archive
    return f"{archive}.{subject.upper() if len(subject) == 2 else subject.casefold()}"

"""What a question asks for, and what a sentence that answers it looks like."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from re import Pattern

from bot.answers.patterns import any_of
from bot.models import clean_text

LONGEST_QUESTION = 1_000
"""Characters that are read; a Discord message has at most 4,000."""


class Kind(StrEnum):
    """What an answer must say."""

    DEFINITION = "definition"
    NUMBER = "number"
    COMPARISON = "comparison"
    METHOD = "method"
    DATASET = "dataset"
    RESULT = "result"
    LIMITATION = "limitation"
    CODE = "code"
    REASON = "reason"
    SUMMARY = "summary"
    """One paper as a whole: what it is about, what its idea is."""
    OVERVIEW = "overview"
    """A field: what is new in it, which papers there are."""
    RECORD = "record"
    """What is known about the paper without reading it: who, when, how many votes."""
    OTHER = "other"


class Fact(StrEnum):
    """A part of a paper's record that can be asked for."""

    AUTHORS = "authors"
    PUBLISHED = "published"
    UPDATED = "updated"
    VOTES = "votes"
    STARS = "stars"
    COMMENTS = "comments"
    CODE = "code"
    PROJECT = "project page"
    ORGANIZATION = "organization"
    CATEGORIES = "categories"
    VENUE = "venue"
    IDENTIFIER = "identifier"
    TITLE = "title"
    WITHDRAWN = "withdrawn"


@dataclass(frozen=True, slots=True)
class Question:
    """A question as it was understood."""

    text: str
    """On one line, as asked."""
    kind: Kind
    fact: Fact | None = None
    """The part of the record that answers it, if one does."""
    cues: str = ""
    """Its words that tell the kind; the answer need not have them."""


_PAPER = (
    r"(?:(?:this|the|that|its?|your)\s+)?(?:paper|article|work|preprint|study|publication|it|this"
    r"|that|one)"
)
_CODE = (
    r"(?<![\w-])(?:(?:source\s+)?code(?:base)?|github|repo(?:sitory)?"
    r"|(?:official\s+)?implementation)(?=\W*$|\s+(?:for|of|to|available|public\w*|released?|open"
    r"|online|on|out|anywhere|link|repo\w*|and|or|with|behind|somewhere|yet)\b)"
)

_FACTS: dict[Fact, Pattern[str]] = {
    Fact.VOTES: any_of(
        r"\b(?:how many|number of|any)\s+(?:up-?)?(?:votes|likes)\b", r"\bup-?votes?\b"
    ),
    Fact.STARS: any_of(r"\b(?:how many|number of)\s+(?:github\s+)?stars\b"),
    Fact.COMMENTS: any_of(r"\bhow many\s+(?:people\s+)?comment(?:s|ed)\b"),
    Fact.AUTHORS: any_of(
        r"\bwho\s+(?:wrote|authored|published|is behind|are behind)\b",
        rf"\bwho\s+(?:made|did)\s+{_PAPER}\W*$",
        r"\bwho\s+(?:is|are|were|was)\s+(?:the|its|their)?\s*(?:\w+\s+)?authors?\b",
        r"^\W*(?:list\s+)?(?:(?:the|all|its|first|last|lead"
        r"|senior)\s+)*authors?(?:\s+of\b.{0,60})?\W*$",
        r"\b(?:how many|which)\s+authors\b",
        r"\bwho\s+(?:is|are)\s+(?:this|it)\s+by\b",
    ),
    Fact.UPDATED: any_of(
        r"\b(?:when|which date|what date)\b.{0,30}\b(?:updated|revised|latest version)\b",
        rf"\b(?:which|what|how many|latest)\s+versions?\b.{{0,20}}\b(?:of|is)\s+{_PAPER}\b",
    ),
    Fact.PUBLISHED: any_of(
        rf"\bwhen\s+(?:was|is|did|were)\s+(?:{_PAPER}"
        rf"|[\w.:+-]+(?:\s[\w.:+-]+){{0,7}}?)\s+(?:first\s+)?"
        r"(?:come out|published|released|submitted|posted|appear|out|written)\b",
        rf"\bhow (?:old|new|recent) is\s+{_PAPER}\b",
        r"\b(?:date of publication|publication date|release date)\b",
    ),
    Fact.WITHDRAWN: any_of(r"\b(?:withdrawn|retracted)\b"),
    Fact.PROJECT: any_of(
        r"\b(?:project|home)\s*-?page\b",
        r"\b(?:is there|any|where is|link to)\s+(?:an?\s+|the\s+)?(?:live\s+|online\s+)?(?:demo"
        r"|website)\b",
    ),
    Fact.CODE: any_of(
        r"^\W*(?:code|github|repo(?:sitory)?)\W*$",
        r"\b(?:is|are|where|has|have|link|any|find|get|share[sd]?|release[sd]?|give me|show me)\b"
        rf".{{0,60}}{_CODE}",
        r"\b(?:is|are|has|have|been)\b.{0,60}\bopen[- ]?sourced?\W*$",
    ),
    Fact.ORGANIZATION: any_of(
        r"\b(?:which|what|from)\s+(?:organi[sz]ation|institution|university|lab|company|group"
        r"|team)s?\b.{0,30}\b(?:from|behind|wrote|made|published|by|authors?)\b"
    ),
    Fact.CATEGORIES: any_of(r"\b(?:arxiv|subject)\s+(?:category|categories|class)\b"),
    Fact.VENUE: any_of(
        rf"\bwhere\s+(?:was|is|did|has)\s+{_PAPER}\b.{{0,20}}\b(?:published|accepted|appear"
        rf"|presented)\b",
        r"\b(?:which|what)\s+(?:conference|journal|venue)\b",
        r"\bpeer[- ]reviewed\b",
        r"\baccepted (?:at|to|by|anywhere)\b",
    ),
    Fact.IDENTIFIER: any_of(
        r"\b(?:arxiv\s+(?:id|number|link|url)|doi)\b",
        rf"\b(?:link|url|address)\s+(?:to|of|for)\s+(?:the\s+pdf|{_PAPER})\W*$",
        rf"\bwhere can i read\s+{_PAPER}\b",
    ),
    Fact.TITLE: any_of(
        rf"\b(?:title|name)\s+of\s+{_PAPER}\W*$", rf"\bwhat\s+is\s+{_PAPER}\s+called\b"
    ),
}

_SHOW_ME = (
    r"^\W*(?:(?:what(?:['’]s)?|which|are|is|there|do you (?:have|know)|show me|tell me about|find"
    r"|give me|list|any|some|the|good|more|other|most|current|please|can you)\s+)*"
)
_WHAT_IS_ITS = r"\bwhat(?:['’]s|\s+(?:is|are|was|were))\s+(?:the|its|their)\s+"

# The first that fits counts.
_KINDS: tuple[tuple[Kind, Pattern[str]], ...] = (
    (
        Kind.OVERVIEW,
        any_of(
            r"\bwhat(?:\s+is|'s|\s+are|\s+has been)\s+(?:new|happening|going on|trending|hot"
            r"|the (?:latest|newest))\s*(?:in|on|with|about|for)\b",
            rf"{_SHOW_ME}(?:latest|recent|newest|new)\s+(?:\w+\s+)?(?:papers?|works?|research"
            r"|advances|progress|developments?|trends|approaches|methods|results)\b",
            rf"{_SHOW_ME}(?:papers|work)\s+(?:on|about)\b",
            rf"{_SHOW_ME}(?:state of the art|research) (?:in|on|for)\b",
            r"\boverview of\b",
        ),
    ),
    (
        Kind.SUMMARY,
        any_of(
            rf"^(?:please\s+)?(?:explain|describe)(?:\s+{_PAPER})?\W*$",
            r"\b(?:summari[sz]e|tl;?\s?dr|summary of|gist of|give me (?:a|the) (?:summary|gist))\b",
            rf"\bwhat(?:\s+is|'s|\s+does)\s+{_PAPER}\s+(?:all\s+)?(?:about|do|say|show)\W*$",
            r"\b(?:main|key|core|central|big|novel)\s+(?:idea|contribution|point|insight|novelty"
            r"|takeaway|message)s?\b",
            rf"\bwhat(?:\s+is|'s)\s+(?:new|novel)\b(?:\s+(?:here|in\s+{_PAPER}))?\W*$",
            r"^(?:a\s+)?summary\W*$",
        ),
    ),
    (
        Kind.DEFINITION,
        any_of(
            r"\bwhat\b.{0,60}\b(?:meant by|stands? for)\b",
            r"\bwhat (?:does|do)\b.{0,60}\bmean\b",
            r"\bdefinition of\b|^(?:please\s+)?define\b",
        ),
    ),
    (
        Kind.NUMBER,
        any_of(
            r"\bhow\s+(?:many|much|large|big|long|far|often|accurate|fast|small|high|old|well"
            r"|wide|deep)\b",
            r"\b(?:what|which)\s+(?:percentage|percent|fraction|share|number|proportion|size"
            r"|accuracy|score|rate|speed-?up|fid|f1|bleu|latency|cost|amount|ratio)\b",
            r"\bwhat\b.{1,30}\b(?:score|fid|rate|accuracy|speed-?up|percentage|latency|cost)\b",
            r"\bby what factor\b|\b(?:what|which|the total|give me the) number of\b",
            r"\bwhat.{0,12} number of\b",
            rf"{_WHAT_IS_ITS}(?:[\w-]+\s+){{0,3}}(?:size|length|bit-?rate|resolution|duration"
            r"|dimension|temperature|budget|price|count|perplexity)\b",
            rf"{_WHAT_IS_ITS}(?:maximum|minimum|average|median|total|highest|lowest)\b",
        ),
    ),
    (
        Kind.REASON,
        any_of(
            r"^\W*(?:but\s+|and\s+)?(?:why|how come|for what reason)\b",
            r"\bwhat (?:is|are) the reason|\bwhat causes?\b|\bthe cause\b",
        ),
    ),
    (
        Kind.CODE,
        any_of(
            rf"{_CODE}\W*$",
            r"\b(?:checkpoints?|weights|download|licen[cs]e|project page|reading list)\b",
            r"^(?:is|are|was|were|has|have|will)\b.*\b(?:available|released?|public(?:ly)?"
            r"|open[- ]?sourced?|online|shared|open)\b",
            r"^where (?:is|are|can)\b",
        ),
    ),
    (
        Kind.LIMITATION,
        any_of(
            r"\b(?:limit(?:s|ations?)?|weakness(?:es)?|shortcomings?|drawbacks?|downsides?"
            r"|problems?|fails?|failures?|struggles?|wrong|trouble|bad about|flaws?|issues?|gap"
            r"|missing|lack(?:s|ed|ing)?|bad(?:ly)?|weak(?: points?)?|trade-?offs?|disadvantages?"
            r"|restricted|wast(?:es?|ed)|hard|difficult|challenges?|matter with|mismatch|overlook"
            r"|fall short|suffer)\b"
        ),
    ),
    (
        Kind.COMPARISON,
        any_of(
            r"\b(?:compared?|comparison|versus|vs|better|worse|faster than|differs?|differences?"
            r"|different (?:from|to|than)|beats?|outperforms?|surpass(?:es)?|superior"
            r"|advantages?|against|relative to|as (?:good|well) as|exceeds?)\b"
        ),
    ),
    (Kind.METHOD, any_of(r"^how\s+(?:does|do|did|is|are|was|were|can)\b")),
    (
        Kind.RESULT,
        any_of(
            r"^(?:does|do|did|can|is|are)\b.{0,80}\b(?:help(?:s|ful)?|hurts?|work|affect|improve"
            r"|generali[sz]e|transfer|carry over|lead to)\b",
        ),
    ),
    (
        Kind.DATASET,
        any_of(
            r"\b(?:datasets?|data(?!-)|benchmarks?|corpus|corpora|trained on|evaluated on"
            r"|tested on|training set|test set|collected|annotated|samples|examples"
            r"|questions come from)\b"
        ),
    ),
    (
        Kind.RESULT,
        any_of(
            r"\b(?:results?|findings?|found|finds?|show(?:s|n|ed)?|perform(?:s|ed|ance)?"
            r"|achieves?|accuracy|scores?|conclusions?|conclude|evidence|effects?|effective"
            r"|improve[sd]?|reveal(?:s|ed)?|what happens)\b",
        ),
    ),
    (
        Kind.METHOD,
        any_of(
            r"\b(?:methods?|approach|technique|algorithm|architecture|steps?|stages?|pipeline"
            r"|recipe|mechanism|procedure|strategy|trained with|loss|objective|ingredients?"
            r"|based on)\b",
            r"^what does\b.{0,60}\b(?:use|do)\b",
        ),
    ),
    (
        Kind.DEFINITION,
        any_of(r"^(?:please\s+)?(?:what(?:'s|\s+is|\s+are|\s+was)|explain|describe)\b"),
    ),
)


def read_question(text: str) -> Question:
    """Return what a question asks for. Any text is a question; it is never an order."""
    asked = clean_text(text)[:LONGEST_QUESTION]
    fact = next((fact for fact, cue in _FACTS.items() if cue.search(asked)), None)
    kind, cues = _kind_of(asked)
    if fact in (Fact.CODE, Fact.PROJECT):
        kind = Kind.CODE
    elif fact is not None:
        kind = Kind.RECORD
    return Question(asked, kind, fact, cues)


def _kind_of(asked: str) -> tuple[Kind, str]:
    for kind, pattern in _KINDS:
        if pattern.search(asked):
            told = kind in _TOLD_BY_WORDS
            return kind, " ".join(found[0] for found in pattern.finditer(asked)) if told else ""
    return Kind.OTHER, ""


_TOLD_BY_WORDS = (Kind.LIMITATION, Kind.COMPARISON, Kind.RESULT, Kind.METHOD, Kind.REASON)
"""Kinds whose cues are words of their own rather than the beginning of the question."""

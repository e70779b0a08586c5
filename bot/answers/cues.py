"""What sentences that answer a kind of question look like."""

from __future__ import annotations

from re import Pattern

from bot.answers.patterns import any_of
from bot.answers.question import Kind, Question
from bot.answers.words import asked_words, split, stem

_COUNT_WORD = (
    r"(?:two|three|four|five|six|seven|eight|nine|ten|eleven|twelve|dozens?|hundreds?|thousands?"
    r"|millions?|billions?)"
)
_TIMES = r"(?:halv(?:es|ed|ing)|thrice|doubl(?:es|ed|ing)|tripl(?:es|ed|ing)|quadrupl(?:es|ed|ing))"
_NUMBER = (
    r"(?<![\w.-])[~$€£≈<>]?\d[\d,.]*(?:\s?[-–—]{1,2}\s?\d[\d,.]*)?(?:\s?(?:k|m|b|x|bn)\b|\s?\\?%"
    rf"|\s?×)?(?!\w)|\b(?:{_COUNT_WORD}|half|twice|single|double|{_TIMES})\b"
)
_MEASURE = r"\d+\.\d+|\d+\s?\\?%|\b\d+(?:\.\d+)?\s?(?:points?|fid|f1|ms|fps|seconds)\b"
_PROPOSES = (
    r"\b(?:we|paper|work|article|study)\s+(?:\w+\s+)?(?:introduces?|presents?|proposes?|develops?"
    r"|designs?|describes?)\b"
)

_BRINGS = any_of(_PROPOSES)
_CARRIES_ON = any_of(
    r"^(?:(?:to|in|for|with|by|from) )?(?:it|its|this|these|those|such|they|their|here|each|both"
    r"|specifically|the (?:former|latter|two|resulting|proposed)|unfortunately|moreover"
    r"|furthermore|in (?:particular|addition)|additionally|however|yet|while|instead|at its core"
    r"|complementing)\b"
)

_CUES: dict[Kind, tuple[Pattern[str], ...]] = {
    Kind.DEFINITION: (
        any_of(_PROPOSES),
        any_of(
            r"\b(?:is|are)\s+(?:an?|the|often|used|designed)\b|\b(?:which|that)\s+(?:is|are)\b"
            r"|,\s+(?:an?|the)\s+(?:\w+[\s-]){0,5}\w+|\btermed\b|\bcalled\b|\brefers?\b"
            r"|\bdefined\b|\bnamely\b|\baims? to\b|\bdesigned to\b"
        ),
    ),
    Kind.COMPARISON: (
        any_of(
            r"\b(?:than|outperform\w*|surpass\w*|exceed\w*|unlike|whereas|compar(?:ed|able|ing"
            r"|ison)|better|worse|match(?:es|ing)?|versus|over (?:the )?\w*\s?baselines?|prior"
            r"|previous|existing|relative to|rival\w*|beats?|correlat\w+|discrepancy"
            r"|superior\w*)\b"
        ),
    ),
    Kind.METHOD: (
        any_of(
            r"\b(?:by|via|using|uses?|through|leverag\w+|based on|consists?|compris\w+|first|then"
            r"|stages?|steps?|combin\w+|employ\w*|train(?:ed|s)?|incorporat\w+|specifically"
            r"|mechanism|pipeline|module)\b"
        ),
        any_of(_PROPOSES),
    ),
    Kind.DATASET: (
        any_of(
            r"\b(?:datasets?|benchmarks?|corpus|corpora|data|collect\w*|curat\w+|annotat\w+"
            r"|examples|samples|instances|pairs|trajectories|images|videos|tasks|sourced"
            r"|compris\w+|contain\w*|spanning|covering|across|trained on|construct\w*)\b"
        ),
    ),
    Kind.RESULT: (
        any_of(
            r"\b(?:results?|show(?:s|ed|n)?|demonstrat\w+|achiev\w+|outperform\w*|improv\w+"
            r"|reveal\w*|find(?:s|ings?)?|found|experiments?|evaluat\w+|scores?|performance"
            r"|accuracy|increas\w+|reduc\w+|decreas\w+)\b"
        ),
        any_of(_MEASURE),
    ),
    Kind.LIMITATION: (
        any_of(
            r"\b(?:however|limit\w*|fail\w*|struggl\w+|challeng\w+|suffer\w*|lack\w*|difficult\w*"
            r"|cannot|not|despite|remain\w*|hinder\w*|costly|expensive|inefficien\w+|scarc\w+"
            r"|only|yet|problem\w*|under-?explored|neglect\w*|overlook\w*|weakness\w*"
            r"|shortcoming\w*|disregard\w*|deficienc\w+|insufficient|unfortunately|bottleneck\w*"
            r"|inconsisten\w+|inaccura\w+|bias\w*|noisy|poor\w*)\b"
        ),
    ),
    Kind.CODE: (
        any_of(
            r"https?://|\bgithub\b|\bhugging\s?face\b|\bopen-?sourc\w+|\bpublicly\b|\breleas\w+"
            r"|\bavailable\b"
        ),
        any_of(
            r"\b(?:code|codes|repository|weights|checkpoints?|models?|dataset|project|page|demo)\b"
        ),
    ),
    Kind.REASON: (
        any_of(
            r"\b(?:because|since|due to|therefore|thus|so that|as (?:a|the|it|they|these)|owing"
            r"|caus\w+|leads?|leading|lead|thereby|enabl\w+|however|reason|stem\w*|aris\w+|while"
            r"|makes?|hence|to address|allow\w*|prevent\w*|challeng\w+)\b"
        ),
    ),
    Kind.SUMMARY: (
        any_of(_PROPOSES),
        any_of(r"\b(?:this|our)\s+(?:paper|work|study|method|model|framework)\b"),
    ),
    Kind.OVERVIEW: (any_of(_PROPOSES),),
}
"""Kinds with a look of their own, but numbers."""

_NEUTRAL = 0.5
_NO_NUMBER = -0.6
_WRONG_UNIT = 0.0
"""For kinds without a look of their own."""

_COUNTED = any_of(r"\b(?:how many|number of)\s+((?:[\w-]+\s+){0,3}[\w-]+)")
_REACH = 6
"""Words between a number and what it counts."""
# How a quantity is asked for, and how it is given.
_SHAPES = (
    (
        any_of(
            r"\bby how (?:much|many)\b",
            r"\bhow (?:much|many times|far|many points)\b.*\b(?:faster|slower|cheaper|smaller"
            r"|larger|bigger|higher|lower|shorter|better|more|less|improv\w*|save[sd]?|reduc\w*"
            r"|increas\w*|lift\w*|gain\w*|help\w*|shorten\w*)\b",
            r"\b(?:percent\w*|share|fraction|proportion|speed-?up)\b",
        ),
        any_of(
            r"\d[\d.,]*\s?(?:\\?%|x\b|×|\\?times|-?fold|(?:percentage )?points?|percent|pp\b)",
            r"\bfrom \d.*\bto \d",
            rf"\b{_COUNT_WORD}(?:[- ](?:times|fold)|fold|\s(?:percent\b|points?\b|orders? of))",
            rf"\b(?:half|twice|doubles?|{_TIMES})\b",
        ),
    ),
    (
        any_of(r"\bhow (?:long|fast)\b", r"\b(?:latency|speed|seconds?|minutes?|hours?|time)\b"),
        any_of(
            r"\d[\d.,]*\s?-?[km]?\s?(?:ms|s|milliseconds?|seconds?|minutes?|hours?|days?|weeks?"
            r"|months?|years?|fps|hz|x|×|times|tokens/s|\w*\s?hours)\b",
            r"\bsub-second\b|\breal-?time\b",
        ),
    ),
    (
        any_of(r"\b(?:money|paid|pay|price|dollars?|cost)\b"),
        any_of(r"[$€£]\s?\d", r"\d\s?(?:dollars|usd|euros)", r"\bcosts?\b|\bcheap\w*", r"\\?%"),
    ),
    (
        any_of(r"\b(?:accurate|accuracy|score[sd]?|fid|rate|f1|bleu|well|perform\w*)\b"),
        any_of(_MEASURE),
    ),
)
_A_NUMBER = any_of(_NUMBER)


def cue(question: Question, sentence: str) -> float:
    """Return how much a sentence looks like an answer of the kind asked for: 1 much, 0 not,"
    " less never."""
    if question.kind is Kind.NUMBER:
        return _counts(question.text, sentence)
    patterns = _CUES.get(question.kind)
    if patterns is None:
        return _NEUTRAL
    return sum(bool(pattern.search(sentence)) for pattern in patterns) / len(patterns)


def proposes(sentence: str) -> bool:
    """Whether a sentence tells what a paper brings."""
    return bool(_BRINGS.search(sentence))


def carries_on(sentence: str) -> bool:
    """Whether a sentence goes on with what the one before it is about."""
    return bool(_CARRIES_ON.search(sentence))


def _counts(question: str, sentence: str) -> float:
    """Return 1 for a number of the unit or thing asked for, less for another or none at all."""
    if not _A_NUMBER.search(sentence):
        return _NO_NUMBER
    if counted := _COUNTED.search(question):
        return 1.0 if _has_count_of(counted[1], sentence) else _WRONG_UNIT
    for asked, said in _SHAPES:
        if asked.search(question):
            return 1.0 if said.search(sentence) else _WRONG_UNIT
    return 1.0


def _has_count_of(things: str, sentence: str) -> bool:
    """Whether a number stands shortly before one of the things."""
    wanted = {stem(word) for word in asked_words(things)}
    for number in _A_NUMBER.finditer(sentence):
        after = sentence[number.end() :].split(maxsplit=_REACH)[:_REACH]
        if not wanted.isdisjoint(stem(word) for word in split(" ".join(after))):
            return True
    return False

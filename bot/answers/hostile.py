"""Orders to language models inside papers: seen, named with a badge, and never followed.

Nothing here protects by removing. Answers are quotes, and a quote cannot act; what is found is for
the reader's eyes, and such a sentence does not count as evidence. The wordings are those of papers
that were caught (https://github.com/arXiv/html_feedback/issues/4319, 4320, 4328, 4338) and of what
is tried on chat bots.
"""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass, replace

from bot.answers.passages import Passage
from bot.answers.patterns import any_of

LONGEST_READ = 1_000_000
"""Characters of a text that are looked at."""


@dataclass(frozen=True, slots=True)
class _Attack:
    """A way of giving orders."""

    needs: tuple[str, ...]
    """One of these stands in each such text, in small letters: looking for them is quick."""
    pattern: re.Pattern[str]


_MODEL = (
    r"(?:ai|llms?|chat\s?gpt|gpt|claude|gemini|(?:large )?language models?|(?:ai |llm "
    r"|automated )?(?:reviewers?|assistants?|summari[sz]ers?|agents?|models?)|chat\s?bots?|bots?)"
)
_EARLIER = (
    r"(?:(?:all|any|the|your|my|these|those|of|every)\s)*(?:previous|prior|above|preceding"
    r"|earlier|foregoing|existing|original|former|system|initial)"
)
_ORDERS = r"(?:instructions?|prompts?|directions?|rules?|guidelines?|commands?|orders?|messages?)"
_FORGET = r"\b(?:ignore|disregard|forget|override|bypass|discard|neglect|skip)"
_START = r"(?:^|[.!?:;>\])]\s?|\b(?:please|now|must|you should)\s+)"


def _attack(needs: str, *patterns: str) -> _Attack:
    return _Attack(tuple(needs.split(", ")), any_of(*patterns))


_ATTACKS = (
    _attack(
        "ignore, disregard, forget, override, bypass, discard, neglect, skip",
        rf"{_FORGET}\b[\s,:*]{{1,3}}(?:(?:about|everything"
        rf"|anything) )?{_EARLIER}[\s\w]{{0,20}}\b{_ORDERS}\b",
        rf"{_FORGET} (?:all |any |every |your )+(?:of )?(?:the |your )?{_ORDERS}\b",
        rf"{_FORGET} (?:everything|anything|all)(?: that was| you were)? (?:above|before|said"
        rf"|told|prior|previous)",
    ),
    _attack(
        "do not, don't, never",
        r"\b(?:do not|don't|never) (?:mention|highlight|list|report|point out|discuss"
        r"|note)\b[\s\w]{0,30}\b(?:negatives?|weakness(?:es)?|flaws?|shortcomings)\b",
        r"\b(?:do not|don't|never) (?:follow|obey|reveal|disclose"
        r"|tell)\b[\s\w]{0,30}\b(?:instructions?|prompt|user|users)\b",
    ),
    _attack(
        "review, rating, feedback, assessment, evaluation, score, summary, paper, accept",
        rf"{_START}(?:give|write|provide|output|generate|produce|return|leave)\b (?:(?:it|this|us"
        r"|the paper|only|just|an?|very|strongly|highly|overwhelmingly) )*(?:positive"
        r"|favou?rable|glowing|good)[\s\w]{0,12}\b(?:reviews?|ratings?|feedback|assessments?"
        r"|evaluations?|scores?|summary)\b",
        r"\b(?:give|rate|assign|award)\b[\s\w]{0,20}\b(?:this|the) (?:paper|work|submission"
        r"|manuscript)\b[\s\w]{0,25}\b(?:highest|maximum|10|ten|perfect|strong accept)\b",
        r"\b(?:you (?:should|must|have to|will|need to)|please"
        r"|always) (?:strongly )?(?:recommend|accept)(?:ing)?\b[\s\w]{0,20}\b(?:accept\w*"
        r"|this paper|the paper|publication)\b",
    ),
    _attack(
        "as a, you are, attention, note to, notice to, message, dear, hey, instruction",
        rf"\b(?:as|if you are|you are) (?:an? |the )?{_MODEL}[,;:]? (?:please |now )?you\b",
        rf"\b(?:attention|(?:note|notice|message|instructions?)(?: to| for)|hey"
        rf"|dear)[:,\s]{{1,3}}(?:an? |the |any |all )?{_MODEL}\b[\s\w,:!;—-]{{0,40}}\b(?:you"
        rf"|your|must|should|please|do not|don'?t"
        r"|ignore|respond|reply|say|write|give|recommend|follow|output|include|rate|accept)\b",
        r"\byou are (?:now|no longer|going to be) [\s\w]{0,40}\b(?:dan|jailbroken"
        r"|unrestricted|developer|admin|mode|assistant|model|bound|free|an? ai|persona"
        r"|reviewer|pirate)\b",
    ),
    _attack(
        "system, assistant, developer, instructions, prompt, orders, end of, inst], <|, <<",
        r"\b(?:new|updated|revised|real|actual|secret|hidden) (?:system )?(?:instructions?"
        r"|prompt|orders)\s*(?:[:=]|are\b)",
        r"(?:^|[.!?>\]]\s?)(?:#+\s*)?(?:system|assistant|developer)(?: prompt| message| note"
        r"| override)?\s*:\s*\S",
        r"<\|?/?(?:im_start|im_end|system|endoftext|assistant|user|begin_of_text|eot_id"
        r"|start_header_id)\|?>",
        r"<\|(?:im_start|start_header_id)\b|\[/?(?:INST|SYS|SYSTEM)\]|<</?SYS>>",
        r"\bend of (?:prompt|document|context|system (?:message|prompt))\b",
    ),
    _attack(
        "prompt, instructions, api, token, secrets, password, environment",
        r"\b(?:reveal|print|repeat|show|output|leak|send|tell)\b (?:(?:me|us|out|back|the|all"
        r"|any|of|contents|everything in) )*(?:your (?:\w+ )?(?:prompts?|instructions)"
        r"|(?:system|hidden) prompt(?=\W*$|[.!?;])|(?:the |your )?(?:api[ _-]?keys?|(?:bot"
        r"|discord) token|secrets|passwords?|environment variables))",
    ),
    _attack(
        "when, if , while, before, after",
        r"\b(?:when|if|while|before|after) (?:you |an? \w+ )?(?:are )?(?:asked|summari[sz]\w+"
        r"|reviewing|answering|quoting|reading|responding)\b[\s\w,'/]{0,50}\b(?:you (?:must"
        r"|should|shall)|always|say that|reply with|respond with|tell (?:the|them)"
        r"|include the)\b",
    ),
    _attack(
        "respond, reply, answer, output, say, print, write, post, begin, start, end",
        rf"{_START}(?:respond|reply|answer|output|say|print|write|post|begin|start|end)\b"
        r" (?:(?:only|exactly|just|always|(?:each|every|your) \w+) )*(?:with|that"
        r"|by)\b[\s:]{1,2}(?:[\"'“`@\[]|the (?:word|words|phrase|sentence|text|link)\b"
        r"|a link\b)",
        rf"{_START}(?:respond|reply|answer|output|say|write) only (?:with|in|by|yes|no|the"
        rf"|this)\b",
    ),
    _attack("@everyone, @here, <@", r"@(?:everyone|here)\b", r"<@[!&]?\d+>"),
    _attack(
        "pretend, act as, role, simulate",
        r"\b(?:pretend|act as(?: if)?|role-?play as)\b (?:that |to be )?(?:you are|you have"
        r"|an? (?:ai|admin|dan)|dan\b|administrator|admin|moderator|developer)",
    ),
    _attack(
        "call, invoke, execute, run ",
        rf"{_START}(?:call|invoke|execute|run)\b (?:the |this |following |your )*(?:tool"
        rf"|function|shell|command)\b",
    ),
    _attack(
        "delete, drop, unfollow, unsubscribe, ban , kick",
        rf"{_START}(?:delete|drop|unfollow|unsubscribe|ban|kick) (?:from )?(?:all|every"
        rf"|the)\b[\s\w]{{0,12}}"
        r"\b(?:feeds?|topics?|users?|members?|messages?|channels?|tables?|servers?)\b",
    ),
)

# Words between quotation marks are talked about: papers on such attacks quote them.
_QUOTED = re.compile(r"[\"“„«][^\"”“»]{1,300}[\"”»]|‘[^’]{1,300}’|`[^`]{1,300}`|``.{1,300}?''")
_INVISIBLE = re.compile(
    "[\u00ad\u200b-\u200f\u202a-\u202e\u2060-\u206f\ufeff\U000e0000-\U000e0fff]"
)
_TAGS = re.compile("[\U000e0020-\U000e007e]{4,}")
_SPACED_OUT = re.compile(r"\b(?:\w[ .\-_*]){4,}\w\b")
_IN_SPACED_OUT = re.compile(r"[ .\-_*]")
_DISGUISED = re.compile(r"\b(?=\w*[a-z])(?=\w*[\d$@])[\w$@]+", re.IGNORECASE)
_DIGITS = str.maketrans("013457@$", "oieastas")
_TOLD = ("ignor", "disregard", "previous", "instruct", "prompt", "system", "review")
# Cyrillic and Greek letters that look like Latin ones.
_LOOKALIKES = str.maketrans(
    "\u0430\u0435\u043e\u0440\u0441\u0443\u0445\u0456\u0458\u0455\u0501\u03bf\u0410\u0412\u0415\u041a\u041c\u041d\u041e\u0420\u0421\u0422\u0425\u0406\u0391\u0392\u0395\u0397\u0399\u039a\u039c\u039d\u039f\u03a1\u03a4\u03a7",
    "aeopcyxijsdoABEKMHOPCTXIABEHIKMNOPTX",
)


def order_in(text: str) -> str | None:
    """Return the piece of a text that gives a language model an order, or None.

    Words in quotation marks do not count. A paper that is recognised may still be honest, and one
    that is not may give orders in other words: nothing but a badge hangs on it.
    """
    read = unicodedata.normalize("NFKC", text[:LONGEST_READ]).translate(_LOOKALIKES)
    plain = _QUOTED.sub(" ", " ".join(_INVISIBLE.sub("", read).split()))
    for shape in (plain, _undisguised(plain), _spaced_out(plain), unseen(text)):
        small = shape.casefold()
        for attack in _ATTACKS:
            if any(need in small for need in attack.needs) and (
                found := attack.pattern.search(shape)
            ):
                return found[0].strip()
    return None


def unseen(text: str) -> str:
    """Return what is written in tag characters, which are never shown."""
    runs = _TAGS.findall(text[:LONGEST_READ])
    return " ".join("".join(chr(ord(c) - 0xE0000) for c in run) for run in runs)


def without_orders(passage: Passage) -> Passage:
    """Return a passage less the sentences that give orders, for choosing evidence from."""
    honest = tuple(s for s in passage.sentences if order_in(s.text) is None)
    return replace(passage, sentences=honest)


def _undisguised(text: str) -> str:
    """Return the text with letters for digits in words like ``1gn0re``; empty without such."""
    words = {word: word.translate(_DIGITS).casefold() for word in _DISGUISED.findall(text)}
    if not any(told in word for word in words.values() for told in _TOLD):
        return ""
    return _DISGUISED.sub(lambda word: words[word[0]], text)


def _spaced_out(text: str) -> str:
    """Return the text with words whose letters stand apart joined."""
    return _SPACED_OUT.sub(lambda run: _IN_SPACED_OUT.sub("", run[0]), text)

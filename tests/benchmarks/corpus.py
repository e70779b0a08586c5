"""The recorded papers and questions that benchmarks use, read at run time; nothing is kept."""

from __future__ import annotations

import gzip
import json
import random
import re
import string
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from bot.models import Paper, clean_text
from bot.search.text import STOP_WORDS

_WORD = re.compile(r"[^\W_]+(?:-[^\W_]+)*")
_SENTENCE_END = re.compile(r"(?<=[.!?])\s+")
_NAME = re.compile(r"([\w\-]{3,20}): ")


@dataclass(frozen=True, slots=True)
class Question:
    """A search, and which papers it should find."""

    text: str
    relevant: dict[str, float]
    """Paper id → how relevant, above zero."""


@dataclass(frozen=True, slots=True)
class QuestionSet:
    """Questions over one collection."""

    name: str
    papers: Sequence[Paper]
    questions: Sequence[Question]


def arxiv_papers(data: Path) -> list[Paper]:
    """Return the arXiv listings' papers, oldest listing first, each once."""
    papers: dict[str, Paper] = {}
    for month in sorted((data / "arxiv_corpus").glob("*.jsonl.gz")):
        for record in _lines(month):
            papers[record["id"]] = _arxiv_paper(record)
    return list(papers.values())


def _arxiv_paper(record: dict[str, Any]) -> Paper:
    return Paper(
        id=record["id"],
        title=clean_text(record["title"]),
        abstract=clean_text(record["summary"]),
        authors=tuple(record["authors"]),
        categories=tuple(record["categories"]),
        published_at=datetime.fromisoformat(record["first_listed"]).replace(tzinfo=UTC),
    )


def daily_papers(data: Path) -> list[Paper]:
    """Return the papers of the recorded daily lists, oldest first, each once, as last seen."""
    papers: dict[str, Paper] = {}
    for day in sorted((data / "hf" / "daily_papers").glob("*.json.gz")):
        for record in json.loads(gzip.decompress(day.read_bytes())):
            paper = record["paper"]
            papers[paper["id"]] = _daily_paper(paper)
    return list(papers.values())


def _daily_paper(paper: dict[str, Any]) -> Paper:
    return Paper(
        id=paper["id"],
        title=clean_text(paper["title"]),
        abstract=clean_text(paper.get("summary") or ""),
        authors=tuple(author["name"] for author in paper.get("authors", ()) if author.get("name")),
        ai_summary=paper.get("ai_summary"),
        ai_keywords=tuple(paper.get("ai_keywords") or ()),
        published_at=datetime.fromisoformat(paper["publishedAt"]),
    )


def resampled_papers(papers: Sequence[Paper], count: int) -> Iterator[Paper]:
    """Yield ``count`` papers mixed from pairs of real ones; always the same.

    A third have an invented name before their title, as real ones do, so that the number of
    different words grows with the number of papers.
    """
    chance = random.Random(7)
    for number in range(count):
        yield _mixed(papers[number % len(papers)], chance.choice(papers), number, chance)


def _mixed(one: Paper, other: Paper, number: int, chance: random.Random) -> Paper:
    first, second = one.title.split(), other.title.split()
    title = " ".join([*first[: -(-len(first) // 2)], *second[len(second) // 2 :]])
    if number % 3 == 0:
        title = f"{invented_name(chance)}: {title}"
    sentences = [*_SENTENCE_END.split(one.abstract), *_SENTENCE_END.split(other.abstract)]
    kept = chance.sample(sentences, -(-len(sentences) // 2))
    days = timedelta(days=number % 2_000)
    return replace(
        one,
        id=f"{number // 90_000 + 10:02}{number // 9_000 % 10 + 1:02}.{number % 9_000 + 10_000}",
        title=title,
        abstract=" ".join(kept),
        authors=(*one.authors[:2], *other.authors[:2]),
        published_at=None if one.published_at is None else one.published_at - days,
    )


def invented_name(chance: random.Random) -> str:
    """Return a name like ``Tovelika``, of two to four syllables."""
    syllables = (
        chance.choice("bcdfghjklmnpqrstvwz") + chance.choice(("a", "e", "i", "o", "u", "en", "or"))
        for _ in range(chance.randint(2, 4))
    )
    return "".join(syllables).capitalize()


def cranfield(data: Path) -> QuestionSet:
    """Return the Cranfield collection: 1,400 abstracts, 225 questions, judged by people."""
    folder = data / "eval" / "cranfield"
    papers = [
        Paper(id=f"cran-{each['id']}", title=each["title"], abstract=each["text"])
        for each in _lines(folder / "corpus.jsonl")
    ]
    relevant: dict[str, dict[str, float]] = {}
    for line in (folder / "qrels.tsv").read_text().splitlines():
        question, paper, grade = line.split("\t")
        if float(grade) > 0:
            relevant.setdefault(question, {})[f"cran-{paper}"] = float(grade)
    questions = [
        Question(each["text"], relevant[each["id"]])
        for each in _lines(folder / "queries.jsonl")
        if each["id"] in relevant
    ]
    return QuestionSet("cranfield", papers, questions)


def known_items(data: Path, *, papers: int = 20_000, questions: int = 200) -> list[QuestionSet]:
    """Return searches for one paper each, made from the papers' own text; always the same.

    The AI summary serves as the paraphrase and is therefore not in the collection.
    """
    chance = random.Random(20)
    daily = daily_papers(data)
    known = {paper.id for paper in daily}
    others = [paper for paper in arxiv_papers(data) if paper.id not in known]
    whole = [*daily, *chance.sample(others, max(0, papers - len(daily)))]
    collection = [replace(paper, ai_summary=None, ai_keywords=()) for paper in whole]
    return [
        QuestionSet(name, collection, _made(make, daily, questions, chance))
        for name, make in MAKERS.items()
    ]


def _made(make: Any, papers: Sequence[Paper], count: int, chance: random.Random) -> list[Question]:
    made: list[Question] = []
    for paper in chance.sample(papers, len(papers)):
        if len(made) < count and (text := make(paper, chance)):
            made.append(Question(text, {paper.id: 1.0}))
    return made


def words_of_a_sentence(paper: Paper, chance: random.Random) -> str:
    sentences = [content_words(each) for each in _SENTENCE_END.split(paper.abstract)]
    long_enough = [each for each in sentences if len(each) >= 8]
    return " ".join(chance.sample(chance.choice(long_enough), 5)) if long_enough else ""


def paraphrase(paper: Paper, chance: random.Random) -> str:
    return paper.ai_summary or ""


def keywords(paper: Paper, chance: random.Random) -> str:
    return " ".join(paper.ai_keywords[:4]) if len(paper.ai_keywords) >= 4 else ""


def title_with_typos(paper: Paper, chance: random.Random) -> str:
    words = paper.title.split()
    long = [place for place, word in enumerate(words) if len(word) >= 5 and word.isalpha()]
    for place in chance.sample(long, min(2, len(long))):
        words[place] = mistyped(words[place], chance)
    return " ".join(words) if long else ""


def part_of_title(paper: Paper, chance: random.Random) -> str:
    words = content_words(paper.title)
    return " ".join(chance.sample(words, 3)).lower() if len(words) >= 5 else ""


def name(paper: Paper, chance: random.Random) -> str:
    match = _NAME.match(paper.title)
    return match[1] if match else ""


def mistyped(word: str, chance: random.Random) -> str:
    """Return ``word`` with one letter lost, doubled, changed or swapped, never the first."""
    place = chance.randrange(1, len(word) - 1)
    before, letter, after = word[:place], word[place], word[place + 1 :]
    kind = chance.choice(("lost", "doubled", "changed", "swapped"))
    return {
        "lost": before + after,
        "doubled": before + letter * 2 + after,
        "changed": before + chance.choice(string.ascii_lowercase) + after,
        "swapped": before + after[0] + letter + after[1:],
    }[kind]


MAKERS = {
    "words of a sentence": words_of_a_sentence,
    "paraphrase": paraphrase,
    "keywords": keywords,
    "title with typos": title_with_typos,
    "part of a title": part_of_title,
    "name": name,
}


def content_words(text: str) -> list[str]:
    return [
        word for word in _WORD.findall(text) if len(word) > 2 and word.lower() not in STOP_WORDS
    ]


def _lines(path: Path) -> Iterator[dict[str, Any]]:
    content = path.read_bytes()
    text = gzip.decompress(content) if path.suffix == ".gz" else content
    return map(json.loads, text.decode().splitlines())

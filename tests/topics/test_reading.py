"""Papers that topics have read are kept while they stay as they are."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from bot.models import Paper
from bot.topics.codes import read_paper
from bot.topics.meaning import Vectors, paper_steps
from bot.topics.reading import Reader
from tests.topics.samples import WordBag, a_paper


class CountingBag(WordBag):
    """Counts the texts that it was asked for."""

    asked = 0

    def embed(self, texts: object) -> Vectors:
        assert isinstance(texts, list)
        self.asked += len(texts)
        return super().embed(texts)


def some_papers(count: int) -> list[Paper]:
    return [a_paper(f"Cats in box {n}", id_=f"2403.{n:05}") for n in range(count)]


def test_a_paper_is_read_once_and_again_when_it_changes() -> None:
    bag = CountingBag()
    reader = Reader(bag)
    one, two = some_papers(2)
    first = reader.read([one, two])
    asked = bag.asked
    again = reader.read([two, replace(one, thumbnail_url=None)])
    assert bag.asked == asked
    assert [paper.id for paper in again.papers] == [two.id, one.id]
    assert np.array_equal(again.steps, first.steps[::-1])
    changed = reader.read([replace(one, title="Dogs at sea")])
    assert bag.asked > asked
    assert changed.papers[0].paper.title == "Dogs at sea"
    assert not np.array_equal(changed.steps[0], first.steps[0])


def test_what_is_kept_is_what_reading_gives() -> None:
    them = some_papers(300)
    read = Reader(WordBag()).read(them)
    assert np.array_equal(read.steps, paper_steps([read_paper(p) for p in them], WordBag()))
    assert all(
        np.array_equal(r.codes, read_paper(p).codes) for r, p in zip(read.papers, them, strict=True)
    )


def test_no_more_is_kept_than_there_is_room_for_and_the_last_asked_for_stay() -> None:
    reader = Reader(WordBag(), most=3)
    one, two, three, four, five = some_papers(5)
    assert reader.has_room
    reader.read([one, two, three])
    assert not reader.has_room
    reader.read([one])
    assert len(reader.read([four, five])) == 2
    assert [p.id in reader for p in (one, two, three, four, five)] == [
        True,
        False,
        False,
        True,
        True,
    ]


def test_no_papers_are_nothing_to_read() -> None:
    assert len(Reader(WordBag()).read([])) == 0

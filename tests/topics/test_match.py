from __future__ import annotations

from collections.abc import Sequence
from itertools import chain

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.errors import UserError
from bot.models import Paper, Strictness
from bot.topics.codes import read_paper
from bot.topics.match import Hit, Matcher, matches
from bot.topics.matcher import TOGETHER
from bot.topics.meaning import Embedder, Steps, paper_steps, similarities
from bot.topics.query import TopicQuery, parse_topic
from tests.topics.samples import WordBag, a_paper


def steps_of(papers: Sequence[Paper], embedder: Embedder) -> Steps:
    return paper_steps([read_paper(paper) for paper in papers], embedder)


STRICT, NORMAL, BROAD = Strictness.STRICT, Strictness.NORMAL, Strictness.BROAD


def wants(topic: str, paper: Paper, strictness: Strictness = NORMAL, *, votes: int = 0) -> bool:
    return matches(parse_topic(topic), paper, votes=votes, strictness=strictness) is not None


@pytest.mark.parametrize(
    ("topic", "text"),
    [
        ("kv cache", "Pruning KV-caches"),
        ("kv-cache", "Pruning the KV cache"),
        ("kvcache", "Pruning the KV cache"),
        ("kv-cache", "A KVCache that shrinks"),
        ("text-to-image", "Text to image at once"),
        ('"fine tuning"', "Finetuning without tears"),
        ('"attention is all you need"', "Is attention is all you need all you need"),
        ("image segmentation", "Segmenting medical images"),
        ("in-context learning", "Learning in context and in-context learning"),
    ],
)
def test_spelling_does_not_come_between_a_topic_and_a_title(topic: str, text: str) -> None:
    for strictness in Strictness:
        assert wants(topic, a_paper(text), strictness)


@pytest.mark.parametrize(
    ("topic", "text"),
    [
        ('"cache kv"', "The KV cache"),
        ('"large model"', "Large language models"),
        ("vision", "Supervision"),
        ("code", "At https://github.com/a/code now"),
    ],
)
def test_what_only_looks_alike_does_not_match(topic: str, text: str) -> None:
    assert not wants(topic, a_paper(abstract=text), BROAD)


FAR_APART = "World records fall. Nobody in the whole wide stadium knows which models did it."
ONCE = "We speed up world models."
TWICE = "World models are slow. We speed up world models."


@pytest.mark.parametrize(
    ("abstract", "wanted_from"),
    [(FAR_APART, BROAD), (ONCE, NORMAL), (TWICE, STRICT), ("", None)],
)
def test_the_stricter_the_nearer_and_the_oftener_words_must_stand(
    abstract: str, wanted_from: Strictness | None
) -> None:
    wanting = [s for s in Strictness if wants("world models", a_paper(abstract=abstract), s)]
    order = list(Strictness)
    assert wanting == ([] if wanted_from is None else order[order.index(wanted_from) :])


def test_a_single_word_must_be_in_the_title_or_twice_in_the_abstract_to_be_strict() -> None:
    assert wants("music", a_paper("Music from noise"), STRICT)
    assert wants("music", a_paper(abstract="Music is hard. We make music."), STRICT)
    assert not wants("music", a_paper(abstract="Also used for music."), STRICT)


@pytest.mark.parametrize(
    ("topic", "names", "is_wanted"),
    [
        ("author:shazeer", ("Noam Shazeer",), True),
        ('author:"N. Shazeer"', ("Noam Shazeer",), True),
        ('author:"Noam Shazeer"', ("N. Shazeer",), True),
        ('author:"Shazeer, Noam"', ("Noam Shazeer",), True),
        ("author:muller", ("Jürgen Müller",), True),
        ('author:"S. Shazeer"', ("Noam Shazeer",), False),
        ('author:"Noam Chomsky"', ("Noam Shazeer", "Ann Chomsky"), False),
        ("author:shaz", ("Noam Shazeer",), False),
        ("min:1 -author:shazeer", ("Noam Shazeer",), False),
        ("min:1 -author:shazeer", ("Ann Chomsky",), True),
    ],
)
def test_authors_are_found_by_surname_or_initials(
    topic: str, names: tuple[str, ...], is_wanted: bool
) -> None:
    assert wants(topic, a_paper(authors=names), votes=1) is is_wanted


@pytest.mark.parametrize(
    ("topic", "is_wanted"),
    [
        ("cat:cs.CL", True),
        ("cat:cs", True),
        ("cat:cs.CV", False),
        ("cat:math", False),
        ("org:deepmind", True),
        ('org:"Google DeepMind"', True),
        ("org:google.deepmind", True),
        ("org:mind", False),
        ("has:code", True),
        ("min:7", True),
        ("min:8", False),
        ("cat:cs -cat:cs.LG", False),
        ('cat:cs -"long short term memory"', True),
    ],
)
def test_marks_hold_whatever_the_words(topic: str, is_wanted: bool) -> None:
    paper = a_paper(
        categories=("cs.CL", "cs.LG"),
        organization="Google DeepMind",
        code_url="https://example.org",
    )
    assert wants(topic, paper, votes=7) is is_wanted


def test_an_organization_s_endless_name_is_read_by_its_beginning() -> None:
    endless = a_paper(organization=" ".join(f"w{n}" for n in range(150)))
    assert wants('org:"w0 w1"', endless)
    assert len(read_paper(endless).codes) < len(read_paper(a_paper()).codes) + 500


def test_meaning_stands_in_for_plain_words_but_for_nothing_else() -> None:
    paper = a_paper("The feline and the kitten", categories=("cs.CV",))
    for topic, is_wanted in [
        ("cat", True),
        ("cat cat:cs.CV", True),
        ("cat cat:cs.CL", False),
        ("cat -kitten", False),
        ('"cat"', False),
        ("cat min:1", False),
    ]:
        near = similarities(parse_topic(topic), steps_of([paper], WordBag()), WordBag())[0]
        assert (matches(parse_topic(topic), paper, similarity=near) is not None) is is_wanted
        assert matches(parse_topic(topic), paper, similarity=near, strictness=STRICT) is None


WORDS = ["cat", "feline", "kitten", "dog", "hound", "kv", "cache", "kv-cache", "kvcache", "the"]
NAMES = ["Ann Lee", "A. Lee", "Bo Chen", "B Chen", "Lee"]
text = st.lists(st.sampled_from(WORDS), max_size=14).map(" ".join)
papers = st.builds(
    a_paper,
    text,
    text,
    id_=st.integers(0, 9).map(lambda n: f"2601.0000{n}"),
    authors=st.lists(st.sampled_from(NAMES), max_size=3).map(tuple),
    categories=st.lists(st.sampled_from(["cs.CL", "cs.CV", "math.CO"]), max_size=2).map(tuple),
    keywords=st.lists(text, max_size=2).map(tuple),
    organization=st.sampled_from([None, "Cat Lab", "Dog House"]),
    code_url=st.sampled_from([None, "https://example.org"]),
)
clauses = st.one_of(
    st.sampled_from(WORDS),
    st.lists(st.sampled_from(WORDS), min_size=2, max_size=5).map(lambda w: f'"{" ".join(w)}"'),
    st.sampled_from(NAMES).map(lambda name: f'author:"{name}"'),
    st.sampled_from(["cat:cs", "cat:cs.CL", "cat:math", "org:lab", 'org:"dog house"']),
)
wishes = st.tuples(
    st.lists(st.one_of(clauses, clauses, st.just("OR")), max_size=5),
    st.lists(clauses.map("-{}".format), max_size=1),
    st.lists(st.sampled_from(["has:code", "min:3", "min:5"]), max_size=1),
)
topics = wishes.map(lambda parts: " ".join(chain(*parts)))


def understood(typed: str) -> TopicQuery:
    try:
        return parse_topic(typed)
    except UserError:
        return TopicQuery()


@settings(max_examples=150, deadline=None)
@given(
    st.lists(st.tuples(topics.map(understood), st.sampled_from(Strictness)), max_size=6),
    st.lists(papers, max_size=5, unique_by=lambda paper: paper.id),
    st.booleans(),
)
def test_one_topic_and_many_topics_agree(
    wanted: Sequence[tuple[TopicQuery, Strictness]], them: Sequence[Paper], with_meaning: bool
) -> None:
    embedder = WordBag() if with_meaning else None
    votes = {paper.id: int(paper.id[-1]) for paper in them}
    matcher = Matcher(embedder)
    for topic_id, (query, strictness) in enumerate(wanted):
        matcher.add(topic_id, query, strictness)
    hits = {(hit.topic_id, hit.paper_index): hit for hit in matcher.match(them, votes)}
    for topic_id, (query, strictness) in enumerate(wanted):
        near = similarities(query, steps_of(them, embedder), embedder) if embedder else None
        for index, paper in enumerate(them):
            similarity = near[index] if near else None
            why = matches(
                query,
                paper,
                votes=votes[paper.id],
                similarity=similarity,
                strictness=strictness,
            )
            assert (why is not None) == ((topic_id, index) in hits)


def test_each_pair_comes_once_whatever_alternatives_it_fits() -> None:
    matcher = Matcher(WordBag())
    matcher.add(5, parse_topic("kitten OR cat OR feline OR cat:cs"), BROAD)
    matcher.add(6, parse_topic("cat"), BROAD)
    hits = list(matcher.match([a_paper("Cat", categories=("cs.CL",))]))
    assert sorted(hit.topic_id for hit in hits) == [5, 6]
    assert all(hit.by_words and hit.similarity == pytest.approx(1, abs=0.02) for hit in hits)


def test_topics_come_change_and_go_one_by_one() -> None:
    matcher = Matcher(WordBag())
    them = [a_paper("Cat"), a_paper("Dog")]

    def pairs() -> set[tuple[int, int]]:
        return {(hit.topic_id, hit.paper_index) for hit in matcher.match(them)}

    matcher.add(1, parse_topic("cat"), NORMAL)
    matcher.add(2, parse_topic("dog"), STRICT)
    assert pairs() == {(1, 0), (2, 1)}
    matcher.add(1, parse_topic("dog"), NORMAL)
    assert len(matcher) == 2
    assert pairs() == {(1, 1), (2, 1)}
    matcher.remove(2)
    matcher.remove(99)
    matcher.add(3, parse_topic("cat OR dog"), STRICT)
    matcher.remove(3)
    assert pairs() == {(1, 1)}
    assert 1 in matcher
    assert 2 not in matcher
    matcher.add(2, parse_topic("cat"), STRICT)
    matcher.add(2, parse_topic("cat min:1"), STRICT)
    assert pairs() == {(1, 1)}


def test_nothing_to_match_is_no_hit() -> None:
    assert list(Matcher(WordBag()).match([])) == []
    assert list(Matcher().match([a_paper()])) == []
    matcher = Matcher(WordBag())
    matcher.add(1, parse_topic("cat"), NORMAL)
    assert len(matcher.match([])) == 0


def test_more_papers_than_are_looked_at_together_keep_their_places() -> None:
    them = [a_paper("Cat" if n % 100 == 7 else "Dog") for n in range(2 * TOGETHER + 9)]
    matcher = Matcher(WordBag())
    matcher.add(1, parse_topic("cat"), NORMAL)
    hits = list(matcher.match(them))
    assert [hit.paper_index for hit in hits] == list(range(7, len(them), 100))
    known = matcher.match(them, steps=paper_steps([read_paper(p) for p in them], WordBag()))
    assert list(known) == hits


def test_a_hit_without_meaning_has_no_similarity() -> None:
    matcher = Matcher(WordBag())
    matcher.add(1, parse_topic("cat"), STRICT)
    assert list(matcher.match([a_paper("Cat")])) == [Hit(1, 0, by_words=True, similarity=None)]


def test_many_topics_in_several_blocks_match_as_one_would() -> None:
    matcher = Matcher(WordBag())
    queries = [parse_topic(topic) for topic in ("cat", "dog", "kv cache", "cat -dog")]
    for topic_id in range(66_000):
        matcher.add(topic_id, queries[topic_id % 4], (NORMAL, STRICT)[topic_id % 2])
    for topic_id in range(0, 66_000, 7):
        matcher.remove(topic_id)
    hits = matcher.match([a_paper("Cat and dog")])
    left = np.arange(66_000)
    left = left[(left % 7 != 0) & (left % 4 < 2)]
    assert len(matcher) == 56_571
    assert np.array_equal(np.sort(hits.topic_ids), left)

from __future__ import annotations

import random
import shutil
import subprocess
import sys
import threading
import unicodedata
from collections.abc import Callable, Sequence
from datetime import UTC, date, datetime, timedelta
from functools import partial
from pathlib import Path
from typing import Literal

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.errors import SourceError, StoreError
from bot.search.embed import Vectors, WordLlama
from bot.search.engine import LEAST_DEPTH, SearchEngine
from bot.search.query import Clause, Field, Query
from bot.search.vectors import files_in
from tests.builders import a_paper
from tests.conftest import NOON, ROOT
from tests.search.conftest import PAPERS, papers_about

TIDE, BEES, CACHE, NOTES = (paper.id for paper in PAPERS)


def found(engine: SearchEngine, query: str | Query) -> list[str]:
    return [hit.paper_id for hit in engine.search(query, now=NOON)]


@pytest.mark.parametrize(
    ("query", "ids"),
    [
        ("bees", [BEES]),
        ("how are bees counted?", [BEES]),
        ("counts camera", [BEES]),
        ("insects", [BEES]),
        ("pretraining", [TIDE]),
        ("pre training", [TIDE]),
        ("ocean log's", [TIDE]),
        ('"language model" ship', [TIDE]),
        ('"model language"', []),
        ('"cheap cameras"', [BEES]),
        ("author:okonkwo", [CACHE]),
        ("author:erdos", [BEES]),
        ('author:"Ada Wellenreiter" -bees', [TIDE]),
        ("author:wellenreiter", [BEES, TIDE]),
        ("org:harbour", [TIDE]),
        ("cat:cs.CL", [CACHE, TIDE]),
        ("cat:CS", [CACHE, BEES, TIDE]),
        ("cat:physics", [TIDE]),
        ("has:code", [TIDE]),
        ("-has:code cat:cs", [CACHE, BEES]),
        ("since:2025", [CACHE, BEES]),
        ("until:2024-01-05", [TIDE]),
        ("since:7d", [CACHE]),
        ("since:2030", []),
        ("-cat:cs", [NOTES]),
        ("2402.00002", [BEES]),
        ("https://arxiv.org/abs/2402.00002v3", [BEES]),
        ("https://huggingface.co/papers/2402.00002 cache", [BEES, CACHE]),
        (NOTES, [NOTES]),
        ("2402.99999", []),
        ("what is it", [BEES, TIDE]),
        ("", []),
        ("xylophone", []),
    ],
)
def test_a_search_finds(query: str, ids: list[str], library: SearchEngine) -> None:
    assert sorted(found(library, query)) == sorted(ids)


@pytest.mark.parametrize(
    ("query", "ids"),
    [
        ("cat:cs", [CACHE, BEES, TIDE]),
        ("author:wellenreiter", [BEES, TIDE]),
        ("https://huggingface.co/papers/2402.00002 cache", [BEES, CACHE]),
        ("bees or logs in a hive", [BEES, TIDE]),
    ],
)
def test_the_best_comes_first_or_else_the_newest(
    query: str, ids: list[str], library: SearchEngine
) -> None:
    assert found(library, query) == ids


def test_filters_can_be_given_beside_the_query(library: SearchEngine) -> None:
    search = partial(library.search, "logs bees cache", now=NOON)
    assert {hit.paper_id for hit in search()} == {TIDE, BEES, CACHE}
    assert [hit.paper_id for hit in search(author="ada", since=date(2025, 1, 1))] == [BEES]
    assert [hit.paper_id for hit in search(until=datetime(2024, 6, 1, tzinfo=UTC))] == [TIDE]
    assert [hit.paper_id for hit in search(author=" ", since=date(2026, 1, 1))] == [CACHE]


def test_a_query_can_be_one_that_was_parsed(library: SearchEngine) -> None:
    assert found(library, Query((Clause(Field.AUTHOR, "okonkwo"),))) == [CACHE]


@pytest.mark.parametrize(
    ("query", "ids"),
    [
        ("logs cache", []),
        ("the cache of keys", [CACHE]),
        ("pretraining model", [TIDE]),
        ("pre-training logs", [TIDE]),
        ("entry merging -cat:cs.LG", []),
    ],
)
def test_a_strict_search_finds_what_has_every_word(
    query: str, ids: list[str], library: SearchEngine
) -> None:
    assert [hit.paper_id for hit in library.search(query, now=NOON, strict=True)] == ids


@pytest.mark.parametrize("query", ["llama3 tides", "llama 3 tides"])
@pytest.mark.parametrize("strict", [False, True])
def test_a_name_is_found_with_its_number_beside_it_or_joined(
    query: str, engine: SearchEngine, *, strict: bool
) -> None:
    titles = ("Tides by Llama 3", "Tides by Llama3", "Tides by Llama3.1", "Tides by 3 people")
    engine.update([a_paper(f"2601.0000{n}", each) for n, each in enumerate(titles)], watermark="1")
    hits = engine.search(query, now=NOON, strict=strict, limit=3)
    ids = {hit.paper_id for hit in hits}
    assert "2601.00000" in ids
    assert "2601.00001" in ids or strict


def test_a_paper_whose_whole_title_is_asked_for_comes_first(engine: SearchEngine) -> None:
    told = "A technical report on Wader, a technical report as long as Wader."
    engine.update(
        [
            a_paper(
                "2601.00001", "Wader Technical Report", published_at=NOON - timedelta(days=900)
            ),
            a_paper("2602.00001", "Wader: Wader Technical Report", abstract=told),
            a_paper("2602.00002", "Wader-Omni Technical Report", published_at=NOON, abstract=told),
        ],
        watermark="1",
    )
    for query in ("wader technical report", "“Wader” – technical report", "wadre technical report"):
        best = engine.search(query, now=NOON)[0]
        assert best.paper_id == "2601.00001"
        assert best.highlights
    newest = engine.search("wader technical report", now=NOON, newest=True)
    assert newest[0].paper_id == "2602.00002"
    assert "2601.00001" not in found(engine, "wader technical report since:2024")


def test_whole_titles_are_found_in_a_text_the_longer_first(library: SearchEngine) -> None:
    text = "Is “A faster cache for long conversations” newer than counting bees with cheap cameras?"
    assert library.titles_in(text) == [CACHE, BEES]
    assert library.titles_in("bees with cheap cameras") == []


def test_where_many_papers_have_every_word_the_others_are_left_out(engine: SearchEngine) -> None:
    both = [
        a_paper(f"2601.{n:05}", "Cameras in the field", abstract="We watch bees with them.")
        for n in range(LEAST_DEPTH)
    ]
    one = [a_paper(f"2602.{n:05}", "Bees, bees, bees", abstract="Bees.") for n in range(5)]
    neither = [a_paper(f"2603.{n:05}", "Cameras", abstract="Cameras.") for n in range(300)]
    found_in = partial(engine.search, "bees cameras", now=NOON, limit=15)
    engine.update([*both[:10], *one, *neither], watermark="1")
    assert {hit.paper_id[:4] for hit in found_in()} == {"2601", "2602"}
    engine.update(both, watermark="2")
    assert {hit.paper_id[:4] for hit in found_in()} == {"2601"}


def test_the_newest_of_what_has_every_word_come_first(engine: SearchEngine) -> None:
    papers = [
        a_paper(
            f"26{month:02}.00001",
            "Bees" if month % 2 else "Bees and bees",
            published_at=datetime(2026, month, 1, tzinfo=UTC),
        )
        for month in (5, 2, 9, 4)
    ]
    engine.update([*papers, a_paper("2612.00001", "Wasps")], watermark="1")
    hits = engine.search("bees", now=NOON, newest=True, limit=3)
    assert [hit.paper_id for hit in hits] == ["2609.00001", "2605.00001", "2604.00001"]
    assert hits[0].highlights


FORMS: tuple[Literal["NFC", "NFD"], ...] = ("NFC", "NFD")


def test_an_accent_may_be_a_character_of_its_own(tmp_path: Path, embedder: WordLlama) -> None:
    engine = SearchEngine.open(tmp_path, embedder=embedder)
    for form in FORMS:
        title, name = (
            unicodedata.normalize(form, text) for text in ("Naïve bridges", "Uwe Schölk")
        )
        engine.update([a_paper("2601.00001", title, authors=(name,))], watermark="1")
        for other in FORMS:
            (hit,) = engine.search(unicodedata.normalize(other, "naïve author:Schölk"), now=NOON)
            (shown, *_) = hit.highlights
            assert [shown.text[begin:end] for begin, end in shown.spans] == ["Naïve"]
    engine.close()


def test_it_says_how_it_reads_a_query_and_why_it_finds_a_paper(library: SearchEngine) -> None:
    assert library.read("chaep camras -wsps", now=NOON).wishes == "cheap cameras"
    _, sentence = library.highlights(BEES, "chaep camras", now=NOON)
    assert sentence.text == "Hives were filmed by three cameras each."
    assert library.highlights(BEES, "oceans", now=NOON) == ()
    assert library.highlights("2402.99999", "bees", now=NOON) == ()


def test_a_hit_says_why(library: SearchEngine) -> None:
    (hit,) = library.search('"counts bees"', now=NOON)
    title, sentence = hit.highlights
    assert [title.text[start:end] for start, end in title.spans] == ["Counting", "Bees"]
    assert sentence.text == "A detector counts bees as they enter."


def test_of_equal_papers_the_newer_comes_first_unless_told_not_to(engine: SearchEngine) -> None:
    old = a_paper("2001.00001", "Sea cables", published_at=datetime(2020, 1, 1, tzinfo=UTC))
    new = a_paper("2602.00001", "Sea cables", published_at=datetime(2026, 2, 1, tzinfo=UTC))
    engine.update([old, new], watermark="1")
    assert found(engine, "sea cables") == [new.id, old.id]
    plain = engine.search("sea cables", now=NOON, recency=False)
    assert plain[0].score == pytest.approx(plain[1].score)


def test_no_more_is_found_than_asked_for(library: SearchEngine) -> None:
    assert len(library.search("cat:cs", now=NOON, limit=2)) == 2
    assert library.search("bees", now=NOON, limit=0) == []


@given(query=st.text(max_size=200))
def test_every_text_is_searched(query: str, library: SearchEngine) -> None:
    library.search(query, now=NOON)


WORDS = st.sampled_from(
    ["bees", '"', "-", "author:", "cat:", "since:", "2025", "has:code", "until:", "ocean", "\\",
     "(", ")", "AND", "OR", "*", "~2", "^", "[a TO b]", "\x00", "\ud800", "é", "🐝", "title-", "org:"]
)  # fmt: skip


@given(words=st.lists(WORDS, max_size=30), joint=st.sampled_from(["", " "]))
def test_every_mixture_of_query_words_is_searched(
    words: list[str], joint: str, library: SearchEngine
) -> None:
    library.search(joint.join(words), now=NOON)


def test_a_very_long_query_is_searched(library: SearchEngine) -> None:
    assert BEES in found(library, "bees " + " ".join(f"word{number}" for number in range(2_000)))


def test_similar_papers_are_near_in_meaning_and_do_not_hold_itself(engine: SearchEngine) -> None:
    engine.update(
        papers_about("Bees in a hive", "Wasps in a nest", "Trading ships on the ocean"),
        watermark="1",
    )
    near = engine.similar("2405.00000")
    assert [hit.paper_id for hit in near] == ["2405.00001", "2405.00002"]
    assert engine.similar("2405.00000", limit=1) == near[:1]
    assert engine.similar("2405.99999") == []


def test_a_paper_can_be_replaced_and_removed(engine: SearchEngine) -> None:
    engine.update([a_paper("2401.00001", "Bees"), a_paper("2401.00002", "Wasps")], watermark="1")
    engine.update([a_paper("2401.00001", "Ships")], watermark="2")
    assert (found(engine, "bees"), found(engine, "ships")) == ([], ["2401.00001"])
    engine.remove(["2401.00001", "2401.99999"], watermark="3")
    assert (found(engine, "ships"), len(engine), engine.watermark) == ([], 1, "3")
    assert engine.similar("2401.00002") == []
    assert engine.pending == 0


def test_a_paper_that_is_named_and_found_is_shown_once_and_first(library: SearchEngine) -> None:
    assert found(library, f"{CACHE} cache cameras") == [CACHE, BEES]


def test_nothing_can_be_removed_from_nothing(engine: SearchEngine) -> None:
    engine.remove(["2401.00001"], watermark="1")
    assert (len(engine), engine.watermark) == (0, "1")


def test_the_last_of_two_papers_with_one_id_counts(engine: SearchEngine) -> None:
    engine.update([a_paper("2401.00001", "Bees"), a_paper("2401.00001", "Ships")], watermark="1")
    assert (found(engine, "bees"), found(engine, "ships")) == ([], ["2401.00001"])


def test_text_that_utf_8_cannot_hold_is_indexed(engine: SearchEngine) -> None:
    engine.update([a_paper("2401.00001", "Bees \ud800 and wasps")], watermark="1")
    assert found(engine, "wasps") == ["2401.00001"]


def test_an_index_is_there_after_reopening(tmp_path: Path, embedder: WordLlama) -> None:
    engine = SearchEngine.open(tmp_path, embedder=embedder)
    assert (engine.needs_rebuild, engine.watermark, len(engine)) == (True, None, 0)
    engine.update(PAPERS, watermark="revision 7")
    engine.close()
    again = SearchEngine.open(tmp_path, embedder=embedder)
    assert (again.needs_rebuild, again.watermark, len(again)) == (False, "revision 7", 4)
    assert again.pending == 0
    assert found(again, "bees") == [BEES]
    again.close()


def test_an_index_can_be_begun_anew(tmp_path: Path, embedder: WordLlama) -> None:
    engine = SearchEngine.open(tmp_path, embedder=embedder)
    engine.update(PAPERS, watermark="1")
    engine.close()
    anew = SearchEngine.open(tmp_path, embedder=embedder, anew=True)
    assert (anew.needs_rebuild, len(anew)) == (True, 0)
    anew.close()


def _cut_short(file: Path) -> None:
    file.write_bytes(file.read_bytes()[:-9])


def _scramble(file: Path) -> None:
    file.write_bytes(bytes(byte ^ 90 for byte in file.read_bytes()))


@pytest.mark.parametrize("harm", [_cut_short, _scramble, Path.unlink])
@pytest.mark.parametrize("kind", ["meta.json", "*.idx", "*.term", "*.store", "*.fast"])
def test_a_broken_index_begins_anew(
    kind: str, harm: Callable[[Path], None], tmp_path: Path, embedder: WordLlama
) -> None:
    engine = SearchEngine.open(tmp_path, embedder=embedder)
    engine.update(PAPERS, watermark="1")
    engine.close()
    for file in (tmp_path / "words").glob(kind):
        harm(file)
    again = SearchEngine.open(tmp_path, embedder=embedder)
    assert (again.needs_rebuild, len(again)) == (True, 0)
    again.update(PAPERS, watermark="2")
    assert found(again, "bees") == [BEES]
    again.close()


def _scramble_inside(path: Path, seed: int) -> None:
    """Overwrite a part of a file, as a failing disk does; its length and its end stay."""
    content = bytearray(path.read_bytes())
    chance = random.Random(seed)
    length = chance.randrange(1, max(2, len(content) // 2))
    at = chance.randrange(max(1, len(content) - length - 200))
    content[at : at + length] = chance.randbytes(len(content[at : at + length]))
    path.write_bytes(content)


@pytest.mark.parametrize("kind", ["*.idx", "*.term", "*.store", "*.fast", "*.pos"])
def test_damage_inside_of_the_files_is_told_and_mended_at_the_next_start(
    kind: str, tmp_path: Path, embedder: WordLlama
) -> None:
    engine = SearchEngine.open(tmp_path / "whole", embedder=embedder)
    engine.update(papers_about(*(f"Bees and {n} wasps" for n in range(300))), watermark="1")
    engine.close()
    found_out = 0
    for seed in range(8):
        folder = tmp_path / str(seed)
        shutil.copytree(tmp_path / "whole", folder)
        for file in (folder / "words").glob(kind):
            _scramble_inside(file, seed)
        damaged = SearchEngine.open(folder, embedder=embedder)
        told = _told(
            partial(damaged.search, '"bees and" wasp', now=NOON),
            partial(damaged.similar, "2405.00007"),
            partial(damaged.suggest, "bees an"),
        )
        damaged.close()
        again = SearchEngine.open(folder, embedder=embedder)
        assert again.needs_rebuild or not told
        assert all("index --rebuild" in sentence for sentence in told)
        found_out += again.needs_rebuild
        again.close()
    assert found_out


def _told(*reads: Callable[[], object]) -> list[str]:
    """Return what went wrong in reading; anything but a ``StoreError`` is raised."""
    told: list[str] = []
    for read in reads:
        try:
            read()
        except StoreError as error:
            told.append(str(error))
    return told


@pytest.mark.parametrize("version", ["{}", "", '{"schema": -1}', "[]"])
def test_an_index_of_another_version_begins_anew(
    version: str, tmp_path: Path, embedder: WordLlama
) -> None:
    engine = SearchEngine.open(tmp_path, embedder=embedder)
    engine.update(PAPERS, watermark="1")
    engine.close()
    (tmp_path / "version.json").write_text(version)
    again = SearchEngine.open(tmp_path, embedder=embedder)
    assert again.needs_rebuild
    again.close()


def test_lost_vectors_are_made_again(tmp_path: Path, embedder: WordLlama) -> None:
    engine = SearchEngine.open(tmp_path, embedder=embedder)
    engine.update(PAPERS, watermark="1")
    before = engine.similar(BEES)
    engine.close()
    for path in files_in(tmp_path):
        path.unlink()
    again = SearchEngine.open(tmp_path, embedder=embedder)
    assert (again.pending, again.similar(BEES)) == (4, [])
    again.embed_pending()
    assert [hit.paper_id for hit in again.similar(BEES)] == [hit.paper_id for hit in before]
    again.close()


class Letters:
    """Counts letters: a small model, slow by its own account, that can be cut off."""

    model = "letters"
    dims = 26
    is_quick = False
    reachable = True

    def embed(self, texts: Sequence[str]) -> Vectors:
        if not self.reachable:
            raise SourceError("The letters cannot be asked.")
        found = WordLlama.load().embed(texts)
        return found[:, : self.dims]

    def embed_query(self, text: str) -> Vectors:
        return self.embed([text])[0]


class Longer(Letters):
    """As long as other models' vectors are: the small model's, again and again."""

    def __init__(self, dims: int) -> None:
        self.dims = dims

    def embed(self, texts: Sequence[str]) -> Vectors:
        found = WordLlama.load().embed(texts)
        return np.tile(found, -(-self.dims // found.shape[1]))[:, : self.dims]


@pytest.mark.parametrize("dims", [384, 768, 1024, 1536, 3072])
def test_a_model_of_any_length_is_searched_by(dims: int, tmp_path: Path) -> None:
    engine = SearchEngine.open(tmp_path, embedder=Longer(dims))
    engine.update(PAPERS, watermark="1")
    assert engine.embed_pending() == len(PAPERS)
    engine.remove([NOTES], watermark="2")
    assert engine.pending == 0
    assert found(engine, "bees") == [BEES]
    assert {hit.paper_id for hit in engine.similar(BEES)} == {TIDE, CACHE}
    engine.close()


def test_another_model_embeds_in_the_background_and_tells_how_far_it_is(
    tmp_path: Path, embedder: WordLlama
) -> None:
    engine = SearchEngine.open(tmp_path, embedder=embedder)
    engine.update(papers_about(*(f"Bees {number}" for number in range(300))), watermark="1")
    engine.close()
    letters = SearchEngine.open(tmp_path, embedder=Letters())
    assert letters.pending == 300
    assert len(letters.search("bees", now=NOON)) == 10
    told: list[tuple[int, int]] = []
    letters.embed_pending(lambda done, of: told.append((done, of)))
    assert told == [(256, 300), (300, 300)]
    assert letters.pending == 0
    assert len(letters.similar("2405.00000")) == 10
    letters.close()


def test_a_model_that_comes_back_reads_only_what_changed(
    tmp_path: Path, embedder: WordLlama
) -> None:
    letters = SearchEngine.open(tmp_path, embedder=Letters())
    letters.update(PAPERS, watermark="1")
    letters.embed_pending()
    letters.close()
    engine = SearchEngine.open(tmp_path, embedder=embedder)
    engine.embed_pending()
    engine.update([a_paper(BEES, "Wasps"), a_paper("2603.00001", "Bees")], watermark="2")
    engine.remove([NOTES], watermark="3")
    engine.close()
    again = SearchEngine.open(tmp_path, embedder=Letters())
    assert again.pending == 3
    again.embed_pending()
    assert {hit.paper_id for hit in again.similar(BEES)} == {TIDE, CACHE, "2603.00001"}
    again.close()


def test_who_only_reads_with_another_model_takes_none_from_the_one_that_writes(
    tmp_path: Path, embedder: WordLlama
) -> None:
    letters = SearchEngine.open(tmp_path, embedder=Letters())
    letters.update(PAPERS, watermark="1")
    reader = SearchEngine.open(tmp_path, embedder=embedder)
    assert found(reader, "bees") == [BEES]
    letters.embed_pending()
    reader.close()
    letters.close()
    again = SearchEngine.open(tmp_path, embedder=Letters())
    assert again.pending == 0
    again.close()


def test_a_slow_model_does_not_hold_up_an_update(tmp_path: Path) -> None:
    engine = SearchEngine.open(tmp_path, embedder=Letters())
    engine.update(PAPERS, watermark="1")
    assert (engine.pending, found(engine, "bees")) == (4, [BEES])
    engine.embed_pending()
    assert engine.pending == 0
    engine.close()


def test_a_model_that_cannot_be_asked_leaves_search_by_words(tmp_path: Path) -> None:
    letters = Letters()
    engine = SearchEngine.open(tmp_path, embedder=letters)
    engine.update(PAPERS, watermark="1")
    letters.reachable = False
    assert found(engine, "bees") == [BEES]
    with pytest.raises(SourceError):
        engine.embed_pending()
    assert engine.pending == 4
    engine.close()


def test_searching_goes_on_while_papers_are_added(engine: SearchEngine) -> None:
    engine.update(papers_about("Bees"), watermark="0")
    wrong: list[object] = []
    done = threading.Event()

    def search() -> None:
        while not done.is_set():
            hits = found(engine, "bees")
            many = len(engine) - 1
            if "2405.00000" not in hits or many % 50:
                wrong.append((hits, many))
            engine.suggest("be")
            engine.similar("2405.00000")

    threads = [threading.Thread(target=search) for _ in range(2)]
    for thread in threads:
        thread.start()
    for batch in range(10):
        papers = [a_paper(f"26{batch:02}.{number:05}", f"Ships {number}") for number in range(50)]
        engine.update(papers, watermark=str(batch))
    done.set()
    for thread in threads:
        thread.join()
    assert wrong == []
    assert len(engine) == 501


def test_only_one_process_writes(tmp_path: Path, embedder: WordLlama) -> None:
    one = SearchEngine.open(tmp_path, embedder=embedder)
    two = SearchEngine.open(tmp_path, embedder=embedder)
    one.update(papers_about("Bees", "Wasps"), watermark="1")
    with pytest.raises(StoreError, match="another process"):
        two.update(papers_about("Ships"), watermark="2")
    with pytest.raises(StoreError, match="another process"):
        SearchEngine.open(tmp_path, embedder=embedder, anew=True)
    one.close()
    two.update([a_paper("2406.00001", "Ships")], watermark="2")
    assert (len(two), found(two, "wasps")) == (3, ["2405.00001"])
    assert len(two.similar("2405.00001")) == 2
    two.close()


def test_a_folder_that_cannot_be_made_is_a_store_error(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(StoreError, match="cannot be opened"):
        SearchEngine.open(tmp_path / "file" / "index", embedder=Letters())


def test_other_files_in_the_folder_stay(tmp_path: Path) -> None:
    (tmp_path / "mine.txt").write_text("kept")
    SearchEngine.open(tmp_path, embedder=Letters(), anew=True).close()
    assert (tmp_path / "mine.txt").read_text() == "kept"


@pytest.mark.crash
def test_papers_and_watermark_survive_a_kill_together(tmp_path: Path, embedder: WordLlama) -> None:
    command = [sys.executable, "-m", "tests.search.endless_updates", str(tmp_path / "index")]
    for until in (3, 5, 8):
        child = subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True)
        assert child.stdout is not None
        told = 0
        for line in child.stdout:
            told = int(line)
            if told >= until:
                break
        child.kill()
        child.wait()
        child.stdout.close()
        engine = SearchEngine.open(tmp_path / "index", embedder=embedder)
        assert engine.watermark is not None
        kept = int(engine.watermark)
        assert kept >= told
        assert len(engine) == 20 * (kept + 1)
        engine.embed_pending()
        assert engine.pending == 0
        engine.close()
    shutil.rmtree(tmp_path / "index")

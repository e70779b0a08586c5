"""How fast search is beside bare tantivy and SQLite FTS5, in one run.

Run ``python -m tests.benchmarks.search --sizes 10k,100k,1m``. The papers are mixed from the
recorded arXiv listings, always the same. With ``--folder`` the indexes stay there and the next
run uses them; 1 M papers take about 40 minutes to build and 8 GB of disk.
"""

from __future__ import annotations

import argparse
import json
import random
import shutil
import sqlite3
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from itertools import islice, pairwise
from pathlib import Path

import numpy as np
import tantivy

from bot.models import Paper
from bot.search.engine import SearchEngine
from bot.search.vectors import VectorStore
from tests.benchmarks.corpus import arxiv_papers, content_words, mistyped, resampled_papers
from tests.conftest import ROOT, SHARED_DATA

NOW = datetime(2026, 5, 1, tzinfo=UTC)
AT_ONCE = 5_000
QUERIES = 200
SLOW_QUERIES = 20
"""For SQLite, which takes seconds for one at 1 M papers."""
NEW_PAPERS = 500
NEIGHBOURS = 50
"""Papers whose neighbours are compared with the exact ones."""


@dataclass(frozen=True, slots=True)
class Times:
    """How long calls took, in milliseconds: on the wall, and computing.

    On a machine that others use, only the second can be compared.
    """

    p50: float
    p95: float
    computing_p50: float
    computing_p95: float

    def __str__(self) -> str:
        return (
            f"p50 {self.p50:8.2f}  p95 {self.p95:8.2f} ms"
            f"  (computing {self.computing_p50:8.2f} {self.computing_p95:8.2f})"
        )

    def beside(self, other: Times) -> str:
        """Return the ratios of these times to others."""
        return (
            f"× {self.p50 / other.p50:.2f} p50 × {self.p95 / other.p95:.2f} p95"
            f" (computing × {self.computing_p50 / other.computing_p50:.2f}"
            f" × {self.computing_p95 / other.computing_p95:.2f})"
        )


def timed(call: Callable[[str], object], texts: Sequence[str]) -> Times:
    """Return how long ``call`` takes for each text, after some to warm up."""
    for text in texts[:5]:
        call(text)
    taken = np.empty((len(texts), 2))
    for place, text in enumerate(texts):
        begun = np.array([time.perf_counter(), time.thread_time()])
        call(text)
        taken[place] = np.array([time.perf_counter(), time.thread_time()]) - begun
    return Times(*(np.percentile(taken, [50, 95], axis=0).T.ravel() * 1e3).tolist())


def say(name: str, result: object, note: str = "") -> None:
    print(f"  {name:44} {result}  {note}".rstrip(), flush=True)  # noqa: T201


def chunks(papers: Iterable[Paper]) -> Iterator[list[Paper]]:
    left = iter(papers)
    while chunk := list(islice(left, AT_ONCE)):
        yield chunk


def build_ours(folder: Path, papers: Iterable[Paper]) -> None:
    engine = SearchEngine.open(folder)
    for number, chunk in enumerate(chunks(papers)):
        engine.update(chunk, watermark=str(number))
    engine.close()


def build_tantivy(folder: Path, papers: Iterable[Paper]) -> None:
    """Build an index of one stemmed field, title and abstract, as plain as it can be."""
    folder.mkdir()
    builder = tantivy.SchemaBuilder()
    builder.add_text_field("id", stored=True, tokenizer_name="raw", index_option="basic")
    builder.add_text_field("text", tokenizer_name="en_stem")
    index = tantivy.Index(builder.build(), path=str(folder))
    writer = index.writer(128_000_000, 1)
    for paper in papers:
        text = f"{paper.title} {paper.abstract}"
        writer.add_document(tantivy.Document(id=paper.id, text=text))
    writer.commit()
    writer.wait_merging_threads()


def build_sqlite(folder: Path, papers: Iterable[Paper]) -> None:
    folder.mkdir()
    database = sqlite3.connect(folder / "fts.db")
    database.execute(
        "CREATE VIRTUAL TABLE paper USING fts5(id UNINDEXED, title, abstract,"
        " tokenize = 'porter unicode61')"
    )
    rows = ((paper.id, paper.title, paper.abstract) for paper in papers)
    with database:
        database.executemany("INSERT INTO paper VALUES (?, ?, ?)", rows)
    database.close()


BUILDERS = {"ours": build_ours, "tantivy": build_tantivy, "sqlite": build_sqlite}


def build(folder: Path, base: Sequence[Paper], size: int) -> None:
    """Build what is not there yet; an index that was not finished is begun anew."""
    for name, builder in BUILDERS.items():
        done = folder / f"{name}.done"
        if not done.exists():
            shutil.rmtree(folder / name, ignore_errors=True)
            begun = time.perf_counter()
            builder(folder / name, resampled_papers(base, size))
            done.touch()
            say(f"build {name}", f"{time.perf_counter() - begun:8.1f} s")


def queries(base: Sequence[Paper], words: int, *, count: int = QUERIES) -> list[str]:
    """Return searches of so many words, each from one paper's abstract."""
    chance = random.Random(words)
    telling = (content_words(paper.abstract) for paper in chance.sample(base, len(base)))
    long_enough = (each for each in telling if len(each) > 2 * words)
    return [" ".join(chance.sample(each, words)) for each in islice(long_enough, count)]


def beginnings(base: Sequence[Paper], *, typos: bool) -> list[str]:
    """Return what people may have typed of titles: 1 to 30 characters."""
    chance = random.Random(11)
    texts = [paper.title[: chance.randint(1, 30)] for paper in chance.sample(base, QUERIES)]
    return [_with_typo(paper.title, chance) for paper in base[:QUERIES]] if typos else texts


def _with_typo(title: str, chance: random.Random) -> str:
    words = title.split()[:4]
    longest = max(range(len(words)), key=lambda place: len(words[place]))
    if len(words[longest]) >= 5:
        words[longest] = mistyped(words[longest], chance)
    return " ".join(words)


def search_tantivy(folder: Path) -> Callable[[str], object]:
    index = tantivy.Index.open(str(folder))
    index.reload()
    searcher = index.searcher()

    def search(text: str) -> list[object]:
        query, _ = index.parse_query_lenient(text, ["text"])
        hits = searcher.search(query, 10, count=False).hits
        return [searcher.doc(address).get_first("id") for _, address in hits]

    return search


def search_sqlite(folder: Path) -> Callable[[str], object]:
    database = sqlite3.connect(folder / "fts.db")

    def search(text: str) -> list[object]:
        any_word = " OR ".join(f'"{word}"' for word in text.split())
        return database.execute(
            "SELECT id FROM paper WHERE paper MATCH ? ORDER BY bm25(paper) LIMIT 10", [any_word]
        ).fetchall()

    return search


def compare_searches(folder: Path, base: Sequence[Paper]) -> Times:
    """Print ours beside the others; return ours for eight words."""
    engine = SearchEngine.open(folder / "ours")
    bare = search_tantivy(folder / "tantivy")
    fts5 = search_sqlite(folder / "sqlite")
    ours: Times | None = None
    for words in (3, 8):
        texts = queries(base, words)
        alone = timed(bare, texts)
        ours = timed(lambda text: engine.search(text, now=NOW), texts)
        slow = timed(fts5, texts[:SLOW_QUERIES])
        say(f"{words} words, bare tantivy", alone)
        say(f"{words} words, ours, whole", ours, ours.beside(alone))
        say(f"{words} words, SQLite FTS5", slow, slow.beside(alone))
    assert ours is not None
    engine.close()
    return ours


def measure_autocomplete(folder: Path, base: Sequence[Paper]) -> None:
    engine = SearchEngine.open(folder / "ours")
    begun = time.perf_counter()
    engine.prepare()
    say(
        "prepare autocomplete, as the bot does at its start",
        f"{time.perf_counter() - begun:8.2f} s",
    )
    say("autocomplete", timed(engine.suggest, beginnings(base, typos=False)))
    say("autocomplete with typos", timed(engine.suggest, beginnings(base, typos=True)))
    engine.close()


def measure_neighbours(folder: Path, size: int) -> None:
    """Print how fast and how right the nearest neighbours are, and what they take in memory."""
    store = vectors_in(folder / "ours")
    vectors = some_vectors(store, size)
    places = [str(place) for place in range(len(vectors))]
    near = timed(lambda place: store.nearest(vectors[int(place)], limit=10), places)
    right = [
        len({row for row, _ in store.nearest(vector, limit=10)} & exactly_nearest(store, vector))
        for vector in vectors
    ]
    store.close()
    say("nearest neighbours", near, f"recall@10 {sum(right) / 10 / len(right):.3f}")
    for name, value in probed("neighbours", folder / "ours").items():
        say(name, value)


def vectors_in(folder: Path) -> VectorStore:
    return VectorStore(folder, model="wordllama/l2_supercat_256", dims=256, rows=0)


def some_vectors(store: VectorStore, size: int) -> list[np.ndarray]:
    some = random.Random(5).sample(range(size), NEIGHBOURS)
    return [vector for row in some if (vector := store.vector(row)) is not None]


def probe_neighbours(folder: Path) -> dict[str, str]:
    """Return what memory the vectors take, in a process that has nothing else."""
    before = resident_mb()
    store = vectors_in(folder)
    for vector in some_vectors(store, len(store)):
        store.nearest(vector, limit=10)
    return {"nearest neighbours, resident": f"{resident_mb() - before:8.0f} MB"}


def exactly_nearest(store: VectorStore, vector: np.ndarray, *, limit: int = 10) -> set[int]:
    """Return the nearest rows by looking at the whole vectors of all."""
    own = store.direction(vector)
    scores = [
        store.directions(np.arange(start, min(start + 20_000, len(store)))) @ own
        for start in range(0, len(store), 20_000)
    ]
    return {int(row) for row in np.argsort(-np.concatenate(scores))[:limit]}


def measure_update(folder: Path, base: Sequence[Paper]) -> None:
    """Print how soon new papers are searchable. They are taken out again."""
    engine = SearchEngine.open(folder / "ours")
    new = [replace(paper, id=f"new-{paper.id}") for paper in base[:NEW_PAPERS]]
    taken: list[float] = []
    computing: list[float] = []
    for _ in range(3):
        begun, computed = time.perf_counter(), time.process_time()
        engine.update(new, watermark="new")
        taken.append(time.perf_counter() - begun)
        computing.append(time.process_time() - computed)
        engine.remove([paper.id for paper in new], watermark="old")
    engine.close()
    result = f"{sorted(taken)[1]:8.2f} s  (computing {sorted(computing)[1]:.2f} s)"
    say(f"{NEW_PAPERS} new papers searchable", result)


def measure_start(folder: Path) -> None:
    """Print what a fresh process takes to start with this index, and its memory after searches."""
    for name, value in probed("start", folder / "ours").items():
        say(name, value)


def probed(what: str, folder: Path) -> dict[str, str]:
    """Return what one of the probes says, run in a process that does nothing else."""
    command = [sys.executable, "-m", "tests.benchmarks.search", "--probe", what, str(folder)]
    answer = subprocess.run(command, cwd=ROOT, check=True, capture_output=True, text=True)
    return json.loads(answer.stdout)


def probe_start(folder: Path) -> dict[str, str]:
    """Return how long opening takes, and what memory it takes before and after searches."""
    begun, computed = time.perf_counter(), time.process_time()
    engine = SearchEngine.open(folder)
    opened, computing = time.perf_counter() - begun, time.process_time() - computed
    resident = resident_mb()
    texts = ("diffusion models for images", "speech", "agents that use tools in games") * 20
    for text in texts:
        hits = engine.search(text, now=NOW)
        engine.suggest(text[:8])
        engine.similar(hits[0].paper_id)
    return {
        "start with a ready index": f"{opened:8.2f} s  (computing {computing:.2f} s)",
        "resident after start": f"{resident:8.0f} MB",
        "resident after 60 of each": f"{resident_mb():8.0f} MB, of which files {file_mb():.0f} MB",
    }


PROBES = {"neighbours": probe_neighbours, "start": probe_start}


def resident_mb() -> float:
    return _status_mb("VmRSS")


def file_mb() -> float:
    """Return how much of the resident memory is files, which the system takes back when short."""
    return _status_mb("RssFile")


def _status_mb(name: str) -> float:
    lines = Path("/proc/self/status").read_text().splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith(name)) / 1024


def run(folder: Path, base: Sequence[Paper], sizes: Sequence[int]) -> None:
    whole: dict[int, Times] = {}
    for size in sizes:
        print(f"{size:,} papers")  # noqa: T201
        place = folder / str(size)
        place.mkdir(parents=True, exist_ok=True)
        build(place, base, size)
        whole[size] = compare_searches(place, base)
        measure_autocomplete(place, base)
        measure_neighbours(place, size)
        measure_update(place, base)
        measure_start(place)
    for smaller, larger in pairwise(sizes):
        say(f"growth from {smaller:,} to {larger:,}", whole[larger].beside(whole[smaller]))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--sizes", default="10k,100k")
    parser.add_argument("--data", type=Path, default=SHARED_DATA)
    parser.add_argument("--folder", type=Path, help="where indexes stay between runs")
    parser.add_argument("--probe", nargs=2, help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.probe:
        what, place = arguments.probe
        return print(json.dumps(PROBES[what](Path(place))))  # noqa: T201
    sizes = [
        int(size.replace("k", "000").replace("m", "000000")) for size in arguments.sizes.split(",")
    ]
    base = arxiv_papers(arguments.data)
    if arguments.folder:
        return run(arguments.folder, base, sizes)
    with tempfile.TemporaryDirectory() as folder:
        return run(Path(folder), base, sizes)


if __name__ == "__main__":
    main()

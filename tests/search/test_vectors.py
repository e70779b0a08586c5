from __future__ import annotations

import json
import os
from pathlib import Path

import numpy as np
import pytest

from bot.search.embed import Vectors, unit
from bot.search.vectors import Quantizer, VectorStore, files_in


def some_vectors(count: int, dims: int, *, seed: int = 0) -> Vectors:
    chance = np.random.default_rng(seed)
    return unit((chance.normal(size=(count, dims)) + 0.5).astype(np.float32))


def a_store(folder: Path, *, model: str = "m", dims: int = 64, rows: int = 0) -> VectorStore:
    return VectorStore(folder, model=model, dims=dims, rows=rows)


@pytest.mark.parametrize(
    ("dims", "likeness"), [(64, 0.9999), (256, 0.9999), (384, 0.99), (1024, 0.93), (1536, 0.78)]
)
def test_a_vector_fits_256_bytes_and_stays_like_itself(dims: int, likeness: float) -> None:
    quantizer = Quantizer(dims)
    vectors = some_vectors(20, dims)
    codes = quantizer.encode(vectors)
    assert codes.shape[1] == quantizer.row_bytes <= 256
    cosines = (unit(quantizer.decode(codes)) * vectors).sum(axis=1)
    assert cosines.min() > likeness


def test_of_very_long_vectors_the_beginning_counts() -> None:
    assert Quantizer(3072).dims == 2048


def test_the_nearest_are_those_of_the_whole_vectors(tmp_path: Path) -> None:
    vectors = some_vectors(3_000, 64)
    store = a_store(tmp_path, rows=3_000)
    store.put(range(3_000), vectors)
    directions = store.directions(np.arange(3_000))
    exact = np.argsort(-(directions @ directions[7]))[:10].tolist()
    assert [row for row, _ in store.nearest(vectors[7], limit=10)] == exact
    assert exact[0] == 7
    store.close()


def test_many_more_papers_than_are_looked_at_closely_still_give_the_nearest(tmp_path: Path) -> None:
    vectors = some_vectors(20_000, 64)
    store = a_store(tmp_path, rows=20_000)
    store.put(range(20_000), vectors)
    directions = store.directions(np.arange(20_000))
    right = 0
    for row in range(20):
        exact = set(np.argsort(-(directions @ directions[row]))[:10].tolist())
        right += len(exact & {near for near, _ in store.nearest(vectors[row], limit=10)})
    assert right >= 190
    store.close()


def test_vectors_are_there_after_reopening(tmp_path: Path) -> None:
    vectors = some_vectors(100, 64)
    store = a_store(tmp_path, rows=100)
    store.put(range(100), vectors)
    near = store.nearest(vectors[3], limit=5)
    store.close()
    again = a_store(tmp_path)
    assert len(again) == 100
    assert again.pending().tolist() == []
    assert [row for row, _ in again.nearest(vectors[3], limit=5)] == [row for row, _ in near]
    again.close()


def test_vectors_of_another_model_are_not_read_and_not_lost(tmp_path: Path) -> None:
    store = a_store(tmp_path, rows=3)
    store.put([0, 1, 2], some_vectors(3, 64))
    store.close()
    other = a_store(tmp_path, model="n", dims=1_024, rows=4)
    assert other.pending().tolist() == [0, 1, 2, 3]
    other.forget([1, 3])
    other.close()
    again = a_store(tmp_path, rows=4)
    assert again.pending().tolist() == [1, 3], "their text changed meanwhile"
    again.close()


def test_a_row_waits_until_its_vector_is_put(tmp_path: Path) -> None:
    store = a_store(tmp_path, rows=4)
    store.put([0, 1, 2, 3], some_vectors(4, 64))
    store.forget([1])
    store.retire([2])
    assert store.pending().tolist() == [1]
    assert store.vector(1) is None
    assert store.vector(2) is None
    assert not store.directions(np.array([1, 2])).any()
    assert {row for row, _ in store.nearest(some_vectors(1, 64)[0], limit=4)} == {0, 3}
    store.close()


def test_a_text_that_says_nothing_does_not_wait_for_ever(tmp_path: Path) -> None:
    store = a_store(tmp_path, rows=1)
    store.put([0], np.zeros((1, 64), np.float32))
    assert store.pending().tolist() == []
    assert store.vector(0) is None
    store.close()


def test_an_empty_store_has_no_neighbours(tmp_path: Path) -> None:
    store = a_store(tmp_path)
    assert store.nearest(some_vectors(1, 64)[0], limit=5) == []
    store.close()


def test_what_all_papers_share_does_not_make_two_alike(tmp_path: Path) -> None:
    shared = np.full((1, 64), 2.0, np.float32)
    vectors = unit(some_vectors(2_000, 64) + shared)
    store = a_store(tmp_path, rows=2_000)
    store.put(range(2_000), vectors)
    directions = store.directions(np.arange(2_000))
    assert float((vectors @ vectors[0]).mean()) > 0.9
    assert abs(float((directions @ directions[0]).mean())) < 0.1
    store.close()


def test_rows_that_wait_have_room_on_the_disk(tmp_path: Path) -> None:
    a_store(tmp_path, rows=1_000).close()
    (path,) = files_in(tmp_path)
    file = path.stat()
    assert file.st_blocks * 512 >= file.st_size > 0


def test_a_file_of_the_form_that_had_one_model_is_read(tmp_path: Path) -> None:
    vectors = some_vectors(3, 64)
    store = a_store(tmp_path, rows=3)
    store.put(range(3), vectors)
    store.close()
    (path,) = files_in(tmp_path)
    path.rename(tmp_path / "vectors.bin")
    (tmp_path / "vectors.json").write_text(json.dumps({"version": 1, "model": "m 64"}))

    other = a_store(tmp_path, model="n", rows=3)
    assert other.pending().tolist() == [0, 1, 2]
    other.close()
    again = a_store(tmp_path)
    assert again.pending().tolist() == []
    again.close()


@pytest.mark.parametrize("header", ["", "[]", "{}", '{"version": 0, "model": "m 64"}'])
def test_a_file_of_an_unknown_model_is_not_read(tmp_path: Path, header: str) -> None:
    (tmp_path / "vectors.bin").write_bytes(bytes(range(256)))
    (tmp_path / "vectors.json").write_text(header)
    store = a_store(tmp_path, rows=1)
    assert store.pending().tolist() == [0]
    assert [path.name for path in tmp_path.iterdir()] == [path.name for path in files_in(tmp_path)]
    store.close()


def test_of_other_models_the_one_written_last_is_kept(tmp_path: Path) -> None:
    for number, model in enumerate(("first", "second", "third")):
        store = a_store(tmp_path, model=model, dims=8 * (number + 1), rows=1)
        store.put([0], some_vectors(1, 8 * (number + 1)))
        store.close()
        os.utime(store.path, (number, number))
    store = a_store(tmp_path, model="fourth", rows=1)
    store.drop_others()
    store.close()
    assert {path.name.split("-")[1] for path in files_in(tmp_path)} == {"24", "64"}

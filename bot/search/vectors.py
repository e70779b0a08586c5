"""Vectors of papers: small codes in a file, their sign bits in memory, the nearest of them.

A vector takes at most 256 bytes on disk: 8, 4, 2 or 1 bits a dimension, whichever fits. The
nearest are found in two steps: by sign bits, of all papers (32 bytes each), then by the codes of
a few thousand. ``tests/benchmarks/search.py`` measures both.
"""

from __future__ import annotations

import hashlib
import json
import mmap
import os
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from bot.search.embed import Vectors, unit

Rows = NDArray[np.int64]
Codes = NDArray[np.uint8]
Bits = NDArray[np.uint64]

BYTES_A_ROW = 256
LEVEL_STEPS = {8: 0.031, 4: 0.335, 2: 0.996, 1: 1.596}
"""Bits a dimension → distance of two levels, in standard deviations, that loses least of a normal
distribution: J. Max, Quantizing for Minimum Distortion, IRE Trans. IT 6 (1960), table II."""
CHUNK = 1 << 15
"""Rows looked at together: their bits and what is made of them fit the processor's cache."""
NEAR = 2_000
"""Papers that the codes decide on, of all that the bits have seen: of 1 M, they hold 99 % of the
true ten nearest, and 1,000 hold nearly as many."""
CENTRE_SAMPLE = 8_192
"""Vectors whose mean stands for the mean of all."""
PAPERS_FOR_FULL_CENTRE = 1_000
"""The mean of fewer has much of the single papers in it, and counts in proportion."""
NOTHING = np.uint8(255)
VERSION = 1


class Quantizer:
    """Unit vectors into codes of at most 256 bytes, and back, nearly.

    A code whose bytes are all the same is none of a real vector, and says why there is none:
    zeros that it is still to be made, ``NOTHING`` that there is nothing to make one of.
    """

    def __init__(self, dims: int) -> None:
        self.dims = min(dims, BYTES_A_ROW * 8)
        """Of longer vectors only the first 2,048 dimensions count."""
        self._bits = next(bits for bits in LEVEL_STEPS if self.dims * bits <= BYTES_A_ROW * 8)
        self.row_bytes = -(-self.dims * self._bits // 8)
        self._step = LEVEL_STEPS[self._bits] / self.dims**0.5
        self._middle = (2**self._bits - 1) / 2

    def encode(self, vectors: Vectors) -> Codes:
        """Return codes, shape ``(n, row_bytes)``; ``NOTHING`` for vectors of zeros."""
        levels = self.levels_of(unit(vectors[:, : self.dims]))
        if self._bits < 8:
            bits = np.unpackbits(levels[:, :, None], axis=2)[:, :, -self._bits :]
            levels = np.packbits(bits.reshape(len(levels), self.dims * self._bits), axis=1)
        return np.where(vectors.any(axis=1, keepdims=True), levels, NOTHING)

    def decode(self, codes: Codes) -> Vectors:
        """Return nearly unit vectors, shape ``(n, dims)``."""
        values = self.levels(codes).astype(np.float32)
        values -= self._middle
        values *= self._step
        return values

    def levels_of(self, vectors: Vectors) -> Codes:
        """Return each value's level, shape as given; 0 is the lowest."""
        levels = np.round(vectors / self._step + self._middle)
        return np.clip(levels, 0, 2 * self._middle).astype(np.uint8)

    def levels(self, codes: Codes) -> Codes:
        """Return the levels that are packed in codes, shape ``(n, dims)``."""
        if self._bits == 8:
            return codes
        bits = np.unpackbits(codes, axis=1, count=self.dims * self._bits)
        worth = 1 << np.arange(self._bits - 1, -1, -1, dtype=np.uint8)
        return (bits.reshape(len(codes), self.dims, self._bits) @ worth).astype(np.uint8)


@dataclass(frozen=True, slots=True)
class _Signs:
    """For each row, on which side of the centre it lies in each dimension."""

    centre: Vectors
    """The mean of the vectors, shape ``(dims,)``."""
    levels: Codes
    """The centre as levels: a greater one is on the far side."""
    bits: Bits
    """Shape ``(words, capacity)``."""


class VectorStore:
    """One vector a row, for one model. Rows are numbers from 0, given out by the caller.

    Reading is safe from any thread while one other thread writes: a reader sees a row's old or
    its new vector. Only one thread, and one process, may write.

    Args:
        folder: Exists; the files are made where they are absent.
        model: Whose vectors these are. Those of other models are kept in files of their own: who
            starts the program without a setting shall not lose what hours, or money, have made.
        dims: How long a vector is.
        rows: How many rows there are at least.
    """

    def __init__(self, folder: Path, *, model: str, dims: int, rows: int) -> None:
        self.folder = folder
        self._quantizer = Quantizer(dims)
        _rename_old_form(folder)
        self.path = folder / _file_name(f"{model} {dims}")
        self._file = os.open(self.path, os.O_RDWR | os.O_CREAT, 0o644)
        self._count = 0
        self._known = np.zeros(0, np.bool_)
        self._known_at_centre = 0
        self._codes = np.zeros((0, self._quantizer.row_bytes), np.uint8)
        self._signs = self._signs_about(np.zeros(self._quantizer.dims, np.float32))
        self.grow(rows)

    def close(self) -> None:
        os.close(self._file)

    @property
    def is_replaced(self) -> bool:
        """Whether another process removed the file, or made another in its place."""
        try:
            return not os.path.samestat(self.path.stat(), os.fstat(self._file))
        except FileNotFoundError:
            return True

    def __len__(self) -> int:
        """Return the number of rows, with those that have no vector yet."""
        return self._count

    def grow(self, count: int) -> None:
        """Have at least ``count`` rows, and all that the file has; new ones have no vector yet."""
        row_bytes = self._quantizer.row_bytes
        count = max(count, os.fstat(self._file).st_size // row_bytes)
        if count <= self._count:
            return
        _allocate(self._file, count * row_bytes)
        self._map = mmap.mmap(self._file, count * row_bytes, access=mmap.ACCESS_READ)
        self._codes = np.frombuffer(self._map, np.uint8).reshape(count, row_bytes)
        self._make_room(count)
        before, self._count = self._count, count
        if not before:
            self._signs = self._signs_about(self._sampled_centre())
        self._look_at(slice(before, count), self._signs)

    def put(self, rows: Sequence[int], vectors: Vectors) -> None:
        """Keep the rows' vectors; on disk after ``flush``."""
        self._write(rows, self._quantizer.encode(vectors))
        self._centre_if_due()

    def forget(self, rows: Sequence[int]) -> None:
        """Let the rows wait for a vector, of any model: their text changes."""
        self._write(rows, np.zeros((len(rows), self._quantizer.row_bytes), np.uint8))
        for path in self._others():
            _empty_rows(path, rows)

    def drop_others(self) -> None:
        """Remove the vectors of other models but the one that was written last."""
        for path in sorted(self._others(), key=lambda path: path.stat().st_mtime)[:-1]:
            path.unlink(missing_ok=True)

    def _others(self) -> list[Path]:
        return [path for path in files_in(self.folder) if path != self.path]

    def retire(self, rows: Sequence[int]) -> None:
        """Let the rows have no vector for good: their papers went."""
        self.put(rows, np.zeros((len(rows), self._quantizer.dims), np.float32))

    def flush(self) -> None:
        os.fsync(self._file)

    def pending(self) -> Rows:
        """Return the rows that wait for a vector, in order."""
        return np.flatnonzero(~self._known[: self._count])

    def vector(self, row: int) -> Vectors | None:
        """Return a row's vector, shape ``(dims,)``; None where it has none."""
        code = self._codes[row : row + 1]
        return self._quantizer.decode(code)[0] if _is_vector(code)[0] else None

    def directions(self, rows: Rows) -> Vectors:
        """Return unit vectors from the centre to the rows; zeros for a row without a vector."""
        return self._directions(self._codes[rows])

    def _directions(self, codes: Codes) -> Vectors:
        seen = self._quantizer.decode(codes)
        seen -= self._signs.centre
        seen[~_is_vector(codes)] = 0
        return unit(seen)

    def direction(self, vector: Vectors) -> Vectors:
        """Return where a vector lies as seen from the centre; zeros for a vector of zeros."""
        if not vector.any():
            return np.zeros(self._quantizer.dims, np.float32)
        cut = unit(vector[None, : self._quantizer.dims])
        return unit(cut - self._signs.centre)[0]

    def nearest(self, vector: Vectors, *, limit: int) -> list[tuple[int, float]]:
        """Return the nearest rows and the cosines of their directions, best first."""
        if not self._count:
            return []
        rows = self._near_by_bits(vector, max(NEAR, limit))
        # Not ``@``: it wakes a second thread for so many numbers, which takes longer than they do.
        directions, own = self._directions(self._read(rows)), self.direction(vector)
        scores = np.einsum("ij,j->i", directions, own)
        best = np.argsort(-scores, kind="stable")[:limit]
        return [(int(rows[i]), float(scores[i])) for i in best if scores[i] != 0]

    def _read(self, rows: Rows) -> Codes:
        """Return the codes of rows, by reads: through the map each takes a page or more.

        Of 1 M papers 2,000 are read in 2 ms so, and in 10 ms through the map.
        """
        size = self._quantizer.row_bytes
        found = [os.pread(self._file, size, at) for at in (rows * size).tolist()]
        return np.frombuffer(b"".join(found), np.uint8).reshape(len(rows), size)

    def _near_by_bits(self, vector: Vectors, wanted: int) -> Rows:
        """Return at least ``wanted`` rows whose sign bits differ least, in order of rows."""
        count, signs = self._count, self._signs
        code = self._quantizer.levels(self._quantizer.encode(vector[None]))
        own = _packed(code > signs.levels)[:, 0]
        differing = np.empty(count, np.uint16)
        for start in range(0, count, CHUNK):
            part = slice(start, min(count, start + CHUNK))
            differing[part] = _differing(signs.bits[:, part], own)
        return np.flatnonzero(differing <= _cut(differing, wanted))

    def _write(self, rows: Sequence[int], codes: Codes) -> None:
        for row, code in zip(rows, codes, strict=True):
            os.pwrite(self._file, code.tobytes(), row * self._quantizer.row_bytes)
        at = np.asarray(rows, np.int64)
        self._known[at] = codes.any(axis=1)
        self._signs.bits[:, at] = _packed(self._quantizer.levels(codes) > self._signs.levels)

    def _make_room(self, count: int) -> None:
        missing = count - len(self._known)
        if missing > 0:
            missing += count // 8
            self._known = np.pad(self._known, (0, missing))
            bits = np.pad(self._signs.bits, ((0, 0), (0, missing)))
            self._signs = replace(self._signs, bits=bits)

    def _signs_about(self, centre: Vectors) -> _Signs:
        bits = np.zeros((-(-self._quantizer.dims // 64), len(self._known)), np.uint64)
        return _Signs(centre, self._quantizer.levels_of(centre), bits)

    def _look_at(self, rows: slice, signs: _Signs) -> None:
        """Take up what the file says of these rows."""
        for start in range(rows.start, rows.stop, CHUNK):
            part = slice(start, min(rows.stop, start + CHUNK))
            codes = self._codes[part]
            self._known[part] = codes.any(axis=1)
            signs.bits[:, part] = _packed(self._quantizer.levels(codes) > signs.levels)
        self._known_at_centre = self._known_at_centre or int(np.count_nonzero(self._known))
        _let_pages_go(self._map)

    def _centre_if_due(self) -> None:
        """Measure the centre anew when there are twice as many vectors as the last time.

        What all papers have in common tells none from another: with signs about the centre, the
        best 1,000 of 54,002 papers hold 97 % of the true ten nearest; about zero, 94 %.
        """
        known = int(np.count_nonzero(self._known))
        if known < max(1, 2 * self._known_at_centre):
            return
        self._known_at_centre = known
        signs = self._signs_about(self._sampled_centre())
        self._look_at(slice(0, self._count), signs)
        self._signs = signs

    def _sampled_centre(self) -> Vectors:
        sample = self._codes[:: -(-len(self._codes) // CENTRE_SAMPLE)]
        found = sample[_is_vector(sample)]
        known = len(found) / len(sample) * len(self._codes)
        total = self._quantizer.decode(found).sum(axis=0, dtype=np.float64)
        share = min(1.0, known / PAPERS_FOR_FULL_CENTRE)
        return (share * total / max(1, len(found))).astype(np.float32)


def files_in(folder: Path) -> list[Path]:
    """Return the files of vectors, one a model."""
    return list(folder.glob("vectors-*.bin"))


def dims_kept(folder: Path, model: str) -> int | None:
    """Return how long a model's vectors are by its file, the latest one; None without any."""
    _rename_old_form(folder)
    own = [
        path for path in files_in(folder) if path.name == _file_name(f"{model} {_dims_in(path)}")
    ]
    return _dims_in(max(own, key=lambda path: path.stat().st_mtime)) if own else None


def _dims_in(path: Path) -> int:
    return int(path.name.split("-")[1])


def _file_name(model: str) -> str:
    """Return the name of a model's file; ``model`` ends in its dims."""
    digest = hashlib.sha256(f"{VERSION} {model}".encode()).hexdigest()
    return f"vectors-{model.rpartition(' ')[2]}-{digest[:16]}.bin"


def _rename_old_form(folder: Path) -> None:
    """Give the one file that there once was, beside the name of its model, a name of today."""
    old, header = folder / "vectors.bin", folder / "vectors.json"
    if not header.exists():
        return
    try:
        found = json.loads(header.read_bytes())
        if found["version"] == VERSION:
            old.rename(folder / _file_name(found["model"]))
    except (FileNotFoundError, ValueError, KeyError, TypeError):
        pass  # nobody knows whose vectors these are
    old.unlink(missing_ok=True)
    header.unlink(missing_ok=True)


def _empty_rows(path: Path, rows: Sequence[int]) -> None:
    """Let rows of another model's file wait for a vector."""
    size = Quantizer(_dims_in(path)).row_bytes
    with path.open("r+b") as file:
        count = os.fstat(file.fileno()).st_size // size
        for row in rows:
            if row < count:
                os.pwrite(file.fileno(), bytes(size), row * size)
        os.fsync(file.fileno())


def _is_vector(codes: Codes) -> NDArray[np.bool_]:
    return codes.min(axis=1) != codes.max(axis=1)


def _packed(above: NDArray[np.bool_]) -> Bits:
    """Return one column of 64-bit words a row of ``above``."""
    rows, dims = above.shape
    whole = np.pad(above, ((0, 0), (0, -dims % 64))) if dims % 64 else above
    return np.packbits(whole, axis=1).view(np.uint64).reshape(rows, whole.shape[1] // 64).T


def _differing(bits: Bits, own: Bits) -> NDArray[np.uint16]:
    """Return in how many bits each column differs from ``own``."""
    total = np.zeros(bits.shape[1], np.uint16)
    for column, word in zip(bits, own, strict=True):
        total += np.bitwise_count(column ^ word)
    return total


def _cut(differing: NDArray[np.uint16], wanted: int) -> int:
    """Return a distance within which there are about ``wanted`` or more, from a sample."""
    if wanted >= len(differing):
        return int(differing.max(initial=0))
    step = max(1, len(differing) // 65_536)
    sample = differing[::step]
    place = min(len(sample) - 1, -(-wanted // step))
    return int(np.partition(sample, place)[place])


def _allocate(file: int, size: int) -> None:
    """Make a file so long, with room on the disk for all of it.

    To read a hole in it through the map would end the process where a full disk keeps its files
    in memory (tmpfs): no error can be raised then.

    Raises:
        OSError: The disk is full.
    """
    if hasattr(os, "posix_fallocate"):
        os.posix_fallocate(file, 0, size)
    else:
        os.ftruncate(file, size)


def _let_pages_go(codes: mmap.mmap) -> None:
    """Take the file's pages out of this process's memory; the system still caches them."""
    if hasattr(mmap, "MADV_DONTNEED"):
        codes.madvise(mmap.MADV_DONTNEED)

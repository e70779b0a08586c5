"""Texts into vectors: the models that ship with the program, and those one can add."""

from __future__ import annotations

import importlib.util
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

import numpy as np
from numpy.typing import NDArray

from bot.errors import SettingsError

if TYPE_CHECKING:
    from tokenizers import Tokenizer

Vectors = NDArray[np.float32]
"""One row a text, each of length 1; a text without any known word is a row of zeros."""


class Embedder(Protocol):
    """Whatever turns texts into vectors."""

    @property
    def model(self) -> str:
        """The name that tells this model's vectors from another's."""
        ...

    @property
    def dims(self) -> int: ...

    def embed(self, texts: Sequence[str]) -> Vectors:
        """Return one unit row a text, in order. May take long; called off the event loop."""
        ...


class WordLlama:
    """WordLlama's word vectors, averaged: the default, since its weights are in its wheel.

    The weights are read here rather than through the package: importing it sets up the root
    logger, and its own loader looks in a folder that the wheel does not have.
    See https://github.com/dleemiller/WordLlama.
    """

    model = "wordllama/l2_supercat_256"
    dims = 256

    def __init__(self, tokenizer: Tokenizer, weights: NDArray[np.float16]) -> None:
        self._tokenizer = tokenizer
        self._weights = weights

    @classmethod
    def load(cls) -> WordLlama:
        """Read the weights from the installed package; about 0.3 s.

        Raises:
            SettingsError: wordllama is not installed, or its files are not where they were.
        """
        from safetensors import safe_open
        from tokenizers import Tokenizer

        folder = _wordllama_folder()
        weights = folder / "weights" / "l2_supercat_256.safetensors"
        words = folder / "tokenizers" / "l2_supercat_tokenizer_config.json"
        if not (weights.is_file() and words.is_file()):
            raise SettingsError("wordllama is installed without its weights: reinstall it.")
        tokenizer = Tokenizer.from_file(str(words))
        tokenizer.no_truncation()
        with safe_open(str(weights), framework="np") as tensors:
            return cls(tokenizer, tensors.get_tensor("embedding.weight"))

    def embed(self, texts: Sequence[str]) -> Vectors:
        encoded = self._tokenizer.encode_batch_fast(list(texts), add_special_tokens=False)
        sums = np.zeros((len(texts), self.dims), np.float32)
        for row, encoding in enumerate(encoded):
            if encoding.ids:
                sums[row] = self._weights[encoding.ids].sum(axis=0, dtype=np.float32)
        return unit(sums)


def unit(vectors: Vectors) -> Vectors:
    """Return the rows at length 1; rows of zeros stay."""
    lengths = np.linalg.norm(vectors, axis=1, keepdims=True)
    return vectors / np.where(lengths > 0, lengths, 1)


def _wordllama_folder() -> Path:
    spec = importlib.util.find_spec("wordllama")
    if spec is None or spec.origin is None:
        raise SettingsError("wordllama is not installed: run `pip install wordllama`.")
    return Path(spec.origin).parent

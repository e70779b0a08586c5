"""Texts into vectors: the model that ships with the program, and those one can add."""

from __future__ import annotations

import importlib
import importlib.util
import json
import logging
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from http.client import HTTPException
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol
from urllib.error import HTTPError
from urllib.parse import urlsplit
from urllib.request import Request, urlopen

import numpy as np
from numpy.typing import NDArray

from bot.errors import ModelTooSlow, SettingsError, SourceError, TextsRefused

if TYPE_CHECKING:
    from tokenizers import Tokenizer

log = logging.getLogger(__name__)

Vectors = NDArray[np.float32]
"""One row a text, or a single vector."""

REQUEST_TIMEOUT = 30.0
"""Seconds for one request to an embeddings address."""
QUERY_TIMEOUT = 1.5
"""Seconds for one that somebody waits for: a search by words alone is better than a late one."""
REFUSED = frozenset({400, 413, 422, 500})
"""HTTP statuses of servers that are given texts longer, or more texts, than they take: 400 by OpenAI
and vLLM, 413 and 422 by text-embeddings-inference, 500 by llama.cpp."""
SHORTEST_CUT = 200
"""Characters; a text that is refused so short is not refused for its length."""
WORDS_KEPT = 50_000
"""Different words whose tokens are remembered; some 250 bytes each."""
NO_VECTORS = "The embeddings address did not answer with vectors."
LONGEST_KEPT = 40
"""Characters; a longer word hardly comes again."""

DimsBefore = Callable[[str], int | None]
"""A model's name → how long its vectors were that are kept; None where there are none."""


class Embedder(Protocol):
    """Whatever turns texts into vectors."""

    @property
    def model(self) -> str:
        """The name that tells this model's vectors from another's."""
        ...

    @property
    def dims(self) -> int:
        """How long a vector is."""
        ...

    @property
    def is_quick(self) -> bool:
        """Whether 500 papers take well under a second: else vectors are made in the background."""
        ...

    def embed(self, texts: Sequence[str]) -> Vectors:
        """Return one vector a text, in order; zeros for a text that says nothing.

        Raises:
            SourceError: The model could not be asked; it helps to try again later.
        """
        ...

    def embed_query(self, text: str) -> Vectors:
        """Return the vector of what somebody asks, who waits for it.

        Raises:
            SourceError: The model could not be asked, or not soon enough.
        """
        ...


class WordLlama:
    """WordLlama's word vectors, averaged: the default, since its weights are in its wheel.

    The files are read here and not through the package, which sets up the root logger when
    imported and looks for its tokenizer in a folder that the wheel does not have.
    See https://github.com/dleemiller/WordLlama.
    """

    model = "wordllama/l2_supercat_256"
    dims = 256
    is_quick = True

    def __init__(self, tokenizer: Tokenizer, weights: NDArray[np.float16]) -> None:
        self._tokenizer = tokenizer
        # numpy adds up halves four times slower than floats; these are 32 MB.
        self._weights = weights.astype(np.float32)
        self._tokens: dict[str, list[int]] = {}

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
        with safe_open(str(weights), framework="np") as tensors:
            return cls(tokenizer, tensors.get_tensor("embedding.weight"))

    def embed(self, texts: Sequence[str]) -> Vectors:
        sums = np.zeros((len(texts), self.dims), np.float32)
        for row, tokens in enumerate(self._tokenized(texts)):
            if tokens:
                sums[row] = self._weights[tokens].sum(axis=0)
        return unit(sums)

    def embed_query(self, text: str) -> Vectors:
        return self.embed([text])[0]

    def _tokenized(self, texts: Sequence[str]) -> Iterator[list[int]]:
        """Yield each text's tokens.

        None of this model's tokens reaches over a space, so texts are tokenized by words, and most
        words came before: that takes a fifth of the time.
        """
        split = [text.split() for text in texts]
        tokens = self._tokens_of({word for words in split for word in words})
        return ([token for word in words for token in tokens[word]] for words in split)

    def _tokens_of(self, words: Iterable[str]) -> dict[str, list[int]]:
        kept = self._tokens
        tokens = {word: ids for word in words if (ids := kept.get(word)) is not None}
        new = [word for word in words if word not in tokens]
        encoded = self._tokenizer.encode_batch_fast(new, add_special_tokens=False)
        made = {word: encoding.ids for word, encoding in zip(new, encoded, strict=True)}
        if len(kept) + len(made) > WORDS_KEPT:
            self._tokens = kept = {}  # and not emptied: other threads may be reading the old one
        kept |= {word: ids for word, ids in made.items() if len(word) <= LONGEST_KEPT}
        return tokens | made


class FastEmbed:
    """A model run by fastembed on this machine: better vectors, some 20 papers a second.

    See https://github.com/qdrant/fastembed. The first use downloads the model.
    """

    is_quick = False

    def __init__(self, model: str = "BAAI/bge-small-en-v1.5") -> None:
        """Load the model.

        Raises:
            SettingsError: fastembed is not installed, or does not know or get this model.
        """
        if importlib.util.find_spec("fastembed") is None:
            raise SettingsError("fastembed is not installed: run `pip install fastembed`.")
        try:
            self._embedding: Any = importlib.import_module("fastembed").TextEmbedding(model)
        except (ValueError, OSError) as error:
            raise SettingsError(f"fastembed cannot load the model {model!r}: {error}") from error
        self.model = f"fastembed/{model}"
        self.dims = len(next(iter(self._embedding.embed(["size"]))))

    def embed(self, texts: Sequence[str]) -> Vectors:
        return unit(np.array(list(self._embedding.embed(list(texts))), np.float32))

    def embed_query(self, text: str) -> Vectors:
        return unit(np.array(list(self._embedding.query_embed(text)), np.float32))[0]


class OpenAIEmbeddings:
    """A model behind an OpenAI-compatible address.

    See https://platform.openai.com/docs/api-reference/embeddings/create.

    Args:
        url: Where the API begins, such as ``http://localhost:11434/v1``.
        model: As that address calls it.
        dims: How long its vectors are.
        key: Sent as a bearer token, where the address asks for one.
    """

    is_quick = False

    def __init__(self, url: str, model: str, *, dims: int, key: str | None = None) -> None:
        if not url.startswith(("http://", "https://")):
            raise SettingsError(f"The embeddings address is {url!r}: it must begin with http.")
        self._url = url.rstrip("/") + "/embeddings"
        self._name = model
        self._key = key
        self.model = f"{_without_login(url)}/{model}"
        self.dims = dims

    @classmethod
    def measured(
        cls, url: str, model: str, *, key: str | None = None, before: DimsBefore | None = None
    ) -> OpenAIEmbeddings:
        """Ask the address how long its vectors are; where it does not say, they are as before.

        Raises:
            SettingsError: It cannot be asked, and there are none from before.
        """
        asked = cls(url, model, dims=0, key=key)
        known = before(asked.model) if before else None
        try:
            dims = asked._vectors(
                ["size"], timeout=QUERY_TIMEOUT if known else REQUEST_TIMEOUT
            ).shape[-1]
        except SourceError as error:
            if known is None:
                raise SettingsError(
                    f"{error} With PAPERWIRE_EMBEDDINGS_DIMS set, the bot starts without it."
                ) from error
            log.warning("%s Papers are searched by their words until it answers.", error)
            dims = known
        return cls(url, model, dims=dims, key=key)

    def embed(self, texts: Sequence[str]) -> Vectors:
        """Return one vector a text; of a text that the address finds too long, of its beginning.

        Raises:
            ModelTooSlow: No answer in time; fewer texts may have one.
            SourceError: The address could not be asked; it helps to try again later.
        """
        try:
            return self._embed(texts, timeout=REQUEST_TIMEOUT)
        except TextsRefused:
            self._embed(["size"], timeout=REQUEST_TIMEOUT)  # raises where everything is refused
            return self._embed_apart(texts)

    def _embed_apart(self, texts: Sequence[str]) -> Vectors:
        """Return vectors of texts that are refused together, by asking for fewer at once."""
        if len(texts) == 1:
            return self._embed_beginning(texts[0])
        middle = len(texts) // 2
        return np.concatenate([self._embed_half(half) for half in (texts[:middle], texts[middle:])])

    def _embed_half(self, texts: Sequence[str]) -> Vectors:
        try:
            return self._embed(texts, timeout=REQUEST_TIMEOUT)
        except TextsRefused:
            return self._embed_apart(texts)

    def _embed_beginning(self, text: str) -> Vectors:
        """Return the vector of as much as the address takes; zeros where it takes nothing of it."""
        while len(text) >= 2 * SHORTEST_CUT:
            text = text[: len(text) // 2]
            try:
                return self._embed([text], timeout=REQUEST_TIMEOUT)
            except TextsRefused:
                continue
        log.warning("%s makes no vector of one paper", self.model)
        return np.zeros((1, self.dims), np.float32)

    def embed_query(self, text: str) -> Vectors:
        return self._embed([text], timeout=QUERY_TIMEOUT)[0]

    def _embed(self, texts: Sequence[str], *, timeout: float) -> Vectors:
        vectors = self._vectors(texts, timeout=timeout)
        if vectors.shape != (len(texts), self.dims):
            raise SourceError(
                f"The embeddings address gave vectors of shape {vectors.shape}"
                f" instead of {(len(texts), self.dims)}."
            )
        return unit(vectors)

    def _vectors(self, texts: Sequence[str], *, timeout: float) -> Vectors:
        question = {"model": self._name, "input": [text or " " for text in texts]}
        answer = self._ask(question, timeout=timeout)
        try:
            items = sorted(answer["data"], key=lambda item: item["index"])
            vectors = np.array([item["embedding"] for item in items], np.float32)
        except (KeyError, TypeError, ValueError) as error:
            raise SourceError(NO_VECTORS) from error
        if vectors.ndim != 2 or not vectors.size:
            raise SourceError(NO_VECTORS)
        if not np.isfinite(vectors).all():
            raise TextsRefused("The embeddings address answered with what are no numbers.")
        return vectors

    def _ask(self, question: Mapping[str, object], *, timeout: float) -> Any:
        headers = {"Content-Type": "application/json", "Accept": "application/json"}
        if self._key:
            headers["Authorization"] = f"Bearer {self._key}"
        request = Request(self._url, json.dumps(question).encode(), headers)
        try:
            with urlopen(request, timeout=timeout) as answer:
                return json.load(answer)
        except HTTPError as error:
            kind = TextsRefused if error.code in REFUSED else SourceError
            raise kind(f"The embeddings address could not be asked: {error}.") from error
        except TimeoutError as error:
            raise ModelTooSlow("The embeddings address did not answer in time.") from error
        except (OSError, HTTPException, ValueError) as error:
            raise SourceError(f"The embeddings address could not be asked: {error}.") from error


def quick_embedder(embedder: Embedder) -> Embedder:
    """Return a model that thousands of texts can be asked of: the given one, or WordLlama.

    Raises:
        SettingsError: WordLlama is needed and not installed.
    """
    return embedder if embedder.is_quick else WordLlama.load()


def chosen(
    kind: str,
    model: str | None,
    *,
    dims: int | None,
    key: str | None,
    before: DimsBefore | None = None,
) -> Embedder:
    """Return the model that the operator chose.

    Args:
        kind: ``wordllama``, ``fastembed``, or where an OpenAI-compatible API begins.
        model: As fastembed or the address calls it; None for fastembed's default.
        dims: How long the address's vectors are; None to ask it.
        key: For the address.
        before: Knows the dims of an address that does not answer.

    Raises:
        SettingsError: It is not installed, not known, or cannot be asked for its dims.
    """
    if kind == "wordllama":
        return WordLlama.load()
    if kind == "fastembed":
        return FastEmbed(model) if model else FastEmbed()
    if not model:
        raise SettingsError(
            "PAPERWIRE_EMBEDDINGS is an address: set PAPERWIRE_EMBEDDINGS_MODEL too."
        )
    if dims is None:
        return OpenAIEmbeddings.measured(kind, model, key=key, before=before)
    return OpenAIEmbeddings(kind, model, dims=dims, key=key)


def _without_login(url: str) -> str:
    """Return an address as it may be logged: without a name and password in it."""
    parts = urlsplit(url)
    return parts._replace(netloc=parts.netloc.rpartition("@")[2]).geturl().rstrip("/")


def unit(vectors: Vectors) -> Vectors:
    """Return the rows at length 1; rows of zeros stay."""
    # A third of what `np.linalg.norm` takes.
    lengths = np.sqrt(np.einsum("ij,ij->i", vectors, vectors))[:, None]
    return np.divide(vectors, np.where(lengths > 0, lengths, 1), dtype=np.float32)


def _wordllama_folder() -> Path:
    spec = importlib.util.find_spec("wordllama")
    if spec is None or spec.origin is None:
        raise SettingsError("wordllama is not installed: run `pip install wordllama`.")
    return Path(spec.origin).parent

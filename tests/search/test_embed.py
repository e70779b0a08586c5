from __future__ import annotations

import http.server
import json
import logging
import subprocess
import sys
import threading
from collections.abc import Generator
from contextlib import contextmanager
from functools import partial
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.errors import SettingsError, SourceError
from bot.search import embed
from bot.search.embed import FastEmbed, OpenAIEmbeddings, WordLlama, chosen, unit
from bot.search.vectors import VectorStore, dims_kept
from tests.search.embeddings import embeddings_address


def test_like_texts_have_near_vectors(embedder: WordLlama) -> None:
    bees, wasps, ships = embedder.embed(
        ["honey bees in a hive", "insects in a nest", "trading ships on the ocean"]
    )
    assert bees @ wasps > bees @ ships


def test_a_text_that_says_nothing_has_a_vector_of_zeros(embedder: WordLlama) -> None:
    vectors = embedder.embed(["", "bees"])
    assert not vectors[0].any()
    assert np.linalg.norm(vectors[1]) == pytest.approx(1)


@given(words=st.lists(st.text("abeß🐝-.", min_size=1, max_size=60), min_size=1, max_size=8))
def test_a_vector_is_the_mean_of_its_words_whatever_is_between_them(
    words: list[str], embedder: WordLlama
) -> None:
    whole, apart = embedder.embed([" ".join(words), "\n\t ".join(words)])
    assert whole.tolist() == apart.tolist()
    assert whole == pytest.approx(embedder.embed([" ".join(words[::-1])])[0], abs=1e-5)


def test_words_are_forgotten_when_there_are_too_many(
    embedder: WordLlama, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = embedder.embed(["bees in hives", "ships on oceans"])
    monkeypatch.setattr(embed, "WORDS_KEPT", 2)
    again = [embedder.embed([text])[0] for text in ("bees in hives", "ships on oceans")]
    assert np.array(again).tolist() == before.tolist()


def test_no_texts_have_no_vectors(embedder: WordLlama) -> None:
    assert embedder.embed([]).shape == (0, 256)


def test_unit_leaves_zeros_as_they_are() -> None:
    assert unit(np.array([[3, 4], [0, 0]], np.float32)).tolist() == [
        pytest.approx([0.6, 0.8]),
        [0, 0],
    ]


def test_loading_does_not_set_up_the_root_logger() -> None:
    before = list(logging.getLogger().handlers)
    WordLlama.load()
    assert logging.getLogger().handlers == before


def test_importing_search_loads_no_model() -> None:
    code = (
        "import sys, bot.search, bot.search.embed;"
        "print(*{'wordllama', 'tokenizers', 'safetensors', 'fastembed'} & set(sys.modules))"
    )
    done = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True)
    assert done.stdout.strip() == ""


def test_fastembed_says_how_to_install_it() -> None:
    with pytest.raises(SettingsError, match="pip install fastembed"):
        FastEmbed()


class _Answers(http.server.BaseHTTPRequestHandler):
    """Answers every request with the server's ``status`` and ``answer``, and notes it."""

    def do_POST(self) -> None:
        server = self.server
        assert isinstance(server, _Server)
        length = int(self.headers["Content-Length"])
        server.asked.append(json.loads(self.rfile.read(length)))
        server.keys.append(self.headers.get("Authorization"))
        self.send_response(server.status)
        self.end_headers()
        self.wfile.write(server.answer)

    def log_message(self, format: str, *args: object) -> None:
        pass


class _Server(http.server.HTTPServer):
    def __init__(self, answer: object, *, status: int = 200) -> None:
        super().__init__(("127.0.0.1", 0), _Answers)
        self.status = status
        self.answer = answer if isinstance(answer, bytes) else json.dumps(answer).encode()
        self.asked: list[dict[str, object]] = []
        self.keys: list[str | None] = []

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_port}/v1"


@contextmanager
def serving(answer: object, *, status: int = 200) -> Generator[_Server]:
    with _Server(answer, status=status) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        try:
            yield server
        finally:
            server.shutdown()
            thread.join()


def test_an_address_is_asked_for_vectors_in_the_order_of_texts() -> None:
    answer = {"data": [{"index": 1, "embedding": [0, 2]}, {"index": 0, "embedding": [3, 0]}]}
    with serving(answer) as server:
        model = OpenAIEmbeddings(server.url, "small", dims=2, key="secret")
        assert model.embed(["one", "two"]).tolist() == [[1, 0], [0, 1]]
    assert server.asked == [{"model": "small", "input": ["one", "two"]}]
    assert server.keys == ["Bearer secret"]


@pytest.mark.parametrize(
    ("answer", "status", "sentence"),
    [
        ({"data": [{"index": 0, "embedding": [1]}]}, 200, "shape"),
        ({"oops": []}, 200, "did not answer with vectors"),
        ({"data": [{"index": 0, "embedding": ["a", "b"]}]}, 200, "did not answer with vectors"),
        ({"data": []}, 200, "did not answer with vectors"),
        ({"data": [{"index": 0, "embedding": 5}]}, 200, "did not answer with vectors"),
        ({"data": [{"index": 0, "embedding": [1, None]}]}, 200, "no numbers"),
        ({"data": [{"index": 0, "embedding": [1, float("nan")]}]}, 200, "no numbers"),
        (b"<html>", 200, "could not be asked"),
        ({}, 500, "could not be asked"),
    ],
)
def test_a_bad_answer_is_a_source_error(answer: object, status: int, sentence: str) -> None:
    with serving(answer, status=status) as server:
        model = OpenAIEmbeddings(server.url, "small", dims=2)
        with pytest.raises(SourceError, match=sentence):
            model.embed(["one"])


def test_an_address_that_is_none_stops_the_start() -> None:
    with pytest.raises(SettingsError, match="must begin with http"):
        OpenAIEmbeddings("localhost:8080", "small", dims=2)


def test_an_address_is_asked_how_long_its_vectors_are() -> None:
    with embeddings_address(dims=48) as address:
        model = chosen(address.url, "small", dims=None, key=None)
        assert model.dims == 48
        assert model.embed_query("bees").shape == (48,)


def test_an_address_that_cannot_be_asked_names_the_setting_that_helps() -> None:
    with pytest.raises(SettingsError, match="PAPERWIRE_EMBEDDINGS_DIMS"):
        chosen("http://127.0.0.1:9/v1", "small", dims=None, key=None)
    assert chosen("http://127.0.0.1:9/v1", "small", dims=8, key=None).dims == 8


def test_an_address_that_cannot_be_asked_has_vectors_as_long_as_those_kept(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    with embeddings_address(dims=48) as address:
        url, ask = address.url, partial(chosen, dims=None, key=None)
        before = partial(dims_kept, tmp_path)
        model = ask(url, "small", before=before)
        VectorStore(tmp_path, model=model.model, dims=model.dims, rows=2).close()
        VectorStore(tmp_path, model=f"{url}/large", dims=96, rows=2).close()
        address.dims = 32
        assert ask(url, "small", before=before).dims == 32  # it knows better
    assert not caplog.records
    assert ask(url, "small", before=before).dims == 48
    assert [record.levelname for record in caplog.records] == ["WARNING"]
    assert "searched by their words until it answers" in caplog.text
    assert ask(url, "large", before=before).dims == 96
    with pytest.raises(SettingsError, match="PAPERWIRE_EMBEDDINGS_DIMS"):
        ask(url, "other", before=before)


@pytest.mark.parametrize("vector", [[], 5, [None]])
def test_an_address_whose_answer_has_no_vector_is_named_at_the_start(vector: object) -> None:
    with (
        serving({"data": [{"index": 0, "embedding": vector}]}) as server,
        pytest.raises(SettingsError, match="PAPERWIRE_EMBEDDINGS_DIMS"),
    ):
        chosen(server.url, "small", dims=None, key=None)


def test_an_address_that_takes_few_texts_at_once_is_given_few() -> None:
    texts = [f"bees in hive {number}" for number in range(10)]
    with embeddings_address() as address:
        model = OpenAIEmbeddings(address.url, "small", dims=64)
        wanted = model.embed(texts)
        address.most_texts = 3
        assert model.embed(texts).tolist() == wanted.tolist()


def test_of_a_text_that_is_too_long_for_an_address_the_beginning_is_read(
    caplog: pytest.LogCaptureFixture,
) -> None:
    long = "bees in a hive " * 100
    with embeddings_address() as address:
        model = OpenAIEmbeddings(address.url, "small", dims=64)
        wanted = model.embed(["ships", long[:375], "the ocean"])
        address.longest = 500
        assert model.embed(["ships", long, "the ocean"]).tolist() == wanted.tolist()
        address.unreadable = "ships"
        assert model.embed(["ships", long, "the ocean"]).any(axis=1).tolist() == [False, True, True]
    assert "makes no vector of one paper" in caplog.text


def test_an_address_that_refuses_everything_is_not_asked_for_each_text() -> None:
    with serving({}, status=400) as server:
        model = OpenAIEmbeddings(server.url, "small", dims=2)
        with pytest.raises(SourceError, match="400"):
            model.embed(["one", "two", "three", "four"])
    assert len(server.asked) == 2


def test_an_address_needs_the_name_of_a_model() -> None:
    with pytest.raises(SettingsError, match="PAPERWIRE_EMBEDDINGS_MODEL"):
        chosen("http://127.0.0.1:9/v1", None, dims=8, key=None)


def test_who_waits_for_a_search_does_not_wait_long_for_its_meaning(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(embed, "QUERY_TIMEOUT", 0.05)
    with embeddings_address() as address:
        model = OpenAIEmbeddings(address.url, "small", dims=64)
        address.may_answer.clear()
        with pytest.raises(SourceError, match="did not answer in time"):
            model.embed_query("bees")


def test_a_login_in_an_address_is_not_part_of_the_model_s_name() -> None:
    model = OpenAIEmbeddings("http://me:secret@127.0.0.1:9/v1/", "small", dims=2)
    assert model.model == "http://127.0.0.1:9/v1/small"


def test_the_default_comes_along(embedder: WordLlama) -> None:
    model = chosen("wordllama", None, dims=None, key=None)
    assert model.model == embedder.model
    assert model.embed_query("bees").tolist() == embedder.embed(["bees"])[0].tolist()

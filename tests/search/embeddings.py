"""An OpenAI-compatible embeddings address on loopback, which reads by the default model."""

from __future__ import annotations

import http.server
import json
import threading
from collections.abc import Generator, Sequence
from contextlib import contextmanager

from bot.search.embed import WordLlama


class Address(http.server.ThreadingHTTPServer):
    """Answers with the first ``dims`` numbers of the default model's vectors.

    Args:
        dims: How long the vectors are.
    """

    def __init__(self, dims: int) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.dims = dims
        self.reader = WordLlama.load()
        self.read: list[str] = []
        self.looked_at: list[str] = []
        self.may_answer = threading.Event()
        """Cleared, it lets everybody wait."""
        self.may_answer.set()
        self.status = 200
        self.waits_for_more_than = 1_000
        """Texts; a request with more has no answer while the address is open."""
        self.closing = threading.Event()
        self.most_texts = 1_000
        self.longest = 100_000
        """Characters; with a longer text, or with more texts, a request is refused as too large."""
        self.unreadable = ""
        """What is refused at any length, unless empty."""

    def takes(self, texts: Sequence[str]) -> bool:
        too_long = any(len(text) > self.longest for text in texts)
        unreadable = self.unreadable and any(self.unreadable in text for text in texts)
        return not (too_long or unreadable) and len(texts) <= self.most_texts

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_port}/v1"


class _Handler(http.server.BaseHTTPRequestHandler):
    def do_POST(self) -> None:
        address = self.server
        assert isinstance(address, Address)
        texts = json.loads(self.rfile.read(int(self.headers["Content-Length"])))["input"]
        address.may_answer.wait()
        if len(texts) > address.waits_for_more_than:
            address.closing.wait()
        address.read += texts
        vectors = address.reader.embed(texts)[:, : address.dims].tolist()
        data = [{"index": at, "embedding": vector} for at, vector in enumerate(vectors)]
        try:
            self.send_response(address.status if address.takes(texts) else 413)
            self.end_headers()
            self.wfile.write(json.dumps({"data": data}).encode())
        except OSError:
            pass  # whoever asked did not wait

    def do_GET(self) -> None:
        address = self.server
        assert isinstance(address, Address)
        address.looked_at.append(self.path)
        self.send_response(address.status)
        self.end_headers()

    def log_message(self, format: str, *args: object) -> None:
        pass


@contextmanager
def embeddings_address(dims: int = 64) -> Generator[Address]:
    with Address(dims) as address:
        thread = threading.Thread(target=address.serve_forever)
        thread.start()
        try:
            yield address
        finally:
            address.may_answer.set()
            address.closing.set()
            address.shutdown()
            thread.join()

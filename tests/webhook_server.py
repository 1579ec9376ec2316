"""A local webhook receiver with given responses that records its requests."""

from __future__ import annotations

import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import orjson


@dataclass
class Receiver:
    """A receiver of POST requests to `url`.

    Attributes:
        url: the address to send to.
        answers: statuses of the next responses, in order; 204 follows.
        got: bodies and headers of the requests, in order.
    """

    url: str = ""
    answers: list[int] = field(default_factory=list)
    got: list[tuple[bytes, dict[str, str]]] = field(default_factory=list)

    @property
    def changes(self) -> list[dict[str, Any]]:
        """Returns the changes of all bodies."""
        return [change for body, _ in self.got for change in orjson.loads(body)["changes"]]


@contextmanager
def run_receiver(answers: Sequence[int] = (), location: str = "") -> Iterator[Receiver]:
    """Serves until the block ends; 3xx responses redirect to `location`."""
    receiver = Receiver(answers=list(answers))

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            receiver.got.append((body, dict(self.headers)))
            status = receiver.answers.pop(0) if receiver.answers else 204
            self.send_response(status)
            if 300 <= status < 400:
                self.send_header("Location", location)
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, format: str, *arguments: object) -> None:
            """Stays silent: tests report their own errors."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    receiver.url = f"http://127.0.0.1:{server.server_port}/hook/path-secret?token=query-secret"
    try:
        yield receiver
    finally:
        server.shutdown()
        thread.join()
        server.server_close()

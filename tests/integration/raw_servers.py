"""Servers that speak bytes: whatever an HTTP library would be too polite to send."""

from __future__ import annotations

import contextlib
import json
import socket
import threading
from collections.abc import Callable
from typing import Any, Self

from local.fake_carrierx import an_invoice
from local.servers import LOOPBACK

Play = Callable[[socket.socket], None]
FOR_EVER_SECONDS = 60.0


class RawServer:
    """Reads the head of one request per connection, plays, and closes.

    The first connection has the first play, and so on; the last play goes on for ever. Bytes are
    sent as they are. ``requests`` has the heads, ``connections`` counts who came.
    """

    def __init__(self, *plays: Play | bytes, reads_request: bool = True) -> None:
        self._plays = plays or (b"",)
        self._reads_request = reads_request
        self._listener = socket.create_server((LOOPBACK, 0), backlog=64)
        self._open: set[socket.socket] = set()
        self._threads: list[threading.Thread] = []
        self.connections = 0
        self.requests: list[bytes] = []

    @property
    def port(self) -> int:
        return int(self._listener.getsockname()[1])

    @property
    def url(self) -> str:
        return f"http://{LOOPBACK}:{self.port}"

    def __enter__(self) -> Self:
        self._spawn(self._accept)
        return self

    def __exit__(self, *_: object) -> None:
        with contextlib.suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        for connection in tuple(self._open):
            with contextlib.suppress(OSError):
                connection.shutdown(socket.SHUT_RDWR)
        for thread in self._threads:
            thread.join(timeout=5)

    def _accept(self) -> None:
        with contextlib.suppress(OSError):
            while True:
                connection, _ = self._listener.accept()
                play = self._plays[min(self.connections, len(self._plays) - 1)]
                self.connections += 1
                self._open.add(connection)
                self._spawn(self._serve, connection, play)

    def _serve(self, connection: socket.socket, play: Play | bytes) -> None:
        with connection, contextlib.suppress(OSError):
            if self._reads_request:
                self.requests.append(read_head(connection))
            if isinstance(play, bytes):
                connection.sendall(play)
            else:
                play(connection)
        self._open.discard(connection)

    def _spawn(self, target: Callable[..., None], *args: Any) -> None:
        thread = threading.Thread(target=target, args=args, daemon=True)
        self._threads.append(thread)
        thread.start()


def read_head(connection: socket.socket) -> bytes:
    """One request's head; what has come of it, if the client leaves."""
    head = b""
    while b"\r\n\r\n" not in head:
        piece = connection.recv(65536)
        if not piece:
            return head
        head += piece
    return head


def wait_for_the_client_to_leave(connection: socket.socket) -> None:
    """Say nothing more, and keep the line open."""
    connection.settimeout(FOR_EVER_SECONDS)
    while connection.recv(65536):
        pass


def then_silence(octets: bytes) -> Play:
    """Send this, then nothing, with the line open."""

    def play(connection: socket.socket) -> None:
        connection.sendall(octets)
        wait_for_the_client_to_leave(connection)

    return play


def endlessly(octets: bytes, *, after: bytes = b"") -> Play:
    """Send this again and again until the client has had enough."""

    def play(connection: socket.socket) -> None:
        connection.sendall(after)
        while True:
            connection.sendall(octets)

    return play


def head(status: str = "200 OK", *headers: str, kind: str = "application/json") -> bytes:
    """A status line and headers, with no word about the body's length unless given."""
    lines = [f"HTTP/1.1 {status}", f"Content-Type: {kind}", *headers, "", ""]
    return "\r\n".join(lines).encode("latin-1")


def with_length(body: bytes, *headers: str) -> bytes:
    """A complete 200."""
    return head("200 OK", f"Content-Length: {len(body)}", *headers) + body


def chunked(*chunks: bytes) -> bytes:
    """A complete 200 in chunks."""
    pieces = b"".join(b"%x\r\n%b\r\n" % (len(chunk), chunk) for chunk in chunks)
    return head("200 OK", "Transfer-Encoding: chunked") + pieces + b"0\r\n\r\n"


def invoice_body(**changes: object) -> bytes:
    """The documented invoice with its partner's object in it, as JSON."""
    fields = an_invoice(**changes)
    fields.setdefault("partner", {"partner_sid": fields["partner_sid"], "name": "John Smith"})
    return json.dumps(fields).encode()

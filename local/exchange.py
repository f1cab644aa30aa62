"""One HTTP request and its answer, with every way to send that answer, right or wrong."""

from __future__ import annotations

import contextlib
import os
import select
import socket
import ssl
import struct
import threading
import time
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler
from typing import Protocol

WATCH_SECONDS = 0.05  # how soon a waiting answer notices that the client left

Headers = tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class Answer:
    """Status, headers and body of one HTTP answer. ``Content-Length`` is added on the way out."""

    status: int
    headers: Headers = ()
    body: bytes = b""

    def header(self, name: str) -> str | None:
        """The first header of that name, in any case."""
        return next((value for key, value in self.headers if key.lower() == name.lower()), None)


class Responding(Protocol):
    """What an exchange needs of its server."""

    respond: Callable[[Exchange], None]
    closing: threading.Event


class ClientGone(ConnectionError):
    """The client left, or the server is stopping: nothing more to say."""


class Exchange(BaseHTTPRequestHandler):
    """One connection, with one request at a time on it."""

    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True  # or a header and its body are 40 ms apart
    server: Responding  # type: ignore[assignment]  # socketserver would say BaseServer

    # ------------------------------------------------------------------------- the request

    @property
    def connection_number(self) -> int:
        """The client's port: tells kept-alive connections apart."""
        return int(self.client_address[1])

    def read_body(self) -> bytes:
        """The request's whole body, sent in one piece or in chunks."""
        if "chunked" in self.headers.get("Transfer-Encoding", "").lower():
            return b"".join(self._read_chunks())
        length = self.headers.get("Content-Length", "0")
        return self.rfile.read(int(length)) if length.isdigit() else b""

    def _read_chunks(self) -> Iterator[bytes]:
        while size := int(self.rfile.readline(100).partition(b";")[0], 16):
            yield self.rfile.read(size)
            self.rfile.readline(2)
        while self.rfile.readline(65536).strip():
            pass  # trailers

    # ------------------------------------------------------------------------- the answer

    def send(self, answer: Answer) -> None:
        """A complete, correct answer."""
        self.send_raw(self.head_of(answer))
        if self.command != "HEAD":
            self.send_raw(answer.body)

    def head_of(self, answer: Answer) -> bytes:
        """Status line and headers, with ``Content-Length`` unless it frames itself otherwise."""
        headers = list(answer.headers)
        framed = answer.header("Content-Length") or answer.header("Transfer-Encoding")
        if not framed and answer.status not in {204, 304}:
            headers.append(("Content-Length", str(len(answer.body))))
        phrase = self.responses.get(answer.status, ("Unknown",))[0]
        lines = [f"HTTP/1.1 {answer.status} {phrase}", *(f"{k}: {v}" for k, v in headers), "", ""]
        return "\r\n".join(lines).encode("latin-1")

    def send_raw(self, octets: bytes) -> None:
        self.wfile.write(octets)

    def send_slowly(self, octets: bytes, *, seconds: float, at_a_time: int = 1) -> None:
        """A few bytes, a wait, a few bytes..."""
        for start in range(0, len(octets), at_a_time):
            self.send_raw(octets[start : start + at_a_time])
            self.pause(seconds)

    def send_until_refused(self, pieces: Iterable[bytes]) -> None:
        """Write until the pieces or the client's patience end."""
        for piece in pieces:
            if self.server.closing.is_set():
                raise ClientGone
            self.send_raw(piece)

    def pause(self, seconds: float) -> None:
        """Wait; raises :class:`ClientGone` as soon as the client leaves or the server stops."""
        end = time.monotonic() + seconds
        while (left := end - time.monotonic()) > 0:
            if self.server.closing.wait(min(left, WATCH_SECONDS)) or self._client_left():
                raise ClientGone

    def hang_up(self) -> None:
        """Close the connection in good order, after whatever has been sent."""
        self.close_connection = True

    def reset(self) -> None:
        """Cut the connection with a TCP reset.

        Zero linger makes ``close`` send RST. The descriptor is closed beneath the socket object,
        because the server would first ``shutdown`` it, which is an orderly end of stream.
        """
        self.close_connection = True
        linger = struct.pack("ii", 1, 0)
        self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, linger)
        os.close(self.connection.detach())

    def _client_left(self) -> bool:
        try:
            if not select.select([self.connection], [], [], 0)[0]:
                return False
            if isinstance(self.connection, ssl.SSLSocket):  # TLS cannot peek
                return False
            return not self.connection.recv(1, socket.MSG_PEEK)
        except OSError:
            return True

    # ------------------------------------------------------------------------- http.server's names

    def handle(self) -> None:
        """Serve requests until the connection ends; an end in mid-sentence is an end."""
        with contextlib.suppress(OSError):
            super().handle()

    def finish(self) -> None:
        with contextlib.suppress(OSError):
            super().finish()

    def do_any(self) -> None:
        if self.server.closing.is_set():
            raise ClientGone
        self.server.respond(self)

    do_GET = do_HEAD = do_POST = do_PUT = do_PATCH = do_DELETE = do_OPTIONS = do_any  # noqa: N815

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002
        """Nothing: the servers keep their own records."""

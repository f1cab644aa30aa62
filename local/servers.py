"""A loopback HTTP server that stops when it is told to, and leaves nothing behind.

The standard ``ThreadingHTTPServer`` waits for ever on kept-alive connections when its threads are
joined, and leaks the threads when they are not. Here every open connection is cut first.
"""

from __future__ import annotations

import contextlib
import os
import select
import socket
import socketserver
import ssl
import struct
import threading
import time
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType
from typing import Any, Self

LOOPBACK = "127.0.0.1"
BACKLOG = 128
POLL_SECONDS = 0.02  # how soon a server notices that it should stop
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


class ClosesConnections(socketserver.TCPServer):
    """Mixin: knows its open connections, so that stopping does not wait for idle clients."""

    server_name: str
    server_port: int
    _connections: set[socket.socket]

    def start(self) -> None:
        """Serve from a thread of its own until :meth:`stop`."""
        self._connections = set()
        self._thread = threading.Thread(
            target=self.serve_forever, kwargs={"poll_interval": POLL_SECONDS}, daemon=True
        )
        self._thread.start()

    def stop(self) -> None:
        """Stop listening, cut every connection, and wait for the threads to end."""
        self.shutdown()
        for connection in tuple(self._connections):
            with contextlib.suppress(OSError):
                connection.shutdown(socket.SHUT_RDWR)
        self.server_close()
        self._thread.join()

    def server_bind(self) -> None:
        # HTTPServer.server_bind looks up the host's full name: a DNS query, seconds without DNS.
        socketserver.TCPServer.server_bind(self)
        self.server_name, self.server_port = LOOPBACK, int(self.server_address[1])

    def process_request(self, request: Any, client_address: Any) -> None:
        self._connections.add(request)
        super().process_request(request, client_address)

    def shutdown_request(self, request: Any) -> None:
        self._connections.discard(request)
        super().shutdown_request(request)


class LoopbackServer:
    """``with LoopbackServer(respond) as server:`` answers each request by ``respond(exchange)``.

    :param respond: called in a thread per connection; a client that goes away is not an error.
    :param tls: a server-side context makes it ``https``; the handshake is the thread's own, so a
        client that never finishes it holds up nobody.
    """

    def __init__(
        self,
        respond: Callable[[Exchange], None],
        *,
        port: int = 0,
        tls: ssl.SSLContext | None = None,
    ) -> None:
        self.closing = threading.Event()
        self._http = _Http((LOOPBACK, port), Exchange)
        self._http.respond, self._http.closing = respond, self.closing
        self._scheme = "https" if tls else "http"
        if tls:
            self._http.socket = tls.wrap_socket(
                self._http.socket, server_side=True, do_handshake_on_connect=False
            )

    @property
    def port(self) -> int:
        return int(self._http.server_address[1])

    @property
    def url(self) -> str:
        return f"{self._scheme}://{LOOPBACK}:{self.port}"

    def start(self) -> Self:
        self._http.start()
        return self

    def stop(self) -> None:
        """Go down; once down, stay down."""
        if not self.closing.is_set():
            self.closing.set()
            self._http.stop()

    def __enter__(self) -> Self:
        return self.start()

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.stop()


class _Http(ClosesConnections, ThreadingHTTPServer):
    daemon_threads = False  # server_close() joins them
    request_queue_size = BACKLOG
    respond: Callable[[Exchange], None]
    closing: threading.Event


class ClientGone(ConnectionError):
    """The client left, or the server is stopping: nothing more to say."""


class Exchange(BaseHTTPRequestHandler):
    """One connection, with one request at a time on it."""

    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True  # or a header and its body are 40 ms apart
    server: _Http

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


def free_port() -> int:
    """A loopback port on which nobody listens."""
    with socket.socket() as probe:
        probe.bind((LOOPBACK, 0))
        return int(probe.getsockname()[1])


@contextlib.contextmanager
def dead_end() -> Any:
    """An address that takes no connection and refuses none, as behind a dropping firewall.

    Yields ``http://127.0.0.1:port``: its accept queue is full, so further SYNs go unanswered.
    """
    with contextlib.ExitStack() as sockets:
        listener = sockets.enter_context(socket.socket())
        listener.bind((LOOPBACK, 0))
        listener.listen(0)
        for _ in range(4):
            filler = sockets.enter_context(socket.socket())
            filler.setblocking(False)  # noqa: FBT003
            filler.connect_ex(listener.getsockname())
        yield f"http://{LOOPBACK}:{listener.getsockname()[1]}"

"""A loopback HTTP server that stops when it is told to, and leaves nothing behind.

The standard ``ThreadingHTTPServer`` waits for ever on kept-alive connections when its threads are
joined, and leaks the threads when they are not. Here every open connection is cut first.
"""

from __future__ import annotations

import contextlib
import socket
import socketserver
import ssl
import threading
from collections.abc import Callable, Iterator
from http.server import ThreadingHTTPServer
from types import TracebackType
from typing import Any, Self

from local.exchange import Answer, ClientGone, Exchange, Headers

__all__ = [
    "LOOPBACK",
    "Answer",
    "ClientGone",
    "ClosesConnections",
    "Exchange",
    "Headers",
    "LoopbackServer",
    "dead_end",
    "free_port",
]

LOOPBACK = "127.0.0.1"
BACKLOG = 128
POLL_SECONDS = 0.02  # how soon a server notices that it should stop


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


def free_port() -> int:
    """A loopback port on which nobody listens."""
    with socket.socket() as probe:
        probe.bind((LOOPBACK, 0))
        return int(probe.getsockname()[1])


@contextlib.contextmanager
def dead_end() -> Iterator[str]:
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

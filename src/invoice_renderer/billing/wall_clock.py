"""The wall clock: a call ends at its deadline, whatever it is waiting for.

A socket's time-out begins anew with every byte. So a timer shuts the connection down when the
deadline passes, which wakes whoever reads or writes it. What comes before there is a connection
to shut, which is connecting and the TLS handshake, is given no more time than is left.

A name that does not resolve is beyond this: the C library's resolver has time-outs of its own.
"""

from __future__ import annotations

import socket
import ssl
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import Any

from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.connectionpool import HTTPConnectionPool, HTTPSConnectionPool
from urllib3.exceptions import SSLError
from urllib3.util.connection import create_connection

from invoice_renderer.deadline import Deadline
from invoice_renderer.errors import BillingUntrusted

CONNECT_SECONDS = 2.0  # for one address, and again for the TLS handshake


class Cut:
    """Shuts the watched socket when the deadline passes."""

    def __init__(self, deadline: Deadline) -> None:
        self._deadline = deadline
        self._lock = threading.Lock()
        self._socket: socket.socket | None = None
        self.has_fallen = False

    def seconds_left(self, at_most: float) -> float:
        """:raises TimeoutError: nothing is left."""
        left = min(at_most, self._deadline.remaining())
        if left <= 0:
            raise TimeoutError
        return left

    def watch(self, connected: socket.socket) -> None:
        with self._lock:
            if self.has_fallen:
                raise TimeoutError
            self._socket = connected

    def fall(self) -> None:
        with self._lock:
            self.has_fallen = True
            if self._socket is not None:
                with suppress(OSError):
                    # SSLSocket's own shutdown would take the TLS layer off beneath its reader.
                    socket.socket.shutdown(self._socket, socket.SHUT_RDWR)

    def let_go(self) -> None:
        """From here on the socket is another call's: a timer that is late must not touch it."""
        with self._lock:
            self._socket = None


_this_thread = threading.local()


@contextmanager
def cut_at(deadline: Deadline) -> Iterator[Cut]:
    """Cut this thread's call at the deadline; ``has_fallen`` says afterwards whether it was."""
    cut = _this_thread.cut = Cut(deadline)
    timer = threading.Timer(deadline.remaining(), cut.fall)
    timer.daemon = True
    timer.start()
    try:
        yield cut
    finally:
        timer.cancel()
        cut.let_go()


# ----------------------------------------------------------------------------- connections


class _EndsInTime(HTTPConnection):
    def _new_conn(self) -> socket.socket:
        """Connect to the first address that answers. urllib3 would give each the same time-out,
        however many there are and however little time is left.
        """
        found = socket.getaddrinfo(self._dns_host, self.port, type=socket.SOCK_STREAM)
        problem = OSError("the name has no address")
        for *_, address in found:
            try:
                return self._connect_to(address[:2])
            except OSError as error:
                problem = error
        raise problem

    def _connect_to(self, address: Any) -> socket.socket:
        cut: Cut = _this_thread.cut
        seconds = cut.seconds_left(CONNECT_SECONDS)
        connected = create_connection(address, seconds, socket_options=self.socket_options)
        connected.settimeout(cut.seconds_left(CONNECT_SECONDS))  # of the handshake as a whole
        return connected

    def request(self, *args: Any, **kwargs: Any) -> None:
        if self.sock is None:
            self.connect()
        _this_thread.cut.watch(self.sock)
        super().request(*args, **kwargs)


class _PlainConnection(_EndsInTime):
    """``http``, which the settings allow on loopback only."""


class _TlsConnection(_EndsInTime, HTTPSConnection):
    def connect(self) -> None:
        """Tell a peer that we do not trust from a network that cut the handshake short."""
        try:
            super().connect()
        except (ssl.SSLEOFError, ssl.SSLZeroReturnError):
            raise ConnectionResetError from None
        except (ssl.SSLError, SSLError):
            raise BillingUntrusted from None


class _PlainPool(HTTPConnectionPool):
    ConnectionCls = _PlainConnection


class _TlsPool(HTTPSConnectionPool):
    ConnectionCls = _TlsConnection


POOLS = {"http": _PlainPool, "https": _TlsPool}

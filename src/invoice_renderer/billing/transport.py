"""One bounded HTTP GET: every wait and every byte has an end.

``requests`` has no total time-out (a server that drips a byte now and then outlives any read
time-out), unfolds a gzip bomb whole, follows redirects with the bearer token, obeys
``HTTP_PROXY`` and lets ``.netrc`` replace our Authorization header. None of that happens here.
"""

from __future__ import annotations

import socket
import threading
import zlib
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from typing import Any

import requests
import urllib3
from requests.adapters import HTTPAdapter
from requests.auth import AuthBase
from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.connectionpool import HTTPConnectionPool, HTTPSConnectionPool

from invoice_renderer.credentials import Token
from invoice_renderer.deadline import Deadline
from invoice_renderer.errors import BillingUnavailable, BillingUntrusted

CONNECT_SECONDS = 2.0
READ_SECONDS = 5.0
WIRE_BYTES = 5_000_000
BODY_BYTES = 5_000_000
CHUNK_BYTES = 64 * 1024
USER_AGENT = "invoice-renderer"


@dataclass(frozen=True, slots=True)
class Answer:
    """Status, headers (case-insensitive) and the whole body, decompressed."""

    status: int
    headers: Mapping[str, str]
    body: bytes


class Transport:
    """GETs with a bearer token under a wall-clock deadline. One connection is kept per thread."""

    def __init__(self, *, verify: bool | str = True) -> None:
        self._verify = verify
        self._threads = threading.local()

    def get(
        self, url: str, params: Mapping[str, str], *, token: Token, deadline: Deadline
    ) -> Answer:
        """Fetch one answer whole.

        :raises BillingUnavailable: no connection, a broken or endless answer, or too many bytes.
        :raises BillingUntrusted: TLS says that this is not CarrierX.
        """
        try:
            with _cut_at(deadline) as cut:
                return self._exchange(url, params, token)
        except (requests.RequestException, urllib3.exceptions.HTTPError, OSError) as error:
            self.close()
            if isinstance(error, requests.exceptions.SSLError):
                raise BillingUntrusted from None
            problem = "no answer in time" if cut.is_set() else _problem_of(error)
            raise BillingUnavailable(problem) from None
        except BillingUnavailable:
            self.close()  # an answer that was not read to its end must not meet the next request
            if cut.is_set():
                raise BillingUnavailable("no answer in time") from None
            raise

    def close(self) -> None:
        """Drop this thread's connection; the next call opens a new one."""
        session: requests.Session | None = self._threads.__dict__.pop("session", None)
        if session is not None:
            session.close()

    def _exchange(self, url: str, params: Mapping[str, str], token: Token) -> Answer:
        response = self._session().get(
            url,
            params=params,
            auth=_Bearer(token),
            timeout=(CONNECT_SECONDS, READ_SECONDS),
            allow_redirects=False,
            stream=True,
        )
        body = _read_body(response)
        return Answer(response.status_code, response.headers, body)

    def _session(self) -> requests.Session:
        session: requests.Session | None = getattr(self._threads, "session", None)
        if session is None:
            session = self._threads.session = _new_session(self._verify)
        return session


def _new_session(verify: bool | str) -> requests.Session:  # noqa: FBT001  requests' own union
    session = requests.Session()
    session.trust_env = False  # no proxies, no .netrc, no REQUESTS_CA_BUNDLE
    session.verify = verify
    session.headers.update(
        {"Accept": "application/json", "Accept-Encoding": "gzip", "User-Agent": USER_AGENT}
    )
    session.mount("https://", _Adapter(max_retries=0))
    session.mount("http://", _Adapter(max_retries=0))
    return session


class _Bearer(AuthBase):
    def __init__(self, token: Token) -> None:
        self._token = token

    def __call__(self, request: requests.PreparedRequest) -> requests.PreparedRequest:
        request.headers["Authorization"] = f"Bearer {self._token.reveal()}"
        return request


# ----------------------------------------------------------------------------- the wall clock


class _Cut(threading.Event):
    """Shuts the thread's current socket when the deadline passes, whatever it is waiting for."""

    socket: socket.socket | None = None

    def fall(self) -> None:
        self.set()
        if self.socket is not None:
            with suppress(OSError):
                self.socket.shutdown(socket.SHUT_RDWR)


_current = threading.local()


@contextmanager
def _cut_at(deadline: Deadline) -> Iterator[_Cut]:
    cut = _current.cut = _Cut()
    timer = threading.Timer(deadline.remaining(), cut.fall)
    timer.daemon = True
    timer.start()
    try:
        yield cut
    finally:
        timer.cancel()
        _current.cut = None


def _watch(connection: HTTPConnection) -> None:
    cut: _Cut | None = getattr(_current, "cut", None)
    if cut is not None:
        cut.socket = connection.sock
        if cut.is_set():
            raise TimeoutError


class _PlainConnection(HTTPConnection):
    def request(self, *args: Any, **kwargs: Any) -> None:
        if self.sock is None:
            self.connect()
        _watch(self)
        super().request(*args, **kwargs)


class _TlsConnection(HTTPSConnection):
    def request(self, *args: Any, **kwargs: Any) -> None:
        if self.sock is None:
            self.connect()
        _watch(self)
        super().request(*args, **kwargs)


class _PlainPool(HTTPConnectionPool):
    ConnectionCls = _PlainConnection


class _TlsPool(HTTPSConnectionPool):
    ConnectionCls = _TlsConnection


class _Adapter(HTTPAdapter):
    def init_poolmanager(self, *args: Any, **kwargs: Any) -> None:
        super().init_poolmanager(*args, **kwargs)
        self.poolmanager.pool_classes_by_scheme = {"http": _PlainPool, "https": _TlsPool}


# ----------------------------------------------------------------------------- the body


def _read_body(response: requests.Response) -> bytes:
    coding = response.headers.get("Content-Encoding", "identity").strip().lower()
    if coding == "identity":
        return b"".join(_capped(_wire(response), BODY_BYTES))
    if coding in {"gzip", "x-gzip"}:
        return b"".join(_capped(_unzip(_wire(response)), BODY_BYTES))
    raise BillingUnavailable("an answer in a coding that was not asked for", again=False)


def _wire(response: requests.Response) -> Iterator[bytes]:
    return _capped(response.raw.stream(CHUNK_BYTES, decode_content=False), WIRE_BYTES)


def _capped(chunks: Iterator[bytes], limit: int) -> Iterator[bytes]:
    total = 0
    for chunk in chunks:
        total += len(chunk)
        if total > limit:
            raise BillingUnavailable(f"an answer over {limit} bytes", again=False)
        yield chunk


def _unzip(chunks: Iterator[bytes]) -> Iterator[bytes]:
    """Decompress piece by piece, so that a bomb stops at the cap and not at the memory's end."""
    unzip = zlib.decompressobj(wbits=31)
    try:
        for chunk in chunks:
            pending = chunk
            while pending:
                yield unzip.decompress(pending, CHUNK_BYTES)
                pending = unzip.unconsumed_tail
        yield unzip.flush(CHUNK_BYTES)
    except zlib.error:
        raise BillingUnavailable("a broken gzip answer") from None
    if not unzip.eof:
        raise BillingUnavailable("a truncated gzip answer")


def _problem_of(error: Exception) -> str:
    """A word for the fault; the exception's own text names hosts and paths."""
    if isinstance(error, requests.Timeout | TimeoutError):
        return "no answer in time"
    if isinstance(error, requests.ConnectionError):
        return "no connection"
    return "a broken answer"

"""One bounded HTTP GET: every wait and every byte has an end.

``requests`` has no total time-out (a server that drips a byte now and then outlives any read
time-out), unfolds a gzip bomb whole, follows redirects with the bearer token, obeys
``HTTP_PROXY`` and lets ``.netrc`` replace our Authorization header. None of that happens here.
"""

from __future__ import annotations

import threading
import zlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import partial
from http.cookiejar import DefaultCookiePolicy
from typing import Any

import requests
import urllib3
from requests.adapters import HTTPAdapter
from requests.auth import AuthBase

from invoice_renderer.billing.caps import ANSWER_BYTES
from invoice_renderer.billing.wall_clock import CONNECT_SECONDS, POOLS, cut_at
from invoice_renderer.credentials import Token
from invoice_renderer.deadline import Deadline
from invoice_renderer.errors import BillingUnavailable, InvoiceRendererError, InvoiceTooLarge

READ_SECONDS = 5.0
CHUNK_BYTES = 64 * 1024
USER_AGENT = "invoice-renderer"


@dataclass(frozen=True, slots=True)
class Answer:
    """Status, headers (case-insensitive) and, of a 200, the whole body, decompressed.

    ``is_framed`` says whether the body's end was announced. Where it was not, it ended when the
    connection did, and only what it says can tell whether it is whole.
    """

    status: int
    headers: Mapping[str, str]
    body: bytes = b""
    is_framed: bool = True


class Transport:
    """GETs with a bearer token under a wall-clock deadline. One connection is kept per thread."""

    def __init__(self, *, verify: bool | str = True) -> None:
        self._verify = verify
        self._threads = threading.local()

    def get(
        self,
        url: str,
        params: Mapping[str, str],
        *,
        token: Token,
        deadline: Deadline,
        max_bytes: int = ANSWER_BYTES,
    ) -> Answer:
        """Fetch one answer whole.

        :raises BillingUnavailable: no connection, no answer in time, or a broken one.
        :raises BillingUntrusted: TLS says that this is not CarrierX.
        :raises InvoiceTooLarge: the answer has more bytes than we take.
        """
        trouble: InvoiceRendererError | None = None
        with cut_at(deadline) as cut:
            try:
                answer = self._exchange(url, params, token, max_bytes)
            except InvoiceRendererError as error:
                trouble = error
            except (requests.RequestException, urllib3.exceptions.HTTPError, OSError) as error:
                trouble = BillingUnavailable(_problem_of(error))
        if cut.has_fallen:  # what looks like the answer's end may be our own doing
            trouble = BillingUnavailable("no answer in time")
        if trouble is None:
            return answer
        self.close()  # an answer that was not read to its end must not meet the next request
        raise trouble

    def close(self) -> None:
        """Drop this thread's connection; the next call opens a new one."""
        session: requests.Session | None = self._threads.__dict__.pop("session", None)
        if session is not None:
            session.close()

    def _exchange(
        self, url: str, params: Mapping[str, str], token: Token, max_bytes: int
    ) -> Answer:
        response = self._session().get(
            url,
            params=params,
            auth=_Bearer(token),
            timeout=(CONNECT_SECONDS, READ_SECONDS),
            allow_redirects=False,
            stream=True,
        )
        status, headers = response.status_code, response.headers
        if status != 200:
            response.close()  # its body says nothing that we use, and may have no end
            return Answer(status, headers)
        is_framed = response.raw.chunked or response.raw.length_remaining is not None
        return Answer(status, headers, _read_body(response, max_bytes), is_framed)

    def _session(self) -> requests.Session:
        session: requests.Session | None = getattr(self._threads, "session", None)
        if session is None:
            session = self._threads.session = _new_session(self._verify)
        return session


def _new_session(verify: bool | str) -> requests.Session:  # noqa: FBT001  requests' own union
    session = _Session()
    session.trust_env = False  # no proxies, no .netrc, no REQUESTS_CA_BUNDLE
    session.verify = verify
    session.cookies.set_policy(DefaultCookiePolicy(allowed_domains=()))
    session.headers.update(
        {"Accept": "application/json", "Accept-Encoding": "gzip", "User-Agent": USER_AGENT}
    )
    session.mount("https://", _Adapter(max_retries=0))
    session.mount("http://", _Adapter(max_retries=0))
    return session


class _Session(requests.Session):
    def get_redirect_target(self, resp: requests.Response) -> str | None:  # noqa: ARG002
        """No answer is a redirect: even with ``allow_redirects=False``, requests would prepare
        the next request, and for that read the whole body of this answer, however long.
        """
        return None


class _Adapter(HTTPAdapter):
    def init_poolmanager(self, *args: Any, **kwargs: Any) -> None:
        super().init_poolmanager(*args, **kwargs)
        self.poolmanager.pool_classes_by_scheme = POOLS


class _Bearer(AuthBase):
    def __init__(self, token: Token) -> None:
        self._token = token

    def __call__(self, request: requests.PreparedRequest) -> requests.PreparedRequest:
        request.headers["Authorization"] = f"Bearer {self._token.reveal()}"
        return request


# ----------------------------------------------------------------------------- the body


def _read_body(response: requests.Response, limit: int) -> bytes:
    coding = response.headers.get("Content-Encoding", "identity").strip().lower()
    if coding == "identity":
        return b"".join(_wire(response, limit))
    if coding in {"gzip", "x-gzip"}:
        return b"".join(_capped(_unzip(_wire(response, limit)), limit))
    raise BillingUnavailable("an answer in a coding that was not asked for", again=False)


def _wire(response: requests.Response, limit: int) -> Iterator[bytes]:
    """The body as it comes. ``read1`` gives what has arrived, never more than a buffer's worth;
    ``read`` and ``stream`` believe a chunk that says it is -1 bytes long, and read for ever.
    """
    read = partial(response.raw.read1, CHUNK_BYTES, decode_content=False)
    return _capped(iter(read, b""), limit)


def _capped(chunks: Iterator[bytes], limit: int) -> Iterator[bytes]:
    total = 0
    for chunk in chunks:
        total += len(chunk)
        if total > limit:
            raise InvoiceTooLarge("bytes", total, limit)
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
    if isinstance(error, requests.Timeout | urllib3.exceptions.TimeoutError | TimeoutError):
        return "no answer in time"
    if isinstance(error, requests.ConnectionError):
        return "no connection"
    return "a broken answer"

"""A door before the local S3 that checks presigned links as S3 does, and breaks on request.

moto looks at neither expiry nor signature. The door recomputes the signature of every
query-signed request with botocore's own code and an adjustable clock; requests signed in a header
are passed on. boto3 presigns for the address it is given, so the door's address is what
AWS_ENDPOINT_URL_S3 should be.
"""

from __future__ import annotations

import threading
from collections import defaultdict, deque
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from http.client import HTTPConnection
from typing import Protocol, Self
from urllib.parse import urlsplit

from local.s3_links import LinkRefused, SigningKey, check_link
from local.servers import Answer, Exchange, LoopbackServer
from local.stack import ACCESS_KEY_ID, SECRET_ACCESS_KEY

UPSTREAM_SECONDS = 10
_NOT_PASSED_ON = {"connection", "keep-alive", "transfer-encoding", "expect", "content-length"}


@dataclass(frozen=True, slots=True)
class S3Call:
    """One request, as it was answered; the query (and with it the signature) is not kept."""

    method: str
    path: str
    status: int
    """0 where the answer was lost on purpose."""


class Fault(Protocol):
    """What happens to one request instead of its answer."""

    def play(self, door: S3Door, exchange: Exchange, body: bytes) -> None: ...


@dataclass(frozen=True, slots=True)
class Refuse:
    """S3's XML error; the request is not carried out."""

    status: int
    code: str
    message: str = "Please try again."

    def play(self, door: S3Door, exchange: Exchange, body: bytes) -> None:  # noqa: ARG002
        door.record(exchange, self.status)
        exchange.send(xml_error(self.status, self.code, self.message))


@dataclass(frozen=True, slots=True)
class LoseAnswer:
    """The request is carried out, and its answer lost: a TCP reset."""

    def play(self, door: S3Door, exchange: Exchange, body: bytes) -> None:
        door.forward(exchange, body)
        door.record(exchange, 0)
        exchange.reset()


@dataclass(frozen=True, slots=True)
class LoseRequest:
    """A TCP reset, and nothing carried out."""

    def play(self, door: S3Door, exchange: Exchange, body: bytes) -> None:  # noqa: ARG002
        door.record(exchange, 0)
        exchange.reset()


INTERNAL_ERROR = Refuse(500, "InternalError", "We encountered an internal error.")
SLOW_DOWN = Refuse(503, "SlowDown", "Please reduce your request rate.")
CONFLICT = Refuse(409, "ConditionalRequestConflict", "A conflicting operation occurred.")
PRECONDITION_FAILED = Refuse(412, "PreconditionFailed", "A precondition did not hold.")
ACCESS_DENIED = Refuse(403, "AccessDenied", "Access Denied")


class S3Door:
    """``with S3Door(aws.url) as door: stack.environment(..., s3_url=door.url)``.

    ``door.inject("PUT", SLOW_DOWN, LoseAnswer())`` queues faults for the next requests of a method;
    ``door.move_clock(901)`` lets links grow old; ``hide_missing`` answers 403 for a missing key, as
    S3 does where the caller may not list the bucket.
    """

    def __init__(self, upstream: str, *, hide_missing: bool = False) -> None:
        self.hide_missing = hide_missing
        self.keys: dict[str, SigningKey] = {ACCESS_KEY_ID: SigningKey(SECRET_ACCESS_KEY)}
        """Who may have signed a link; add others, with session tokens and their ends."""
        self._upstream = urlsplit(upstream)
        self._ahead = timedelta()
        self._server = LoopbackServer(self._respond)
        self._lock = threading.Lock()
        self._calls: list[S3Call] = []
        self._faults: defaultdict[str, deque[Fault]] = defaultdict(deque)

    @property
    def url(self) -> str:
        return self._server.url

    @property
    def calls(self) -> tuple[S3Call, ...]:
        return tuple(self._calls)

    def inject(self, method: str, *faults: Fault) -> None:
        with self._lock:
            self._faults[method].extend(faults)

    def move_clock(self, seconds: float) -> None:
        """Move the door's clock, and nobody else's."""
        self._ahead += timedelta(seconds=seconds)

    def now(self) -> datetime:
        return datetime.now(UTC) + self._ahead

    def __enter__(self) -> Self:
        self._server.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.stop()

    def record(self, exchange: Exchange, status: int) -> None:
        """Before the answer goes out: whoever has it may look at the record at once."""
        path = exchange.path.partition("?")[0]
        self._calls.append(S3Call(exchange.command, path, status))

    def forward(self, exchange: Exchange, body: bytes) -> Answer:
        """Let the request through to the local S3; the answer, whole."""
        upstream = HTTPConnection(
            self._upstream.hostname or "", self._upstream.port, timeout=UPSTREAM_SECONDS
        )
        try:
            headers = {k: v for k, v in exchange.headers.items() if k.lower() not in _NOT_PASSED_ON}
            upstream.request(
                exchange.command, exchange.path, body or None, headers, encode_chunked=False
            )
            response = upstream.getresponse()
            content = response.read()
            kept = tuple(
                (k, v) for k, v in response.getheaders() if k.lower() not in _NOT_PASSED_ON
            )
            if exchange.command == "HEAD":
                kept += (("Content-Length", response.getheader("Content-Length", "0")),)
            return Answer(response.status, kept, content)
        finally:
            upstream.close()

    def _respond(self, exchange: Exchange) -> None:
        body = exchange.read_body()
        with self._lock:
            queue = self._faults[exchange.command]
            fault = queue.popleft() if queue else None
        if fault:
            fault.play(self, exchange, body)
            return
        answer = self._checked(exchange, body)
        self.record(exchange, answer.status)
        exchange.send(answer)

    def _checked(self, exchange: Exchange, body: bytes) -> Answer:
        try:
            if "Authorization" not in exchange.headers:
                check_link(exchange, keys=self.keys, now=self.now())
        except LinkRefused as refused:
            return xml_error(refused.status, refused.code, str(refused))
        answer = self.forward(exchange, body)
        if self.hide_missing and answer.status == 404:
            return xml_error(403, "AccessDenied", "Access Denied")
        return answer


def xml_error(status: int, code: str, message: str) -> Answer:
    """An error as S3 words it."""
    text = (
        '<?xml version="1.0" encoding="UTF-8"?>\n'
        f"<Error><Code>{code}</Code><Message>{message}</Message>"
        "<RequestId>LOCALS3DOOR00000</RequestId><HostId>local</HostId></Error>"
    )
    return Answer(status, (("Content-Type", "application/xml"),), text.encode())

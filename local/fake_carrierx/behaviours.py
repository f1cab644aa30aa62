"""Ways to answer that are whole on the wire, and wrong, late or fine in what they say."""

from __future__ import annotations

import json
import threading
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol

from local.servers import Answer, ClientGone, Exchange, Headers

JSON: Headers = (("Content-Type", "application/json"),)
CROSSING_SECONDS = 5.0  # how long one of two crossed answers waits for the other

_WORDS = {  # "Responses" in the documentation; the words for 429 and 5xx are our own
    400: "Bad Request",
    401: "Bad credentials",
    403: "Forbidden",
    404: "Not Found",
    405: "Method not allowed",
    409: "Conflict",
    415: "Unsupported media type",
    422: "Object validation error",
    429: "Too Many Requests",
    500: "Internal Server Error",
    502: "Bad Gateway",
    503: "Service Unavailable",
    504: "Gateway Timeout",
}


class Behaviour(Protocol):
    """What happens to one call. ``usual`` is the answer it would have had."""

    def play(self, exchange: Exchange, usual: Answer) -> None: ...


def error_answer(status: int, *, field: str | None = None, problem: str | None = None) -> Answer:
    """An error in the documented shape. Only the body of a 404 is documented word for word."""
    words = _WORDS.get(status, "error")
    error = {"field": field, "message": problem or words, "reference_sid": None}
    return json_answer(status, {"message": words, "errors": [error]})


def json_answer(status: int, content: object) -> Answer:
    return Answer(status, JSON, json.dumps(content).encode())


def with_body(usual: Answer, body: bytes, *, headers: Headers = ()) -> Answer:
    """The usual answer around another body."""
    return Answer(usual.status, usual.headers + headers, body)


@dataclass(frozen=True, slots=True)
class Usual:
    """As if nothing had been scripted; a breath between two faults."""

    def play(self, exchange: Exchange, usual: Answer) -> None:
        exchange.send(usual)


@dataclass(frozen=True, slots=True)
class Forever:
    """The same behaviour for this call and all that follow, until ``unscript``."""

    behaviour: Behaviour

    def play(self, exchange: Exchange, usual: Answer) -> None:
        self.behaviour.play(exchange, usual)


@dataclass(frozen=True, slots=True)
class Status:
    """A status with its documented error body; 200 is the usual answer, 204 and 304 have no body.

    ``retry_after`` is sent as it is: ``"1"``, ``"3600"``, an HTTP date, ``"-5"``, ``"soon"``.
    """

    code: int
    retry_after: str | None = None
    headers: Headers = ()
    body: bytes | None = None

    def play(self, exchange: Exchange, usual: Answer) -> None:
        extra = (("Retry-After", self.retry_after),) if self.retry_after is not None else ()
        answer = self._answer(usual)
        exchange.send(Answer(answer.status, answer.headers + extra + self.headers, answer.body))

    def _answer(self, usual: Answer) -> Answer:
        if self.body is not None:
            return Answer(self.code, (), self.body)
        if self.code in {204, 304}:
            return Answer(self.code)
        if 200 <= self.code < 300:
            return Answer(self.code, usual.headers, usual.body)
        return error_answer(self.code)


@dataclass(frozen=True, slots=True)
class Delay:
    """A wait before something else; the usual answer by default."""

    seconds: float
    then: Behaviour = field(default_factory=Usual)

    def play(self, exchange: Exchange, usual: Answer) -> None:
        exchange.pause(self.seconds)
        self.then.play(exchange, usual)


@dataclass(frozen=True, slots=True)
class Literally:
    """200 with exactly this body: ``b"{}"``, ``b"[]"``, ``b"null"``, ``b'""'``, ``b""``..."""

    body: bytes
    content_type: str | None = "application/json"
    status: int = 200

    def play(self, exchange: Exchange, usual: Answer) -> None:  # noqa: ARG002
        headers = (("Content-Type", self.content_type),) if self.content_type else ()
        exchange.send(Answer(self.status, headers, self.body))


@dataclass(frozen=True, slots=True)
class HtmlPage:
    """A maintenance page, with 200 as such pages have; ``content_type`` may lie."""

    status: int = 200
    content_type: str = "text/html; charset=utf-8"

    def play(self, exchange: Exchange, usual: Answer) -> None:
        page = b"<!doctype html><title>Maintenance</title><h1>We will be back soon</h1>"
        Literally(page, self.content_type, self.status).play(exchange, usual)


@dataclass(frozen=True, slots=True)
class Partial:
    """206 with the first half of the answer."""

    def play(self, exchange: Exchange, usual: Answer) -> None:
        half, whole = len(usual.body) // 2, len(usual.body)
        content_range = ("Content-Range", f"bytes 0-{half - 1}/{whole}")
        exchange.send(Answer(206, (*usual.headers, content_range), usual.body[:half]))


@dataclass(frozen=True, slots=True)
class Redirect:
    """30x to wherever; the token must not follow."""

    location: str
    status: int = 302

    def play(self, exchange: Exchange, usual: Answer) -> None:  # noqa: ARG002
        exchange.send(Answer(self.status, (("Location", self.location),)))


@dataclass(frozen=True, slots=True)
class EarlyHints:
    """103 (or another 1xx) before the usual answer."""

    status: int = 103

    def play(self, exchange: Exchange, usual: Answer) -> None:
        exchange.send_raw(f"HTTP/1.1 {self.status} Early Hints\r\nLink: </a>\r\n\r\n".encode())
        exchange.send(usual)


class Edited:
    """The usual answer with other values in its top-level fields: ``Edited(status="paid")``.

    ``without`` leaves fields out; a callable value gets the old value and gives the new one.
    """

    def __init__(self, *, without: tuple[str, ...] = (), **changes: object) -> None:
        self._without = without
        self._changes = changes

    def play(self, exchange: Exchange, usual: Answer) -> None:
        fields: dict[str, Any] = json.loads(usual.body)
        for name, change in self._changes.items():
            fields[name] = change(fields.get(name)) if callable(change) else change
        kept: Mapping[str, Any] = {k: v for k, v in fields.items() if k not in self._without}
        exchange.send(with_body(usual, json.dumps(kept).encode()))


def WrongSid(sid: str = "00000000-0000-4000-8000-000000000000") -> Edited:  # noqa: N802
    """The answer for another invoice."""
    return Edited(invoice_sid=sid)


def WrongPartner(sid: str = "11111111-1111-4111-8111-111111111111") -> Edited:  # noqa: N802
    """The invoice, said to be another partner's; a nested partner goes with it."""
    return Edited(
        partner_sid=sid,
        partner=lambda partner: partner and {**partner, "partner_sid": sid},
    )


class CrossedAnswers:
    """Two calls at once, each of which gets the other's answer: script *one* object for both."""

    def __init__(self) -> None:
        self._both = threading.Barrier(2, timeout=CROSSING_SECONDS)
        self._answers: list[Answer] = []

    def play(self, exchange: Exchange, usual: Answer) -> None:
        mine = len(self._answers)
        self._answers.append(usual)
        try:
            self._both.wait()
        except threading.BrokenBarrierError:
            raise ClientGone from None
        exchange.send(self._answers[1 - mine])

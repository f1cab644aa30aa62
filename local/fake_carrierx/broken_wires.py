"""Ways to answer that break the connection, the framing or the client's patience."""

from __future__ import annotations

import itertools
from dataclasses import dataclass
from typing import Literal

from local.fake_carrierx.behaviours import JSON
from local.servers import Answer, Exchange

FOR_EVER_SECONDS = 3600.0


@dataclass(frozen=True, slots=True)
class Silence:
    """Takes the request and never answers; or sends the headers, then nothing."""

    after: Literal["request", "headers"] = "request"

    def play(self, exchange: Exchange, usual: Answer) -> None:
        if self.after == "headers":
            exchange.send_raw(exchange.head_of(usual))
        exchange.pause(FOR_EVER_SECONDS)


@dataclass(frozen=True, slots=True)
class Drip:
    """The right answer, a byte at a time, so that no read time-out ever fires."""

    seconds: float = 0.5
    where: Literal["headers", "body"] = "body"
    at_a_time: int = 1

    def play(self, exchange: Exchange, usual: Answer) -> None:
        head, body = exchange.head_of(usual), usual.body
        if self.where == "body":
            exchange.send_raw(head)
            head = b""
        exchange.send_slowly(head + body, seconds=self.seconds, at_a_time=self.at_a_time)


@dataclass(frozen=True, slots=True)
class Truncated:
    """Announces the whole length, sends ``octets`` (half by default), and ends in good order."""

    octets: int | None = None

    def play(self, exchange: Exchange, usual: Answer) -> None:
        end = len(usual.body) // 2 if self.octets is None else self.octets
        exchange.send_raw(exchange.head_of(usual) + usual.body[:end])
        exchange.hang_up()


@dataclass(frozen=True, slots=True)
class Reset:
    """A TCP reset before, during or after the headers, or in the middle of the body."""

    when: Literal["before-headers", "in-headers", "after-headers", "in-body"] = "before-headers"

    def play(self, exchange: Exchange, usual: Answer) -> None:
        head = exchange.head_of(usual)
        sent = {
            "before-headers": b"",
            "in-headers": head[: len(head) // 2],
            "after-headers": head,
            "in-body": head + usual.body[: len(usual.body) // 2],
        }[self.when]
        exchange.send_raw(sent)
        if sent:
            exchange.pause(0.05)  # a reset may overtake what was sent just before it
        exchange.reset()


@dataclass(frozen=True, slots=True)
class EndlessChunks:
    """A chunked body that never ends: blanks, which are legal before any JSON value."""

    chunk_bytes: int = 65536

    def play(self, exchange: Exchange, usual: Answer) -> None:  # noqa: ARG002
        chunked = Answer(200, (*JSON, ("Transfer-Encoding", "chunked")))
        exchange.send_raw(exchange.head_of(chunked))
        chunk = b"%x\r\n%b\r\n" % (self.chunk_bytes, b" " * self.chunk_bytes)
        exchange.send_until_refused(itertools.repeat(chunk))


@dataclass(frozen=True, slots=True)
class ManyHeaders:
    """The usual answer behind ten thousand headers."""

    count: int = 10_000

    def play(self, exchange: Exchange, usual: Answer) -> None:
        many = tuple((f"X-Filler-{number}", "x") for number in range(self.count))
        exchange.send(Answer(usual.status, many + usual.headers, usual.body))


@dataclass(frozen=True, slots=True)
class EndlessHeaders:
    """Headers that never end, in short lines or in a single one."""

    one_line: bool = False

    def play(self, exchange: Exchange, usual: Answer) -> None:  # noqa: ARG002
        exchange.send_raw(b"HTTP/1.1 200 OK\r\n" + (b"X-Filler: " if self.one_line else b""))
        piece = b"x" * 65536 if self.one_line else b"X-Filler: x\r\n" * 1000
        exchange.send_until_refused(itertools.repeat(piece))


@dataclass(frozen=True, slots=True)
class StaleAnswerFollows:
    """The right answer, and on its heels another one that nobody asked for.

    The client's next call on the same connection reads that one: a desynchronised connection.
    """

    stale: bytes

    def play(self, exchange: Exchange, usual: Answer) -> None:
        exchange.send_raw(exchange.head_of(usual) + usual.body)
        answer = Answer(200, JSON, self.stale)
        exchange.send_raw(exchange.head_of(answer) + self.stale)

"""Bodies that are hostile to whoever unpacks or parses them."""

from __future__ import annotations

import gzip
import zlib
from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache

from local.fake_carrierx.behaviours import with_body
from local.servers import Answer, Exchange

MEGABYTE = 1_000_000
BOMB_BYTES = 200 * MEGABYTE  # 200 kB on the wire
GZIP_WINDOW = 31  # zlib's way to say "with a gzip header"


@dataclass(frozen=True, slots=True)
class Gzipped:
    """The right answer, compressed as a real server would, asked for or not."""

    def play(self, exchange: Exchange, usual: Answer) -> None:
        _send_encoded(exchange, usual, gzip.compress(usual.body), "gzip")


@dataclass(frozen=True, slots=True)
class Deflated:
    """The right answer under ``Content-Encoding: deflate``."""

    def play(self, exchange: Exchange, usual: Answer) -> None:
        _send_encoded(exchange, usual, zlib.compress(usual.body), "deflate")


@dataclass(frozen=True, slots=True)
class Mislabelled:
    """The right answer, uncompressed, but labelled ``br``, ``zstd`` or ``gzip``."""

    encoding: str = "br"

    def play(self, exchange: Exchange, usual: Answer) -> None:
        _send_encoded(exchange, usual, usual.body, self.encoding)


@dataclass(frozen=True, slots=True)
class GzipBomb:
    """200 MB of blanks in 200 kB of gzip; ``layers=2`` folds that into another gzip."""

    decoded_bytes: int = BOMB_BYTES
    layers: int = 1

    def play(self, exchange: Exchange, usual: Answer) -> None:
        body = gzip_bomb(self.decoded_bytes)
        for _ in range(self.layers - 1):
            body = gzip.compress(body)
        _send_encoded(exchange, usual, body, ", ".join(["gzip"] * self.layers))


@lru_cache(maxsize=4)
def gzip_bomb(decoded_bytes: int) -> bytes:
    """Blanks are legal before any JSON value, so that only a byte cap can stop the reader."""
    packer = zlib.compressobj(9, zlib.DEFLATED, GZIP_WINDOW)
    blanks = b" " * MEGABYTE
    whole, rest = divmod(decoded_bytes, MEGABYTE)
    packed = [packer.compress(blanks) for _ in range(whole)]
    return b"".join([*packed, packer.compress(blanks[:rest]), packer.flush()])


@dataclass(frozen=True, slots=True)
class _Rewritten:
    rewrite: Callable[[bytes], bytes]

    def play(self, exchange: Exchange, usual: Answer) -> None:
        exchange.send(with_body(usual, self.rewrite(usual.body)))


def DuplicateKeys() -> _Rewritten:  # noqa: N802
    """An amount twice, with two values."""
    return _Rewritten(lambda body: b'{"amount": "999999.99", ' + body.removeprefix(b"{"))


def NotANumber(word: str = "NaN") -> _Rewritten:  # noqa: N802
    """``NaN``, ``Infinity`` or ``-Infinity``, which JSON does not have and Python reads."""
    return _Rewritten(lambda body: body.replace(b'"0.38"', word.encode()))


def BomBefore() -> _Rewritten:  # noqa: N802
    """A byte order mark before the JSON."""
    return _Rewritten(lambda body: b"\xef\xbb\xbf" + body)


def InvalidUtf8() -> _Rewritten:  # noqa: N802
    """A byte that UTF-8 does not have, in the middle of a text."""
    return _Rewritten(lambda body: body.replace(b'"USA"', b'"U\xffA"'))


def DeepNesting(depth: int = 100_000) -> _Rewritten:  # noqa: N802
    """An extra field of arrays in arrays in arrays."""
    nested = b"[" * depth + b"]" * depth
    return _Rewritten(lambda body: b'{"deep": ' + nested + b", " + body.removeprefix(b"{"))


def _send_encoded(exchange: Exchange, usual: Answer, body: bytes, encoding: str) -> None:
    exchange.send(with_body(usual, body, headers=(("Content-Encoding", encoding),)))

"""The record of every call: what was asked, when, and by whom, but never the token itself."""

from __future__ import annotations

import hashlib
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from urllib.parse import parse_qsl

from local.servers import Exchange


@dataclass(frozen=True, slots=True)
class Call:
    """One request as it arrived; ``path`` is still percent-encoded."""

    at: float
    """``time.monotonic()``."""
    method: str
    path: str
    query: tuple[tuple[str, str], ...]
    authorization_sha256: str | None
    connection: int
    """The client's port: the same for calls over one kept connection."""
    headers: Mapping[str, str] = field(repr=False)
    """Names in lower case, without ``authorization``."""

    @property
    def sid(self) -> str:
        """The last part of the path."""
        return self.path.rpartition("/")[2]

    def parameter(self, name: str) -> str | None:
        return dict(self.query).get(name)


def record(exchange: Exchange) -> Call:
    path, _, query = exchange.path.partition("?")
    authorization = exchange.headers.get("Authorization")
    return Call(
        at=time.monotonic(),
        method=exchange.command,
        path=path,
        query=tuple(parse_qsl(query, keep_blank_values=True)),
        authorization_sha256=authorization and fingerprint(authorization),
        connection=exchange.connection_number,
        headers={
            name.lower(): value
            for name, value in exchange.headers.items()
            if name.lower() != "authorization"
        },
    )


def fingerprint(authorization: str) -> str:
    """How a test recognises a token: ``fingerprint(f"Bearer {token}")``."""
    return hashlib.sha256(authorization.encode()).hexdigest()

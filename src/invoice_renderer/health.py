"""The deep self-check: whether this deployment can do what its next invoice will ask of it.

Each part is tried by itself, so one look tells everything that is wrong. Nothing is said that a
log would not hold: versions, counts, digests and error codes.
"""

from __future__ import annotations

import platform
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import cache
from importlib.metadata import version
from typing import Protocol

from invoice_renderer.canary import draw_canary
from invoice_renderer.credentials import Token
from invoice_renderer.document import LIBRARIES, Document, DocumentRenderer
from invoice_renderer.errors import InvoiceRendererError, Unexpected
from invoice_renderer.native import mapped_libraries
from invoice_renderer.pdf.fonts import BundledFonts, harfbuzz_version, pango_version
from invoice_renderer.profile import SellerProfile

Facts = Mapping[str, object]


class Profiles(Protocol):
    def for_partner(self, partner_sid: str) -> SellerProfile: ...


class Tokens(Protocol):
    def current(self) -> Token: ...


class Bucket(Protocol):
    def prove_writable(self, content: bytes) -> None: ...


@dataclass(frozen=True, slots=True)
class Check:
    """One part, and what was found. ``code`` is that of an error, empty where all is well."""

    name: str
    milliseconds: int
    facts: Facts = field(default_factory=dict)
    code: str = ""
    detail: str = ""

    @property
    def is_well(self) -> bool:
        return not self.code

    def fields(self) -> dict[str, object]:
        """As JSON: the facts, or the problem."""
        told = {"check": self.name, "ok": self.is_well, "milliseconds": self.milliseconds}
        problem = {"code": self.code, "detail": self.detail}
        return {**told, **(self.facts if self.is_well else problem)}


@dataclass(frozen=True, slots=True)
class Health:
    """Everything that was looked at; nothing at all in a shallow answer."""

    checks: tuple[Check, ...] = ()

    @property
    def is_well(self) -> bool:
        return all(check.is_well for check in self.checks)


def check_health(
    *,
    renderer: Callable[[], DocumentRenderer],
    profiles: Callable[[], Profiles],
    tokens: Callable[[], Tokens],
    bucket: Callable[[], Bucket],
) -> Health:
    """Try each part. Collaborators are made inside their own check: that, too, can fail."""

    @cache
    def draw() -> Document:
        return draw_canary(renderer(), profiles().for_partner("canary"))

    return Health(
        (
            _check("libraries", _look_at_libraries),
            _check("fonts", _look_at_fonts),
            _check("profile", lambda: _look_at_profile(profiles())),
            _check("secret", lambda: _look_at_secret(tokens())),
            _check("canary", lambda: _facts_of(draw())),
            _check("bucket", lambda: _write_and_read(bucket(), draw().pdf)),
        )
    )


def _check(name: str, look: Callable[[], Facts]) -> Check:
    started = time.perf_counter()
    facts: Facts = {}
    code = detail = ""
    try:
        facts = look()
    except InvoiceRendererError as error:
        code, detail = error.code, error.detail
    except Exception as error:  # noqa: BLE001  the other checks are worth having all the more
        code, detail = Unexpected.code, Unexpected(error).detail
    elapsed = round((time.perf_counter() - started) * 1000)
    return Check(name, elapsed, facts, code, detail)


def _look_at_libraries() -> Facts:
    """Versions, and the files that this process really uses."""
    return {
        "python": platform.python_version(),
        "machine": platform.machine(),
        **{name: version(name) for name in LIBRARIES},
        "pango": pango_version(),
        "harfbuzz": harfbuzz_version(),
        "files": mapped_libraries(),
    }


def _look_at_fonts() -> Facts:
    """Every file is read again: a digest that differs from another process's tells of damage."""
    fonts = BundledFonts()
    return {"count": len(fonts.files), "digest": fonts.digest}


def _look_at_profile(profiles: Profiles) -> Facts:
    profile = profiles.for_partner("canary")
    return {"digest": profile.digest, "currency": profile.currency}


def _look_at_secret(tokens: Tokens) -> Facts:
    """That there is a token; not whether CarrierX takes it, which only an invoice can tell."""
    tokens.current()
    return {}


def _facts_of(document: Document) -> Facts:
    return {"pages": document.pages, "bytes": len(document.pdf), "sha256": document.sha256}


def _write_and_read(bucket: Bucket, content: bytes) -> Facts:
    bucket.prove_writable(content)
    return {"bytes": len(content)}

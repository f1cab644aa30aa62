"""A proof: one invoice drawn for somebody who works on its template."""

from __future__ import annotations

from dataclasses import dataclass, field

from invoice_renderer.document import Presentation
from invoice_renderer.invoice import Notice


@dataclass(frozen=True, slots=True)
class Proof:
    """A finished document and the page that it was drawn from."""

    id: str
    """Names it in addresses: hexadecimal digits, of the bytes and of the markup."""
    presentation: Presentation
    template: str
    """``v1@`` and a hash of everything in the template's folder."""
    pdf: bytes = field(repr=False)
    sha256: str
    sizes: tuple[tuple[float, float], ...]
    """Width and height of each page, in points."""
    html: str = field(repr=False)
    """The same markup, readable in a browser."""
    milliseconds: int
    notices: tuple[Notice, ...]


@dataclass(frozen=True, slots=True)
class SourceLine:
    number: int
    text: str


@dataclass(frozen=True, slots=True)
class Problem:
    """What keeps a proof from being drawn, and where, as far as that is known."""

    code: str
    detail: str
    file: str = ""
    line: int = 0
    excerpt: tuple[SourceLine, ...] = ()

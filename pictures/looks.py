"""Which pages have a picture: every case of the gallery, and one case in every look."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache

import pypdfium2
from PIL import Image

from invoice_renderer.document import DocumentRenderer
from invoice_renderer.gallery import GALLERY
from invoice_renderer.profile import SellerProfile
from invoice_renderer.profile_source import open_profile
from invoice_renderer.request import RenderOptions
from invoice_renderer.template import FINGERPRINT_DIGITS, Templates

POINTS = 72  # in an inch
FINER = 4  # times the resolution asked for
EVERY_LOOK = "closed"
"""A bill of two pages with all that a seller can say: it is drawn in every theme and language."""


@dataclass(frozen=True, slots=True)
class Look:
    """One case of the gallery as one reader gets it."""

    case: str
    theme: str | None = None
    locale: str | None = None
    paper: str | None = None

    @property
    def name(self) -> str:
        return "-".join(filter(None, (self.case, self.theme, self.locale, self.paper)))


def looks() -> Iterator[Look]:
    """Every case as the example profile has it; then themes, languages, the other paper."""
    template = Templates().get("v1")
    for case in GALLERY:
        yield Look(case)
    for theme in template.themes[1:]:
        yield Look(EVERY_LOOK, theme=theme)
    for language in template.languages[1:]:
        yield Look(EVERY_LOOK, locale=language, paper="a4")
    yield Look("60-lines", theme="large-print", locale="ar", paper="a4")


def pages_of(look: Look, *, dpi: int, most: int) -> dict[str, Image.Image]:
    """Pictures of its first pages and of the last one, so many at most, by name."""
    document = pypdfium2.PdfDocument(pdf_of(look))
    count = len(document)
    numbers = [*range(min(count, most - 1)), count - 1]
    return {
        f"{look.name}-{number + 1}": _drawn(document[number], dpi)
        for number in dict.fromkeys(numbers)
    }


def _drawn(page: pypdfium2.PdfPage, dpi: int) -> Image.Image:
    """Drawn finer and reduced: PDFium puts letters on whole pixels, so that a hundredth of a point
    could move a row by one.
    """
    return page.render(scale=FINER * dpi / POINTS).to_pil().reduce(FINER)


def pdf_of(look: Look) -> bytes:
    renderer, profile = _workshop()
    options = RenderOptions(theme=look.theme, locale=look.locale, paper=look.paper)  # type: ignore[arg-type]
    presentation = renderer.present(options, profile)
    return renderer.render(GALLERY[look.case].build(), profile, presentation).pdf


@lru_cache(maxsize=1)
def _workshop() -> tuple[DocumentRenderer, SellerProfile]:
    renderer = DocumentRenderer()
    # Printed in the small print: else every change of a comment would be another picture.
    renderer.templates.get("v1").fingerprint = "0" * FINGERPRINT_DIGITS
    return renderer, open_profile("example.toml").for_partner("any")

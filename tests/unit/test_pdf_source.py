"""Which variable every attribute of a page is: also where two of one name have one value."""

from __future__ import annotations

from invoice_renderer.document import DocumentRenderer
from invoice_renderer.gallery import GALLERY
from invoice_renderer.profile_source import open_profile
from invoice_renderer.request import RenderOptions


def rendered(renderer: DocumentRenderer, *names: str) -> list[str]:
    """The SHA-256 of each, one after the other."""
    profile = open_profile("example.toml").for_partner("any")
    presentation = renderer.present(RenderOptions(), profile)
    return [renderer.render(GALLERY[name].build(), profile, presentation).sha256 for name in names]


def test_a_file_has_its_own_dates_whichever_was_rendered_before() -> None:
    """Its two dates stand one after the other in two elements of one name; the invoices before it
    are of other days.
    """
    (alone,) = rendered(DocumentRenderer(), "documented")
    assert alone == rendered(DocumentRenderer(), "40-taxes", "closed", "documented")[-1]

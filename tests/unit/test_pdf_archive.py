"""The file lasts: what pikepdf, qpdf and poppler can see of it; veraPDF judges the rest."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path
from xml.etree import ElementTree as ET

import pikepdf
import pytest

from invoice_renderer.document import DocumentRenderer
from invoice_renderer.errors import RenderingError
from invoice_renderer.gallery import GALLERY
from invoice_renderer.pdf.engine import PdfEngine
from invoice_renderer.pdf.fonts import BundledFonts
from invoice_renderer.pdf.stylesheets import Style
from invoice_renderer.profile_source import open_profile
from invoice_renderer.request import RenderOptions
from tests.builders import an_invoice
from tests.pdf_reading import opened, tags_of, words_of

RDF = "{http://www.w3.org/1999/02/22-rdf-syntax-ns#}"
MOST_BYTES = 60_000
LANGUAGES = ("en-US", "es", "fr", "de", "pt-BR", "ja", "ar")
PLAIN = Style("plain", "", "letter", "#000000", "#000000")


@pytest.fixture(scope="module")
def gallery(renderer: DocumentRenderer) -> dict[str, bytes]:
    """Every case but the longest, drawn once."""
    profile = open_profile("example.toml").for_partner("any")
    presentation = renderer.present(RenderOptions(), profile)
    return {
        name: renderer.render(case.build(), profile, presentation).pdf
        for name, case in GALLERY.items()
        if name != "900-lines"
    }


def xmp_of(pdf: bytes) -> str:
    with opened(pdf) as document:
        return document.Root.Metadata.read_bytes().decode()


def test_the_metadata_is_one_block_with_both_standards(gallery: dict[str, bytes]) -> None:
    """With PDF/UA described to PDF/A, whose schemas do not know it."""
    for pdf in gallery.values():
        xmp = xmp_of(pdf)
        descriptions = ET.fromstring(xmp).findall(f"{RDF}RDF/{RDF}Description")  # noqa: S314
        assert (xmp.count("<rdf:RDF"), len(descriptions)) == (1, 1)
        for said in (
            "<pdfaid:part>3<",
            "<pdfaid:conformance>A<",
            "<pdfuaid:part>1<",
            "<pdfaSchema:prefix>pdfuaid<",
        ):
            assert xmp.count(said) == 1


def test_metadata_and_document_information_agree(gallery: dict[str, bytes]) -> None:
    """Title, author, tools and dates are told twice, and are the same."""
    xmp = xmp_of(gallery["paid"])
    with opened(gallery["paid"]) as document:
        info = document.docinfo
        for key in ("/Title", "/Author", "/Creator", "/Producer"):
            assert str(info[key]) in xmp
        assert "2025-02-01T06:00:00Z" in xmp
        assert str(info["/CreationDate"]) == "D:20250201060000Z"


def test_markup_in_a_title_stays_text(renderer: DocumentRenderer) -> None:
    """A number such as ``<a & b>`` does not break the metadata."""
    profile = open_profile("example.toml").for_partner("any")
    presentation = renderer.present(RenderOptions(), profile)
    pdf = renderer.render(an_invoice(display_id="<a & 'b'>]]>"), profile, presentation).pdf
    title = ET.fromstring(xmp_of(pdf)).find(f".//{RDF}Alt/{RDF}li")  # noqa: S314
    assert title is not None
    assert (title.text or "").startswith("Invoice <a & 'b'>]]>")


def test_colours_have_a_profile(gallery: dict[str, bytes]) -> None:
    """sRGB, once, as PDF/A's output intent."""
    with opened(gallery["documented"]) as document:
        (intent,) = document.Root.OutputIntents
        assert intent.S == "/GTS_PDFA1"
        assert intent.DestOutputProfile.read_bytes()[36:40] == b"acsp"


def test_every_font_is_embedded_subset_and_readable(gallery: dict[str, bytes]) -> None:
    """In every script; ``ABCDEF+Name`` is a subset, ToUnicode is what copying text needs."""
    for pdf in gallery.values():
        with opened(pdf) as document:
            fonts = [
                each
                for each in document.objects
                if isinstance(each, pikepdf.Dictionary) and each.get("/Subtype") == "/Type0"
            ]
            assert fonts
            for font in fonts:
                descriptor = font.DescendantFonts[0].FontDescriptor
                assert "/FontFile2" in descriptor or "/FontFile3" in descriptor
                assert re.match(r"/[A-Z]{6}\+", str(font.BaseFont))
                assert "/ToUnicode" in font


def test_nothing_in_the_gallery_is_active_or_external(gallery: dict[str, bytes]) -> None:
    """No script, form, launch or reference; annotations are links, https, printed and tagged."""
    for pdf in gallery.values():
        with opened(pdf) as document:
            root = document.Root
            assert not {"/AcroForm", "/OpenAction", "/AA"} & set(root.keys())
            assert set(root.Names.keys()) == {"/EmbeddedFiles"}
            for page in document.pages:
                assert "/AA" not in page
                for link in page.get("/Annots", []):
                    assert (link.Subtype, link.A.S, link.F) == ("/Link", "/URI", 4)
                    assert str(link.A.URI).startswith("https://")
                    assert {"/Contents", "/StructParent"} <= set(link.keys())


@pytest.mark.parametrize(
    "address", ["http://a.example/", "javascript:alert(1)", "file:///etc/passwd", "mailto:a@b.c"]
)
def test_a_link_that_is_not_https_is_an_error(address: str) -> None:
    engine = PdfEngine(BundledFonts(), max_pages=3, max_bytes=200_000)
    page = f'<html lang="en"><title>T</title><p><a href="{address}">x</a></p></html>'
    with pytest.raises(RenderingError):
        engine.render(page, PLAIN, {})


def test_qpdf_and_poppler_find_nothing_wrong(gallery: dict[str, bytes], tmp_path: Path) -> None:
    """No warning from either, for any hard invoice."""
    for name, pdf in gallery.items():
        file = tmp_path / f"{name}.pdf"
        file.write_bytes(pdf)
        checked = subprocess.run(["qpdf", "--check", file], capture_output=True, check=False)
        text = subprocess.run(["pdftotext", file, "-"], capture_output=True, check=False)
        assert (checked.returncode, checked.stderr) == (0, b"")
        assert (text.returncode, text.stderr) == (0, b"")


def test_the_file_is_identified_by_its_content(gallery: dict[str, bytes]) -> None:
    """Another invoice has another identifier; the same one always has the same."""
    identifiers = set()
    for pdf in gallery.values():
        with opened(pdf) as document:
            identifiers.add(bytes(document.trailer.ID[0]))
    assert len(identifiers) == len(set(gallery.values()))


@pytest.mark.parametrize("is_plain", [False, True])
@pytest.mark.parametrize("locale", LANGUAGES)
def test_one_page_with_a_logo_is_under_60_kilobytes(
    renderer: DocumentRenderer, locale: str, is_plain: bool
) -> None:
    """In every language and script, stamped or laid out whole; one that mixes five is no page."""
    profile = open_profile("example.toml").for_partner("any")
    presentation = renderer.present(RenderOptions(locale=locale), profile)
    sizes = {}
    for name, case in GALLERY.items():
        if len(case.build().invoice_items) > 30:
            continue
        document = renderer.render(case.build(), profile, presentation, plain=is_plain)
        if document.pages == 1:
            sizes[name] = len(document.pdf)
    assert {"no-lines", "nothing-optional", "outside-the-period", "unknown-types"} <= sizes.keys()
    assert max(sizes.values()) < MOST_BYTES


@pytest.mark.parametrize("locale", LANGUAGES)
def test_neither_do_a_code_and_a_slip_take_it_there(
    renderer: DocumentRenderer, locale: str
) -> None:
    """The code is a path of some hundred strokes, not a picture; the slip is a page of its own."""
    profile = open_profile("example.toml").for_partner("any")
    presentation = renderer.present(RenderOptions(locale=locale), profile)
    pdf = renderer.render(an_invoice(amount_due="0.70"), profile, presentation).pdf
    assert tags_of(pdf).count("Figure") == 2
    assert len(pdf) < MOST_BYTES


def test_streams_and_objects_are_compressed(gallery: dict[str, bytes]) -> None:
    """All but the metadata, which any tool is to find."""
    with opened(gallery["60-lines"]) as document:
        open_streams = [
            each.get("/Type")
            for each in document.objects
            if isinstance(each, pikepdf.Stream) and "/Filter" not in each
        ]
    assert open_streams == ["/Metadata"]
    assert b"/ObjStm" in gallery["60-lines"]
    assert b"/StructElem" not in gallery["60-lines"]


def test_text_comes_out_in_reading_order(gallery: dict[str, bytes]) -> None:
    words = words_of(gallery["documented"])
    places = [
        words.index(part)
        for part in ("Northline", "Invoice 004", "Account summary", "Charges", "Questions about")
    ]
    assert places == sorted(places)

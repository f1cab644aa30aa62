"""Four readers open every invoice of the gallery without a warning, and read the same text.

What is levelled before two texts are compared, and why:

- white space and line ends: the file has none, each reader guesses its own from the gaps;
- ligatures and other compatibility forms (NFKC): readers differ in whether they take them apart;
- characters without a shape, such as direction marks: some readers leave them out.

The invoice with names in every script is only opened: readers differ in how they turn a line from
right to left around, and where they put marks.
"""

from __future__ import annotations

import subprocess
import unicodedata
from collections.abc import Callable
from functools import cache
from pathlib import Path

import pymupdf
import pypdfium2
import pytest
from pictures.looks import Look, pdf_of

from invoice_renderer.gallery import GALLERY

READABLE = [name for name in GALLERY if name != "every-script"]


@cache
def the_pdf(case: str) -> bytes:
    return pdf_of(Look(case))


def poppler(pdf: bytes) -> list[str]:
    text = _run(["pdftotext", "-raw", "-", "-"], pdf)
    return text.split("\f")[:-1]


def mupdf(pdf: bytes) -> list[str]:
    pymupdf.TOOLS.reset_mupdf_warnings()
    with pymupdf.open(stream=pdf, filetype="pdf") as document:
        texts = [page.get_text() for page in document]
        for page in document:
            page.get_pixmap(dpi=20)
    assert pymupdf.TOOLS.mupdf_warnings() == ""
    return texts


def pdfium(pdf: bytes) -> list[str]:
    return [page.get_textpage().get_text_range() for page in pypdfium2.PdfDocument(pdf)]


def levelled(text: str) -> str:
    """The visible characters in the reader's order."""
    shown = unicodedata.normalize("NFKC", text)
    return "".join(letter for letter in shown if letter.isprintable() and not letter.isspace())


def _run(command: list[str], pdf: bytes) -> str:
    result = subprocess.run(command, input=pdf, capture_output=True, check=False)
    assert (result.returncode, result.stderr.decode()) == (0, "")
    return result.stdout.decode()


@pytest.mark.parametrize("case", GALLERY)
def test_qpdf_finds_nothing_wrong(case: str, tmp_path: Path) -> None:
    """Neither in its structure nor in its streams."""
    file = tmp_path / "invoice.pdf"
    file.write_bytes(the_pdf(case))
    assert "No syntax or stream encoding errors found" in _run(["qpdf", "--check", str(file)], b"")


@pytest.mark.parametrize("case", GALLERY)
@pytest.mark.parametrize("reader", [poppler, mupdf, pdfium])
def test_a_reader_opens_every_page_without_a_warning(
    case: str, reader: Callable[[bytes], list[str]]
) -> None:
    assert all(page.strip() for page in reader(the_pdf(case)))


@pytest.mark.parametrize("case", READABLE)
def test_readers_read_the_same_text_in_the_same_order(case: str) -> None:
    """Page by page, to the letter."""
    first, *others = ([levelled(page) for page in read(the_pdf(case))]
                      for read in (poppler, mupdf, pdfium))  # fmt: skip
    for other in others:
        assert first == other

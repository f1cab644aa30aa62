"""A small vocabulary for what a reader, a screen reader or an archivist finds in a PDF."""

from __future__ import annotations

import io
import re
import subprocess
from collections.abc import Iterator

import pikepdf


def text_of(pdf: bytes, *, page: int | None = None) -> str:
    """The text as it looks, line by line across the page."""
    return _extracted(pdf, "-layout", page)


def words_of(pdf: bytes, *, page: int | None = None) -> str:
    """The text in the order of the file, with every run of white space as one space."""
    return " ".join(_extracted(pdf, "-raw", page).split())


def words_by_page(pdf: bytes) -> list[str]:
    """The words of each page, as :func:`words_of` has them."""
    return [" ".join(page.split()) for page in _extracted(pdf, "-raw", None).split("\f")[:-1]]


def _extracted(pdf: bytes, mode: str, page: int | None) -> str:
    pages = ["-f", str(page), "-l", str(page)] if page else []
    command = ["pdftotext", mode, *pages, "-", "-"]
    return subprocess.run(command, input=pdf, capture_output=True, check=True).stdout.decode()


def pages_of(pdf: bytes) -> int:
    """How many pages there are."""
    with opened(pdf) as document:
        return len(document.pages)


def sizes_of(pdf: bytes) -> set[tuple[int, int]]:
    """The sizes of the pages, in whole points."""
    with opened(pdf) as document:
        return {(round(page.mediabox[2]), round(page.mediabox[3])) for page in document.pages}


def right_edges_of(pdf: bytes, *, page: int) -> list[tuple[str, float]]:
    """The words of a page, and where each of them ends, in points from the left."""
    command = ["pdftotext", "-bbox", "-f", str(page), "-l", str(page), "-", "-"]
    told = subprocess.run(command, input=pdf, capture_output=True, check=True).stdout.decode()
    found = re.findall(r'xMax="([0-9.]+)"[^>]*>([^<]*)</word>', told)
    return [(text, float(edge)) for edge, text in found]


def tags_of(pdf: bytes) -> list[str]:
    """The structure tags, in reading order."""
    with opened(pdf) as document:
        return [str(node.S)[1:] for node in _elements(document.Root.StructTreeRoot.K)]


def attachments_of(pdf: bytes) -> dict[str, bytes]:
    """The embedded files, by name."""
    with opened(pdf) as document:
        return {name: spec.get_file().read_bytes() for name, spec in document.attachments.items()}


def links_of(pdf: bytes) -> list[str]:
    """Where the link annotations lead."""
    with opened(pdf) as document:
        return [
            str(annotation.A.URI)
            for page in document.pages
            for annotation in page.get("/Annots", [])
            if "/A" in annotation and "/URI" in annotation.A
        ]


def fonts_of(pdf: bytes) -> set[str]:
    """The names of the fonts, without the tag of the subset."""
    with opened(pdf) as document:
        return {
            str(item.BaseFont)[1:].partition("+")[2]
            for item in document.objects
            if isinstance(item, pikepdf.Dictionary) and item.get("/Subtype") == "/Type0"
        }


def everything_in(pdf: bytes) -> bytes:
    """Every object and decoded stream: where to look for what must not be there."""
    with opened(pdf) as document:
        streams = [
            item.read_bytes() for item in document.objects if isinstance(item, pikepdf.Stream)
        ]
        strings = [repr(item).encode() for item in document.objects]
    return b"\n".join((*streams, *strings))


def opened(pdf: bytes) -> pikepdf.Pdf:
    """The document, for questions that have no word of their own here."""
    return pikepdf.open(io.BytesIO(pdf))


def _elements(kids: pikepdf.Object) -> Iterator[pikepdf.Dictionary]:
    nodes = kids if isinstance(kids, pikepdf.Array) else [kids]
    for node in nodes:
        if isinstance(node, pikepdf.Dictionary) and "/S" in node:
            yield node
            if "/K" in node:
                yield from _elements(node.K)

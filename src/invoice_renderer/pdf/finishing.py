"""The last step of a render: tags mended, files embedded, conformance declared, bytes written.

It happens in WeasyPrint's public ``finisher`` hook, on pydyf's objects.
"""

from __future__ import annotations

import io
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import pydyf

from invoice_renderer.errors import RenderingError
from invoice_renderer.pdf.archive import declare_conformance, print_annotations
from invoice_renderer.pdf.attachments import Attachment, attach
from invoice_renderer.pdf.boxes import watch_languages
from invoice_renderer.pdf.file import seal, write_file
from invoice_renderer.pdf.lean_fonts import make_fonts_lean
from invoice_renderer.pdf.press import Pressed
from invoice_renderer.pdf.tagging import mend_tags, write_tags


def finish_pressed(pressed: Pressed, attachments: Sequence[Attachment], **options: object) -> bytes:
    """The bytes of a document whose ink and structure are known."""

    def tag(_document: Any, pdf: pydyf.PDF) -> None:
        write_tags(pdf, pressed.tree)

    document = pressed.document
    document.pages = [_SealedPage(page) for page in document.pages]
    return _finish(document, tag, attachments, {**options, "pdf_tags": False})


def finish_layout(layout: Any, attachments: Sequence[Attachment], **options: object) -> bytes:
    """The bytes of a document that is laid out."""
    languages = watch_languages(layout.pages)

    def tag(document: Any, pdf: pydyf.PDF) -> None:
        mend_tags(document, pdf, languages)

    return _finish(layout, tag, attachments, options)


class _SealedPage:
    """A page that is compressed as soon as it is painted: its ink is many times as much."""

    def __init__(self, page: Any) -> None:
        self._page = page

    def __getattr__(self, name: str) -> Any:
        return getattr(self._page, name)

    def paint(self, stream: Any, scale: float = 1) -> None:
        self._page.paint(stream, scale)
        seal(stream)


def _finish(
    layout: Any,
    tag: Callable[[Any, pydyf.PDF], None],
    attachments: Sequence[Attachment],
    options: Mapping[str, object],
) -> bytes:
    written: list[bytes] = []

    def finish(document: Any, pdf: pydyf.PDF) -> None:
        _check_links(pdf)
        print_annotations(pdf)
        make_fonts_lean(pdf)
        tag(document, pdf)  # from here on most of the objects are tags
        attach(pdf, attachments)
        declare_conformance(document.metadata, pdf, source=_source(attachments))
        written.append(write_file(pdf))
        del pdf.objects[1:]  # WeasyPrint goes on to write its own file: let it be an empty one
        pdf.info.clear()

    layout.write_pdf(io.BytesIO(), finisher=finish, **options)
    return written[0]


def _source(attachments: Sequence[Attachment]) -> bytes:
    return b"".join(each.digest for each in attachments)


def _check_links(pdf: pydyf.PDF) -> None:
    """Nothing but links, and none that leads to anything but https or a place in the file."""
    for each in pdf.objects:
        if not isinstance(each, pydyf.Dictionary) or each.get("Type") != "/Annot":
            continue
        action = each.get("A", {})
        if each["Subtype"] != "/Link" or not ("Dest" in each or _is_https(action)):
            raise RenderingError("The page has a link that is not https.")


def _is_https(action: dict[str, Any]) -> bool:
    return action.get("S") == "/URI" and str(action["URI"].string).startswith("https://")

"""Files inside the file: what a program reads where a person reads the page."""

from __future__ import annotations

import hashlib
import zlib
from collections.abc import Sequence
from dataclasses import InitVar, dataclass, field
from datetime import datetime
from typing import Literal

import pydyf

from invoice_renderer.pdf.packing import compress

HEAD_BYTES = 500
MOST_BYTES = 50_000_000  # of a file that somebody hands in to be verified


@dataclass(frozen=True, slots=True)
class Attachment:
    """One embedded file; ``relationship`` is what it is to the page (ISO 32000-2, 7.11.3).

    Its content is compressed at once: a page of a hundred thousand lines is drawn for half a
    minute, and has twenty megabytes of it.
    """

    name: str
    content: InitVar[bytes]
    media_type: str
    relationship: Literal["Source", "Data", "Alternative", "Supplement"]
    description: str
    modified: datetime
    """In UTC: of the invoice, never of the rendering."""
    size: int = field(init=False)
    checksum: str = field(init=False)
    """The format knows MD5 only."""
    digest: bytes = field(init=False, repr=False)
    """SHA-256."""
    packed: bytes = field(init=False, repr=False)

    def __post_init__(self, content: bytes) -> None:
        object.__setattr__(self, "size", len(content))
        object.__setattr__(
            self, "checksum", hashlib.md5(content, usedforsecurity=False).hexdigest()
        )
        object.__setattr__(self, "digest", hashlib.sha256(content).digest())
        object.__setattr__(self, "packed", compress(content))


def attach(pdf: pydyf.PDF, attachments: Sequence[Attachment]) -> None:
    """Embed each once, named in the tree of names and associated with the document."""
    if not attachments:
        return
    ordered = sorted(attachments, key=lambda each: each.name)  # a name tree is sorted
    references = [_file_specification(pdf, each) for each in ordered]
    names = pydyf.Array()
    for each, reference in zip(ordered, references, strict=True):
        names.extend((pydyf.String(each.name), reference))
    tree = pydyf.Dictionary({"Names": names})
    pdf.add_object(tree)
    pdf.catalog.setdefault("Names", pydyf.Dictionary())["EmbeddedFiles"] = tree.reference
    pdf.catalog["AF"] = pydyf.Array(references)


def _file_specification(pdf: pydyf.PDF, attachment: Attachment) -> bytes:
    date = pydyf.String(f"D:{attachment.modified:%Y%m%d%H%M%S}Z")
    embedded = pydyf.Stream(
        [attachment.packed],
        {
            "Type": "/EmbeddedFile",
            "Subtype": f"/{attachment.media_type.replace('/', '#2f')}",
            "Params": pydyf.Dictionary(
                {
                    "Size": attachment.size,
                    "CheckSum": f"<{attachment.checksum}>",
                    "CreationDate": date,
                    "ModDate": date,
                }
            ),
            "Filter": "/FlateDecode",
        },
    )
    pdf.add_object(embedded)
    specification = pydyf.Dictionary(
        {
            "Type": "/Filespec",
            "F": pydyf.String(attachment.name),
            "UF": pydyf.String(attachment.name),
            "EF": pydyf.Dictionary({"F": embedded.reference, "UF": embedded.reference}),
            "AFRelationship": f"/{attachment.relationship}",
            "Desc": pydyf.String(attachment.description),
        }
    )
    pdf.add_object(specification)
    return bytes(specification.reference)


def read_attachment(pdf: bytes, media_type: str) -> bytes | None:
    """An embedded file of a PDF that :func:`attach` made; ``None`` if there is none.

    No PDF reader: it looks for the stream as it was written here, and inflates a bounded part.
    """
    kind = b"/Type /EmbeddedFile/Subtype /" + media_type.replace("/", "#2f").encode()
    at = pdf.find(kind)
    start = pdf.find(b"stream\n", at, at + HEAD_BYTES)
    if at < 0 or start < 0:
        return None
    try:
        return zlib.decompressobj().decompress(pdf[start + len(b"stream\n") :], MOST_BYTES)
    except zlib.error:
        return None

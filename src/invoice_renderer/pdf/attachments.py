"""Files inside the file: what a program reads where a person reads the page."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Literal

import pydyf


@dataclass(frozen=True, slots=True)
class Attachment:
    """One embedded file; ``relationship`` is what it is to the page (ISO 32000-2, 7.11.3)."""

    name: str
    content: bytes = field(repr=False)
    media_type: str
    relationship: Literal["Source", "Data", "Alternative", "Supplement"]
    description: str
    modified: datetime
    """In UTC: of the invoice, never of the rendering."""


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
    checksum = hashlib.md5(attachment.content, usedforsecurity=False).hexdigest()
    embedded = pydyf.Stream(
        [attachment.content],
        {
            "Type": "/EmbeddedFile",
            "Subtype": f"/{attachment.media_type.replace('/', '#2f')}",
            "Params": pydyf.Dictionary(
                {
                    "Size": len(attachment.content),
                    "CheckSum": f"<{checksum}>",  # the format knows MD5 only
                    "CreationDate": date,
                    "ModDate": date,
                }
            ),
        },
        compress=True,
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

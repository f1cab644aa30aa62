"""The record inside the document, ``invoice.json``: what is drawn, and what decided how.

It holds the invoice as parsed, the choices of presentation, the template's version, the engine
and a digest of the seller profile. With the same profile and the same release these give the
same bytes again. The profile itself is not in it: it belongs to the seller, not to the reader.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from invoice_renderer.canonical import write_json, write_object
from invoice_renderer.errors import RecordUnreadable
from invoice_renderer.invoice import Invoice, parse_invoice
from invoice_renderer.strict_json import JsonRefused, parse_json

FORMAT = "invoice-record/1"
FILE_NAME = "invoice.json"
MOST_LINES = 100_000  # the document exists, so some path has let it through


@dataclass(frozen=True, slots=True)
class Record:
    """What is in ``invoice.json``."""

    invoice: Invoice
    profile: str
    """SHA-256 of the seller profile."""
    presentation: Mapping[str, str]
    template: str
    engine: str


def write_record(record: Record) -> bytes:
    """Canonical JSON: sorted keys, no spaces, amounts as strings."""
    texts = {
        "format": write_json(FORMAT),
        "invoice": record.invoice.canonical_json().decode(),
        "profile": write_json({"sha256": record.profile}),
        "presentation": write_json(dict(record.presentation)),
        "template": write_json(record.template),
        "engine": write_json(record.engine),
    }
    return write_object(texts).encode()


def parse_record(raw: bytes) -> Record:
    """Read ``invoice.json`` back; :class:`RecordUnreadable` if it is not one of ours."""
    try:
        fields = parse_json(raw)
    except JsonRefused as refused:
        raise RecordUnreadable(f"its {FILE_NAME} {refused}") from None
    if not isinstance(fields, dict) or fields.get("format") != FORMAT:
        raise RecordUnreadable(f"its {FILE_NAME} is not in the format {FORMAT}")
    profile, presentation = fields.get("profile"), fields.get("presentation")
    if not isinstance(profile, dict) or not isinstance(presentation, dict):
        raise RecordUnreadable(f"its {FILE_NAME} lacks profile or presentation")
    return Record(
        invoice=parse_invoice(fields.get("invoice"), max_lines=MOST_LINES),
        profile=str(profile.get("sha256")),
        presentation={name: str(value) for name, value in presentation.items()},
        template=str(fields.get("template")),
        engine=str(fields.get("engine")),
    )

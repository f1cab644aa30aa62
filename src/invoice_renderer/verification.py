"""Whether a PDF is what its own record gives: rendered again, byte for byte."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from typing import Protocol

from invoice_renderer.document import DocumentRenderer, Presentation
from invoice_renderer.errors import DocumentTooLarge, OptionRefused, RecordUnreadable
from invoice_renderer.pdf.attachments import read_attachment
from invoice_renderer.profile import SellerProfile
from invoice_renderer.record import FILE_NAME, Record, parse_record
from invoice_renderer.request import RenderOptions, parse_options


class Profiles(Protocol):
    def for_partner(self, partner_sid: str) -> SellerProfile: ...


@dataclass(frozen=True, slots=True)
class Verdict:
    """``same``, or why not where that can be told."""

    invoice_sid: str
    same: bool
    sha256: str
    rendered_sha256: str
    """Empty where this release cannot render the record at all."""
    plain: bool
    """Whether the same bytes came only when the page was laid out whole."""
    reasons: tuple[str, ...]

    def fields(self) -> dict[str, object]:
        return asdict(self)


def verify_document(pdf: bytes, *, renderer: DocumentRenderer, profiles: Profiles) -> Verdict:
    """Render the record again; :class:`RecordUnreadable` if the file has none."""
    raw = read_attachment(pdf, "application/json")
    if raw is None:
        raise RecordUnreadable(f"it has no {FILE_NAME}")
    record = parse_record(raw)
    profile = profiles.for_partner(record.invoice.partner_sid)
    digest = hashlib.sha256(pdf).hexdigest()
    reasons: list[str] = []
    rendered, plain = "", False
    try:
        presentation = _presentation(record, renderer, profile)
    except OptionRefused as refused:
        reasons.append(f"this release does not offer its {refused.option}")
    else:
        rendered = renderer.render(record.invoice, profile, presentation).sha256
        reasons.extend(_differences(record, renderer, presentation, profile))
        if rendered != digest and not reasons:
            plain = _laid_out_whole(record, renderer, presentation, profile) == digest
    rendered = digest if plain else rendered
    same = rendered == digest
    if same:
        reasons = []
    elif not reasons:
        reasons = ["the file was changed after it was rendered"]
    return Verdict(record.invoice.invoice_sid, same, digest, rendered, plain, tuple(reasons))


def _laid_out_whole(
    record: Record, renderer: DocumentRenderer, presentation: Presentation, profile: SellerProfile
) -> str:
    """The digest by the plain path; empty where so long a page is never drawn by it."""
    try:
        return renderer.render(record.invoice, profile, presentation, plain=True).sha256
    except DocumentTooLarge:
        return ""


def _presentation(
    record: Record, renderer: DocumentRenderer, profile: SellerProfile
) -> Presentation:
    """The record's choices, checked as a caller's are: the file may be anybody's."""
    names = RenderOptions.__dataclass_fields__.keys() & record.presentation.keys()
    options = parse_options({name: record.presentation[name] for name in sorted(names)})
    renderer.check(options)
    return renderer.present(options, profile)


def _differences(
    record: Record, renderer: DocumentRenderer, presentation: Presentation, profile: SellerProfile
) -> Iterator[str]:
    if record.engine != renderer.engine:
        yield f"it was rendered by another engine: {record.engine}"
    if record.template != renderer.template_version(presentation):
        yield f"it was rendered with another version of the template: {record.template}"
    if record.profile != profile.digest:
        yield "it was rendered with another seller profile"

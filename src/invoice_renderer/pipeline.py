"""The story of one invoice: fetched, checked for ownership, drawn, stored, linked."""

from __future__ import annotations

import hashlib
import json
from contextlib import AbstractContextManager
from dataclasses import asdict, dataclass
from typing import Protocol

from invoice_renderer.deadline import Deadline
from invoice_renderer.document import Document, Presentation
from invoice_renderer.errors import InvoiceNotFound
from invoice_renderer.invoice import Invoice, Notice, find_notices
from invoice_renderer.profile import SellerProfile
from invoice_renderer.request import Caller, RenderOptions, RenderRequest
from invoice_renderer.storage import Link, StoredDocument, document_key

RENDER_SECONDS = 2.0  # a render is not begun with less time left
S3_SECONDS = 8.0  # the longest that one call of S3 can take, time-outs and retries included


class Billing(Protocol):
    def fetch_invoice(
        self, invoice_sid: str, *, caller: Caller, max_lines: int, deadline: Deadline
    ) -> Invoice: ...


class Profiles(Protocol):
    def for_partner(self, partner_sid: str) -> SellerProfile: ...


class Renderer(Protocol):
    @property
    def engine(self) -> str: ...

    def check(self, options: RenderOptions) -> None: ...

    def present(self, options: RenderOptions, profile: SellerProfile) -> Presentation: ...

    def template_version(self, presentation: Presentation) -> str: ...

    def render(
        self, invoice: Invoice, profile: SellerProfile, presentation: Presentation
    ) -> Document: ...


class Store(Protocol):
    def find(self, key: str) -> StoredDocument | None: ...

    def put(
        self, document: StoredDocument, pdf: bytes, *, status: str, file_name: str
    ) -> StoredDocument: ...

    def sign_link(self, key: str, *, seconds: int | None, file_name: str) -> Link: ...


class Meter(Protocol):
    def stage(self, name: str) -> AbstractContextManager[None]: ...


@dataclass(frozen=True, slots=True)
class Delivery:
    """A stored document and a fresh link to it."""

    invoice: Invoice
    document: StoredDocument
    link: Link
    template: str
    notices: tuple[Notice, ...]
    is_new: bool

    def fields(self) -> dict[str, object]:
        """The answer to a caller."""
        return {
            "invoice_sid": self.invoice.invoice_sid,
            "display_id": self.invoice.display_id,
            "document": "final" if self.invoice.is_final else "preliminary",
            "url": self.link.url,
            "url_expires_at": f"{self.link.expires_at:%Y-%m-%dT%H:%M:%SZ}",
            "sha256": self.document.sha256,
            "pages": self.document.pages,
            "bytes": self.document.size,
            "template": self.template,
            "warnings": [asdict(notice) for notice in self.notices],
        }


def deliver_invoice(
    request: RenderRequest,
    *,
    billing: Billing,
    profiles: Profiles,
    renderer: Renderer,
    store: Store,
    meter: Meter,
    deadline: Deadline,
    max_lines: int,
) -> Delivery:
    """Answer one request: the document of the invoice as it is now, rendered only if it is new.

    :raises InvoiceRendererError: and then nothing was stored.
    """
    renderer.check(request.options)
    with meter.stage("Fetch"):
        invoice = billing.fetch_invoice(
            request.invoice_sid, caller=request.caller, max_lines=max_lines, deadline=deadline
        )
    if not request.caller.may_read(invoice.partner_sid):
        raise InvoiceNotFound
    deadline.require(S3_SECONDS, "read the seller profile")
    profile = profiles.for_partner(invoice.partner_sid)
    presentation = renderer.present(request.options, profile)
    template = renderer.template_version(presentation)
    digest = digest_of(invoice, profile, presentation, template=template, engine=renderer.engine)
    key = document_key(invoice.partner_sid, invoice.invoice_sid, digest)
    deadline.require(S3_SECONDS, "look for the document")
    stored = found = store.find(key)
    if stored is None:
        deadline.require(RENDER_SECONDS, "render the invoice")
        with meter.stage("Render"):
            document = renderer.render(invoice, profile, presentation)
        deadline.require(S3_SECONDS, "store the document")
        with meter.stage("Store"):
            stored = store.put(
                StoredDocument(
                    key, document.sha256, document.pages, len(document.pdf), document.notices
                ),
                document.pdf,
                status=invoice.status,
                file_name=file_name_of(invoice),
            )
    link = store.sign_link(
        key, seconds=request.options.link_seconds, file_name=file_name_of(invoice)
    )
    notices = find_notices(invoice) + stored.notices
    return Delivery(invoice, stored, link, template, notices, is_new=found is None)


def digest_of(
    invoice: Invoice,
    profile: SellerProfile,
    presentation: Presentation,
    *,
    template: str,
    engine: str,
) -> str:
    """SHA-256 over everything that decides the bytes of the document."""
    parts = {
        "invoice": invoice.digest(),
        "profile": profile.digest,
        "presentation": asdict(presentation),
        "template": template,
        "engine": engine,
    }
    return hashlib.sha256(json.dumps(parts, sort_keys=True).encode()).hexdigest()


def file_name_of(invoice: Invoice) -> str:
    return f"invoice-{invoice.display_id}"

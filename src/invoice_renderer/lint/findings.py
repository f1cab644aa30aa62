"""What the lint finds: a rule that was broken, where, and what to do about it."""

from __future__ import annotations

from dataclasses import asdict, dataclass

ADVICE = {
    "syntax": "Mend it: the page cannot be read as it is.",
    "unknown-variable": "Print what the view has; src/invoice_renderer/view/models.py lists it.",
    "maybe-missing": "Stand it inside {% if … %}: many an invoice has none.",
    "unescaped": "Print the value as it is; data never becomes markup.",
    "template-by-data": "Write the name of the partial as a text.",
    "unquoted-attribute": "Put quotation marks around the value.",
    "data-in-css": "Give the element a class, and style the class in a style sheet.",
    "remote-url": "Nothing is fetched: put the file into assets/ and ask for asset:<name>; "
    "addresses that are printed come from the seller profile.",
    "missing-asset": "Put the file into assets/, or mend its name.",
    "active-content": "Leave it out: an archived page has no script, form, frame or sound.",
    "missing-alt": "Say in alt what the picture shows; a mere ornament belongs into the style.",
    "missing-title": "Give the page a <title>; the number of the invoice is {{ invoice.title }}.",
    "missing-language": 'Begin the page with <html lang="{{ invoice.lang }}" '
    'dir="{{ invoice.direction }}">.',
    "no-contact": "Print the contact's email, phone and url: each can be the only one, and US "
    "rules want an enquiry contact on a telephone bill (47 CFR 64.2401(d)).",
    "missing-glyph": "Write it with characters that a bundled font has.",
    "contrast": "Make the text darker or its ground lighter: text needs 4.5 to 1.",
    "text-overflow": "Give it room, a smaller size, or overflow-wrap: anywhere.",
    "automatic-table": "Give every table table-layout: fixed; one hostile cell holds automatic "
    "layout up for seconds.",
    "does-not-render": "Mend what it says; invoice-pdf preview shows the page while you do.",
}
"""Every rule, and what to do where it is broken."""


@dataclass(frozen=True, slots=True, order=True)
class Finding:
    """One rule broken at one place. ``line`` is 0 where a whole file is meant."""

    file: str
    line: int
    rule: str
    detail: str

    @property
    def advice(self) -> str:
        return ADVICE[self.rule]

    def fields(self) -> dict[str, str | int]:
        """For a machine."""
        return {**asdict(self), "advice": self.advice}

    def __str__(self) -> str:
        return f"{self.file}:{self.line}: {self.rule}: {self.detail} {self.advice}"

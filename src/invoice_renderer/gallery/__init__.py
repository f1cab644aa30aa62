"""Hard invoices to look at a template with: for its author, and for every check of a page.

builders  the invoice that CarrierX documents, and whatever is to be different about it
cases     the gallery: what a page must survive, by name
chance    invoices by chance, the same ones for the same seed

It is a tool for people who make templates; the functions on Lambda do without it.
"""

from __future__ import annotations

from invoice_renderer.gallery.cases import GALLERY, Case

__all__ = ["GALLERY", "Case"]

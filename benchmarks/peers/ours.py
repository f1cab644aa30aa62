"""Our renderer, through the API that the functions on Lambda use."""

from __future__ import annotations

import gc
import json
import tomllib
from importlib.metadata import version
from pathlib import Path

from invoice_renderer.document import DocumentRenderer
from invoice_renderer.invoice import parse_invoice
from invoice_renderer.profile import SellerProfile, parse_profiles
from invoice_renderer.request import RenderOptions
from invoice_renderer.strict_json import parse_json

MOST_LINES = 1_000_000
MOST_PAGES = 100_000
MOST_BYTES = 1_000_000_000
PROFILES = Path(__file__).resolve().parents[2] / "profiles"


class Ours:
    """JSON bytes to a tagged PDF/A-3a and PDF/UA-1 with ``invoice.json`` and ``lines.csv``."""

    def __init__(self) -> None:
        self._renderer = DocumentRenderer(max_pages=MOST_PAGES, max_bytes=MOST_BYTES)
        self._profile = seller()
        self._presentation = self._renderer.present(RenderOptions(), self._profile)
        gc.freeze()  # as the functions do once they have started
        self.versions = f"WeasyPrint {version('weasyprint')}, {self._renderer.engine.split(',')[0]}"

    def render(self, raw: bytes) -> bytes:
        invoice = parse_invoice(parse_json(raw), max_lines=MOST_LINES)
        return self._renderer.render(invoice, self._profile, self._presentation).pdf

    def close(self) -> None:
        """Nothing is open."""


def seller() -> SellerProfile:
    """The example profile, less what no peer prints: the payment slip, the pay link and its QR."""
    fields = tomllib.loads((PROFILES / "example.toml").read_text("utf-8"))
    fields.pop("pay", None)
    fields.get("remit_to", {}).pop("slip", None)
    raw = json.dumps(fields).encode()
    profiles = parse_profiles(raw, name="seller.json", read_neighbour=_read_neighbour)
    return profiles.for_partner("any")


def _read_neighbour(name: str) -> bytes:
    return (PROFILES / name).read_bytes()

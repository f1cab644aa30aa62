"""Small builders: a valid thing, and whatever a test wants to be different about it.

Those of invoices belong to the gallery, which ships with the product.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from invoice_renderer.gallery.builders import (
    MANY_LINES,
    a_line,
    a_long_invoice,
    a_partner,
    a_payment,
    a_tax,
    an_invoice,
    invoice_fields,
)
from invoice_renderer.profile import SellerProfile, parse_profiles

__all__ = [
    "MANY_LINES",
    "a_line",
    "a_long_invoice",
    "a_partner",
    "a_payment",
    "a_profile",
    "a_tax",
    "an_invoice",
    "invoice_fields",
    "profile_fields",
    "sample",
]

SAMPLES = Path(__file__).parent / "samples"


def sample(name: str) -> Any:
    """A documented answer of CarrierX's API, as JSON."""
    return json.loads((SAMPLES / f"{name}.json").read_text("utf-8"))


def profile_fields(**changes: object) -> dict[str, Any]:
    """A seller profile with the keys that must be there, and a few more."""
    fields: dict[str, Any] = {
        "currency": "USD",
        "seller": {"legal_name": "Northline Communications, Inc.", "address": ["1200 Harbor St"]},
        "contact": {"email": "billing@northline.example", "phone": "+1 800 555 0142"},
    }
    return {**fields, **changes}


def a_profile(**changes: object) -> SellerProfile:
    """A seller profile, parsed; it has no logo."""
    raw = json.dumps(profile_fields(**changes)).encode()
    profiles = parse_profiles(raw, name="profile.json", read_neighbour=_no_neighbour)
    return profiles.for_partner("any")


def _no_neighbour(_name: str) -> bytes:
    raise FileNotFoundError

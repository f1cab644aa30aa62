"""A QR code as a drawing: an SVG of one path, black on white with its quiet zone."""

from __future__ import annotations

import io

import segno

QUIET_MODULES = 4  # ISO/IEC 18004 asks for four around the code
QR_CHARACTERS = 300
"""A longer address would need modules too small for a phone's camera on paper."""


def draw_qr(text: str) -> bytes:
    """Error correction M: a crease or a spot on the paper does no harm."""
    drawing = io.BytesIO()
    segno.make_qr(text, error="m", boost_error=False).save(
        drawing, kind="svg", border=QUIET_MODULES, light="#fff", xmldecl=False, nl=False
    )
    return drawing.getvalue()

"""xhtml2pdf: tables alone, its own page frames for the foot."""

from __future__ import annotations

import io
import logging
from importlib.metadata import version

from xhtml2pdf import pisa

from benchmarks.peers.html import write_html


class Xhtml2pdf:
    """Noto Sans, embedded and subset; untagged. The name of the seller stands for the logo."""

    versions = f"xhtml2pdf {version('xhtml2pdf')}, ReportLab {version('reportlab')}"

    def __init__(self) -> None:
        logging.getLogger("xhtml2pdf").setLevel(logging.ERROR)

    def render(self, raw: bytes) -> bytes:
        out = io.BytesIO()
        status = pisa.CreatePDF(write_html("plain.html", raw, frames=True), dest=out)
        if status.err:
            raise RuntimeError(f"xhtml2pdf reports {status.err} errors")
        return out.getvalue()

    def close(self) -> None:
        """Nothing is open."""

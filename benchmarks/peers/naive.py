"""WeasyPrint as most people use it: flex layout, automatic tables, one line of Python."""

from __future__ import annotations

import os
from importlib.metadata import version

from benchmarks.peers.html import FONTS_CONF, write_html

os.environ["FONTCONFIG_FILE"] = str(FONTS_CONF)

from weasyprint import HTML


class Naive:
    """The same page as the browser's."""

    versions = f"WeasyPrint {version('weasyprint')}"

    def render(self, raw: bytes) -> bytes:
        pdf: bytes = HTML(string=write_html("modern.html", raw)).write_pdf()
        return pdf

    def close(self) -> None:
        """Nothing is open."""

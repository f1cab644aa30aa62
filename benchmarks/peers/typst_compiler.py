"""Typst, its compiler kept warm; the bill goes in as JSON."""

from __future__ import annotations

import json
from dataclasses import asdict
from importlib.metadata import version
from pathlib import Path

import typst

from benchmarks import bill
from benchmarks.peers.html import FONTS, ROOT

PAGE = Path(__file__).parent / "invoice.typ"
WORDS = {
    name.lower(): getattr(bill, name)
    for name in ("ASK", "COLUMNS", "CONTACT", "FOOTER", "PRELIMINARY", "REMIT", "SELLER",
                 "SELLER_LINES", "TAX_COLUMNS", "TERMS", "USAGE_COLUMNS")
}  # fmt: skip


class Typst:
    """Tagged PDF, Typst's default."""

    versions = f"Typst {version('typst')}"

    def __init__(self) -> None:
        self._words = json.dumps(WORDS)
        self._compiler = typst.Compiler(
            input=str(PAGE), root=str(ROOT), font_paths=[str(FONTS)], ignore_system_fonts=True
        )

    def render(self, raw: bytes) -> bytes:
        texts = json.dumps(asdict(bill.read_bill(raw)))
        pdf: bytes = self._compiler.compile(
            format="pdf", sys_inputs={"bill": texts, "words": self._words}
        )
        return pdf

    def close(self) -> None:
        """Nothing is open."""

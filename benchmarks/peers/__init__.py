"""Ways to make an invoice: CarrierX's JSON bytes in, PDF bytes out, again and again."""

from __future__ import annotations

import importlib
from dataclasses import dataclass
from typing import Protocol


class Engine(Protocol):
    """One way to make an invoice, ready in its own process."""

    versions: str
    """What it is made of, for the report."""

    def render(self, raw: bytes) -> bytes: ...

    def close(self) -> None: ...


@dataclass(frozen=True, slots=True)
class Peer:
    """An engine by name; ``outside`` says that its work is done by child processes."""

    name: str
    label: str
    says: str
    place: str
    outside: bool = False
    colour: str = "#6b7280"

    def start(self) -> Engine:
        """Import and warm what this engine needs, and nothing of any other."""
        module, maker = self.place.split(":")
        engine: Engine = getattr(importlib.import_module(f"benchmarks.peers.{module}"), maker)()
        return engine


PEERS = {
    peer.name: peer
    for peer in (
        Peer("ours", "invoice-renderer",
             "the whole product: tagged PDF/A-3a and PDF/UA-1 with two attachments, CLDR, sums"
             " carried forward, hash", "ours:Ours", colour="#0b7a75"),
        Peer("chromium", "Chromium, warm",
             "one browser and one page kept, driven over its debugging protocol",
             "chromium:Chromium", outside=True, colour="#d9480f"),
        Peer("typst", "Typst",
             "one compiler kept, tagged as is its default", "typst_compiler:Typst",
             colour="#1c7ed6"),
        Peer("platypus", "ReportLab Platypus",
             "flowables and a LongTable of plain strings, standard fonts not embedded",
             "platypus:Platypus", colour="#9c36b5"),
        Peer("platypus-embedded", "Platypus, fonts embedded",
             "the same with Noto Sans embedded and subset", "platypus:PlatypusEmbedded",
             colour="#cc5de8"),
        Peer("fpdf2", "fpdf2",
             "cells placed one by one, Noto Sans embedded", "fpdf2:Fpdf2", colour="#5c940d"),
        Peer("wkhtmltopdf", "wkhtmltopdf",
             "Debian’s, a process for each document; no page numbers, no repeated heads",
             "wkhtmltopdf:Wkhtmltopdf", outside=True, colour="#868e96"),
        Peer("xhtml2pdf", "xhtml2pdf", "HTML with its own page frames", "xhtml2pdf:Xhtml2pdf",
             colour="#b08d00"),
        Peer("naive", "WeasyPrint, naive",
             "flex layout, automatic tables, `HTML(string=…).write_pdf()`; untagged",
             "naive:Naive", colour="#343a40"),
    )
}  # fmt: skip
QUICK = ("ours", "chromium", "typst", "platypus")

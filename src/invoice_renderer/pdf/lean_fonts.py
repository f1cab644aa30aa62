"""Font files as small as a page can use: the glyphs and the tables that a reader looks at.

WeasyPrint keeps the numbers of the glyphs, since pages show them by number, and with them an empty
place and a name for every other glyph of the font. OpenType fonts with CFF outlines become
CID-keyed fonts, a third as long; TrueType fonts, whose places are short, lose the tables that a
``CIDFontType2`` has no use for (ISO 32000-1, 9.9).
"""

from __future__ import annotations

import struct
from collections import defaultdict
from functools import lru_cache
from typing import Any

import pydyf

from invoice_renderer.pdf.cff import NotPlain, Outlines, read_outlines, tables_of

DRAWN = frozenset({b"cvt ", b"fpgm", b"glyf", b"head", b"hhea", b"hmtx", b"loca", b"maxp", b"prep"})
KEPT = 32  # font files that are remembered
READ = 8  # of which the glyphs are


def make_fonts_lean(pdf: pydyf.PDF) -> None:
    """Every font file of a finished document, whichever way its pages were made."""
    for number, glyphs in _used(pdf).items():
        file = pdf.objects[number]
        content = file.stream[0]
        if file.extra.get("Subtype") != "/OpenType":
            file.stream = [_without_tables(content)]
            file.extra["Length1"] = len(file.stream[0])
            continue
        try:
            file.stream = [_keyed(content, frozenset(glyphs))]
        except NotPlain:
            continue
        file.extra["Subtype"] = "/CIDFontType0C"


def _used(pdf: pydyf.PDF) -> dict[int, set[int]]:
    """For the number of each font file, the glyphs that pages show of it."""
    used: dict[int, set[int]] = defaultdict(set)
    for each in pdf.objects:
        if isinstance(each, pydyf.Dictionary) and "CIDToGIDMap" in each:
            descriptor = pdf.objects[_number(each["FontDescriptor"])]
            file = descriptor.get("FontFile3") or descriptor["FontFile2"]
            used[_number(file)] |= _shown(each["W"])
    return used


def _number(reference: bytes) -> int:
    return int(reference.split()[0])


def _shown(widths: list[Any]) -> set[int]:
    """``[3 [500 600] 7 [400]]`` is of 3, 4 and 7."""
    return {
        number
        for first, these in zip(widths[::2], widths[1::2], strict=True)
        for number in range(first, first + len(these))
    }


def _keyed(content: bytes, used: frozenset[int]) -> bytes:
    """All that the file draws, whatever of it is used: most pages of a seller share this font."""
    drawn = _outlines(content).drawn
    return _keyed_with(content, drawn if used <= drawn else drawn | used)


@lru_cache(maxsize=READ)
def _outlines(content: bytes) -> Outlines:
    return read_outlines(content)


@lru_cache(maxsize=KEPT)
def _keyed_with(content: bytes, glyphs: frozenset[int]) -> bytes:
    return _outlines(content).keyed(glyphs)


@lru_cache(maxsize=KEPT)
def _without_tables(content: bytes) -> bytes:
    """A TrueType font with the tables that are needed to draw it."""
    tables = {tag: table for tag, table in tables_of(content).items() if tag in DRAWN}
    count = len(tables)
    power = 1 << (count.bit_length() - 1)
    head = struct.pack(
        ">LHHHH", 0x00010000, count, power * 16, power.bit_length() - 1, (count - power) * 16
    )
    at, directory, body = len(head) + 16 * count, [], []
    for tag, table in sorted(tables.items()):
        padded = table + bytes(-len(table) % 4)
        total = sum(struct.unpack(f">{len(padded) // 4}L", padded)) & 0xFFFFFFFF
        directory.append(struct.pack(">4sLLL", tag, total, at, len(table)))
        body.append(padded)
        at += len(padded)
    return b"".join((head, *directory, *body))

"""An OpenType font's outlines as a CID-keyed CFF font with some of its glyphs.

A name-keyed font has to keep an empty glyph and a name in the place of each glyph that is left out,
if the others are to keep their numbers. In a CID-keyed one every glyph says its number itself.
Numbers and operators are those of Adobe's Technical Notes 5176 (the format) and 5177.
"""

from __future__ import annotations

import operator
import struct
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import accumulate, pairwise

OPENTYPE = b"OTTO"
HEADER = b"\x01\x00\x04\x04"
EMPTY = b"\x0e"  # endchar: neither an outline nor a width
ADOBE_IDENTITY = (b"Adobe", b"Identity")
FIRST_STRING = 391  # of a font's own; those before are the standard's
ESCAPE, SHORT, LONG, REAL = 12, 28, 29, 30
CHARSTRINGS, PRIVATE, CHARSET, BOX, SUBROUTINES = b"\x11", b"\x12", b"\x0f", b"\x05", b"\x13"
MATRIX, KIND, ROS, COUNT, DICTS, SELECT = (bytes((ESCAPE, n)) for n in (7, 6, 30, 34, 36, 37))


class NotPlain(Exception):
    """A font that this does not know how to read: it stays as it is."""


@dataclass(frozen=True)
class Outlines:
    """A name-keyed CFF font, its glyphs by number."""

    name: bytes
    glyphs: tuple[bytes, ...]
    private: bytes
    units: bytes
    """How large its units are, in a DICT's words; readers ask the DICT of the glyphs for it."""
    box: tuple[int, ...]
    """What all glyphs fit into, in thousandths: the font as a whole has no other units."""

    @cached_property
    def drawn(self) -> frozenset[int]:
        """Those that have an outline or a width, and the one for what is missing."""
        return frozenset({0, *(at for at, glyph in enumerate(self.glyphs) if glyph != EMPTY)})

    def keyed(self, glyphs: frozenset[int]) -> bytes:
        """The CID-keyed font with these glyphs, each under its number."""
        chosen = sorted(glyphs)
        if chosen[-1] >= len(self.glyphs):
            raise NotPlain
        charset = b"\0" + struct.pack(f">{len(chosen) - 1}H", *chosen[1:])
        select = struct.pack(">BHHBH", 3, 1, 0, 0, len(chosen))
        charstrings = _index([self.glyphs[each] for each in chosen])
        before = HEADER + _index([self.name])
        after = _index(ADOBE_IDENTITY) + _index([])
        start = len(before) + len(_index([self._top(0, (0, 0, 0, 0))])) + len(after)
        parts = (charset, select, charstrings, self.private)
        *places, at_dicts = accumulate(map(len, parts), initial=start)
        private = _long(len(self.private)) + _long(places.pop()) + PRIVATE
        dicts = _index([self.units + private])
        top = self._top(chosen[-1] + 1, (*places, at_dicts))
        return b"".join((before, _index([top]), after, *parts, dicts))

    def _top(self, count: int, places: Sequence[int]) -> bytes:
        """The Top DICT, of the same length whatever the offsets of the others are."""
        strings = _long(FIRST_STRING) + _long(FIRST_STRING + 1)
        box = b"".join(struct.pack(">Bh", SHORT, each) for each in self.box)
        operators = (CHARSET, SELECT, CHARSTRINGS, DICTS)
        others = b"".join(map(operator.add, map(_long, places), operators))
        return strings + _long(0) + ROS + box + BOX + _long(count) + COUNT + others


def read_outlines(content: bytes) -> Outlines:
    """:raises NotPlain: where the font is not name-keyed, or has subroutines."""
    try:
        if content[:4] != OPENTYPE:
            raise NotPlain
        tables = tables_of(content)
        (em,) = struct.unpack_from(">H", tables[b"head"], 18)
        return _read(tables[b"CFF "], em)
    except (IndexError, KeyError, ValueError, struct.error):
        raise NotPlain from None


def tables_of(content: bytes) -> dict[bytes, bytes]:
    """The tables of an OpenType or TrueType font by name, in the order of the file."""
    (count,) = struct.unpack_from(">H", content, 4)
    return {
        tag: content[at : at + length]
        for tag, _, at, length in struct.iter_unpack(">4sLLL", content[12 : 12 + 16 * count])
    }


def _read(cff: bytes, em: int) -> Outlines:
    names, at = _items(cff, cff[2])
    tops, at = _items(cff, at)
    subroutines, _ = _items(cff, _end(cff, at))  # past the names of the glyphs
    top = dict(_entries(tops[0]))
    size, start = _numbers(top[PRIVATE])
    private = cff[start : start + size]
    if subroutines or {ROS, KIND} & top.keys() or SUBROUTINES in dict(_entries(private)):
        raise NotPlain
    glyphs, _ = _items(cff, *_numbers(top[CHARSTRINGS]))
    units = top[MATRIX] + MATRIX if MATRIX in top else b""
    box = tuple(round(each * 1000 / em) for each in _numbers(top[BOX]))
    return Outlines(names[0], tuple(glyphs), private, units, box)


def _items(cff: bytes, at: int) -> tuple[list[bytes], int]:
    """What is in an INDEX, and where it ends."""
    end = _end(cff, at)
    if end == at + 2:
        return [], end
    width = cff[at + 2]
    offsets = _offsets(cff, at, width)
    before = end - offsets[-1]
    return [cff[before + start : before + stop] for start, stop in pairwise(offsets)], end


def _offsets(cff: bytes, at: int, width: int) -> list[int]:
    stop = at + 3 + width * (int.from_bytes(cff[at : at + 2], "big") + 1)
    offsets = range(at + 3, stop, width)
    return [int.from_bytes(cff[each : each + width], "big") for each in offsets]


def _end(cff: bytes, at: int) -> int:
    """Where an INDEX ends: the last of its offsets, which count from 1, says so."""
    count = int.from_bytes(cff[at : at + 2], "big")
    if not count:
        return at + 2
    width = cff[at + 2]
    last = at + 3 + width * count
    end = last + width - 1 + int.from_bytes(cff[last : last + width], "big")
    if end > len(cff):
        raise NotPlain
    return end


def _index(items: Sequence[bytes]) -> bytes:
    if not items:
        return b"\0\0"
    offsets = [1]
    for each in items:
        offsets.append(offsets[-1] + len(each))
    width = 2 if offsets[-1] <= 0xFFFF else 4
    packed = struct.pack(f">{len(offsets)}{'H' if width == 2 else 'L'}", *offsets)
    return b"%b%b%b%b" % (struct.pack(">H", len(items)), bytes([width]), packed, b"".join(items))


def _entries(content: bytes) -> Iterator[tuple[bytes, bytes]]:
    """The operators of a DICT with their operands, as they are written."""
    at = start = 0
    while at < len(content):
        first = content[at]
        if first <= 21:
            end = at + (2 if first == ESCAPE else 1)
            yield content[at:end], content[start:at]
            at = start = end
        elif first == REAL:
            at += 1
            while content[at] & 0x0F != 0x0F and content[at] >> 4 != 0x0F:
                at += 1
            at += 1
        else:
            at += {SHORT: 3, LONG: 5}.get(first, 1 if first < 247 else 2)


def _numbers(operands: bytes) -> Iterator[int]:
    at = 0
    while at < len(operands):
        first = operands[at]
        if first in {SHORT, LONG}:
            width = 2 if first == SHORT else 4
            yield int.from_bytes(operands[at + 1 : at + 1 + width], "big", signed=True)
            at += 1 + width
        elif first < 247:
            yield first - 139
            at += 1
        else:
            size = (first - 247) % 4 * 256 + operands[at + 1] + 108
            yield size if first < 251 else -size
            at += 2


def _long(value: int) -> bytes:
    return struct.pack(">BL", LONG, value)

"""Where each object of a file is: the rows of its cross-reference stream.

There are half a dozen for each row of a table: arrays keep them, and the differences of
neighbouring rows are taken of thousands at once.
"""

from __future__ import annotations

import sys
from array import array

OFFSET_BYTES = 4
INDEX_BYTES = 2
ROW_BYTES = 1 + OFFSET_BYTES + INDEX_BYTES
WIDTHS = b"/W[1 %d %d]" % (OFFSET_BYTES, INDEX_BYTES)
PREDICTED = b"/DecodeParms<</Predictor 12/Columns %d>>" % ROW_BYTES
UP = b"\x02"  # PNG's predictor: neighbouring rows of the table differ in a byte or two
ROWS_AT_ONCE = 16_384
_IN_FILE, _IN_STREAM = 1, 2


class CrossReferences:
    """A row for each number; those that nothing is put at are free."""

    def __init__(self, count: int) -> None:
        self._kinds = bytearray(count)
        self._places = array("I", bytes(OFFSET_BYTES * count))
        self._indexes = array("H", bytes(INDEX_BYTES * count))

    def __len__(self) -> int:
        return len(self._kinds)

    def put(self, number: int, offset: int) -> None:
        """An object that stands for itself, at an offset of the file."""
        self._kinds[number], self._places[number] = _IN_FILE, offset

    def put_packed(self, numbers: range, stream: int, index: int) -> None:
        """Objects that follow each other in the object stream with the number ``stream``."""
        where = slice(numbers.start, numbers.stop)
        self._kinds[where] = bytes((_IN_STREAM,)) * len(numbers)
        self._places[where] = array("I", (stream,)) * len(numbers)
        self._indexes[where] = array("H", range(index, index + len(numbers)))

    def append(self, offset: int) -> int:
        """The number of one more object that stands for itself."""
        self._kinds.append(_IN_FILE)
        self._places.append(offset)
        self._indexes.append(0)
        return len(self) - 1

    def differences(self) -> bytes:
        """The table as PNG's predictor takes it: each row less the row above, byte by byte."""
        parts = []
        above = bytes(ROW_BYTES)
        for start in range(0, len(self), ROWS_AT_ONCE):
            rows = self._rows(slice(start, start + ROWS_AT_ONCE))
            parts.append(_predicted(_less(rows, (above + rows)[:-ROW_BYTES])))
            above = rows[-ROW_BYTES:]
        return b"".join(parts)

    def _rows(self, some: slice) -> bytes:
        table = bytearray(len(self._kinds[some]) * ROW_BYTES)
        table[::ROW_BYTES] = self._kinds[some]
        _fill(table, 1, self._places[some])
        _fill(table, 1 + OFFSET_BYTES, self._indexes[some])
        return bytes(table)


def _fill(table: bytearray, column: int, numbers: array[int]) -> None:
    """Numbers into the columns of a table, the high byte first."""
    size = numbers.itemsize
    content = numbers.tobytes()
    for at in range(size):
        place = at if sys.byteorder == "big" else size - 1 - at
        table[column + at :: ROW_BYTES] = content[place::size]


def _predicted(changes: bytes) -> bytes:
    """Rows with the name of the predictor before each."""
    count, width = len(changes) // ROW_BYTES, ROW_BYTES + 1
    rows = bytearray(UP * (count * width))
    for column in range(ROW_BYTES):
        rows[column + 1 :: width] = changes[column::ROW_BYTES]
    return bytes(rows)


def _less(one: bytes, other: bytes) -> bytes:
    """Each byte less another, modulo 256: two long integers, no borrow over a byte's edge."""
    first, second = int.from_bytes(one, "big"), int.from_bytes(other, "big")
    high = int.from_bytes(b"\x80" * len(one), "big")
    low = (first | high) - (second & ~high)
    return (low ^ ((first ^ ~second) & high)).to_bytes(len(one), "big")

"""Finished objects, packed and compressed at once: a row of a table has half a dozen of them.

As Python objects they would wait for the file to be written at 300 bytes each; compressed by some
hundreds, as the file has them anyway, at ten or so.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from itertools import accumulate, chain, repeat
from operator import add

import pydyf
from deflate import zlib_compress

LEVEL = 5  # of libdeflate's 12; 6 takes a third longer for a fiftieth less
OBJECTS_IN_STREAM = 400  # or a few more: what is packed together stays together
BETWEEN = b"\0"  # objects that are handed over in one piece


class Packed(pydyf.Object):  # type: ignore[misc]  # pydyf is not typed
    """Holds the places of packed objects in the list of objects: all of them, one for all."""

    @property
    def data(self) -> bytes:
        raise NotImplementedError("a packed object is in its stream")


PACKED = Packed()


class ObjectStream(pydyf.Object):  # type: ignore[misc]
    """Objects in one compressed stream, in this order (ISO 32000-1, 7.5.7)."""

    def __init__(self, runs: Iterable[range], contents: Sequence[bytes]) -> None:
        super().__init__()
        self._runs = tuple(runs)
        self._data = _object_stream(list(chain.from_iterable(self._runs)), contents)

    @property
    def data(self) -> bytes:
        return self._data

    def runs(self) -> Iterator[tuple[int, range]]:
        """Numbers that follow each other, with the place in the stream of the first."""
        index = 0
        for run in self._runs:
            yield index, run
            index += len(run)


class Packer:
    """Numbers objects like :meth:`pydyf.PDF.add_object`, and packs them when there are enough."""

    def __init__(self, pdf: pydyf.PDF) -> None:
        self._objects: list[pydyf.Object] = pdf.objects
        self._add_object = pdf.add_object
        self._runs: list[range] = []
        self._pieces: list[bytes] = []
        self._count = 0

    def add(self, pieces: Sequence[bytes], count: int) -> int:
        """The number of the first of ``count`` objects; in a piece, ``BETWEEN`` parts them."""
        first = len(self._objects)
        self._objects.extend(repeat(PACKED, count))
        self._runs.append(range(first, first + count))
        self._pieces += pieces
        self._count += count
        if self._count >= OBJECTS_IN_STREAM:
            self.finish()
        return first

    def finish(self) -> None:
        """Pack what is left."""
        if self._pieces:
            contents = BETWEEN.join(self._pieces).split(BETWEEN)
            self._add_object(ObjectStream(self._runs, contents))
        self._runs, self._pieces, self._count = [], [], 0


def compress(content: bytes) -> bytes:
    """For ``/FlateDecode``."""
    return bytes(zlib_compress(content, LEVEL))


def compressed(keys: bytes, content: bytes) -> bytes:
    """A stream of our own: its dictionary, with these keys first, and its bytes."""
    packed = compress(content)
    return b"<<%b/Filter/FlateDecode/Length %d>>\nstream\n%b\nendstream" % (
        keys,
        len(packed),
        packed,
    )


def _object_stream(numbers: Sequence[int], contents: Sequence[bytes]) -> bytes:
    ends = accumulate(map(add, map(len, contents), repeat(1)), initial=0)
    pairs = tuple(chain.from_iterable(zip(numbers, ends, strict=False)))  # the last end is nobody's
    head = b"%d %d " * len(numbers) % pairs
    keys = b"/Type/ObjStm/N %d/First %d" % (len(numbers), len(head))
    return compressed(keys, head + b"\n".join(contents))

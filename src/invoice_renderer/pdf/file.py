"""The file itself: numbered objects packed into object streams, one cross-reference stream.

pydyf's own ``write`` serialises and compresses everything twice where a file identifier is asked
for, as PDF/A does. This writes each object once, packs the others than streams by some hundreds,
and compresses with libdeflate: twice as fast as zlib, smaller, and the same bytes on every machine,
whichever zlib that has.
"""

from __future__ import annotations

import hashlib
import io
from functools import lru_cache
from itertools import islice

import pydyf

from invoice_renderer.pdf.packing import (
    OBJECTS_IN_STREAM,
    PACKED,
    ObjectStream,
    compress,
    compressed,
)
from invoice_renderer.pdf.references import PREDICTED, WIDTHS, CrossReferences

HEADER = b"%PDF-1.7\n%\xf0\x9f\x96\xa4\n"
KEPT_BYTES = 200_000  # of a font or a profile, 64 of which are remembered


def write_file(pdf: pydyf.PDF) -> bytes:
    """Every object of a finished document; PDF/A-3 allows object streams (it is PDF 1.7)."""
    pdf.add_object(pdf.info)
    _pack_others(pdf)
    body = io.BytesIO()  # gives its bytes away without a copy
    body.write(HEADER)
    references = CrossReferences(len(pdf.objects))
    for each in islice(pdf.objects, 1, None):
        if each is PACKED:
            continue
        if isinstance(each, ObjectStream):
            for index, run in each.runs():
                references.put_packed(run, each.number, index)
            content = each.data
        else:
            content = stream_data(each)
        references.put(each.number, body.tell())
        _append(body, each.number, content)
    _append_references(pdf, references, body)
    return body.getvalue()


def stream_data(stream: pydyf.Stream) -> bytes:
    """A stream as pydyf would write it, but for the compression."""
    content = _content(stream)
    keys = pydyf.Dictionary(dict(stream.extra))
    if stream.compress:
        keys["Filter"] = "/FlateDecode"
        is_whole = len(stream.stream) == 1 and len(content) <= KEPT_BYTES
        content = _compress_again(content) if is_whole else compress(content)
    keys["Length"] = len(content)
    return b"%b\nstream\n%b\nendstream" % (keys.data, content)


def seal(stream: pydyf.Stream) -> None:
    """Compress a page that nothing is drawn on any more, long before the file is written."""
    if not stream.compress:
        return
    stream.stream = [compress(_content(stream))]
    stream.extra["Filter"] = "/FlateDecode"
    stream.compress = False


def _content(stream: pydyf.Stream) -> bytes:
    return b"\n".join(
        item if type(item) is bytes else pydyf._to_bytes(item)  # noqa: SLF001
        for item in stream.stream
    )


@lru_cache(maxsize=64)
def _compress_again(content: bytes) -> bytes:
    """Font files and the colour profile come again and again."""
    return compress(content)


def _pack_others(pdf: pydyf.PDF) -> None:
    """Into object streams what is no stream and not packed yet; the numbers stay as they are."""
    others = [
        each for each in islice(pdf.objects, 1, None)
        if each is not PACKED and not isinstance(each, (pydyf.Stream, ObjectStream))
    ]  # fmt: skip
    for start in range(0, len(others), OBJECTS_IN_STREAM):
        few = others[start : start + OBJECTS_IN_STREAM]
        runs = [range(each.number, each.number + 1) for each in few]
        pdf.add_object(ObjectStream(runs, [each.data for each in few]))
        for each in few:
            pdf.objects[each.number] = PACKED


def _append(body: io.BytesIO, number: int, content: bytes) -> None:
    body.write(b"%d 0 obj\n" % number)
    body.write(content)
    body.write(b"\nendobj\n")


def _append_references(pdf: pydyf.PDF, references: CrossReferences, body: io.BytesIO) -> None:
    """The last object; the identifier is a hash of all that stands before it."""
    with body.getbuffer() as before:
        identifier = hashlib.sha256(before).hexdigest()[:32].encode()
    start = body.tell()
    number = references.append(start)
    keys = b"/Type/XRef/Size %d%b/Root %b/Info %b/ID[<%b><%b>]%b" % (
        len(references),
        WIDTHS,
        pdf.catalog.reference,
        pdf.info.reference,
        identifier,
        identifier,
        PREDICTED,
    )
    _append(body, number, compressed(keys, references.differences()))
    body.write(b"startxref\n%d\n%%%%EOF\n" % start)

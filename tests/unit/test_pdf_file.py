"""The file as bytes: what is packed and where the cross-references say that it is."""

from __future__ import annotations

from itertools import pairwise

import pikepdf
import pydyf
import pytest
from hypothesis import given
from hypothesis import strategies as st

from invoice_renderer.document import DocumentRenderer
from invoice_renderer.pdf import references as module
from invoice_renderer.pdf.file import seal, stream_data, write_file
from invoice_renderer.pdf.objects import Verbatim
from invoice_renderer.pdf.packing import OBJECTS_IN_STREAM, Packer
from invoice_renderer.pdf.references import ROW_BYTES, CrossReferences
from invoice_renderer.pdf.tagging import NAMES_IN_LEAF
from invoice_renderer.profile_source import open_profile
from invoice_renderer.request import RenderOptions
from tests.builders import a_long_invoice
from tests.pdf_reading import opened

OFFSETS = st.lists(st.integers(0, 2**32 - 1), max_size=12)


def undone(differences: bytes) -> list[bytes]:
    """The rows of a table, as a reader adds them up (PNG, 9.2, filter type 2)."""
    rows, above = [], bytes(ROW_BYTES)
    for start in range(0, len(differences), ROW_BYTES + 1):
        kind, *changes = differences[start : start + ROW_BYTES + 1]
        assert kind == 2
        above = bytes((one + up) & 255 for one, up in zip(changes, above, strict=True))
        rows.append(above)
    return rows


@given(OFFSETS, OFFSETS)
def test_a_reader_gets_the_cross_references_back(known: list[int], appended: list[int]) -> None:
    table = CrossReferences(len(known) + 1)
    for number, offset in enumerate(known, start=1):
        table.put(number, offset)
    numbers = [table.append(offset) for offset in appended]
    expected = [
        bytes(7),
        *(b"\1" + each.to_bytes(4, "big") + bytes(2) for each in known + appended),
    ]
    assert undone(table.differences()) == expected
    assert numbers == list(range(len(known) + 1, len(table)))


def test_packed_objects_are_found_by_their_stream_and_their_place_in_it() -> None:
    table = CrossReferences(1002)
    table.put_packed(range(1, 1001), stream=1001, index=200)
    rows = undone(table.differences())
    assert (rows[0], rows[1001]) == (bytes(7), bytes(7))
    assert rows[1] == bytes.fromhex("02 000003e9 00c8")
    assert rows[1000] == bytes.fromhex("02 000003e9 04af")


def test_a_table_is_the_same_in_parts(monkeypatch: pytest.MonkeyPatch) -> None:
    table = CrossReferences(100)
    for number in range(1, 100):
        table.put(number, number * 70_001)
    whole = table.differences()
    monkeypatch.setattr(module, "ROWS_AT_ONCE", 7)
    assert table.differences() == whole


def test_every_object_is_read_back_by_its_number() -> None:
    """Streams, objects packed at once, and those that wait for the file, in any order."""
    pdf = pydyf.PDF()
    packer = Packer(pdf)
    said: dict[int, bytes] = {}
    for round_ in range(5):
        content = b"(early %d)" % round_
        first = packer.add([content + b"\0" + content] * (OBJECTS_IN_STREAM // 4), 200)
        said |= dict.fromkeys(range(first, first + 200), content[1:-1])
        pdf.add_object(late := Verbatim(b"(late %d)" % round_))
        said[late.number] = b"late %d" % round_
        pdf.add_object(stream := pydyf.Stream([b"stream %d" % round_], compress=True))
        said[stream.number] = b"stream %d" % round_
    packer.finish()
    pdf.add_page(pydyf.Dictionary({"Type": "/Page", "Parent": pdf.pages.reference}))
    with opened(write_file(pdf)) as document:
        for number, expected in said.items():
            found = document.get_object(number, 0)
            is_stream = isinstance(found, pikepdf.Stream)
            assert (found.read_bytes() if is_stream else bytes(found)) == expected


def test_a_sealed_page_is_written_as_one_that_is_not() -> None:
    open_, sealed = (pydyf.Stream([b"q", b"Q"], {"Kept": 1}, compress=True) for _ in range(2))
    seal(sealed)
    assert stream_data(open_) == stream_data(sealed)
    plain = pydyf.Stream([b"q", b"Q"])
    seal(plain)
    assert plain.stream == [b"q", b"Q"]


def test_identifiers_of_many_rows_are_a_sorted_tree(renderer: DocumentRenderer) -> None:
    """Each leaf says its first and last name, and every name leads to the element that has it."""
    profile = open_profile("example.toml").for_partner("any")
    presentation = renderer.present(RenderOptions(), profile)
    pdf = renderer.render(a_long_invoice(2 * NAMES_IN_LEAF), profile, presentation).pdf
    with opened(pdf) as document:
        leaves = list(document.Root.StructTreeRoot.IDTree.Kids)
        assert len(leaves) > 2
        names = [bytes(each) for leaf in leaves for each in list(leaf.Names)[::2]]
        assert len(names) > 2 * NAMES_IN_LEAF
        assert all(one < other for one, other in pairwise(names))
        for leaf in leaves:
            pairs = list(leaf.Names)
            assert [bytes(each) for each in leaf.Limits] == [bytes(pairs[0]), bytes(pairs[-2])]
            assert [bytes(each.ID) for each in pairs[1::2]] == [bytes(each) for each in pairs[::2]]

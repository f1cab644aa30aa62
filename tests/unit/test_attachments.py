"""What a program finds in the file: the invoice it was drawn from, and a spreadsheet of lines."""

from __future__ import annotations

import csv
import hashlib
import io
import json
import subprocess
from decimal import Decimal
from pathlib import Path

import pikepdf
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from invoice_renderer.document import DocumentRenderer
from invoice_renderer.errors import InvoiceMalformed, RecordUnreadable
from invoice_renderer.gallery import GALLERY
from invoice_renderer.invoice import Invoice
from invoice_renderer.pdf.attachments import read_attachment
from invoice_renderer.record import Record, parse_record, write_record
from invoice_renderer.request import RenderOptions
from invoice_renderer.spreadsheet import COLUMNS, safe_cell, write_lines
from tests.builders import a_line, a_payment, a_profile, a_tax, an_invoice
from tests.pdf_reading import attachments_of, opened
from tests.strategies import invoices


def drawn(renderer: DocumentRenderer, invoice: Invoice) -> bytes:
    profile = a_profile()
    return renderer.render(invoice, profile, renderer.present(RenderOptions(), profile)).pdf


def rows_of(invoice: Invoice) -> list[dict[str, str]]:
    text = write_lines(invoice, currency="USD").decode()
    return list(csv.DictReader(io.StringIO(text, newline="")))


# ----------------------------------------------------------------------------- in the file


def test_both_files_are_embedded_once_and_say_what_they_are(renderer: DocumentRenderer) -> None:
    """Relationship, type, size, checksum and the invoice's own date."""
    with opened(drawn(renderer, an_invoice(date_issued="2025-02-01T06:00:00Z"))) as document:
        names = document.Root.Names.EmbeddedFiles.Names
        assert [str(each) for each in names[::2]] == ["invoice.json", "lines.csv"]
        files = list(document.Root.AF)
        assert [each.objgen for each in files] == [each.objgen for each in names[1::2]]
        assert [str(each.AFRelationship) for each in files] == ["/Source", "/Data"]
        streams = [each.EF.F for each in files]
        assert [str(each.Subtype) for each in streams] == ["/application/json", "/text/csv"]
        for file, stream in zip(files, streams, strict=True):
            content = stream.read_bytes()
            assert file.F == file.UF
            assert str(file.Desc)
            assert stream.Filter == "/FlateDecode"
            assert stream.Params.Size == len(content)
            assert str(stream.Params.ModDate) == "D:20250201060000Z"
            checksum = hashlib.md5(content, usedforsecurity=False).digest()
            assert bytes(stream.Params.CheckSum) == checksum


def test_anybody_can_extract_them(renderer: DocumentRenderer, tmp_path: Path) -> None:
    """With poppler's ``pdfdetach``, as with any reader that shows attachments."""
    file = tmp_path / "invoice.pdf"
    file.write_bytes(drawn(renderer, an_invoice()))
    subprocess.run(["pdfdetach", "-saveall", "-o", tmp_path, file], check=True)
    record = json.loads((tmp_path / "invoice.json").read_text("utf-8"))
    assert record["invoice"]["display_id"] == "004"
    assert (tmp_path / "lines.csv").read_text("utf-8").startswith("line,type,direction")


def test_an_invoice_without_dates_has_its_periods_end(renderer: DocumentRenderer) -> None:
    """The day of rendering is never in the file."""
    pdf = drawn(renderer, GALLERY["nothing-optional"].build())
    with opened(pdf) as document:
        assert str(document.Root.AF[0].EF.F.Params.ModDate).startswith("D:20")
    assert pdf == drawn(renderer, GALLERY["nothing-optional"].build())


# ----------------------------------------------------------------------------- invoice.json


@pytest.mark.parametrize("name", GALLERY)
def test_the_record_reads_back_as_the_same_invoice(name: str) -> None:
    invoice = GALLERY[name].build()
    record = Record(invoice, "p", {"locale": "en-US"}, "v1@x", "engine")
    assert parse_record(write_record(record)) == record


@settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(invoice=invoices())
def test_any_invoice_reads_back_as_itself(invoice: Invoice) -> None:
    record = Record(invoice, "p", {}, "t", "e")
    assert parse_record(write_record(record)).invoice == invoice


def test_the_record_says_what_decided_the_bytes(renderer: DocumentRenderer) -> None:
    """And nothing of the seller profile but its digest."""
    record = json.loads(attachments_of(drawn(renderer, an_invoice()))["invoice.json"])
    assert set(record) == {"format", "invoice", "profile", "presentation", "template", "engine"}
    assert record["profile"] == {"sha256": a_profile().digest}
    assert record["engine"] == renderer.engine
    assert record["template"].startswith("v1@")
    assert record["presentation"]["locale"] == "en-US"


@pytest.mark.parametrize(
    "raw", [b"", b"\xff", b"[]", b"{}", b'{"format":"invoice-record/1"}', b'{"format":"other/1"}']
)
def test_what_is_not_a_record_is_unreadable(raw: bytes) -> None:
    with pytest.raises(RecordUnreadable):
        parse_record(raw)


def test_a_record_with_a_damaged_invoice_is_malformed() -> None:
    with pytest.raises(InvoiceMalformed):
        parse_record(b'{"format":"invoice-record/1","invoice":{},"profile":{},"presentation":{}}')


def test_our_own_reader_finds_what_pikepdf_finds(renderer: DocumentRenderer) -> None:
    pdf = drawn(renderer, an_invoice())
    found = [read_attachment(pdf, kind) for kind in ("application/json", "text/csv")]
    assert found == [attachments_of(pdf)[name] for name in ("invoice.json", "lines.csv")]


@pytest.mark.parametrize("damage", [b"", b"%PDF-1.7", b"stream\n"])
def test_our_own_reader_finds_nothing_in_other_files(damage: bytes) -> None:
    assert read_attachment(damage, "application/json") is None


def test_a_damaged_stream_is_none(renderer: DocumentRenderer) -> None:
    pdf = drawn(renderer, an_invoice())
    start = pdf.index(b"stream\n", pdf.index(b"/application#2fjson")) + 7
    damaged = pdf[:start] + b"\0" * 40 + pdf[start + 40 :]
    assert read_attachment(damaged, "application/json") is None


# ----------------------------------------------------------------------------- lines.csv


def test_every_line_is_a_row_with_exact_amounts() -> None:
    invoice = an_invoice(
        invoice_items=[a_line(amount="0.0025", usage="12.5"), a_line(amount="-3.50")],
        tax_items=[a_tax(amount="999999999999999.123456789012345")],
        pay_items=[a_payment(amount="100.00")],
    )
    rows = rows_of(invoice)
    assert [row["line"] for row in rows] == ["item", "item", "tax", "payment"]
    assert [row["amount"] for row in rows] == [
        "0.0025",
        "-3.5",
        "999999999999999.123456789012345",
        "100",
    ]
    assert (rows[0]["usage"], rows[2]["jurisdiction"]) == ("12.5", "federal")
    assert rows[3]["date"] == "2025-01-05T15:00:00Z"
    assert {row["currency"] for row in rows} == {"USD"}


def test_no_lines_is_a_heading_alone() -> None:
    invoice = an_invoice(invoice_items=[], tax_items=[], pay_items=[])
    assert write_lines(invoice, currency="USD").decode() == ",".join(COLUMNS) + "\r\n"


@pytest.mark.parametrize(
    ("text", "cell"),
    [
        ("=1+1", "'=1+1"),
        ("+1", "'+1"),
        ("-cmd|' /C calc'!A0", "'-cmd|' /C calc'!A0"),
        ("@SUM(A1)", "'@SUM(A1)"),
        ("\t=1", "'\t=1"),
        ("\r=1", "'\r=1"),
        ("\uff1d1+1", "'\uff1d1+1"),
        ("-1.2.3", "'-1.2.3"),
        ("-3.50", "-3.50"),
        ("12", "12"),
        ("toll", "toll"),
        ("", ""),
    ],
)
def test_a_cell_cannot_be_a_formula(text: str, cell: str) -> None:
    assert safe_cell(text) == cell


@given(st.text(max_size=40))
def test_no_cell_begins_like_a_formula(text: str) -> None:
    cell = safe_cell(text)
    assert cell in {text, f"'{text}"}
    assert not cell or (cell[0] not in "=+@\t\r" and (cell[0] != "-" or Decimal(cell) <= 0))


def test_a_formula_in_a_token_arrives_as_text(renderer: DocumentRenderer) -> None:
    invoice = an_invoice(invoice_items=[a_line(type="=HYPERLINK(1)", direction="+1")])
    (row, *_) = rows_of(invoice)
    assert (row["type"], row["direction"]) == ("'=HYPERLINK(1)", "'+1")
    with opened(drawn(renderer, invoice)) as document:
        assert isinstance(document.Root.AF[1].EF.F, pikepdf.Stream)

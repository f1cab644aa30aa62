"""What a screen reader meets: one tree for the whole document, whatever the pages do."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise

import pikepdf
import pytest

from invoice_renderer.document import DocumentRenderer
from invoice_renderer.pdf import boxes
from invoice_renderer.pdf.engine import PdfEngine
from invoice_renderer.pdf.fonts import BundledFonts
from invoice_renderer.pdf.stylesheets import Style
from invoice_renderer.profile_source import open_profile
from invoice_renderer.request import RenderOptions
from tests.builders import a_long_invoice, an_invoice
from tests.pdf_reading import links_of, opened, pages_of, tags_of

PLAIN = Style("plain", "", "letter", "#000000", "#000000")
HEAD = "<thead><tr><th>Item</th><th>Amount</th></tr></thead>"
BREAK = 'style="break-before: page"'


@pytest.fixture(scope="module")
def engine() -> PdfEngine:
    return PdfEngine(BundledFonts(), max_pages=30, max_bytes=2_000_000)


def drawn(engine: PdfEngine, body: str, css: str = "") -> bytes:
    page = f'<html lang="en"><head><title>T</title></head><body>{body}</body></html>'
    return engine.render(page, Style(css, css, "letter", "#000000", "#000000"), {}).content


def a_table(*rows: str, head: str = HEAD) -> str:
    return f"<table>{head}<tbody>{''.join(rows)}</tbody></table>"


def a_row(name: str, *, new_page: bool = False) -> str:
    return f"<tr {BREAK if new_page else ''}><th>{name}</th><td>1</td></tr>"


def elements(pdf: pikepdf.Pdf, kind: str) -> list[pikepdf.Dictionary]:
    return [each for each in _walk(pdf.Root.StructTreeRoot.K) if str(each.S) == f"/{kind}"]


def _walk(node: pikepdf.Object) -> Iterator[pikepdf.Dictionary]:
    for each in node if isinstance(node, pikepdf.Array) else [node]:
        if isinstance(each, pikepdf.Dictionary) and "/S" in each:
            yield each
            yield from _walk(each.get("/K", pikepdf.Array()))


def shape(pdf: bytes) -> str:
    """The tree in brackets, such as ``Document(P,Table(...))``."""

    def say(node: pikepdf.Dictionary) -> str:
        kids = node.get("/K", pikepdf.Array())
        inner = [
            say(kid)
            for kid in (kids if isinstance(kids, pikepdf.Array) else [kids])
            if isinstance(kid, pikepdf.Dictionary) and "/S" in kid
        ]
        return str(node.S)[1:] + (f"({','.join(inner)})" if inner else "")

    with opened(pdf) as document:
        return say(document.Root.StructTreeRoot.K)


ROW = "TR(TH,TD)"
TOP = "THead(TR(TH,TH))"


# ----------------------------------------------------------------------------- over pages


@pytest.mark.parametrize(("lines", "at_least"), [(60, 2), (300, 8)])
def test_a_table_over_many_pages_is_one_table(
    renderer: DocumentRenderer, lines: int, at_least: int
) -> None:
    """With one head, and every row of the invoice in it."""
    profile = open_profile("example.toml").for_partner("any")
    presentation = renderer.present(RenderOptions(), profile)
    pdf = renderer.render(a_long_invoice(lines), profile, presentation).pdf
    assert pages_of(pdf) >= at_least
    assert tags_of(pdf).count("Table") == 5  # facts, summary, usage, charges, surcharges
    assert tags_of(pdf).count("THead") == 3
    with opened(pdf) as document:
        charges = elements(document, "Table")[3]
        rows = [each for each in _walk(charges.K) if each.S == "/TR"]
        assert len(rows) == 1 + 1 + lines + 1 + 1  # head, group, lines, subtotal, total


def test_repeated_heads_are_artifacts(engine: PdfEngine) -> None:
    pdf = drawn(engine, a_table(a_row("a"), a_row("b", new_page=True), a_row("c", new_page=True)))
    assert shape(pdf) == f"Document(Table({TOP},TBody({ROW},{ROW},{ROW})))"
    with opened(pdf) as document:
        streams = [page.Contents.read_bytes() for page in document.pages]
    assert [stream.count(b"/Pagination") for stream in streams] == [0, 2, 2]


def test_two_tables_that_meet_at_a_page_break_stay_two(engine: PdfEngine) -> None:
    """Nothing but the break is between them."""
    second = a_table(a_row("b")).replace("<table", f"<table {BREAK}")
    pdf = drawn(engine, a_table(a_row("a")) + second)
    table = f"Table({TOP},TBody({ROW}))"
    assert shape(pdf) == f"Document({table},{table})"


def test_a_row_taller_than_a_page_is_one_row(engine: PdfEngine) -> None:
    tall = "<br>x" * 90
    pdf = drawn(engine, a_table(f"<tr><th>a{tall}</th><td>1{tall}</td></tr>"))
    assert pages_of(pdf) > 1
    assert shape(pdf) == f"Document(Table({TOP},TBody({ROW})))"


def test_sections_and_paragraphs_go_on_over_pages(engine: PdfEngine) -> None:
    text = "word " * 3_000
    pdf = drawn(engine, f"<main><section><h1>A</h1><p>{text}</p></section></main>")
    assert pages_of(pdf) > 1
    assert shape(pdf) == "Document(Part(Sect(H1,P)))"


def test_a_foot_counts_once(engine: PdfEngine) -> None:
    foot = "<tfoot><tr><td>sum</td><td>2</td></tr></tfoot>"
    pdf = drawn(engine, a_table(a_row("a"), a_row("b", new_page=True), head=HEAD + foot))
    assert shape(pdf).count("TFoot") == 1


def test_what_the_boxes_are_asked_is_still_there(engine: PdfEngine) -> None:
    """The private names that ``boxes`` reads: without them every page is a table."""
    from weasyprint import HTML  # noqa: PLC0415

    body = a_table(a_row("a"), a_row("b", new_page=True))
    layout = HTML(string=f"<main>{body}</main>").render(font_config=engine.fonts.configuration)
    assert boxes.broken_kinds(layout.pages) == [[], ["Part", "Table", "TBody"]]


# ----------------------------------------------------------------------------- tables


def test_header_cells_have_a_scope(renderer: DocumentRenderer) -> None:
    profile = open_profile("example.toml").for_partner("any")
    pdf = renderer.render(an_invoice(), profile, renderer.present(RenderOptions(), profile)).pdf
    with opened(pdf) as document:
        cells = elements(document, "TH")
        assert cells
        assert {str(cell.A.Scope) for cell in cells} == {"/Row", "/Column"}


def test_a_value_names_its_column_its_group_and_its_row(engine: PdfEngine) -> None:
    group = '<tr><th colspan="2">Calls</th></tr>'
    pdf = drawn(engine, a_table(group, a_row("a")))
    with opened(pdf) as document:
        heads = {str(cell.ID): cell for cell in elements(document, "TH") if "/ID" in cell}
        (value,) = elements(document, "TD")
        named = [heads[str(each)] for each in value.A.Headers]
        assert [str(cell.A.Scope) for cell in named] == ["/Column", "/Column", "/Row"]
        assert named[1].A.ColSpan == 2
        names = document.Root.StructTreeRoot.IDTree.Names
        assert sorted(heads) == [str(each) for each in names[::2]]


# ----------------------------------------------------------------------------- the rest


def test_every_piece_of_content_has_one_owner(renderer: DocumentRenderer) -> None:
    """The parent tree and the tree agree; what no element owns is an artifact."""
    profile = open_profile("example.toml").for_partner("any")
    presentation = renderer.present(RenderOptions(), profile)
    with opened(renderer.render(a_long_invoice(60), profile, presentation).pdf) as document:
        numbers = document.Root.StructTreeRoot.ParentTree.Nums
        owners = {int(numbers[at]): numbers[at + 1] for at in range(0, len(numbers), 2)}
        for page in document.pages:
            marked = [
                int(operands[1].MCID)
                for operands, operator in pikepdf.parse_content_stream(page)
                if str(operator) == "BDC" and "/MCID" in operands[1]
            ]
            parents = owners[int(page.StructParents)]
            assert len(marked) == len(set(marked))
            assert all(isinstance(parents[mcid], pikepdf.Dictionary) for mcid in marked)
            for link in page.get("/Annots", []):
                assert owners[int(link.StructParent)].S == "/Link"


def test_running_heads_are_artifacts(engine: PdfEngine) -> None:
    pdf = drawn(engine, "<p>x</p>", css="@page { @top-left { content: 'running' } }")
    assert shape(pdf) == "Document(P)"
    with opened(pdf) as document:
        assert document.pages[0].Contents.read_bytes().count(b"/Pagination") == 1


def test_boxes_without_meaning_are_left_out(engine: PdfEngine) -> None:
    pdf = drawn(engine, "<div><div>a</div><div><p><span>b</span> <b>c</b></p></div></div>")
    assert shape(pdf) == "Document(P,P)"


def test_words_in_another_language_say_so(engine: PdfEngine) -> None:
    """Those in the document's own do not."""
    body = '<p lang="fr">Bonjour</p><p>Hello <span lang="ja">\u6771\u4eac</span>, <b>again</b></p>'
    pdf = drawn(engine, body)
    assert shape(pdf) == "Document(P(Span),P(Span))"
    with opened(pdf) as document:
        assert [str(span.Lang) for span in elements(document, "Span")] == ["fr", "ja"]


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        ("<p>Pay at <a href='https://pay.example/a'>pay.example for this</a></p>", "P(Link)"),
        (
            "<p><a href='https://pay.example/a'>pay</a><a href='https://pay.example/b'>ask</a></p>",
            "P(Link,Link)",
        ),
    ],
)
def test_a_link_that_wraps_is_one_link(engine: PdfEngine, body: str, expected: str) -> None:
    """With an area in each line; another link beside it is another one."""
    pdf = drawn(engine, body, css="p { width: 3em }")
    assert shape(pdf) == f"Document({expected})"
    with opened(pdf) as document:
        (page,) = document.pages
        assert len(page.Annots) > 1
        assert len(page.Annots) == sum(len(link.K) // 2 for link in elements(document, "Link"))


def test_the_address_to_pay_at_is_one_link(renderer: DocumentRenderer) -> None:
    """It takes two lines beside its code, stamped or laid out whole."""
    profile = open_profile("example.toml").for_partner("any")
    presentation = renderer.present(RenderOptions(), profile)
    for plain in (False, True):
        invoice = an_invoice(amount_due="0.70")
        document = renderer.render(invoice, profile, presentation, plain=plain)
        assert tags_of(document.pdf).count("Link") == len(set(links_of(document.pdf))) == 3


def test_a_figure_says_what_it_shows_and_where(renderer: DocumentRenderer) -> None:
    profile = open_profile("example.toml").for_partner("any")
    pdf = renderer.render(an_invoice(), profile, renderer.present(RenderOptions(), profile)).pdf
    with opened(pdf) as document:
        (logo,) = elements(document, "Figure")
        left, bottom, right, top = (float(edge) for edge in logo.A.BBox)
        assert str(logo.Alt) == "Logo"  # whose, is the next thing to be read
        assert (left, top) == (50, 756)  # the margins of a Letter page, from the bottom
        assert right > left
        assert top > bottom


def test_title_language_bookmarks_and_order_of_tabs(renderer: DocumentRenderer) -> None:
    profile = open_profile("example.toml").for_partner("any")
    presentation = renderer.present(RenderOptions(locale="es-MX"), profile)
    with opened(renderer.render(a_long_invoice(60), profile, presentation).pdf) as document:
        root = document.Root
        assert str(root.Lang) == "es-MX"
        assert root.ViewerPreferences.DisplayDocTitle is True
        assert root.MarkInfo.Marked is True
        assert str(document.docinfo["/Title"]).startswith("Factura 004")
        assert all(page.Tabs == "/S" for page in document.pages)
        with document.open_outline() as outline:
            (top,) = outline.root
            assert top.title == "Factura 004"
            assert len(top.children) >= 4


def test_headings_never_skip_a_level(renderer: DocumentRenderer) -> None:
    profile = open_profile("example.toml").for_partner("any")
    pdf = renderer.render(an_invoice(), profile, renderer.present(RenderOptions(), profile)).pdf
    levels = [int(tag[1]) for tag in tags_of(pdf) if tag in {"H1", "H2", "H3", "H4"}]
    assert levels[0] == 1
    assert all(after - before <= 1 for before, after in pairwise(levels))

"""Where pages end: what is composed has the pages that WeasyPrint would have made.

The rules are told as facts first; then flows by chance go both ways, and have to come out alike.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from invoice_renderer.errors import DocumentTooLarge
from invoice_renderer.pdf.engine import PdfEngine
from invoice_renderer.pdf.fonts import BundledFonts
from invoice_renderer.pdf.pagination import Column, paginate
from invoice_renderer.pdf.stencil import NoStencil
from invoice_renderer.pdf.stylesheets import Style
from tests.pdf_reading import words_by_page

# ----------------------------------------------------------------------------- pages of units


def a_column(*units: dict[str, float]) -> Column:
    column = Column()
    for each in units:
        column.add(
            each["height"],
            each.get("gap", 0),
            each.get("top", 0),
            may_break=bool(each.get("may_break", True)),
            is_solid=bool(each.get("is_solid", True)),
        )
    return column


def paged(column: Column, *, height: float = 100) -> tuple[list[tuple[int, int]], list[float]]:
    """On pages whose flow begins 10 from the top, on the first page 20."""
    return paginate(column, (20, 10), (20 + height, 10 + height))


def test_what_fits_is_one_page() -> None:
    """To the last fraction of a pixel, and over it by no more than floats lose."""
    thirds = a_column(*[{"height": 100 / 3}] * 3)
    assert paged(thirds)[0] == [(0, 3)]
    assert paged(a_column({"height": 60}, {"height": 40.000_000_01}))[0] == [(0, 2)]
    assert paged(a_column({"height": 60}, {"height": 40.001}))[0] == [(0, 1), (1, 2)]


def test_the_gap_above_a_unit_is_kept_but_where_it_begins_a_page() -> None:
    """There it has the room of a repeated head, or of a margin that is kept."""
    column = a_column(
        {"height": 30, "gap": 5, "top": 90},
        {"height": 50, "gap": 7},
        {"height": 30, "gap": 9, "top": 4},
        {"height": 30, "gap": 2},
    )
    pages, places = paged(column)
    assert pages == [(0, 2), (2, 4)]
    assert places == [25, 62, 14, 46]


def test_a_page_ends_at_the_last_place_where_it_may() -> None:
    """What must stay with the unit that did not fit goes with it."""
    column = a_column(
        {"height": 40},
        {"height": 20},
        {"height": 20, "may_break": False},
        {"height": 40, "may_break": False},
        {"height": 10},
    )
    assert paged(column)[0] == [(0, 1), (1, 5)]


@pytest.mark.parametrize(
    ("column", "reason"),
    [
        (a_column({"height": 60}, {"height": 60, "may_break": False}), "must not"),
        (a_column({"height": 101}), "must not"),
        (a_column({"height": 60}, {"height": 60, "is_solid": False}), "inside of a block"),
        (
            a_column(
                {"height": 30},
                {"height": 40, "is_solid": False},
                {"height": 40, "may_break": False},
            ),
            "inside of a block",
        ),
    ],
    ids=["nowhere to end", "taller than a page", "ends in a block", "goes back to a block"],
)
def test_where_the_rule_is_not_enough_there_is_no_composition(column: Column, reason: str) -> None:
    """WeasyPrint then parts blocks, or lets them overflow: such a page is laid out whole."""
    with pytest.raises(NoStencil, match=reason):
        paged(column)


def test_an_endless_page_ends_nowhere() -> None:
    """That is how a page is compared with the one that was learnt from."""
    column = a_column(*[{"height": 1_000, "may_break": False}] * 3)
    assert paginate(column, (20, 10), (float("inf"), float("inf")))[0] == [(0, 3)]


# ----------------------------------------------------------------------------- both ways

MARGINS = (0, 3, 10, 26, -4)  # CSS pixels
CSS = """
@page { size: 300px 260px; margin: 40px 20px 30px;
        @bottom-left { content: counter(page) "/" counter(pages); width: 260px } }
@page slim { margin-left: 60px }
body { font-size: 10px; line-height: 14px; margin: 0 }
.slim { page: slim }
h2, p { font-size: 10px; margin: 0; font-weight: normal }
h2 { break-after: avoid }
.after { break-after: avoid }
.before { break-before: avoid }
.solid { break-inside: avoid }
.box { border: 1px solid; padding: 4px; break-inside: avoid }
.box p + p { margin-top: 3px }
table { table-layout: fixed; width: 100%; border-spacing: 0 2px; border-collapse: separate }
th, td { padding: 0; font-weight: normal; text-align: left }
.tall td { height: 33px }
""" + "".join(
    f".t{number} {{ margin-top: {margin}px }} .b{number} {{ margin-bottom: {margin}px }}\n"
    for number, margin in enumerate(MARGINS)
)
STYLE = Style("composition", CSS, "letter", "#000000", "#000000")


@pytest.fixture(scope="module")
def engine() -> PdfEngine:
    return PdfEngine(BundledFonts(), max_pages=99, max_bytes=10_000_000)


def a_page(body: str, name: str = "") -> str:
    return (
        '<html lang="en"><head><title>Title</title></head>'
        f'<body class="{name}">{body}</body></html>'
    )


def assert_same_pages(engine: PdfEngine, html: str) -> None:
    plain = engine.render(html, STYLE, {}, plain=True)
    stamped = engine.render(html, STYLE, {})
    assert words_by_page(plain.content) == words_by_page(stamped.content)
    assert plain.pages == stamped.pages


def a_table(*bodies: tuple[str, list[str]], name: str = "") -> str:
    """Each body by its class and the classes of its rows."""
    count = iter(range(1, 1_000))
    written = (
        f'<tbody class="{own}">'
        + "".join(f'<tr class="{row}"><td>row{next(count)}</td></tr>' for row in rows)
        + "</tbody>"
        for own, rows in bodies
    )
    head = "<thead><tr><th>head</th></tr></thead>"
    return f'<table class="{name}">{head}{"".join(written)}</table>'


ABOVE = '<p class="b3">one</p><p class="b3">two</p><p class="t2">three</p>'
EIGHT = a_table(("", [""] * 8))
LATE = a_table(("", [""] * 6))
FLOWS = {
    "rows part anywhere": ABOVE + EIGHT,
    "rows stay in their table": ABOVE + a_table(("", [""] * 8), name="solid"),
    "rows stay in their body": a_table(("", [""] * 4), ("solid", [""] * 7)),
    "rows stay in a section": f'{ABOVE}<section class="solid">{EIGHT}</section>',
    "a total stays with the row above": ABOVE + a_table(("", [""] * 5 + ["before"] * 3)),
    "a heading goes with its table": f"{ABOVE}{ABOVE}<h2>heading</h2>{EIGHT}",
    "a heading goes with a section": f"{ABOVE}{LATE}<h2>heading</h2><section>{ABOVE}</section>",
    "what follows a table stays with it": f'{ABOVE}{LATE}<p class="before">last</p>',
    "a box goes whole": f'{ABOVE}{LATE}<div class="box"><p>a</p><p>b</p><p>c</p></div>',
    "margins meet through sections": (
        f'{ABOVE}<section class="t2 b3"><section class="t3 b4">{LATE}</section></section>'
        f'<section class="t4 b2"><p class="t3">after</p></section>{ABOVE}'
    ),
    "margins are gone where a page begins": f'{ABOVE}{LATE}<p class="t3">a</p>{ABOVE}{LATE}',
}


@pytest.mark.parametrize("name", ["", "slim"], ids=["pages", "named pages"])
@pytest.mark.parametrize("flow", FLOWS)
def test_pages_end_where_weasyprint_ends_them(
    engine: PdfEngine, flow: str, name: str, laid_out_whole: list[str]
) -> None:
    """And they were composed indeed; on pages with a name, margins are kept where one begins."""
    assert_same_pages(engine, a_page(FLOWS[flow], name))
    assert laid_out_whole == []


def test_a_section_that_fits_on_no_page_is_laid_out_whole(
    engine: PdfEngine, laid_out_whole: list[str]
) -> None:
    """It has to be parted although it asks to stay whole."""
    rows = a_table(("", [""] * 20))
    assert_same_pages(engine, a_page(f'<p>one</p><section class="solid">{rows}</section>'))
    assert laid_out_whole == ["laid out whole: a page that ends where it must not"]


def test_a_first_body_that_asks_to_stay_whole_is_laid_out_whole(
    engine: PdfEngine, laid_out_whole: list[str]
) -> None:
    """WeasyPrint parts it all the same, to keep the head of its table."""
    table = a_table(("solid", [""] * 6), ("", [""] * 3))
    assert_same_pages(engine, a_page(f"{ABOVE}<p>four</p>{table}"))
    assert laid_out_whole == ["laid out whole: a page that ends inside of a block"]


def test_a_line_that_sticks_out_of_its_block_is_laid_out_whole(
    engine: PdfEngine, laid_out_whole: list[str]
) -> None:
    """A page ends above the line, though its block would still go on it."""
    high = '<p class="b0" style="height: 124px">one</p>'
    box = '<div class="box"><p>a</p><p>b</p><p class="b4" style="margin-top: 0">c</p></div>'
    assert_same_pages(engine, a_page(f"{high}<p>two</p>{box}"))
    assert laid_out_whole == ["laid out whole: a piece with a line that sticks out of it"]


# ----------------------------------------------------------------------------- flows by chance

MOST = 0.7  # of the flows are composed; the rest has nowhere to end a page

Block = tuple[object, ...]
edges = st.tuples(st.integers(0, len(MARGINS) - 1), st.integers(0, len(MARGINS) - 1)).map(
    lambda own: f"t{own[0]} b{own[1]}"
)
asked = st.sampled_from(["", "", "", "", "after", "before", "solid"])
bodies = st.tuples(
    st.sampled_from(["", "", "solid", "after", "before"]),
    st.lists(st.sampled_from(["", "", "", "tall", "after", "before"]), min_size=1, max_size=6),
)
leaves = st.one_of(
    st.tuples(st.just("p"), edges, asked),
    st.tuples(st.just("p"), edges, asked),
    st.tuples(st.just("h2"), edges, st.just("")),
    st.tuples(st.just("box"), edges, st.integers(1, 3)),
    st.tuples(st.just("table"), edges, asked, st.lists(bodies, min_size=1, max_size=3)),
)
blocks = st.recursive(
    leaves,
    lambda inside: st.tuples(
        st.just("section"), edges, asked, st.lists(inside, min_size=1, max_size=3)
    ),
    max_leaves=6,
)
flows = st.tuples(st.sampled_from(["", "", "slim"]), st.lists(blocks, min_size=1, max_size=5))


def written(flow: tuple[str, list[Block]]) -> str:
    """No word comes twice."""
    name, own = flow
    count = iter(range(1, 10_000))
    return a_page("".join(_written(block, count) for block in own), name)


def _written(block: Block, count: Iterator[int]) -> str:
    kind, margins, more, *inside = block
    if kind == "box":
        assert isinstance(more, int)
        paragraphs = "".join(f"<p>w{next(count)}</p>" for _ in range(more))
        return f'<div class="{margins} box">{paragraphs}</div>'
    start = f'<{kind} class="{margins} {more}">'
    if kind in {"p", "h2"}:
        return f"{start}w{next(count)}</{kind}>"
    assert isinstance(inside[0], list)
    if kind == "section":
        return f"{start}{''.join(_written(each, count) for each in inside[0])}</section>"
    parts = [start, f"<thead><tr><th>head{next(count)}</th></tr></thead>"]
    for name, rows in inside[0]:
        cells = (f'<tr class="{row}"><td>w{next(count)}</td></tr>' for row in rows)
        parts += [f'<tbody class="{name}">', *cells, "</tbody>"]
    return "".join([*parts, "</table>"])


def test_flows_by_chance_have_the_same_pages_both_ways(
    engine: PdfEngine, laid_out_whole: list[str]
) -> None:
    """Sections, headings, boxes and tables in each other, with margins that meet."""
    seen: list[str] = []

    @settings(max_examples=30, derandomize=True, suppress_health_check=list(HealthCheck))
    @given(flows)
    def go(flow: tuple[str, list[Block]]) -> None:
        seen.append(written(flow))
        assert_same_pages(engine, seen[-1])

    go()
    assert {reason.partition(": ")[2] for reason in laid_out_whole} <= {
        "a page that ends where it must not",
        "a page that ends inside of a block",
    }
    assert len(laid_out_whole) <= (1 - MOST) * len(seen)


@pytest.mark.parametrize(
    "rule", ["tr:nth-child(even) td", "h2 + table td", "p:first-child", "h2:not(:first-child)"]
)
def test_a_style_that_asks_for_places_is_never_stamped(
    engine: PdfEngine, rule: str, laid_out_whole: list[str]
) -> None:
    """Neither its first page nor the next, of which everything has been seen."""
    style = replace(STYLE, fingerprint=rule, css=f"{CSS} {rule} {{ padding-top: 9px }}")
    html = a_page(f"<p>one</p><h2>two</h2>{a_table(('', [''] * 3))}")
    first = engine.render(html, style, {}).content
    assert engine.render(html, style, {}).content == first
    assert engine.render(html, style, {}, plain=True).content == first
    assert len(laid_out_whole) == 2


def test_heads_of_a_table_may_wrap_in_any_way(laid_out_whole: list[str]) -> None:
    """What was stamped first decides nothing: each head is known, one line or three."""
    heads = ("head", "a head " * 60, "another " * 30)
    engine = PdfEngine(BundledFonts(), max_pages=99, max_bytes=10_000_000)
    for head in (*heads, *reversed(heads)):
        assert_same_pages(engine, a_page(EIGHT.replace("head</th>", f"{head}</th>")))
    assert not laid_out_whole


def test_headings_that_are_counted_are_laid_out_whole(
    engine: PdfEngine, laid_out_whole: list[str]
) -> None:
    """A number that is drawn with a block would come again with the next one."""
    counted = f"{CSS} h2 {{ counter-increment: part }} h2::before {{ content: counter(part) '. ' }}"
    style = replace(STYLE, fingerprint="counted", css=counted)
    html = a_page("<h2>one</h2><h2>two</h2>")
    for _ in range(2):
        assert "1. one 2. two" in words_by_page(engine.render(html, style, {}).content)[0]
    assert len(laid_out_whole) == 2


def test_rows_that_are_all_of_their_own_kind_have_an_end() -> None:
    """Each wraps in its own way, and so has to be laid out: a page of too many is refused before
    minutes are gone.
    """
    engine = PdfEngine(BundledFonts(), max_pages=99, max_bytes=10_000_000, max_plain_rows=40)
    words = ("word " * (60 + number) for number in range(60))
    rows = "".join(f"<tr><td>{text}</td></tr>" for text in words)
    table = f"<table><thead><tr><th>head</th></tr></thead><tbody>{rows}</tbody></table>"
    with pytest.raises(DocumentTooLarge):
        engine.render(a_page(table), STYLE, {})

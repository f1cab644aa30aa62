"""WeasyPrint is as stamping knows it: where it is not, a test here says what has changed.

Stamping reads what WeasyPrint does not promise to keep (docs/stamping.md lists it). Pages are then
laid out whole, which is right and slow; nobody would notice but by the clock.
"""

from __future__ import annotations

import ast
import inspect
import re
import tomllib
from collections.abc import Callable, Iterator
from importlib import import_module
from importlib.metadata import version
from pathlib import Path
from typing import Any

import pydyf
import pytest
from packaging.requirements import Requirement
from weasyprint import CSS, HTML, Document
from weasyprint.css.counters import CounterStyle
from weasyprint.css.properties import INITIAL_VALUES
from weasyprint.document import Page
from weasyprint.draw import draw_background, draw_border, draw_page, draw_stacking_context
from weasyprint.draw.text import draw_first_line
from weasyprint.formatting_structure import boxes
from weasyprint.images import get_image_from_uri
from weasyprint.layout.replaced import replacedbox_layout
from weasyprint.matrix import Matrix
from weasyprint.pdf.fonts import Font
from weasyprint.pdf.stream import Stream
from weasyprint.pdf.tags import _build_box_tree
from weasyprint.stacking import StackingContext
from weasyprint.text.fonts import get_pango_font_key
from weasyprint.text.line_break import create_layout, line_size

from invoice_renderer.pdf.assets import Asset, AssetFetcher
from invoice_renderer.pdf.engine import OPTIONS, PdfEngine
from invoice_renderer.pdf.fonts import BundledFonts
from invoice_renderer.pdf.shaped_text import TextStyle
from invoice_renderer.pdf.stamped_page import StampedPage
from invoice_renderer.pdf.stylesheets import Style
from tests.pdf_reading import words_by_page

ROOT = Path(__file__).parents[2]
SOURCES = sorted((ROOT / "src" / "invoice_renderer").rglob("*.py"))
PUBLIC = {
    "weasyprint.CSS",
    "weasyprint.DEFAULT_OPTIONS",
    "weasyprint.Document",
    "weasyprint.HTML",
    "weasyprint.text.fonts.FontConfiguration",
    "weasyprint.urls.FatalURLFetchingError",
    "weasyprint.urls.URLFetcher",
    "weasyprint.urls.URLFetcherResponse",
}
"""What WeasyPrint's own API reference describes."""


# ----------------------------------------------------------------------------- versions


def required(requirements: list[str]) -> Requirement:
    (found,) = [each for each in requirements if each.startswith("weasyprint")]
    return Requirement(found)


def test_the_installed_weasyprint_is_of_the_pinned_range() -> None:
    """One major version, the same for the package and for the functions."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    functions = (ROOT / "requirements" / "lambda.in").read_text().splitlines()
    ours, theirs = required(project["dependencies"]), required(functions)
    assert ours.specifier == theirs.specifier
    assert {each.operator for each in ours.specifier} == {">=", "<"}
    assert version("weasyprint") in ours.specifier


@pytest.mark.parametrize("lock", ["lambda.txt", "dev.txt"])
@pytest.mark.parametrize("name", ["weasyprint", "pydyf"])
def test_the_locks_name_the_version_that_is_tested(lock: str, name: str) -> None:
    """What is deployed is what these tests saw."""
    text = (ROOT / "requirements" / lock).read_text()
    assert re.findall(rf"^{name}==(\S+)", text, re.MULTILINE) == [version(name)]


# ----------------------------------------------------------------------------- names


def imported_names() -> Iterator[tuple[str, str]]:
    """Every name that a module of ours takes from WeasyPrint, and the module."""
    for source in SOURCES:
        for node in ast.walk(ast.parse(source.read_text())):
            if isinstance(node, ast.ImportFrom) and (node.module or "").startswith("weasyprint"):
                yield from ((f"{node.module}.{each.name}", source.stem) for each in node.names)


IMPORTED = sorted(set(imported_names()))


@pytest.mark.parametrize("name", sorted({name for name, _ in IMPORTED}))
def test_every_name_that_is_imported_is_there(name: str) -> None:
    module, _, member = name.rpartition(".")
    try:
        import_module(name)
    except ModuleNotFoundError:
        assert hasattr(import_module(module), member), f"WeasyPrint has no {name} any more"


def test_every_private_name_is_on_the_page_about_stamping() -> None:
    """With the modules of ours that use it; and nothing else is there."""
    page = (ROOT / "docs" / "stamping.md").read_text()
    rows = re.findall(r"^\| `(weasyprint\.[\w.]+)` \| (.+?) \|", page, re.MULTILINE)
    told = {(name, module) for name, users in rows for module in re.findall(r"`(\w+)`", users)}
    assert told == {(name, module) for name, module in IMPORTED if name not in PUBLIC}


SIGNATURES: list[tuple[Callable[..., Any], str]] = [
    (_build_box_tree, "box parent pdf page_number nums annotations tags"),
    (draw_page, "page stream"),
    (draw_stacking_context, "stream stacking_context"),
    (draw_background, "stream background clip_box bleed marks"),
    (draw_border, "stream box"),
    (draw_first_line, "stream textbox text_overflow block_ellipsis matrix"),
    (StackingContext.from_box, "box page child_contexts"),
    (
        Stream.__init__,
        "self fonts page_rectangle resources images tags color_profiles output_intent args kwargs",
    ),
    (Stream.set_color, "self color stroke"),
    (Stream.set_alpha, "self alpha stroke fill"),
    (Stream.transform, "self a b c d e f"),
    (Stream.stacked, "self"),
    (Matrix.__init__, "self a b c d e f matrix"),
    (Font.__init__, "self pango_font description font_size"),
    (Font.clean, "self to_unicode hinting"),
    (get_pango_font_key, "pango_font"),
    (create_layout, "text style context max_width justification_spacing"),
    (line_size, "line style"),
    (replacedbox_layout, "box"),
    (
        get_image_from_uri,
        "cache url_fetcher options url forced_mime_type context orientation",
    ),
    (CounterStyle.render_value, "self counter_value counter_name counter previous_types"),
    (Document.__init__, "self pages metadata url_fetcher font_config color_profiles output_intent"),
    (Page.paint, "self stream scale"),
    (boxes.Box.translate, "self dx dy ignore_floats"),
    (boxes.ParentBox.copy_with_children, "self new_children"),
]


@pytest.mark.parametrize(
    ("function", "parameters"), SIGNATURES, ids=[each.__qualname__ for each, _ in SIGNATURES]
)
def test_a_function_takes_what_it_is_given(function: Callable[..., Any], parameters: str) -> None:
    """Most of it is given by position: another order would not even fail."""
    assert list(inspect.signature(function).parameters) == parameters.split()


# ----------------------------------------------------------------------------- members

PICTURE = (
    b'<svg xmlns="http://www.w3.org/2000/svg" width="9" height="9"><path d="M0 0H9V9Z"/></svg>'
)
ASSETS = {"dot": Asset(PICTURE, "image/svg+xml")}
SMALL_CSS = """
@page { size: 300px 200px; margin: 40px 20px 30px;
        @top-left { content: string(part); width: 260px }
        @bottom-left { content: counter(page) "/" counter(pages); width: 260px } }
body { font-size: 10px; line-height: 14px; margin: 0 }
h1 { string-set: part content(); break-after: avoid }
a { text-decoration: none }
img { width: 9px; height: 9px }
table { table-layout: fixed; width: 100%; border-spacing: 0 }
"""
SMALL = (
    '<html lang="en"><head><title>Title</title></head><body>'
    "<h1>{heading}</h1>"
    '<section><p>{text} <a href="https://seller.example/{place}">link</a></p>'
    '<p><img src="asset:dot" alt="A dot"></p></section>'
    "<table><thead><tr><th>Head</th></tr></thead><tbody>{rows}</tbody></table></body></html>"
)
STYLE = Style("pin", SMALL_CSS, "letter", "#000000", "#000000")


def a_page(number: int, rows: int = 30) -> str:
    written = "".join(f"<tr><td>{number}.{row}</td></tr>" for row in range(rows))
    return SMALL.format(heading=f"Part {number}", text=f"No {number}", place=number, rows=written)


@pytest.fixture(scope="module")
def layout() -> Any:
    page = HTML(string=a_page(1, rows=3), url_fetcher=AssetFetcher(ASSETS))
    config = BundledFonts().configuration
    return page.render(font_config=config, stylesheets=[CSS(string=SMALL_CSS)], **OPTIONS)


EVERY_BOX = "element element_tag style position_x position_y width height"
MEMBERS: list[tuple[type, str]] = [
    (boxes.PageBox, "children content_box_y margin_width"),
    (boxes.MarginBox, "children at_keyword"),
    (
        boxes.BlockBox,
        """children is_table_wrapper establishes_formatting_context is_for_root_element background
        string_set bookmark_label link max_height min_height margin_top margin_bottom
        border_top_width padding_top border_height border_box_x border_box_y content_box_x
        top_margin_collapses bottom_margin_collapses is_in_normal_flow is_floated
        is_absolutely_positioned get_wrapped_table""",
    ),
    (boxes.LineBox, "children"),
    (boxes.InlineBox, "children background border_left_width"),
    (boxes.TextBox, "text baseline"),
    (boxes.TableBox, "children column_groups background string_set"),
    (boxes.TableRowGroupBox, "children is_header is_footer background"),
    (boxes.TableRowBox, "children background"),
    (boxes.TableCellBox, "children background empty colspan"),
    (boxes.InlineReplacedBox, "replacement"),
]


def boxes_in(box: Any) -> Iterator[Any]:
    yield box
    for child in getattr(box, "children", ()):
        yield from boxes_in(child)


@pytest.mark.parametrize(("kind", "members"), MEMBERS, ids=[kind.__name__ for kind, _ in MEMBERS])
def test_a_box_has_the_members_that_are_read(layout: Any, kind: type, members: str) -> None:
    """Of a page that was laid out."""
    page = layout.pages[0]._page_box
    box = next(each for each in boxes_in(page) if isinstance(each, kind))
    assert [name for name in f"{EVERY_BOX} {members}".split() if not hasattr(box, name)] == []


def test_a_table_stands_in_its_wrapper(layout: Any) -> None:
    """Head first, then its bodies."""
    page = layout.pages[0]._page_box
    wrapper = next(each for each in boxes_in(page) if getattr(each, "is_table_wrapper", False))
    table = wrapper.get_wrapped_table()
    assert list(wrapper.children) == [table]
    assert [group.is_header for group in table.children] == [True, False]
    assert table.style["border_spacing"] == (0, 0)


def test_a_style_has_the_properties_that_decide_glyphs(layout: Any) -> None:
    """And as many as WeasyPrint hands to Pango."""
    page = layout.pages[0]._page_box
    box = next(each for each in boxes_in(page) if isinstance(each, boxes.TextBox))
    read = set(TextStyle(box.style, None))
    assert read - INITIAL_VALUES.keys() == set()
    asked = {name for name in INITIAL_VALUES if name.startswith("font_")}
    assert asked - read - {"font_variant"} == set()


def test_a_stream_has_the_members_that_are_read() -> None:
    """Ink, tags and resources, as a scratch stream has them."""
    resources = {"ExtGState": pydyf.Dictionary()}
    stream = Stream({}, (0, 0, 9, 9), resources, {}, {}, {}, "srgb")
    names = ("stream", "_tags", "_resources", "_current_color", "_current_alpha")
    assert [name for name in names if not hasattr(stream, name)] == []
    assert pydyf._to_bytes(0.5) == b"0.5"


def test_a_stamped_page_has_every_member_of_a_page(layout: Any) -> None:
    """But for the boxes: nothing that writes a document may ask for those."""
    source = inspect.getsource(StampedPage)
    members = {name for name in vars(layout.pages[0]) if not name.startswith("_")}
    assert members == {"width", "height", "bleed", "bookmarks", "links", "anchors", "forms"}
    assert [name for name in members if f"self.{name}" not in source] == []


# ----------------------------------------------------------------------------- as a whole


def test_small_pages_are_stamped(laid_out_whole: list[str]) -> None:
    """Heading, running head, link, picture and rows over three pages, as layout has them."""
    engine = PdfEngine(BundledFonts(), max_pages=9, max_bytes=1_000_000)
    for number in (1, 2):
        stamped = engine.render(a_page(number), STYLE, ASSETS)
        plain = engine.render(a_page(number), STYLE, ASSETS, plain=True)
        assert stamped.pages == plain.pages > 3
        assert words_by_page(stamped.content) == words_by_page(plain.content)
    assert laid_out_whole == []

"""A logo is a picture and nothing else: it fetches nothing, runs nothing, and unfolds to little."""

from __future__ import annotations

import io
import struct
import time
import zlib
from pathlib import Path

import pytest
from PIL import Image

from invoice_renderer.logo import LOGO_BYTES, PNG_PIXELS, LogoRefused, parse_logo

PROJECT = Path(__file__).parents[2]
NAMESPACES = 'xmlns="http://www.w3.org/2000/svg" xmlns:xlink="http://www.w3.org/1999/xlink"'


def svg(inside: str, attributes: str = "") -> bytes:
    return f"<svg {NAMESPACES} {attributes}>{inside}</svg>".encode()


def png(width: int = 8, height: int = 8) -> bytes:
    file = io.BytesIO()
    Image.new("RGBA", (width, height), (18, 53, 91, 255)).save(file, "PNG")
    return file.getvalue()


def chunk(kind: bytes, content: bytes) -> bytes:
    return (
        struct.pack(">I", len(content))
        + kind
        + content
        + struct.pack(">I", zlib.crc32(kind + content))
    )


def png_of(width: int, height: int, pixels: bytes) -> bytes:
    header = struct.pack(">IIBBBBB", width, height, 8, 0, 0, 0, 0)
    return (
        b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", pixels) + chunk(b"IEND", b"")
    )


def refusal_of(content: bytes, name: str = "logo.svg") -> str:
    with pytest.raises(LogoRefused) as refused:
        parse_logo(content, name=name)
    return str(refused.value)


# ----------------------------------------------------------------------------- SVG


@pytest.mark.parametrize("path", sorted((PROJECT / "profiles").glob("*.svg")), ids=lambda p: p.name)
def test_the_logo_that_ships_is_one(path: Path) -> None:
    assert parse_logo(path.read_bytes(), name=path.name).media_type == "image/svg+xml"


@pytest.mark.parametrize(
    "inside",
    [
        '<rect width="9" height="9" fill="#12355b"/>',
        '<g transform="scale(2)"><circle r="3"/></g>',
        '<linearGradient id="a"><stop offset="1"/></linearGradient><path d="M0 0" fill="url(#a)"/>',
        '<path d="M0 0L9 9" style="stroke:url( \'#a\' )"/>',
        '<clipPath id="c"><rect width="5"/></clipPath><rect width="9" clip-path="url(#c)"/>',
        "<title>Northline</title><desc>A needle</desc><metadata/>",
    ],
)
def test_plain_shapes_pass(inside: str) -> None:
    assert parse_logo(svg(inside), name="logo.svg").content.count(b"<") == svg(inside).count(b"<")


@pytest.mark.parametrize(
    "inside",
    [
        "<script>alert(1)</script>",
        '<style>@import "https://a.example/x.css";</style>',
        "<style>rect{fill:red}</style>",
        '<image href="file:///etc/passwd"/>',
        '<image xlink:href="https://a.example/x.png"/>',
        '<foreignObject><p xmlns="http://www.w3.org/1999/xhtml">x</p></foreignObject>',
        '<g id="a"/><use href="#a"/>',
        '<symbol id="a"/>',
        "<text>Northline</text>",
        '<a href="https://a.example"><rect/></a>',
        '<filter id="f"/>',
        '<mask id="m"/>',
        '<pattern id="p"/>',
        '<marker id="m"/>',
        '<animate attributeName="x"/>',
        '<set attributeName="href"/>',
        "<iframe/>",
    ],
)
def test_anything_but_plain_shapes_is_refused(inside: str) -> None:
    assert "something other than plain shapes" in refusal_of(svg(inside))


@pytest.mark.parametrize(
    "attribute",
    [
        'onload="alert(1)"',
        'onclick="x"',
        'href="#a"',
        'xlink:href="#a"',
        'fill="url(https://a.example/x)"',
        'fill="URL(file:///etc/passwd)"',
        'style="fill:url(//a.example)"',
        'style="fill:url( &quot;x.svg#a&quot; )"',
        'style="fill:u\\72l(x.svg)"',
        "style=\"background:image-set('//a.example')\"",
        'fill="javascript:alert(1)"',
        'fill="data:image/png;base64,AAAA"',
        "style=\"@import 'x'\"",
    ],
)
def test_an_attribute_that_looks_outside_is_refused(attribute: str) -> None:
    assert "outside itself" in refusal_of(svg(f"<rect {attribute}/>"))
    assert "outside itself" in refusal_of(svg("", attribute))


@pytest.mark.parametrize(
    "foreign",
    [
        '<x:image xmlns:x="urn:any" href="file:///etc/passwd"/>',
        '<image xmlns="" href="file:///etc/passwd"/>',
        '<x:use xmlns:x="urn:any" href="#a"/>',
        '<g><x:g xmlns:x="urn:any"><image href="file:///etc/passwd"/></x:g></g>',
        '<x:style xmlns:x="urn:any">@import "file:///etc/passwd";</x:style>',
    ],
)
def test_what_is_not_svg_is_not_kept(foreign: str) -> None:
    """WeasyPrint draws by local name, so that an editor's own element may be an image."""
    kept = parse_logo(svg(f'<rect width="9" height="9"/>{foreign}'), name="logo.svg").content

    assert b"rect" in kept
    assert b"passwd" not in kept
    assert b"use" not in kept


def test_comments_and_processing_instructions_are_not_kept() -> None:
    content = b'<?xml-stylesheet href="file:///etc/passwd"?><!-- note -->' + svg(
        "<rect/><?x passwd?>"
    )

    kept = parse_logo(content, name="logo.svg").content

    assert b"passwd" not in kept
    assert b"note" not in kept


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"<svg",
        b"\x00",
        b"\x89PNG\r\n\x1a\n",
        b"<!DOCTYPE svg>" + svg(""),
        b'<!DOCTYPE svg SYSTEM "file:///etc/passwd">' + svg(""),
        b'<!DOCTYPE svg [<!ENTITY a "ha">]>' + svg("<title>&a;</title>"),
        b'<!DOCTYPE svg [<!ENTITY x SYSTEM "file:///etc/passwd">]>' + svg("<title>&x;</title>"),
        b'<!DOCTYPE svg [<!ENTITY a "ha"><!ENTITY b "&a;&a;">]>' + svg("<title>&b;</title>"),
        b'<?xml version="1.0" encoding="utf-7"?>' + svg(""),
        b'<?xml version="1.0" encoding="canary"?>' + svg(""),
        svg("&nbsp;"),
        svg("<rect></svg>"),
    ],
)
def test_xml_that_is_broken_or_has_a_dtd_is_refused(content: bytes) -> None:
    assert refusal_of(content) == "is not well-formed SVG without a DTD"


def test_another_kind_of_document_is_refused() -> None:
    assert refusal_of(b"<html/>") == "is not an SVG"
    assert refusal_of(b'<svg xmlns="urn:any"/>') == "is not an SVG"


@pytest.mark.parametrize(
    "inside", ["<rect/>" * 2_001, "<g>" * 21 + "</g>" * 21, "<g>" * 5_000 + "</g>" * 5_000]
)
def test_a_picture_too_intricate_is_refused_at_once(inside: str) -> None:
    started = time.process_time()

    assert refusal_of(svg(inside)) == "is too intricate for a logo"
    assert time.process_time() - started < 0.5


@pytest.mark.parametrize(
    "inside",
    [
        '<clipPath id="a"><rect clip-path="url(#a)"/></clipPath>',
        '<clipPath id="a" clip-path="url(#b)"><rect/></clipPath>',
        '<clipPath id="a"><g><rect style="clip-path:url(#b)"/></g></clipPath>',
    ],
)
def test_a_clipping_path_is_not_clipped_in_turn(inside: str) -> None:
    """Each level multiplies: ten in ten, six levels deep, would draw a million shapes."""
    assert refusal_of(svg(inside)) == "clips its clipping paths"


# ----------------------------------------------------------------------------- PNG


def test_a_png_passes_as_it_is() -> None:
    logo = parse_logo(png(), name="logo.png")

    assert logo.media_type == "image/png"
    assert logo.content == png()


def test_a_png_at_the_limit_passes_and_a_larger_one_does_not() -> None:
    side = int(PNG_PIXELS**0.5)

    parse_logo(png(side, side), name="logo.png")
    assert refusal_of(png(side, side + 1), "logo.png") == f"has more than {PNG_PIXELS} pixels"


@pytest.mark.parametrize("side", [12_000, 20_000, 2**31 - 1])
def test_a_png_bomb_is_refused_before_it_is_unfolded(side: int) -> None:
    started = time.process_time()

    refusal_of(png_of(side, side, zlib.compress(bytes(1_000_000), 9)), "logo.png")
    assert time.process_time() - started < 0.5


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"\x89PNG\r\n\x1a\n",
        png()[:40],
        png()[:-16],
        png().replace(b"IDAT", b"IDAX"),
        png_of(8, 8, b"not compressed"),
        png_of(8, 8, zlib.compress(bytes(20))),
        png_of(0, 0, zlib.compress(b"")),
        b"GIF89a" + bytes(20),
        b"\xff\xd8\xff\xe0" + bytes(20),
        b"%PDF-1.7",
        svg("<rect/>"),
    ],
)
def test_a_png_that_is_not_whole_is_refused(content: bytes) -> None:
    assert refusal_of(content, "logo.png") == "is not a sound PNG"


def test_a_png_whose_bytes_were_changed_is_refused() -> None:
    content = bytearray(png())
    content[content.index(b"IDAT") + 6] ^= 0xFF

    assert refusal_of(bytes(content), "logo.png") == "is not a sound PNG"


@pytest.mark.parametrize("name", ["logo.png", "logo.svg"])
def test_a_file_over_the_limit_is_refused_unread(name: str) -> None:
    assert refusal_of(b" " * (LOGO_BYTES + 1), name) == f"is over {LOGO_BYTES} bytes"


def test_the_content_decides_and_not_the_name() -> None:
    refusal_of(png(), "logo.svg")
    refusal_of(svg("<rect/>"), "logo.png")

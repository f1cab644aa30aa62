"""The markup of the page, made readable in a browser.

It is the very markup that the PDF is drawn from: its style goes into the head, its assets into
their addresses. What a browser does not know, such as the boxes in the margins of a page, it does
not show.
"""

from __future__ import annotations

import base64
import re
from collections.abc import Iterable
from functools import lru_cache
from pathlib import Path

from fontTools.ttLib import TTFont

from invoice_renderer.document import Draft
from invoice_renderer.pdf.assets import SCHEME, Asset
from invoice_renderer.pdf.stylesheets import compose

SCREEN = """
html { background: #fff }
body { width: 512pt; margin: 36pt auto }
@media (max-width: 730px) { html { zoom: .8 } }
@media (max-width: 580px) { html { zoom: .62 } }
@media (max-width: 450px) { html { zoom: .48 } }
"""
"""Stands in for the page: as wide as its text, with margins, smaller where there is less room."""
_ASSET = re.compile(rf"""(?<=["'(]){SCHEME}([^"'()\s]+)""")


def page_for_browser(draft: Draft, *, fonts: str) -> str:
    """A page that needs nothing but the fonts, whose ``@font-face`` rules are given."""
    style = f"<style>\n{fonts}\n{compose(draft.style)}\n{SCREEN}</style>\n</head>"
    page = draft.html.replace("</head>", style, 1)
    return _ASSET.sub(lambda found: _address(draft.assets.get(found[1]), found[0]), page)


def font_faces(files: Iterable[Path]) -> str:
    """A rule for each bundled font; its address is its number in the list."""
    return "\n".join(_font_face(number, file) for number, file in enumerate(files))


@lru_cache(maxsize=256)
def _font_face(number: int, file: Path) -> str:
    with TTFont(file, lazy=True, fontNumber=0) as font:
        family = str(font["name"].getBestFamilyName()).replace('"', "")
        weight = int(font["OS/2"].usWeightClass)
    source = f"src:url(/fonts/{number})"
    return f'@font-face{{font-family:"{family}";font-weight:{weight};{source}}}'


def _address(asset: Asset | None, otherwise: str) -> str:
    if asset is None:
        return otherwise
    return f"data:{asset.media_type};base64,{base64.b64encode(asset.content).decode()}"

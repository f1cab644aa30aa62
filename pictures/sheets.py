"""Contact sheets: many pages at a glance, for the README and docs/gallery.md."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from PIL import Image

from invoice_renderer.gallery import GALLERY
from invoice_renderer.template import Templates
from pictures.approved import small
from pictures.looks import EVERY_LOOK, Look, pages_of

DOCS = Path(__file__).resolve().parents[1] / "docs"
DPI = 100
PAGE = 260  # pixels, the width of one page on a sheet
GAP = 12
GREY = "#9aa0a6"


def write_gallery() -> list[Path]:
    """All sheets, and the page that says what to look at; the paths."""
    template = Templates().get("v1")
    themes = [Look(EVERY_LOOK, theme=theme) for theme in template.themes]
    languages = [Look(EVERY_LOOK, locale=tag, paper="a4") for tag in template.languages]
    sheets = {
        "gallery-cases": [Look(case) for case in GALLERY],
        "gallery-themes": themes,
        "gallery-languages": languages,
        "gallery-readme": [
            themes[0], themes[1], Look(EVERY_LOOK, theme="large-print"),
            Look("60-lines", theme="mono"), Look("paid", locale="ja", paper="letter"),
            Look("open", locale="ar", paper="letter"),
        ],
    }  # fmt: skip
    written = [_write_sheet(name, looks) for name, looks in sheets.items()]
    page = DOCS / "gallery.md"
    page.write_text(_page(), "utf-8")
    return [*written, page]


def _write_sheet(name: str, looks: Sequence[Look]) -> Path:
    file = DOCS / "images" / f"{name}.png"
    first_pages = [next(iter(pages_of(look, dpi=DPI, most=2).values())) for look in looks]
    columns = 3 if name == "gallery-readme" else min(5, len(looks))
    small(contact_sheet(first_pages, columns)).save(file, optimize=True)
    return file


def contact_sheet(pages: Sequence[Image.Image], columns: int) -> Image.Image:
    """Rows of pages of one width, in reading order, on grey."""
    scaled = [_scaled(page) for page in pages]
    height = max(page.height for page in scaled)
    rows = -(-len(scaled) // columns)
    sheet = Image.new("RGB", (columns * (PAGE + GAP) + GAP, rows * (height + GAP) + GAP), GREY)
    for number, page in enumerate(scaled):
        row, column = divmod(number, columns)
        sheet.paste(page, (GAP + column * (PAGE + GAP), GAP + row * (height + GAP)))
    return sheet


def _scaled(page: Image.Image) -> Image.Image:
    height = round(page.height * PAGE / page.width)
    return page.convert("RGB").resize((PAGE, height), Image.Resampling.LANCZOS)


def _page() -> str:
    cases = "\n".join(f"{number}. **{case.name}**: {case.says}"
                      for number, case in enumerate(GALLERY.values(), 1))  # fmt: skip
    return f"""# The gallery

First pages, as PDFium draws them. `make gallery` draws them anew; `make preview` shows all pages of
them while you change a template.

## Hard invoices

![The first page of each hard invoice](images/gallery-cases.png)

From left to right and from top to bottom:

{cases}

## Themes

`modern`, `classic`, `large-print`, `mono`; each is one style sheet over the same page.

![One invoice in four themes](images/gallery-themes.png)

## Languages

English, Spanish, French, German, Brazilian Portuguese, Japanese, Arabic; on A4.

![One invoice in seven languages](images/gallery-languages.png)

## Compared with approved pictures

`make test` draws the first two pages and the last one of every case above, and of one case in every
theme and language, and compares them with the pictures in `pictures/approved`. Where a page
differs, `out/pictures` has the approved one, the new one and the difference side by side. If the
new one is better: `make approve`, and commit the pictures with the change that made them.
"""

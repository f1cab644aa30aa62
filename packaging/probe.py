"""Uses the function archive as Lambda will, and tells what was asked for.

Run by the pinned Python 3.13 with the unpacked function archive as its only argument: imports
every module of ours, draws a page with everything that an invoice may have, and prints as JSON the
modules that were asked for (found or not) and the files of the archive that were opened (likewise).
"""

# ruff: noqa: PLC0415 - imports are what is observed, so none happens before the observer is there

from __future__ import annotations

import base64
import ctypes.util
import importlib
import io
import json
import os
import pkgutil
import sys
from pathlib import Path

modules: set[str] = set()
files: set[str] = set()

SCRIPTS = (
    "Latin Ελληνικά Кириллица العربية עברית हिन्दी ไทยภาษา ქართული Հայերեն 中文 日本語 한국어 ☎ →"
)
PAGE = """<!doctype html><html lang="en"><head><title>Probe</title><style>
@page {{ size: Letter; @bottom-right {{ content: counter(page) " / " counter(pages) }} }}
body {{ font: 10pt Inter; }} p {{ hyphens: auto; text-align: justify; columns: 2; }}
.grid {{ display: grid; grid-template-columns: 1fr 1fr; }} .flex {{ display: flex; }}
.logo {{ background: linear-gradient(#123, #456); transform: rotate(2deg); opacity: 0.5; }}
</style></head><body><h1>{scripts}</h1>
<img alt="png" src="{png}"><img alt="jpeg" src="{jpeg}"><img alt="svg" src="{svg}">
<img alt="broken" src="data:image/png;base64,AAAA">
<p lang="en">{words}</p><p lang="de">Rechnungsbetrag Verbindungsentgelte</p>
<div class="grid"><b>a</b><i>b</i></div><div class="flex logo"><a href="#x">c</a></div>
<table><thead><tr><th>h</th></tr></thead><tbody>{rows}</tbody></table>
<svg width="50" height="50"><defs><linearGradient id="g"><stop offset="0"/></linearGradient></defs>
<rect width="50" height="50" fill="url(#g)"/><text x="5" y="20">svg</text><path d="M0 0L9 9"/></svg>
</body></html>"""


def listen(event: str, arguments: tuple[object, ...]) -> None:
    """The audit hook: every import and every open, also those that fail."""
    if event == "import":
        modules.add(str(arguments[0]))
    elif event == "open" and isinstance(arguments[0], str):
        files.add(os.path.realpath(arguments[0]))


def import_everything(task: Path) -> None:
    """Every module of ours; and the wheels that they import."""
    for found in pkgutil.walk_packages([str(task / "invoice_renderer")], "invoice_renderer."):
        importlib.import_module(found.name)


def import_quickly() -> None:
    """WeasyPrint with its prepared bindings; and then what those spare it, for it may fall back."""
    from invoice_renderer.native import ON_CALL, quick_weasyprint

    with quick_weasyprint():
        importlib.import_module("weasyprint")
    for name in ("cffi", *ON_CALL):
        if name in sys.modules:
            raise SystemExit(f"probe: {name} was imported, which the bindings should spare")
        importlib.import_module(name)


def draw_everything() -> bytes:
    """One document with all that an invoice may have, through the libraries that we ship."""
    from PIL import Image
    from weasyprint import HTML, Attachment

    pixels = Image.new("RGBA", (20, 20), (10, 20, 30, 128))
    page = PAGE.format(
        scripts=SCRIPTS,
        words="telecommunications surcharge reconciliation " * 30,
        rows="<tr><td>row</td></tr>" * 120,
        png=_address(pixels, "PNG"),
        jpeg=_address(pixels.convert("RGB"), "JPEG"),
        svg="data:image/svg+xml,<svg xmlns='http://www.w3.org/2000/svg' width='9' height='9'/>",
    )
    attached = Attachment(string="{}", name="invoice.json", relationship="Source")
    pdf: bytes = HTML(string=page).write_pdf(
        pdf_variant="pdf/a-3a", pdf_tags=True, attachments=[attached], lang="en"
    )
    return pdf


def format_everything() -> None:
    """Money, dates and time zones in every language that is kept."""
    from datetime import UTC, datetime
    from decimal import Decimal
    from zoneinfo import ZoneInfo

    from babel import Locale, localedata
    from babel.dates import format_datetime, format_interval
    from babel.numbers import format_currency
    from babel.units import format_unit

    now = datetime(2026, 1, 31, 12, tzinfo=UTC)
    for name in localedata.locale_identifiers():
        locale = Locale.parse(name)
        format_currency(Decimal("-1234.5"), "USD", locale=locale)
        format_datetime(now, tzinfo=ZoneInfo("Europe/London"), locale=locale)
        format_interval(now, now, locale=locale)
        format_unit(2, "duration-minute", locale=locale)


def _address(image: object, kind: str) -> str:
    written = io.BytesIO()
    image.save(written, kind)  # type: ignore[attr-defined]
    return f"data:image/{kind.lower()};base64,{base64.b64encode(written.getvalue()).decode()}"


def main(task: Path) -> None:
    """Draw first: what our own modules import must not hide what WeasyPrint lacks."""
    sys.addaudithook(listen)
    sys.path.insert(0, str(task))
    # This machine may have a compiler, with which ctypes would look for other libraries.
    ctypes.util.find_library = lambda name: None  # noqa: ARG005
    import_quickly()
    pdf = draw_everything()
    format_everything()
    import_everything(task)
    inside = sorted(
        Path(file).relative_to(task).as_posix() for file in files if Path(file).is_relative_to(task)
    )
    json.dump({"pdf_bytes": len(pdf), "modules": sorted(modules), "files": inside}, sys.stdout)


if __name__ == "__main__":
    main(Path(sys.argv[1]).resolve())

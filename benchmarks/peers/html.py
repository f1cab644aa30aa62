"""The pages of the engines that read HTML."""

from __future__ import annotations

from functools import cache
from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined, Template

from benchmarks import bill

ROOT = Path(__file__).resolve().parents[2]
FONTS = ROOT / ".cache" / "fonts"
FONTS_CONF = FONTS / "fonts.conf"
LOGO = ROOT / "profiles" / "example-logo.svg"


def write_html(page: str, raw: bytes, **options: object) -> str:
    """``page`` is a file of this folder."""
    return _template(page).render(
        bill=bill.read_bill(raw), words=bill, fonts=FONTS, logo=_logo(), **options
    )


@cache
def _template(page: str) -> Template:
    loader = FileSystemLoader(Path(__file__).parent)
    environment = Environment(loader=loader, autoescape=True, undefined=StrictUndefined,
                              trim_blocks=True)  # fmt: skip
    return environment.get_template(page)


@cache
def _logo() -> str:
    return LOGO.read_text("utf-8")

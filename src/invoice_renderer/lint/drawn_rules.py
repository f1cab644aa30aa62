"""What only shows when the page is drawn: contrast, text that sticks out, slow tables.

Hard invoices of the gallery are laid out in every theme, in both directions of writing, with the
seller's colours and with the darkest that a seller may have: a tint of them is a ground, too.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence

from invoice_renderer.colour import CONTRAST_FLOOR, contrast
from invoice_renderer.document import DocumentRenderer
from invoice_renderer.errors import InvoiceRendererError, TemplateBroken
from invoice_renderer.gallery import GALLERY
from invoice_renderer.lint.findings import Finding
from invoice_renderer.lint.style_rules import lines_with_colour
from invoice_renderer.markup import PAGE
from invoice_renderer.pdf.inspection import PaintedText, inspect_page
from invoice_renderer.profile import SellerProfile
from invoice_renderer.request import Paper, RenderOptions
from invoice_renderer.template import Template, resolve_locale

EVERY_PART = ("documented", "no-lines", "60-lines", "longest-names", "closed", "paid",
              "30-payments")  # fmt: skip
EVERY_COLOUR = ("60-lines", "longest-names", "closed", "paid")
EVERY_WIDTH = ("60-lines", "closed")
EVERY_WORD = ("closed",)
"""Cases of the gallery: a page in full, one more theme, one more direction, one more language."""
DARKEST = {"primary": "#000000", "accent": "#000000"}
STYLE = "invoice.css"
SHOWN_CHARACTERS = 40


def drawn_findings(
    renderer: DocumentRenderer, template: Template, profile: SellerProfile
) -> Iterator[Finding]:
    """Each once, however many pages show it."""
    dark = profile.model_copy(update={"brand": profile.brand.model_copy(update=DARKEST)})
    found: dict[tuple[str, int, str, str], Finding] = {}
    for options, cases in _looks(template):
        for name in cases:
            seller = dark if name == "closed" else profile
            for finding in _judge(renderer, template, seller, options, name):
                found.setdefault(_once(finding), finding)
    yield from found.values()


def _looks(template: Template) -> Iterator[tuple[RenderOptions, Sequence[str]]]:
    """Every theme in every language, on the narrower paper where there are two; the more there is
    to see, the more cases.
    """
    seen: set[str] = set()
    for language in template.languages:
        direction = resolve_locale(language, template.languages).text_direction
        for number, theme in enumerate(template.themes or (None,)):
            cases: Sequence[str] = EVERY_COLOUR if number else EVERY_PART
            if seen:
                cases = EVERY_WORD if direction in seen else EVERY_WIDTH
            paper: Paper = "a4" if "a4" in template.papers else template.papers[0]
            look = {"theme": theme, "locale": language, "paper": paper}
            yield RenderOptions(template=template.name, **look), cases  # type: ignore[arg-type]
        seen.add(direction)


def _judge(
    renderer: DocumentRenderer,
    template: Template,
    seller: SellerProfile,
    options: RenderOptions,
    name: str,
) -> Iterator[Finding]:
    try:
        presentation = renderer.present(options, seller)
        draft = renderer.draft(GALLERY[name].build(), seller, presentation)
        seen = inspect_page(draft.html, draft.style, draft.assets, renderer.pdf.fonts)
    except TemplateBroken as error:
        yield Finding(error.file, error.line, "does-not-render", f"{error.problem}.")
        return
    except InvoiceRendererError as error:
        yield Finding(PAGE, 0, "does-not-render", f"{name}: {error.detail}")
        return
    look = f"{name}, {options.theme or 'no theme'}, {options.locale}"
    for text in seen.texts:
        yield from _contrast(text, template, look)
        yield from _overflow(text, look)
    for table in seen.automatic_tables:
        yield Finding(STYLE, 0, "automatic-table", f"{table} has an automatic layout.")


def _contrast(text: PaintedText, template: Template, look: str) -> Iterator[Finding]:
    ratio, ground = min((contrast(text.colour, ground), ground) for ground in text.grounds)
    if ratio < CONTRAST_FLOOR:
        file, line = _where_coloured(template, text.colour)
        shown = math.floor(ratio * 10) / 10  # 4.49 must not read as the 4.5 that is asked for
        yield Finding(
            file, line, "contrast",
            f"{text.place} is {text.colour} on {ground}, {shown} to 1 ({look}).",
        )  # fmt: skip


def _overflow(text: PaintedText, look: str) -> Iterator[Finding]:
    if text.outside:
        shown = text.text.strip()[:SHOWN_CHARACTERS]
        yield Finding(
            STYLE, 0, "text-overflow",
            f"{text.place} is {text.outside} pt too wide for {shown!r} (page {text.page}, {look}).",
        )  # fmt: skip


def _where_coloured(template: Template, colour: str) -> tuple[str, int]:
    """The first line of a sheet that sets the colour; a seller's colour is in none."""
    for file in sorted(template.folder.rglob("*.css")):
        for line in lines_with_colour(file.read_text("utf-8"), colour):
            return file.relative_to(template.folder).as_posix(), line
    return STYLE, 0


def _once(finding: Finding) -> tuple[str, int, str, str]:
    """The same fault on another page, in another look, is the same fault."""
    what = (
        finding.detail.partition(" is ")[0]
        if finding.rule == "text-overflow"
        else (finding.detail.partition(" (")[0])
    )
    return finding.file, finding.line, finding.rule, what

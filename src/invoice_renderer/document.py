"""The document: an invoice and a seller, presented to a reader, as PDF bytes.

The same invoice, profile, presentation, template and engine give the same bytes, in any process
and on any day.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from functools import cached_property, lru_cache
from gettext import NullTranslations
from importlib.metadata import version
from pathlib import Path

from babel import Locale

from invoice_renderer import record, spreadsheet
from invoice_renderer.errors import OptionRefused, ProfileMalformed
from invoice_renderer.garbage import garbage_held
from invoice_renderer.invoice import Invoice, Notice
from invoice_renderer.language import Language
from invoice_renderer.logo import Logo
from invoice_renderer.manuscript import Manuscript
from invoice_renderer.markup import render_markup
from invoice_renderer.pdf.assets import Asset
from invoice_renderer.pdf.attachments import Attachment
from invoice_renderer.pdf.engine import PLAIN_ROWS, PdfEngine
from invoice_renderer.pdf.fonts import BundledFonts, name_of, replace_missing
from invoice_renderer.pdf.stylesheets import Style
from invoice_renderer.profile import SellerProfile
from invoice_renderer.qr import draw_qr
from invoice_renderer.request import Paper, RenderOptions
from invoice_renderer.template import Template, Templates, language_of, resolve_locale
from invoice_renderer.view import build_view
from invoice_renderer.view.models import PayView

MOST_PAGES = 6_000  # 100,000 lines are some 2,700, in large print twice as many
MOST_BYTES = 100_000_000
LIBRARIES = ("weasyprint", "fonttools", "pillow", "jinja2", "babel", "segno", "tzdata")
SOURCES = ("canonical.py", "cldr.py", "colour.py", "document.py", "field_types.py", "figures.py",
           "invoice.py", "language.py", "logo.py", "loops.py", "manuscript.py", "markup.py",
           "pay_link.py", "profile.py", "qr.py", "rates.py", "record.py", "spreadsheet.py",
           "template.py", "text.py", "pdf", "view")  # fmt: skip
"""What of this package decides the bytes of a document."""


@dataclass(frozen=True, slots=True)
class Presentation:
    """How one invoice is to look: every choice is made."""

    locale: str
    paper: Paper
    time_zone: str
    template: str
    theme: str = ""


@dataclass(frozen=True, slots=True)
class Document:
    """A finished PDF; ``notices`` are for the operator."""

    pdf: bytes
    pages: int
    sha256: str
    notices: tuple[Notice, ...]


@dataclass(frozen=True, slots=True)
class Draft:
    """A document before it is drawn: the page, its style, and what it may ask for."""

    page: Manuscript
    style: Style
    assets: Mapping[str, Asset]
    notices: tuple[Notice, ...]

    @property
    def html(self) -> str:
        """The page written out."""
        return self.page.html


class DocumentRenderer:
    """Renders invoices; keeps fonts, templates and style sheets for the life of the process."""

    def __init__(
        self,
        *,
        templates_dir: Path | None = None,
        max_pages: int = MOST_PAGES,
        max_bytes: int = MOST_BYTES,
        max_plain_rows: int = PLAIN_ROWS,
    ) -> None:
        self._templates_dir = templates_dir
        self._templates = Templates(templates_dir)
        self._pdf = PdfEngine(
            BundledFonts(),
            max_pages=max_pages,
            max_bytes=max_bytes,
            max_plain_rows=max_plain_rows,
        )

    @property
    def templates(self) -> Templates:
        """What there is to choose from."""
        return self._templates

    @property
    def pdf(self) -> PdfEngine:
        """What draws; it knows the fonts."""
        return self._pdf

    def reread_templates(self) -> None:
        """Forget what was read of the templates: somebody is at work on one."""
        self._templates = Templates(self._templates_dir)

    @cached_property
    def engine(self) -> str:
        """What decides the bytes besides invoice, profile, presentation and template."""
        libraries = ", ".join(f"{name} {version(name)}" for name in LIBRARIES)
        return f"invoice-renderer {source_digest()}, {libraries}, {self._pdf.identity}"

    def check(self, options: RenderOptions) -> None:
        """Refuse what no seller profile could make possible, before anything is fetched."""
        languages, themes, papers = self._templates.languages, self._templates.themes, None
        if options.template is not None:
            template = self._templates.get(options.template)
            languages, themes, papers = template.languages, template.themes, template.papers
        if options.locale is not None:
            resolve_locale(options.locale, languages)
        if options.paper is not None and papers is not None:
            _check_paper(options.paper, papers)
        if options.theme is not None:
            _check_theme(options.theme, themes)

    def present(self, options: RenderOptions, profile: SellerProfile) -> Presentation:
        """The caller's choices, and the seller's where the caller made none."""
        defaults = profile.defaults
        template = self._choose_template(options.template, defaults.template)
        paper = options.paper or defaults.paper
        _check_paper(paper, template.papers)
        return Presentation(
            locale=_choose_locale(options.locale, defaults.locale, template),
            paper=paper,
            time_zone=options.time_zone or defaults.time_zone,
            template=template.name,
            theme=_choose_theme(options.theme, defaults.theme, template),
        )

    def template_version(self, presentation: Presentation) -> str:
        """``v1@`` and a hash of everything in the template's folder."""
        return self._templates.get(presentation.template).version

    def render(
        self,
        invoice: Invoice,
        profile: SellerProfile,
        presentation: Presentation,
        *,
        plain: bool = False,
    ) -> Document:
        """View, markup, PDF; :class:`RenderingError` if any of it cannot be whole.

        ``plain`` has the page laid out whole, where otherwise it may be stamped.
        """
        with garbage_held():
            draft = self.draft(invoice, profile, presentation)
            return self.finish(draft, invoice, profile, presentation, plain=plain)

    def draft(self, invoice: Invoice, profile: SellerProfile, presentation: Presentation) -> Draft:
        """View and markup: everything that the PDF is drawn from."""
        template = self._templates.get(presentation.template)
        language = _language(presentation, profile, template)
        view, notices = build_view(
            invoice,
            profile,
            language=language,
            wording=template.wording,
            logo=next(iter(_brand_assets(profile.logo)), ""),
        )
        page = render_markup(template, language.translations, view)
        missing = self._pdf.fonts.missing(page.beyond_ascii)
        return Draft(
            page=Manuscript(replace_missing(page.html, missing)) if missing else page,
            style=_style(template, profile, presentation, language),
            assets={
                **_template_assets(template),
                **_brand_assets(profile.logo),
                **_qr_assets(view.pay),
            },
            notices=(*notices, *(_glyph_notice(character) for character in missing)),
        )

    def finish(
        self,
        draft: Draft,
        invoice: Invoice,
        profile: SellerProfile,
        presentation: Presentation,
        *,
        plain: bool = False,
    ) -> Document:
        """Draw a draft, with the record of what it was made from; ``plain`` as for a render."""
        attachments = self._attachments(invoice, profile, presentation)
        pdf = self._pdf.render(draft.page, draft.style, draft.assets, attachments, plain=plain)
        return Document(
            pdf=pdf.content,
            pages=pdf.pages,
            sha256=hashlib.sha256(pdf.content).hexdigest(),
            notices=draft.notices,
        )

    def _attachments(
        self, invoice: Invoice, profile: SellerProfile, presentation: Presentation
    ) -> tuple[Attachment, ...]:
        """The record that the page is drawn from, and its lines for a spreadsheet."""
        source = record.Record(
            invoice=invoice,
            profile=profile.digest,
            presentation=asdict(presentation),
            template=self.template_version(presentation),
            engine=self.engine,
        )
        moment = invoice.date_issued or invoice.date_created or invoice.date_billing_period_end
        return (
            Attachment(
                name=record.FILE_NAME,
                content=record.write_record(source),
                media_type="application/json",
                relationship="Source",
                description="The invoice that this document shows, and how it was rendered",
                modified=moment,
            ),
            Attachment(
                name=spreadsheet.FILE_NAME,
                content=spreadsheet.write_lines(invoice, currency=profile.currency),
                media_type="text/csv",
                relationship="Data",
                description="Items, taxes and payments, one in a row",
                modified=moment,
            ),
        )

    def _choose_template(self, asked: str | None, default: str) -> Template:
        if asked is not None:
            return self._templates.get(asked)
        try:
            return self._templates.get(default)
        except OptionRefused:
            raise ProfileMalformed("defaults.template", "is not a template we have") from None


def _choose_locale(asked: str | None, default: str, template: Template) -> str:
    if asked is not None:
        return str(resolve_locale(asked, template.languages)).replace("_", "-")
    try:
        return str(resolve_locale(default, template.languages)).replace("_", "-")
    except OptionRefused:
        raise ProfileMalformed(
            "defaults.locale", f"is not offered by the template {template.name}"
        ) from None


def _choose_theme(asked: str | None, default: str | None, template: Template) -> str:
    if asked is not None:
        _check_theme(asked, template.themes)
        return asked
    if default is None:
        return next(iter(template.themes), "")
    if default not in template.themes:
        raise ProfileMalformed("defaults.theme", f"is not offered by the template {template.name}")
    return default


def _check_theme(theme: str, themes: tuple[str, ...]) -> None:
    if theme not in themes:
        raise OptionRefused("theme", "is not one of ours", themes)


def _check_paper(paper: Paper, papers: tuple[Paper, ...]) -> None:
    if paper not in papers:
        raise OptionRefused("paper", "is not offered by this template", papers)


def _language(presentation: Presentation, profile: SellerProfile, template: Template) -> Language:
    locale = resolve_locale(presentation.locale, template.languages)
    catalogue = language_of(locale, template.languages) or template.languages[0]
    translations = template.translations(catalogue)
    return _speak(locale, presentation.time_zone, profile.currency, translations)


@lru_cache(maxsize=8)
def _speak(
    locale: Locale, time_zone: str, currency: str, translations: NullTranslations
) -> Language:
    """Kept, with the forms that it has learnt and the figures that it remembers."""
    return Language(locale, time_zone=time_zone, currency=currency, translations=translations)


def _style(
    template: Template, profile: SellerProfile, presentation: Presentation, language: Language
) -> Style:
    catalogue = language_of(language.locale, template.languages) or ""
    return Style(
        fingerprint=f"{template.fingerprint} {catalogue} {language.direction}",
        css=template.css_for(presentation.theme, catalogue, language.direction),
        counters=language.counters,
        theme=presentation.theme,
        paper=presentation.paper,
        primary=profile.brand.primary,
        accent=profile.brand.accent,
    )


MEDIA_TYPES = {".svg": "image/svg+xml", ".png": "image/png", ".css": "text/css"}


def _template_assets(template: Template) -> Mapping[str, Asset]:
    return {
        name: Asset(content, MEDIA_TYPES.get(Path(name).suffix, "application/octet-stream"))
        for name, content in template.assets.items()
    }


def _brand_assets(logo: Logo | None) -> Mapping[str, Asset]:
    """Named by its hash: two sellers' logos never have one name."""
    if logo is None:
        return {}
    name = f"logo-{hashlib.sha256(logo.content).hexdigest()[:12]}"
    return {name: Asset(logo.content, logo.media_type)}


def _qr_assets(pay: PayView | None) -> Mapping[str, Asset]:
    if pay is None or not pay.qr:
        return {}
    return {pay.qr: Asset(draw_qr(pay.url), "image/svg+xml")}


def _glyph_notice(character: str) -> Notice:
    return Notice("glyph-missing", f"no bundled font has {name_of(character)}; it prints as U+FFFD")


@lru_cache(maxsize=1)
def source_digest() -> str:
    """Twelve hex digits over our own code: another way to draw is another document."""
    package = Path(__file__).parent
    files = [path for name in SOURCES for path in (package / name, *(package / name).rglob("*.py"))]
    digest = hashlib.sha256()
    for path in sorted(path for path in files if path.is_file()):
        digest.update(path.relative_to(package).as_posix().encode() + b"\0")
        digest.update(hashlib.sha256(path.read_bytes()).digest())
    return digest.hexdigest()[:12]

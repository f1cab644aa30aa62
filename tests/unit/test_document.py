"""The document: what a reader holds, whatever the invoice was."""

from __future__ import annotations

import hashlib
import os
import re
import shutil
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pikepdf
import pytest
from PIL import Image

from invoice_renderer.document import Document, DocumentRenderer, Presentation
from invoice_renderer.errors import (
    DocumentTooLarge,
    OptionRefused,
    ProfileMalformed,
    RenderingError,
)
from invoice_renderer.invoice import Invoice
from invoice_renderer.logo import Logo
from invoice_renderer.profile import SellerProfile, parse_profiles
from invoice_renderer.request import RenderOptions
from tests.builders import (
    a_line,
    a_long_invoice,
    a_partner,
    a_payment,
    a_profile,
    a_tax,
    an_invoice,
)
from tests.pdf_reading import (
    attachments_of,
    everything_in,
    fonts_of,
    links_of,
    opened,
    pages_of,
    right_edges_of,
    sizes_of,
    tags_of,
    text_of,
    words_of,
)

PROJECT = Path(__file__).resolve().parents[2]
EXAMPLE = PROJECT / "profiles" / "example.toml"
MINUS, NBSP = "\N{MINUS SIGN}", "\N{NO-BREAK SPACE}"
LANGUAGES = ("ar", "de", "en", "es", "fr", "ja", "pt-BR")


def the_example_profile() -> SellerProfile:
    profiles = parse_profiles(
        EXAMPLE.read_bytes(),
        name=EXAMPLE.name,
        read_neighbour=lambda name: (EXAMPLE.parent / name).read_bytes(),
    )
    return profiles.for_partner("any")


def rendered(
    renderer: DocumentRenderer,
    invoice: Invoice | None = None,
    profile: SellerProfile | None = None,
    **options: str,
) -> Document:
    profile = profile or a_profile()
    presentation = renderer.present(RenderOptions(**options), profile)  # type: ignore[arg-type]
    return renderer.render(invoice or an_invoice(), profile, presentation)


# ----------------------------------------------------------------------------- the page


def test_the_documented_invoice_is_one_page(renderer: DocumentRenderer) -> None:
    """With the example profile and all that it can say; under 60 kB, two fonts."""
    document = rendered(renderer, profile=the_example_profile())
    assert (document.pages, document.notices) == (1, ())
    assert len(document.pdf) < 60_000
    assert {"Inter", "Inter-Semi-Bold"} == fonts_of(document.pdf)
    assert hashlib.sha256(document.pdf).hexdigest() == document.sha256


@pytest.mark.parametrize(
    "text",
    [
        "Invoice 004",
        "Preliminary This invoice is still open",
        "Billed to CarrierX John Smith 90804 United States",
        "Invoice number 004",
        "Account number CX72521509",
        "Amount due $0.00 No payment is due.",
        f"Previous balance (credit) {MINUS}$351.91",
        "Current charges $0.38",
        "Taxes and surcharges $0.32",
        f"Balance forward (credit) {MINUS}$0.45",
        "United States Inbound 148 min $0.0025/min $0.37",
        "United States Outbound 1 min $0.01/min $0.01",
        "2 numbers $0.00",
        "Total charges $0.38",
        "Regulatory fees and surcharges",
        "Federal Universal Service Fund",
        "Questions about this invoice? Northline Billing billing@northline.example",
        "Remit payment to Northline Communications, Inc.",
        "FCC Filer ID 800142",
        "Page 1 of 1",
    ],
)
def test_the_documented_invoice_says(renderer: DocumentRenderer, text: str) -> None:
    """What the API and the profile say, in reading order."""
    words = words_of(rendered(renderer, profile=the_example_profile()).pdf).replace(NBSP, " ")
    assert text.lower() in words.lower()


def test_spanish_is_spanish_throughout(renderer: DocumentRenderer) -> None:
    """Headings, tokens, formats and the file's own language, on A4."""
    document = rendered(renderer, profile=the_example_profile(), locale="es-MX", paper="a4")
    words = words_of(document.pdf)
    for text in ("Factura 004", "Estados Unidos", "Llamadas de voz", "USD 0.37", "Página 1 de 1"):
        assert text in words
    for text in ("Invoice", "Amount", "Total charges", "Page ", "United States"):
        assert text not in words
    with opened(document.pdf) as pdf:
        assert str(pdf.Root.Lang) == "es-MX"
    assert {(595, 842)} == sizes_of(document.pdf)


def test_the_time_zone_decides_the_printed_day(renderer: DocumentRenderer) -> None:
    """The charge is expected in the last second of January 19 in UTC."""
    days = {
        zone: words_of(rendered(renderer, time_zone=zone).pdf) for zone in ("UTC", "Asia/Tokyo")
    }
    assert "Charge expected Jan 19, 2025" in days["UTC"]
    assert "Charge expected Jan 20, 2025" in days["Asia/Tokyo"]


def test_an_open_invoice_is_marked_on_every_page(renderer: DocumentRenderer) -> None:
    """A closed one is not."""
    open_, closed = (
        rendered(renderer, a_long_invoice(60, status=status)) for status in ("open", "closed")
    )
    for page in range(1, open_.pages + 1):
        assert "PRELIMINARY" in text_of(open_.pdf, page=page)
        assert "PRELIMINARY" not in text_of(closed.pdf, page=page)


def test_a_paid_invoice_says_so(renderer: DocumentRenderer) -> None:
    """In words, not by a colour."""
    paid = rendered(renderer, an_invoice(status="closed", paid=True))
    assert "PAID" in words_of(paid.pdf)
    assert "PAID" not in words_of(rendered(renderer).pdf)


def test_an_invoice_without_lines_says_so(renderer: DocumentRenderer) -> None:
    """One page, without an empty table."""
    document = rendered(renderer, an_invoice(invoice_items=[], tax_items=[]))
    assert document.pages == 1
    assert "There are no charges in this billing period." in words_of(document.pdf)


@pytest.mark.parametrize("lines", [60, 120])
def test_a_long_invoice_repeats_its_heads(renderer: DocumentRenderer, lines: int) -> None:
    """The table's head, the seller, the invoice's number and the page, on each page."""
    document = rendered(renderer, a_long_invoice(lines))
    for page in range(2, document.pages + 1):
        words = words_of(document.pdf, page=page)
        assert "Invoice 004" in words
        assert "Northline Communications, Inc." in words
        assert f"Page {page} of {document.pages}" in words
        if "/min" in words:
            assert "Description Direction Usage Rate Amount" in words
    assert words_of(document.pdf).count("/min") == lines


@pytest.mark.parametrize("lines", [6, 13, 14, 15, 16, 17, 18, 47, 48, 49, 50, 51, 52])
def test_no_total_and_no_heading_stands_alone(renderer: DocumentRenderer, lines: int) -> None:
    """Around the ends of pages: a total has a line above it, a heading one below it."""
    document = rendered(renderer, a_long_invoice(lines))
    for page in range(1, document.pages + 1):
        words = words_of(document.pdf, page=page)
        if "Total charges" in words or "Rate Amount Voice calls" in words:
            assert "/min" in words, f"page {page}"
        if "Total taxes" in words:
            assert "Federal Universal Service Fund" in words, f"page {page}"


def test_rows_are_never_split(renderer: DocumentRenderer) -> None:
    """A tax with a long explanation moves to the next page whole."""
    explanation = " ".join(f"word{number}" for number in range(60))
    profile = a_profile(taxes={"x_fee": {"label": "X", "explanation": explanation}})
    taxes = [a_tax(type="x_fee")] * 12
    document = rendered(renderer, an_invoice(tax_items=taxes), profile)
    assert document.pages > 1
    for page in range(1, document.pages + 1):
        words = words_of(document.pdf, page=page)
        assert words.count("word0 ") == words.count("word59")


def test_a_missing_value_never_prints_as_none(renderer: DocumentRenderer) -> None:
    """Everything optional is missing."""
    bare = an_invoice(
        partner=None,
        date_charge_expected=None,
        date_created=None,
        invoice_items=[{"type": "toll", "amount": "1"}],
        tax_items=[{"type": "fed_universal_service_fund", "amount": "1"}],
        pay_items=[{}, {"amount": None, "type": None}],
    )
    profile = a_profile(contact={"phone": "+1 800 555 0142"})
    for locale in ("en-US", "es"):
        words = words_of(rendered(renderer, bare, profile, locale=locale).pdf).lower()
        for word in ("none", "null", "undefined", "nan"):
            assert word not in words.split()


BIDI_MARKS = re.compile("[\u200e\u200f\u202a-\u202e]")  # pdftotext adds them
LABELS = {
    "en": ("Amount due", "Previous balance", "Billing period"),
    "es": ("Importe a pagar", "Saldo anterior", "Período"),
    "fr-CA": ("Montant dû", "Solde précédent", "Solde reporté"),
    "de-AT": ("Zu zahlender Betrag", "Alter Saldo", "Leistungszeitraum"),
    "pt-PT": ("Valor a pagar", "Saldo anterior", "Período"),
    "ja": ("ご請求金額", "前回残高", "繰越残高", "ご利用期間"),
    "ar": ("المبلغ المستحق", "الرصيد السابق", "فترة الفوترة"),
    "ar-EG": ("المبلغ المستحق", "الرصيد السابق", "٢٠٢٤"),
}


@pytest.mark.parametrize("paper", ["letter", "a4"])
@pytest.mark.parametrize("locale", LABELS)
def test_every_language_prints_the_documented_invoice(
    renderer: DocumentRenderer, locale: str, paper: str
) -> None:
    """In its words, every character drawn, on one page of A4; Letter is five lines shorter."""
    document = rendered(renderer, profile=the_example_profile(), locale=locale, paper=paper)
    text = BIDI_MARKS.sub("", text_of(document.pdf))
    assert [label for label in LABELS[locale] if label not in text] == []
    assert document.notices == ()
    assert document.pages <= (1 if paper == "a4" else 2)
    with opened(document.pdf) as pdf:
        assert str(pdf.Root.Lang) == locale


def test_a_page_from_right_to_left_is_mirrored(renderer: DocumentRenderer) -> None:
    """Labels at the right, amounts at the left, page numbers where reading ends."""
    document = rendered(renderer, a_long_invoice(60), the_example_profile(), locale="ar")
    first, last = (text_of(document.pdf, page=page) for page in (1, document.pages))
    line = next(line for line in first.splitlines() if "الرصيد السابق" in line)
    assert line.index("351.91") < line.index("الرصيد")
    head = next(line for line in last.splitlines() if "Northline Communications, Inc." in line)
    assert head.index("004") < head.index("Northline")
    foot = [line for line in last.splitlines() if "صفحة" in line][-1]
    assert foot.index("صفحة") < foot.index("billing@")


def test_figures_stand_in_line_from_right_to_left(renderer: DocumentRenderer) -> None:
    """They are read from left to right there, too: the last digits are below one another."""
    items = [a_line(amount=amount) for amount in ("1.25", "1234.50", "20.00")]
    pdf = rendered(renderer, an_invoice(invoice_items=items), locale="ar").pdf
    edges = {
        text: edge for text, edge in right_edges_of(pdf, page=1) if text in {"1.25", "1,234.50"}
    }
    assert set(edges) == {"1.25", "1,234.50"}
    assert edges["1.25"] == pytest.approx(edges["1,234.50"], abs=0.5)


def test_an_address_is_read_from_left_to_right_anywhere(renderer: DocumentRenderer) -> None:
    """Its question mark stays behind the path."""
    invoice, profile = an_invoice(amount_due="12.5"), the_example_profile()
    pdf = rendered(renderer, invoice, profile, locale="ar").pdf
    words = [word for word, _ in right_edges_of(pdf, page=1)]
    assert any(word.startswith("pay.northline.example/004?") for word in words)


def test_pages_count_in_the_readers_digits(renderer: DocumentRenderer) -> None:
    """Egypt's, where the amounts are in them, too."""
    document = rendered(renderer, a_long_invoice(40), locale="ar-EG")
    foot = [line for line in text_of(document.pdf, page=2).splitlines() if "صفحة" in line][-1]
    assert "٢" in foot


NAMES = {
    "Latin": "María Ñandú-Łukasz Ţepeş",
    "Greek": "Ελληνική Τηλεφωνία",
    "Cyrillic": "Российская связь Україна",
    "Arabic": "شركة بريد مصر",
    "Hebrew": "חברת תקשורת",
    "Devanagari": "भारत संचार निगम",
    "Thai": "บริษัทสื่อสารไทย",
    "Chinese": "深圳市通讯有限公司",
    "Japanese": "株式会社ミライ通信",
    "Korean": "한국통신 주식회사",
}


@pytest.mark.parametrize("locale", ["en-US", "ja", "ar"])
def test_a_name_in_any_script_can_be_read_and_copied(
    renderer: DocumentRenderer, locale: str
) -> None:
    """In glyphs of its own, inside any language; the text comes back from the file."""
    long = "กรุงเทพมหานครอมรรัตนโกสินทร์มหินทรายุธยามหาดิลกภพนพรัตนราชธานี"
    for name in NAMES.values():
        partner = a_partner(company_name=name, name=f"{name} {name}", address1=long)
        document = rendered(renderer, an_invoice(partner=partner), locale=locale)
        words = BIDI_MARKS.sub("", words_of(document.pdf))
        assert document.notices == ()
        assert [word for word in name.split() if word not in words] == []


def test_shared_characters_have_the_forms_of_their_language(renderer: DocumentRenderer) -> None:
    """Japanese pages and names are set in the Japanese font, Chinese names in the Chinese one."""

    def fonts_for(name: str, locale: str) -> set[str]:
        partner = a_partner(company_name="X", name=name)
        return fonts_of(rendered(renderer, an_invoice(partner=partner), locale=locale).pdf)

    assert "MotoyaLCedar" in fonts_for("株式会社ミライ", "en-US")
    assert "Droid-Sans-Fallback" in fonts_for("深圳市通讯", "en-US")
    assert "Droid-Sans-Fallback" not in fonts_for("株式会社ミライ", "ja")


def test_two_locales_print_the_same_figures(renderer: DocumentRenderer) -> None:
    """Only their form differs."""
    english, spanish = (
        words_of(rendered(renderer, locale=locale).pdf) for locale in ("en-US", "es")
    )
    for amount in ("351.91", "0.38", "0.32", "0.45", "0.37", "0.0025"):
        assert amount in english
        assert amount.replace(".", ",") in spanish


@pytest.mark.parametrize("theme", ["modern", "classic", "large-print", "mono"])
def test_pages_carry_the_running_sum_forward(renderer: DocumentRenderer, theme: str) -> None:
    """What a page carries the next one brings; each is the sum of the lines up to there."""
    document = rendered(renderer, a_long_invoice(90), theme=theme)
    pages = [words_of(document.pdf, page=page + 1) for page in range(document.pages)]
    carried = [re.findall(r"Carried forward (\S+)", words) for words in pages]
    brought = [re.findall(r"Brought forward (\S+)", words) for words in pages]
    shown, printed = 0, 0
    for words, here, before in zip(pages, carried, brought, strict=True):
        assert before == ([_as_money(shown)] if 0 < shown < 90 else [])
        shown += len(re.findall(r"/\s?min ", words))
        assert here == ([_as_money(shown)] if 0 < shown < 90 else [])
        assert ("Voice calls, continued" in words) == bool(before)
        printed += len(here)
    assert shown == 90
    assert printed >= 2


def _as_money(lines: int) -> str:
    """The amounts of so many lines: 0.25, 1.25, 2.25..."""
    return f"${lines * (lines - 1) / 2 + lines / 4:,.2f}"


def test_one_page_carries_nothing_forward(renderer: DocumentRenderer) -> None:
    """And an amount that ends with its page has no words after it."""
    assert "forward $" not in words_of(rendered(renderer).pdf)


# ----------------------------------------------------------------------------- the file


def test_the_same_input_is_the_same_bytes(renderer: DocumentRenderer) -> None:
    """In one process, and in another renderer."""
    digests = {rendered(one).sha256 for one in (renderer, renderer, DocumentRenderer())}
    assert len(digests) == 1


PROGRAM = """
import sys
from invoice_renderer.document import DocumentRenderer
from tests.builders import a_line, a_partner, an_invoice
from tests.unit.test_document import rendered, the_example_profile
lines = [a_line(type=kind) for kind in ("b_fee", "toll", "a_fee", "sms")]
invoice = an_invoice(invoice_items=lines, partner=a_partner(name="Ελλάδα שלום"))
print(rendered(DocumentRenderer(), invoice, the_example_profile()).sha256)
"""


def test_the_same_input_is_the_same_bytes_in_any_process() -> None:
    """Whatever the hash seed, the time zone of the machine, the locale of the process."""
    digests = set()
    for seed, zone, locale in (("0", "UTC", "C"), ("4242", "Asia/Tokyo", "de_DE.UTF-8")):
        environment = {
            "PATH": os.environ["PATH"],
            "PYTHONPATH": str(PROJECT),
            "PYTHONHASHSEED": seed,
            "TZ": zone,
            "LC_ALL": locale,
        }
        run = subprocess.run(
            [sys.executable, "-c", PROGRAM],
            env=environment, cwd=PROJECT, capture_output=True, text=True, check=True,
        )  # fmt: skip
        digests.add(run.stdout.strip())
    assert len(digests) == 1


def test_threads_do_not_mix_invoices(renderer: DocumentRenderer) -> None:
    """Each document has its own number and language, and no other's."""

    def draw(number: int) -> tuple[int, str]:
        locale = "es" if number % 2 else "en-US"
        invoice = an_invoice(display_id=f"canary{number}")
        return number, words_of(rendered(renderer, invoice, locale=locale).pdf)

    with ThreadPoolExecutor(4) as threads:
        for number, words in threads.map(draw, range(8)):
            assert f"{'Factura' if number % 2 else 'Invoice'} canary{number}" in words
            assert not any(f"canary{other}" in words for other in range(8) if other != number)


def test_the_file_carries_its_title_language_and_dates(renderer: DocumentRenderer) -> None:
    """The dates are the invoice's; nothing tells when it was rendered."""
    with opened(rendered(renderer).pdf) as pdf:
        assert str(pdf.docinfo.Title) == "Invoice 004 · Northline Communications, Inc."
        assert str(pdf.docinfo.Author) == "Northline Communications, Inc."
        assert str(pdf.docinfo.CreationDate) == "D:20241219233001Z"
        assert str(pdf.docinfo.ModDate) == "D:20241219233001Z"
        assert str(pdf.Root.Lang) == "en-US"


@pytest.mark.parametrize(
    "hostile", ["<b>(x)\\)</b>", "((((", "\ufeffþÿ(", "日本語 )>>", "%PDF-1.7"]
)
def test_metadata_does_not_break_the_file(renderer: DocumentRenderer, hostile: str) -> None:
    """A title with parentheses, markup or any script is a title."""
    document = rendered(renderer, an_invoice(display_id=hostile))
    with opened(document.pdf) as pdf:
        assert hostile.strip("\ufeff") in str(pdf.docinfo.Title)
        assert pdf.check_pdf_syntax() == []


def test_the_file_is_tagged(renderer: DocumentRenderer) -> None:
    """Headings, tables with header cells, paragraphs; the logo has a text of its own."""
    pdf = rendered(renderer, profile=the_example_profile()).pdf
    tags = tags_of(pdf)
    assert (tags.count("H1"), tags.count("Figure")) == (1, 1)
    assert tags.count("Table") == 4
    assert {"Document", "Part", "Sect", "H2", "P", "TH", "TD", "Link"} <= set(tags)
    assert b"Northline Communications, Inc." in everything_in(pdf)


def test_nothing_in_the_file_is_active(renderer: DocumentRenderer) -> None:
    """No script, no form, no launch; two files that are data; links lead to https only."""
    pdf = rendered(renderer, profile=the_example_profile()).pdf
    content = everything_in(pdf)
    for active in (
        b"/JavaScript",
        b"/JS",
        b"/Launch",
        b"/AcroForm",
        b"/SubmitForm",
        b"/OpenAction",
    ):
        assert active not in content
    assert set(attachments_of(pdf)) == {"invoice.json", "lines.csv"}
    assert links_of(pdf)
    assert all(link.startswith("https://") for link in links_of(pdf))


def test_a_logo_may_be_a_png(renderer: DocumentRenderer, tmp_path: Path) -> None:
    """Its text for those who do not see it is the seller's name."""
    Image.new("RGB", (40, 20), "#12355b").save(tmp_path / "logo.png")
    logo = Logo((tmp_path / "logo.png").read_bytes(), "image/png")
    pdf = rendered(renderer, profile=a_profile().model_copy(update={"logo": logo})).pdf
    with opened(pdf) as document:
        assert any(
            item.get("/Subtype") == "/Image"
            for item in document.objects
            if isinstance(item, pikepdf.Stream)
        )


def test_two_sellers_logos_do_not_mix(renderer: DocumentRenderer) -> None:
    """An asset is named by its content."""
    svg = '<svg xmlns="http://www.w3.org/2000/svg" width="9" height="9"><path d="{}"/></svg>'
    digests = set()
    for path in ("M0 0H9V9Z", "M0 0V9H9Z"):
        logo = Logo(svg.format(path).encode(), "image/svg+xml")
        profile = a_profile().model_copy(update={"logo": logo})
        digests.add(rendered(renderer, profile=profile).sha256)
    assert len(digests) == 2


def test_a_logo_that_cannot_be_drawn_is_an_error(renderer: DocumentRenderer) -> None:
    """Never an invoice with a hole at its head."""
    profile = a_profile().model_copy(update={"logo": Logo(b"not a png", "image/png")})
    with pytest.raises(RenderingError):
        rendered(renderer, profile=profile)
    assert rendered(renderer).pages == 1


# ----------------------------------------------------------------------------- the limits


def test_an_invoice_over_the_page_limit_is_refused() -> None:
    """Typed, with the count and the limit."""
    with pytest.raises(DocumentTooLarge) as refused:
        rendered(DocumentRenderer(max_pages=1), a_long_invoice(20))
    assert (refused.value.count, refused.value.limit) == (2, 1)


def test_a_document_over_the_byte_limit_is_refused() -> None:
    """Typed, too."""
    with pytest.raises(DocumentTooLarge, match="bytes"):
        rendered(DocumentRenderer(max_bytes=1_000))


def test_rows_that_cannot_be_stamped_have_a_limit_of_their_own() -> None:
    """Before the layout, which would take minutes; stamped, the same rows are no trouble."""
    renderer = DocumentRenderer(max_plain_rows=100)
    invoice, profile = a_long_invoice(120), a_profile()
    presentation = renderer.present(RenderOptions(), profile)
    with pytest.raises(DocumentTooLarge, match="rows that cannot be stamped") as refused:
        renderer.render(invoice, profile, presentation, plain=True)
    assert refused.value.limit == 100
    assert renderer.render(invoice, profile, presentation).pages > 1


# ----------------------------------------------------------------------------- the choices


def test_the_caller_chooses_before_the_profile(renderer: DocumentRenderer) -> None:
    """And the profile decides the rest."""
    profile = a_profile(defaults={"locale": "es", "paper": "a4", "time_zone": "Asia/Tokyo"})
    assert renderer.present(RenderOptions(), profile) == Presentation(
        locale="es", paper="a4", time_zone="Asia/Tokyo", template="v1", theme="modern"
    )
    options = RenderOptions(locale="en-us", paper="letter", time_zone="UTC", template="v1")
    assert renderer.present(options, profile) == Presentation(
        locale="en-US", paper="letter", time_zone="UTC", template="v1", theme="modern"
    )


@pytest.mark.parametrize(
    ("options", "offered"),
    [
        (RenderOptions(locale="ko"), LANGUAGES),
        (RenderOptions(locale="xx-YY"), LANGUAGES),
        (RenderOptions(template="v99"), ("v1",)),
        (RenderOptions(template="v1", locale="ko"), ("en", "es", "fr", "de", "pt-BR", "ja", "ar")),
    ],
)
def test_what_is_not_offered_is_refused_before_any_work(
    renderer: DocumentRenderer, options: RenderOptions, offered: tuple[str, ...]
) -> None:
    """The answer says what is."""
    with pytest.raises(OptionRefused) as refused:
        renderer.check(options)
    assert offered == refused.value.offered


@pytest.mark.parametrize(
    "options",
    [RenderOptions(), RenderOptions(locale="es-MX", paper="a4", template="v1", time_zone="UTC")],
)
def test_what_is_offered_passes(renderer: DocumentRenderer, options: RenderOptions) -> None:
    """Quietly."""
    renderer.check(options)


@pytest.mark.parametrize(("key", "value"), [("locale", "ko"), ("template", "v9")])
def test_a_profile_whose_defaults_are_not_offered_is_malformed(
    renderer: DocumentRenderer, key: str, value: str
) -> None:
    """The operator's mistake is not the caller's."""
    with pytest.raises(ProfileMalformed, match=key):
        renderer.present(RenderOptions(), a_profile(defaults={key: value}))


def test_the_template_version_is_its_content(renderer: DocumentRenderer, tmp_path: Path) -> None:
    """A change of any file gives another version, and other keys in the store."""
    copy = shutil.copytree(PROJECT / "templates", tmp_path / "templates")
    presentation = renderer.present(RenderOptions(), a_profile())
    other = DocumentRenderer(templates_dir=copy)
    assert renderer.template_version(presentation) == other.template_version(presentation)
    (copy / "v1" / "invoice.css").write_text("/* changed */")
    changed = DocumentRenderer(templates_dir=copy)
    assert renderer.template_version(presentation) != changed.template_version(presentation)


def test_a_misspelt_field_in_a_template_stops_the_render(tmp_path: Path) -> None:
    """And the renderer is healthy after."""
    copy = Path(shutil.copytree(PROJECT / "templates", tmp_path / "templates"))
    page = copy / "v1" / "_foot.html"
    page.write_text(page.read_text("utf-8") + "{{ invoice.fotoer }}")
    with pytest.raises(RenderingError, match=r"_foot\.html.*fotoer"):
        rendered(DocumentRenderer(templates_dir=copy))
    assert rendered(DocumentRenderer()).pages == 1


def test_the_engine_says_what_else_decides_the_bytes(renderer: DocumentRenderer) -> None:
    """Our version, the libraries', the fonts'."""
    for part in ("invoice-renderer ", "babel ", "weasyprint ", "pango ", "fonts "):
        assert part in renderer.engine


def test_unknown_types_and_missing_glyphs_are_noticed(renderer: DocumentRenderer) -> None:
    """For the operator; the document is there all the same."""
    invoice = an_invoice(
        invoice_items=[a_line(type="novelty")],
        pay_items=[a_payment(type="barter")],
        partner=a_partner(name="😀"),
    )
    document = rendered(renderer, invoice)
    codes = [notice.code for notice in document.notices]
    assert codes == ["type-unknown", "type-unknown", "glyph-missing"]
    assert "U+1F600 GRINNING FACE" in document.notices[-1].detail
    assert "\ufffd" in words_of(document.pdf)


def test_pages_are_counted_as_a_reader_counts_them(renderer: DocumentRenderer) -> None:
    """The number that the answer tells is the number of pages in the file."""
    document = rendered(renderer, a_long_invoice(80))
    assert pages_of(document.pdf) == document.pages > 1


# ----------------------------------------------------------------------------- how to pay


def test_the_code_and_the_link_lead_to_one_address(renderer: DocumentRenderer) -> None:
    """The code is a drawing with a text of its own, not a picture of pixels."""
    pdf = rendered(renderer, an_invoice(amount_due="12.5"), the_example_profile()).pdf
    assert "https://pay.northline.example/004?amount=12.50" in links_of(pdf)
    assert tags_of(pdf).count("Figure") == 2
    assert b"QR code that leads to the payment of invoice 004" in everything_in(pdf)
    with opened(pdf) as document:
        kinds = [one.get("/Subtype") for one in document.objects if isinstance(one, pikepdf.Stream)]
    assert "/Image" not in kinds


def test_without_an_amount_due_nothing_asks_for_money(renderer: DocumentRenderer) -> None:
    """Neither link nor code nor slip."""
    pdf = rendered(renderer, profile=the_example_profile()).pdf
    assert not any("pay.northline" in link for link in links_of(pdf))
    assert "Payment slip" not in words_of(pdf)


@pytest.mark.parametrize("lines", range(0, 44, 4))
def test_a_slip_is_never_split(renderer: DocumentRenderer, lines: int) -> None:
    """It is torn off in one piece, at the end of the document."""
    invoice = a_long_invoice(lines, amount_due="5")
    document = rendered(renderer, invoice, the_example_profile())
    last = words_of(document.pdf, page=document.pages)
    slip = last[last.index("Payment slip") :]
    for text in ("Please detach", "Remit payment to", "Amount enclosed"):
        assert text in slip


def test_the_document_names_its_template(renderer: DocumentRenderer) -> None:
    """In the small print and in the file's metadata."""
    profile = a_profile()
    version = renderer.template_version(renderer.present(RenderOptions(), profile))
    pdf = rendered(renderer, profile=profile).pdf
    assert f"Template {version}" in words_of(pdf)
    with opened(pdf) as document:
        assert version in str(document.docinfo.Creator)

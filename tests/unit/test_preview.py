"""The preview: what a template's author is shown of an invoice, and of a mistake."""

from __future__ import annotations

import io
import re
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
from PIL import Image

from invoice_renderer.document import DocumentRenderer
from invoice_renderer.errors import OptionRefused
from invoice_renderer.gallery import GALLERY
from invoice_renderer.preview.choices import parse_choices
from invoice_renderer.preview.pictures import draw_page, page_sizes
from invoice_renderer.preview.problems import Places
from invoice_renderer.preview.proof import Problem, Proof
from invoice_renderer.preview.scene import scene_of
from invoice_renderer.preview.studio import Studio
from invoice_renderer.profile_source import open_profile, path_of_profile
from invoice_renderer.template import Templates

Change = Callable[[str, str, str], None]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A copy of the templates and of the example profile, to be worked on."""
    shutil.copytree(Templates().folder, tmp_path / "templates")
    shutil.copytree(path_of_profile("example.toml").parent, tmp_path / "profiles")
    return tmp_path


@pytest.fixture
def studio(folder: Path) -> Studio:
    profile = folder / "profiles" / "example.toml"
    return Studio(
        renderer=DocumentRenderer(templates_dir=folder / "templates"),
        open_seller=lambda: open_profile(str(profile)),
        cases=GALLERY,
        places=Places(templates=folder / "templates", profile=profile, invoice=None),
    )


@pytest.fixture
def change(folder: Path, studio: Studio) -> Change:
    """Replace a text in a file of the folder, and tell the studio, as the watch does."""

    def replace(file: str, old: str, new: str) -> None:
        path = folder / file
        text = path.read_text("utf-8")
        assert old in text
        path.write_text(text.replace(old, new, 1), "utf-8")
        studio.changed((path,))

    return replace


def proof_of(studio: Studio, query: str) -> Proof:
    drawn = studio.draw(query)
    assert isinstance(drawn, Proof)
    return drawn


def problem_of(studio: Studio, query: str = "case=documented") -> Problem:
    drawn = studio.draw(query)
    assert isinstance(drawn, Problem)
    return drawn


# ----------------------------------------------------------------------------- choices


def test_a_query_names_a_case_and_how_it_looks() -> None:
    choices = parse_choices("case=paid&theme=mono&paper=a4&locale=", cases=GALLERY)
    assert (
        choices.case, choices.options.theme, choices.options.paper, choices.options.locale,
    ) == ("paid", "mono", "a4", None)  # fmt: skip


@pytest.mark.parametrize("query", ["", "case=", "case=nobody", "case=../../etc/passwd"])
def test_a_case_that_is_not_there_is_the_first(query: str) -> None:
    assert parse_choices(query, cases=GALLERY).case == "documented"


@pytest.mark.parametrize("query", ["paper=a5", "template=../v1", "time_zone=Mars", "theme=/x"])
def test_an_option_that_nobody_could_offer_is_refused(query: str) -> None:
    with pytest.raises(OptionRefused):
        parse_choices(query, cases=GALLERY)


# ----------------------------------------------------------------------------- proofs


def test_a_proof_is_the_document_that_everybody_else_gets(
    studio: Studio, renderer: DocumentRenderer
) -> None:
    """Byte for byte: the preview has no way of drawing of its own."""
    invoice = GALLERY["closed"].build()
    seller = open_profile("example.toml").for_partner(invoice.partner_sid)
    proof = proof_of(studio, "case=closed&theme=classic&locale=de")
    assert renderer.render(invoice, seller, proof.presentation).pdf == proof.pdf


def test_a_proof_is_drawn_once(studio: Studio) -> None:
    """Until a file changes: the same proof for the page, its pictures and its PDF."""
    first = proof_of(studio, "case=one-line")
    assert first is proof_of(studio, "case=one-line")
    assert first is studio.find(first.id)
    assert studio.find("0" * 16) is None


def test_a_change_of_a_template_is_another_proof(studio: Studio, change: Change) -> None:
    before = proof_of(studio, "case=one-line")
    change("templates/v1/invoice.css", "font-size: 23pt", "font-size: 29pt")
    after = proof_of(studio, "case=one-line")
    assert before.sha256 != after.sha256
    assert before.template != after.template


@pytest.mark.parametrize(
    ("file", "old", "new", "query"),
    [
        ("templates/v1/_charges.html", "<h2>", "<h2>NEW ", "case=one-line"),
        ("templates/v1/wording.toml", 'label = "Voice calls"', 'label = "NEW"', "case=one-line"),
        ("templates/v1/locales/es/LC_MESSAGES/messages.po", 'msgstr "Facturado a"', 'msgstr "NEW"',
         "case=one-line&locale=es"),
        ("profiles/example.toml", 'legal_name = "', 'legal_name = "NEW ', "case=one-line"),
    ],
)  # fmt: skip
def test_every_kind_of_source_is_followed(
    studio: Studio, change: Change, file: str, old: str, new: str, query: str
) -> None:
    """Page, wording, catalogue, profile."""
    assert "NEW" not in proof_of(studio, query).html
    change(file, old, new)
    assert "NEW" in proof_of(studio, query).html


def test_whoever_waits_is_told_of_a_change(studio: Studio, change: Change) -> None:
    seen = studio.change.number
    assert studio.wait(seen, seconds=0).number == seen
    change("templates/v1/rtl.css", "}", "}\n")
    news = studio.wait(seen, seconds=5)
    assert (seen + 1, ["rtl.css"]) == (news.number, [file.name for file in news.files])


# ----------------------------------------------------------------------------- notices


def test_notices_stand_beside_the_page(studio: Studio) -> None:
    """Of the data, of tokens without wording, of characters without a glyph."""
    codes = {notice.code for notice in proof_of(studio, "case=every-script").notices}
    assert {"balance-differs", "type-unknown", "glyph-missing"} <= codes


def test_a_style_that_is_not_understood_is_a_notice_with_its_file(
    studio: Studio, change: Change
) -> None:
    """The page is drawn all the same, as WeasyPrint draws it."""
    change("templates/v1/themes/modern.css", "", "\np { colr: red }\n")
    notices = proof_of(studio, "case=one-line").notices
    assert [notice.code for notice in notices] == ["style-ignored"]
    assert re.match(r"themes/modern\.css: .*colr: red.* at \d+:5", notices[0].detail)


# ----------------------------------------------------------------------------- problems


def test_an_unknown_field_is_shown_with_its_lines(studio: Studio, change: Change) -> None:
    change("templates/v1/_taxes.html", "invoice.taxes_total", "invoice.taxes_totl")
    problem = problem_of(studio)
    [here] = [source for source in problem.excerpt if source.number == problem.line]
    assert problem.file.endswith("templates/v1/_taxes.html")
    assert "taxes_totl" in here.text
    assert "taxes_totl" in problem.detail


def test_bad_syntax_is_shown_with_its_lines(studio: Studio, change: Change) -> None:
    change("templates/v1/_usage.html", "{% endif %}", "")
    problem = problem_of(studio)
    assert problem.file.endswith("_usage.html")
    assert "Unexpected end of template" in problem.detail


def test_an_asset_that_is_refused_is_found_in_the_template(studio: Studio, change: Change) -> None:
    """The error itself names no address; whoever works on the template is shown the line."""
    change("templates/v1/_foot.html", "<", '<img alt="" src="https://cdn.example/x.png"><')
    problem = problem_of(studio)
    [here] = [source for source in problem.excerpt if source.number == problem.line]
    assert problem.code == "asset-refused"
    assert "https://cdn.example/x.png" in here.text


@pytest.mark.parametrize(
    ("file", "old", "new", "shown"),
    [
        ("templates/v1/template.toml", "[themes]", "[themes", "[themes"),
        ("templates/v1/wording.toml", 'group = "voice"', 'grp = "voice"', "toll"),
        ("profiles/example.toml", 'currency = "USD"', 'currency = "USDOLLARS"', "USDOLLARS"),
        ("profiles/example.toml", 'currency = "USD"', "currency = USD", "currency = USD"),
    ],
)
def test_a_mistake_in_a_table_is_shown_with_its_line(
    studio: Studio, change: Change, file: str, old: str, new: str, shown: str
) -> None:
    """Bad TOML, and TOML that says what cannot be."""
    change(file, old, new)
    problem = problem_of(studio)
    [here] = [source for source in problem.excerpt if source.number == problem.line]
    assert problem.file.endswith(file)
    assert shown in here.text


def test_a_bad_catalogue_is_shown_with_its_line(studio: Studio, change: Change) -> None:
    file = "templates/v1/locales/fr/LC_MESSAGES/messages.po"
    change(file, 'msgid "Paid"', 'msg_id "Paid"')
    problem = problem_of(studio, "case=paid&locale=fr")
    [here] = [source for source in problem.excerpt if source.number == problem.line]
    assert (problem.file.endswith(file), here.text) == (True, 'msg_id "Paid"')


def test_a_mistake_that_is_mended_is_gone(studio: Studio, change: Change) -> None:
    change("templates/v1/_taxes.html", "invoice.taxes_total", "invoice.taxes_totl")
    problem_of(studio)
    change("templates/v1/_taxes.html", "invoice.taxes_totl", "invoice.taxes_total")
    proof_of(studio, "case=documented")


def test_an_option_that_is_not_offered_has_no_file(studio: Studio) -> None:
    problem = problem_of(studio, "theme=gothic")
    assert (problem.code, problem.file, problem.excerpt) == ("option-refused", "", ())


# ----------------------------------------------------------------------------- HTML, pictures


def test_the_html_is_what_the_pdf_is_drawn_from(studio: Studio) -> None:
    """The same markup; only its style and its pictures have come into it."""
    proof = proof_of(studio, "case=closed")
    invoice = GALLERY["closed"].build()
    seller = open_profile("example.toml").for_partner(invoice.partner_sid)
    draft = studio.renderer.draft(invoice, seller, proof.presentation)
    shown = re.sub(r"data:image/svg\+xml;base64,[\w+/=]+", "PICTURE", proof.html)
    shown = re.sub(r"<style>.*</style>\n", "", shown, flags=re.DOTALL)
    assert re.sub(r'(?<=src=")asset:[^"]+', "PICTURE", draft.html) == shown


def test_the_html_asks_for_nothing_but_fonts(studio: Studio) -> None:
    page = proof_of(studio, "case=closed").html
    asked = re.findall(r"""(?:src=|url\()["']?([^"')]{0,16})""", page)
    assert {"data:image/svg+x"} | {address for address in asked if address[0] == "/"} == set(asked)
    assert all(re.match(r"/fonts/\d+$", address) for address in asked if address[0] == "/")


def test_a_page_becomes_a_picture_of_its_size(studio: Studio) -> None:
    """Letter at 144 dots per inch is 1224 by 1584."""
    proof = proof_of(studio, "case=one-line&paper=letter")
    assert page_sizes(proof.pdf) == proof.sizes
    picture = Image.open(io.BytesIO(draw_page(proof.pdf, 0, dpi=144)))
    assert picture.size == (1224, 1584)


def test_a_scene_tells_the_choices_of_the_template(studio: Studio) -> None:
    template = Templates().get("v1")
    scene = scene_of(studio, studio.draw("case=paid"))
    [fields] = scene["templates"]
    assert list(template.languages) == [locale["tag"] for locale in fields["locales"]]
    assert (template.papers, template.themes) == (fields["papers"], fields["themes"])
    assert [case["name"] for case in scene["cases"]] == list(GALLERY)
    assert (scene["proof"]["presentation"]["theme"], scene["problem"]) == ("modern", None)

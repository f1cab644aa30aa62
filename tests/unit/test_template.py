"""A template is a folder that is complete in every language it offers."""

from __future__ import annotations

import gettext
import re
import shutil
import tomllib
from pathlib import Path

import pytest
from babel import Locale
from babel.messages.catalog import Catalog
from babel.messages.catalog import Message as CatalogMessage
from babel.messages.extract import extract
from babel.messages.pofile import read_po

from invoice_renderer.errors import OptionRefused, SettingsError
from invoice_renderer.template import Templates, language_of, resolve_locale

PROJECT = Path(__file__).resolve().parents[2]
VIEW = PROJECT / "src" / "invoice_renderer" / "view"
TEMPLATES = Templates()

Message = str | tuple[str, ...]
PLACE = re.compile(r"\{[^}]*\}")
CATALOGUES = [
    (name, language)
    for name in TEMPLATES.names
    for language in TEMPLATES.get(name).languages
    if language != "en"
]


@pytest.fixture
def copy(tmp_path: Path) -> Path:
    """A copy of the templates, to be spoilt."""
    return Path(shutil.copytree(TEMPLATES.folder, tmp_path / "templates"))


def messages_of(name: str) -> set[Message]:
    """Every English text of a template: on its pages, in its wording, in the view."""
    folder = TEMPLATES.folder / name
    found: set[Message] = set()
    for page in folder.glob("*.html"):
        with page.open("rb") as file:
            found |= {found[1] for found in extract("jinja2.ext:babel_extract", file)}
    for module in VIEW.glob("*.py"):
        with module.open("rb") as file:
            keywords = {"gettext": None, "ngettext": (1, 2)}
            found |= {found[1] for found in extract("python", file, keywords=keywords)}
    wording = tomllib.loads((folder / "wording.toml").read_text("utf-8"))
    for entry in (*wording["items"].values(), *wording["taxes"].values()):
        found |= {entry[key] for key in ("label", "explanation", "rate") if key in entry}
        found |= {tuple(entry["count"])} if "count" in entry else set()
    for table in ("directions", "jurisdictions", "payments"):
        found |= set(wording[table].values())
    return found


def catalogue_of(name: str, language: str) -> Catalog:
    """A catalogue as its translator left it."""
    file = TEMPLATES.folder / name / "locales" / language / "LC_MESSAGES" / "messages.po"
    with file.open("rb") as source:
        return read_po(source, abort_invalid=True)


def forms_of(entry: CatalogMessage) -> tuple[str, ...]:
    """The translation, or all its plural forms."""
    return (entry.string,) if isinstance(entry.string, str) else tuple(entry.string)


def test_there_is_a_template() -> None:
    """It offers seven languages, on Letter and A4."""
    template = TEMPLATES.get("v1")
    assert template.languages == ("en", "es", "fr", "de", "pt-BR", "ja", "ar")
    assert template.papers == ("letter", "a4")


@pytest.mark.parametrize(("name", "language"), CATALOGUES)
def test_every_language_is_complete(name: str, language: str) -> None:
    """Each English text of the page has its translation; none is left for review."""
    catalogue = catalogue_of(name, language)
    for message in messages_of(name):
        entry = catalogue.get(message if isinstance(message, str) else message[0])
        assert entry, f"{language} lacks {message!r}"
        assert not entry.fuzzy, message
        assert all(forms_of(entry)), message
        assert isinstance(entry.id, str) == isinstance(message, str), message


@pytest.mark.parametrize(("name", "language"), CATALOGUES)
def test_a_translation_has_the_places_of_its_text(name: str, language: str) -> None:
    """Every form of it, by name, each place once."""
    for entry in catalogue_of(name, language):
        source = entry.id if isinstance(entry.id, str) else entry.id[0]
        for form in forms_of(entry) if source else ():
            assert sorted(PLACE.findall(form)) == sorted(PLACE.findall(source)), form


@pytest.mark.parametrize(
    ("language", "numbers", "expected"),
    [
        ("es", (0, 1, 2, 10**6), ("números", "número", "números", "de números")),
        ("fr", (0, 1, 2, 10**6), ("numéro", "numéro", "numéros", "de numéros")),
        ("pt-BR", (0, 1, 2, 10**6), ("número", "número", "números", "de números")),
        ("de", (0, 1, 2), ("Rufnummern", "Rufnummer", "Rufnummern")),
        ("ja", (0, 1, 2), ("番号", "番号", "番号")),
        ("ar", (0, 1, 3, 11, 100, 103), ("رقم", "رقم", "أرقام", "رقمًا", "رقم", "أرقام")),
    ],
)
def test_a_count_takes_the_form_of_its_number(
    language: str, numbers: tuple[int, ...], expected: tuple[str, ...]
) -> None:
    """As CLDR's plural rules have it."""
    ngettext = TEMPLATES.get("v1").translations(language).ngettext
    forms = [ngettext("{count} number", "{count} numbers", number) for number in numbers]
    assert [f"{{count}} {word}" for word in expected] == forms
    two = TEMPLATES.get("v1").translations("ar").ngettext("{count} number", "{count} numbers", 2)
    assert two == "رقمان ({count})"


@pytest.mark.parametrize(("name", "language"), CATALOGUES)
def test_plural_rules_are_cldrs(name: str, language: str) -> None:
    """For every whole number that could tell two rules apart."""
    catalogue = catalogue_of(name, language)
    rule = gettext.c2py(catalogue.plural_expr)  # type: ignore[attr-defined]
    cldr = Locale.parse(language, sep="-").plural_form
    numbers = [*range(201), 1000, 1001, 10**6, 10**6 + 1, 2 * 10**6]
    pairs = {(rule(number), cldr(number)) for number in numbers}
    assert len(pairs) == len({form for form, _ in pairs}) == len({tag for _, tag in pairs})
    assert len(pairs) == catalogue.num_plurals


@pytest.mark.parametrize("name", TEMPLATES.names)
def test_no_translation_is_of_nothing(name: str) -> None:
    """A text that is no longer on the page leaves the catalogues, too."""
    template = TEMPLATES.get(name)
    known = {one if isinstance(one, str) else one[0] for one in messages_of(name)}
    for language in set(template.languages) - {"en"}:
        catalogue = template.translations(language)._catalog  # type: ignore[attr-defined]
        texts = {key if isinstance(key, str) else key[0] for key in catalogue}
        assert set() == texts - known - {""}


def test_the_fingerprint_changes_with_any_file(copy: Path) -> None:
    """It is part of what names a stored PDF."""
    before = Templates(copy).get("v1").version
    assert before == TEMPLATES.get("v1").version
    page = copy / "v1" / "_foot.html"
    page.write_text(page.read_text("utf-8") + "\n")
    after = Templates(copy).get("v1").version
    assert before != after
    assert after.startswith("v1@")
    assert len(after) == len("v1@") + 12


@pytest.mark.parametrize("name", ["v2", "", "../v1", "V1", "v1/", "templates"])
def test_only_a_template_that_is_there_is_found(name: str) -> None:
    """A name is looked up, never made into a path."""
    with pytest.raises(OptionRefused) as refused:
        TEMPLATES.get(name)
    assert refused.value.offered == ("v1",)


@pytest.mark.parametrize("tag", ["es", "es-US", "es-MX", "es-419", "en", "en-GB", "en-us"])
def test_a_region_of_a_language_is_offered(tag: str) -> None:
    """``es-MX`` reads the Spanish catalogue with Mexico's formats."""
    assert language_of(resolve_locale(tag, ("en", "es")), ("en", "es")) == tag[:2]


@pytest.mark.parametrize("tag", ["fr", "xx", "e", "../../etc", "en-XX", "en-US-u-" + "x" * 300])
def test_other_languages_are_refused(tag: str) -> None:
    """The answer says what is offered."""
    with pytest.raises(OptionRefused) as refused:
        resolve_locale(tag, ("en", "es"))
    assert refused.value.offered == ("en", "es")


def test_the_nearest_catalogue_is_taken() -> None:
    """Brazil's Portuguese before Portuguese."""
    locale = resolve_locale("pt-BR", ("pt", "pt-BR"))
    assert language_of(locale, ("pt", "pt-BR")) == "pt-BR"
    assert language_of(locale, ("pt",)) == "pt"
    assert language_of(resolve_locale("pt-PT", ("en", "pt-BR")), ("en", "pt-BR")) == "pt-BR"
    assert language_of(resolve_locale("pt", ("en", "pt-BR")), ("en", "pt-BR")) == "pt-BR"


@pytest.mark.parametrize(
    ("token", "label"),
    [("e911_fee", "911 service fee"), ("fed_usf", "Federal Universal Service Fund")],
)
def test_a_token_may_have_other_spellings(token: str, label: str) -> None:
    """They read the same; a token's own entry would come first."""
    assert TEMPLATES.get("v1").wording.taxes[token].label == label


def test_only_what_the_law_has_customers_pay_is_a_tax() -> None:
    """What the carrier recovers stands with the surcharges, and says whose cost it is."""
    taxes = TEMPLATES.get("v1").wording.taxes
    for token, words in taxes.items():
        recovered = words.explanation.startswith(("Recovers", "Supports", "Pays", "Passed on"))
        assert recovered == (words.group == "surcharge"), token


@pytest.mark.parametrize("file", ["template.toml", "wording.toml"])
def test_a_broken_template_says_which_file(copy: Path, file: str) -> None:
    """An operator's own template can be wrong."""
    (copy / "v1" / file).write_text("surprise = 1\n")
    with pytest.raises(SettingsError, match=file):
        _ = Templates(copy).get("v1").wording


def test_a_missing_catalogue_says_which_language(copy: Path) -> None:
    """Offered in the manifest, but not there."""
    shutil.rmtree(copy / "v1" / "locales")
    with pytest.raises(SettingsError, match="es catalogue"):
        Templates(copy).get("v1").translations("es")


def test_missing_templates_are_a_settings_error(tmp_path: Path) -> None:
    """A packaging mistake, and not a caller's."""
    with pytest.raises(SettingsError):
        _ = Templates(tmp_path / "nowhere").names


def test_a_line_that_toml_refuses_is_named(copy: Path) -> None:
    """A template's own files may be quoted: there is no invoice in them."""
    (copy / "v1" / "wording.toml").write_text('groups = ["voice"]\n[items.toll\n')
    with pytest.raises(SettingsError, match=r"wording\.toml: .*line 2"):
        _ = Templates(copy).get("v1").wording


def test_a_line_that_is_no_catalogue_is_named(copy: Path) -> None:
    catalogue = copy / "v1" / "locales" / "es" / "LC_MESSAGES" / "messages.po"
    catalogue.write_text('msgid "Paid"\nmsgstr "Pagada"\nPaid\n')
    with pytest.raises(SettingsError, match=r"locales/es/.*messages\.po: .*line 3"):
        Templates(copy).get("v1").translations("es")

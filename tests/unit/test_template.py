"""A template is a folder that is complete in every language it offers."""

from __future__ import annotations

import shutil
import tomllib
from pathlib import Path

import pytest
from babel.messages.extract import extract

from invoice_renderer.errors import OptionRefused, SettingsError
from invoice_renderer.template import Templates, language_of, resolve_locale

PROJECT = Path(__file__).resolve().parents[2]
VIEW = PROJECT / "src" / "invoice_renderer" / "view"
TEMPLATES = Templates()

Message = str | tuple[str, ...]


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


def test_there_is_a_template() -> None:
    """It offers English and Spanish, on Letter and A4."""
    template = TEMPLATES.get("v1")
    assert (template.languages, template.papers) == (("en", "es"), ("letter", "a4"))


@pytest.mark.parametrize("name", TEMPLATES.names)
def test_every_language_is_complete(name: str) -> None:
    """Each English text of the page has its translation, with the same places to fill."""
    template = TEMPLATES.get(name)
    for language in set(template.languages) - {"en"}:
        catalogue = template.translations(language)._catalog  # type: ignore[attr-defined]
        for message in messages_of(name):
            key = message if isinstance(message, str) else (message[0], 0)
            assert catalogue.get(key), f"{language} lacks {message!r}"
            source = message if isinstance(message, str) else message[0]
            assert source.count("{") == catalogue[key].count("{"), message


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

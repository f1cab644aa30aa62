"""A template: a folder with the page, its style, its words and its languages.

    templates/v1/
        template.toml       the languages and papers it offers
        invoice.html        the page; partials lie beside it, their names begin with _
        invoice.css         its style
        themes/<theme>.css  what a theme changes of it
        rtl.css             what is added to it from right to left, if there is anything
    themes/<theme>.rtl.css    and in one theme
        wording.toml        item types, tax types and other tokens in plain English
        locales/<language>/LC_MESSAGES/messages.po    the same in another language
        locales/<language>/invoice.css                what is added to the style, if anything
        assets/             files that the page may ask for as asset:<name>

The content of the folder decides the page, so its hash is part of what names a stored PDF.
"""

from __future__ import annotations

import hashlib
import tomllib
from functools import cached_property
from gettext import NullTranslations
from pathlib import Path
from typing import Annotated, Any, Literal, TypeVar

from babel import Locale, UnknownLocaleError
from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator

from invoice_renderer.catalogue import CatalogueUnsound, read_catalogue
from invoice_renderer.errors import OptionRefused, SettingsError
from invoice_renderer.request import THEME, Paper
from invoice_renderer.validation import first_problem

SOURCE_LANGUAGE = "en"  # the language of the page and of wording.toml
FINGERPRINT_DIGITS = 12
FOLDERS = (
    Path(__file__).resolve().parents[2] / "templates",  # the source tree
    Path(__file__).resolve().parent / "_bundled" / "templates",  # the wheel
    Path("/var/task/templates"),  # Lambda
)


_Model = TypeVar("_Model", bound=BaseModel)


class _Table(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class ItemWords(_Table):
    """How an item type reads. Only types whose unit is certain have one."""

    label: str
    group: str
    unit: Literal["seconds"] | None = None
    count: tuple[str, str] | None = None
    """Singular and plural, as in ``["{count} number", "{count} numbers"]``."""
    rate: str = "{rate}"
    explanation: str = ""


class TaxWords(_Table):
    label: str
    group: Literal["tax", "surcharge"]
    explanation: str
    also: tuple[str, ...] = ()
    """Other tokens for the same thing."""


class Wording(_Table):
    """The tokens that are known. Their English is the message id for the other languages."""

    groups: tuple[str, ...]
    """Item types print in the order of their groups."""
    items: dict[str, ItemWords]
    taxes: dict[str, TaxWords]
    directions: dict[str, str]
    jurisdictions: dict[str, str]
    payments: dict[str, str]

    @field_validator("taxes")
    @classmethod
    def _with_other_tokens(cls, taxes: dict[str, TaxWords]) -> dict[str, TaxWords]:
        others = {token: words for words in taxes.values() for token in words.also}
        return {**others, **taxes}


class _Manifest(_Table):
    languages: Annotated[tuple[str, ...], Field(min_length=1)]
    papers: Annotated[tuple[Paper, ...], Field(min_length=1)]
    themes: dict[Annotated[str, Field(pattern=f"^{THEME}$")], str] = {}
    """Each with a line that says what it is for; the first is what a profile gets unasked."""


class Template:
    """One folder, read when it is needed and kept."""

    name: str

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.name = folder.name
        manifest = _read_toml(folder / "template.toml", _Manifest)
        self.languages = manifest.languages
        self.papers = manifest.papers
        self.themes = tuple(manifest.themes)
        self._translations: dict[str, NullTranslations] = {}
        self._styles: dict[tuple[str, str, str], str] = {}

    @cached_property
    def wording(self) -> Wording:
        return _read_toml(self.folder / "wording.toml", Wording)

    def css_for(self, theme: str, language: str, direction: str) -> str:
        """Its style sheets for one theme, language and direction, as one."""
        key = (theme, language, direction)
        if key not in self._styles:
            self._styles[key] = "\n".join(map(self._read_style, self.style_files(*key)))
        return self._styles[key]

    def style_files(self, theme: str, language: str, direction: str) -> tuple[Path, ...]:
        """The style, what a theme of the manifest changes of it, and what is added to it for a
        direction and a language.
        """
        themes = [self.folder / "themes" / f"{theme}.css"] if theme in self.themes else []
        rtl = [self.folder / "rtl.css", self.folder / "themes" / f"{theme}.rtl.css"]
        added = rtl if direction == "rtl" else []
        added += [self.folder / "locales" / language / "invoice.css"]
        return (
            self.folder / "invoice.css",
            *themes,
            *(file for file in added if file.is_file()),
        )

    @cached_property
    def assets(self) -> dict[str, bytes]:
        """The files in ``assets/``, by name."""
        return {
            file.name: file.read_bytes()
            for file in sorted((self.folder / "assets").glob("*"))
            if file.is_file()
        }

    @cached_property
    def fingerprint(self) -> str:
        """A hash over the names and bytes of all its files."""
        digest = hashlib.sha256()
        for file in sorted(self.folder.rglob("*")):
            name = file.relative_to(self.folder).as_posix()
            if file.is_file() and not file.name.startswith("."):
                digest.update(name.encode() + b"\0")
                digest.update(hashlib.sha256(file.read_bytes()).digest())
        return digest.hexdigest()[:FINGERPRINT_DIGITS]

    @property
    def version(self) -> str:
        return f"{self.name}@{self.fingerprint}"

    def translations(self, language: str) -> NullTranslations:
        """The catalogue of a language; English is its own."""
        if language not in self._translations:
            self._translations[language] = self._read_catalogue(language)
        return self._translations[language]

    def _read_style(self, file: Path) -> str:
        try:
            return file.read_text("utf-8")
        except (OSError, ValueError):
            raise SettingsError(f"template {self.name}", f"lacks a style: {file.name}") from None

    def _read_catalogue(self, language: str) -> NullTranslations:
        if language == SOURCE_LANGUAGE:
            return NullTranslations()
        name = f"locales/{language}/LC_MESSAGES/messages.po"
        try:
            return read_catalogue(self.folder / name, language)
        except (OSError, CatalogueUnsound) as failure:
            raise SettingsError(
                f"template {self.name}",
                f"has no sound {language} catalogue, {name}{_told(failure)}",
            ) from None


class Templates:
    """The folder of templates."""

    def __init__(self, folder: Path | None = None) -> None:
        self._folder = folder
        self._templates: dict[str, Template] = {}

    @cached_property
    def folder(self) -> Path:
        for folder in (self._folder,) if self._folder else FOLDERS:
            if folder.is_dir():
                return folder
        raise SettingsError("templates", "are not where they should be")

    @cached_property
    def names(self) -> tuple[str, ...]:
        return tuple(sorted(file.parent.name for file in self.folder.glob("*/template.toml")))

    def get(self, name: str) -> Template:
        """By name; the name is looked up among those that are there, never made into a path."""
        if name not in self.names:
            raise OptionRefused("template", "is not one of ours", self.names)
        if name not in self._templates:
            self._templates[name] = Template(self.folder / name)
        return self._templates[name]

    @cached_property
    def languages(self) -> tuple[str, ...]:
        """Every language that some template offers."""
        return tuple(sorted({one for name in self.names for one in self.get(name).languages}))

    @cached_property
    def themes(self) -> tuple[str, ...]:
        """Every theme that some template offers."""
        return tuple(sorted({one for name in self.names for one in self.get(name).themes}))


def resolve_locale(tag: str, offered: tuple[str, ...]) -> Locale:
    """``es-MX`` is a locale we print in where ``es`` is among the languages offered."""
    try:
        locale = Locale.parse(tag, sep="-")
    except (ValueError, UnknownLocaleError):
        locale = None
    if locale is None or language_of(locale, offered) is None:
        raise OptionRefused("locale", "is not a language we print in", offered)
    return locale


def language_of(locale: Locale, offered: tuple[str, ...]) -> str | None:
    """The catalogue for a locale: ``pt-BR`` takes ``pt-BR`` before ``pt``, and ``pt-PT`` takes
    ``pt-BR`` where nothing is nearer: Brazil's words, with Portugal's formats.
    """
    parts = str(locale).split("_")
    tags = ["-".join(parts[:count]) for count in range(len(parts), 0, -1)]
    nearest = next((tag for tag in tags if tag in offered), None)
    return nearest or next((tag for tag in offered if tag.split("-")[0] == parts[0]), None)


def _read_toml(file: Path, model: type[_Model]) -> _Model:
    try:
        fields: dict[str, Any] = tomllib.loads(file.read_text("utf-8"))
        return model.model_validate(fields)
    except ValidationError as error:
        path, problem = first_problem(error, root=file.name)
        raise SettingsError(
            f"template {file.parent.name}", f"{file.name}: {path} {problem}"
        ) from None
    except (OSError, ValueError) as failure:
        raise SettingsError(
            f"template {file.parent.name}", f"has no sound {file.name}{_told(failure)}"
        ) from None


def _told(failure: Exception) -> str:
    """What a parser says of a template's own file, with the line; nothing of a missing one."""
    tells = isinstance(failure, CatalogueUnsound | tomllib.TOMLDecodeError) and str(failure)
    return f": {failure}" if tells else ""

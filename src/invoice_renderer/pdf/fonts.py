"""The bundled fonts: where they are, which characters they have, what they hash to.

Only bundled fonts are used: ``FONTCONFIG_FILE`` names a configuration that knows no other. A
page that fell back on a font of the machine would have other bytes on another machine.
"""

from __future__ import annotations

import ctypes
import hashlib
import os
import re
import unicodedata
from functools import cached_property
from pathlib import Path
from xml.etree.ElementTree import ParseError

from defusedxml import DefusedXmlException
from defusedxml.ElementTree import parse
from fontTools.ttLib import TTFont
from weasyprint.text.ffi import pango
from weasyprint.text.fonts import FontConfiguration

from invoice_renderer.errors import SettingsError

VARIABLE = "FONTCONFIG_FILE"
LAMBDA_FONTS = Path("/opt/etc/fonts/fonts.conf")
PROJECT_FONTS = Path(__file__).resolve().parents[3] / ".cache" / "fonts" / "fonts.conf"
REPLACEMENT = "\ufffd"
"""Printed for a character that no bundled font has; Noto Sans draws it."""

# Inter has them all, so text of these needs no look at a font file.
_SURE = frozenset(
    chr(point)
    for start, stop in ((0x20, 0x7F), (0xA0, 0x180), (0x2009, 0x200B), (0x2010, 0x2016))
    for point in range(start, stop)
) | set("\n\t\u2018\u2019\u201a\u201c\u201d\u201e\u2022\u2026\u202f\u2032\u2039\u203a\u20ac\u2212")
_JOINERS = "[\u200d\ufe00-\ufe0f\U0001f3fb-\U0001f3ff]*"


class BundledFonts:
    """The fonts of this process: one shared configuration, made when it is first needed.

    A configuration for each render would leak a quarter of a megabyte every time.
    """

    def __init__(self, conf: Path | None = None) -> None:
        self._conf = conf
        self._characters: dict[Path, frozenset[int]] = {}

    @cached_property
    def configuration(self) -> FontConfiguration:
        os.environ[VARIABLE] = str(self.conf)
        return FontConfiguration()

    @cached_property
    def conf(self) -> Path:
        return self._conf or find_conf()

    @cached_property
    def files(self) -> tuple[Path, ...]:
        """Every font file, in the order of their names."""
        found = [
            file
            for folder in _folders(self.conf)
            for file in folder.rglob("*")
            if file.suffix.lower() in {".otf", ".ttf", ".ttc"}
        ]
        if not found:
            raise SettingsError(VARIABLE, "names a configuration without fonts; run: make setup")
        return tuple(sorted(found, key=lambda file: file.name))

    @cached_property
    def digest(self) -> str:
        """Twelve hex digits over the fonts' names and bytes."""
        digest = hashlib.sha256()
        for file in self.files:
            digest.update(file.name.encode() + b"\0")
            digest.update(hashlib.sha256(file.read_bytes()).digest())
        return digest.hexdigest()[:12]

    def missing(self, characters: set[str]) -> tuple[str, ...]:
        """Those that have a shape and that no bundled font can draw; costs nothing for Latin.

        A character for private use counts as one of them, whatever a font draws for it: it says
        nothing to a reader, and PDF/A-3a forbids it (ISO 19005-3, 6.2.11.7.3).
        """
        doubtful = {one for one in characters - _SURE if _has_shape(one)}
        if not doubtful:
            return ()
        private = {one for one in doubtful if unicodedata.category(one) == "Co"}
        doubtful -= private
        for file in sorted(self.files, key=_cheapest_first):
            if file not in self._characters:
                self._characters[file] = _characters_of(file)
            doubtful = {one for one in doubtful if ord(one) not in self._characters[file]}
            if not doubtful:
                break
        return tuple(sorted(doubtful | private))


def find_conf() -> Path:
    """``FONTCONFIG_FILE``, else the one of the Lambda layer, else the one of the project."""
    if chosen := os.environ.get(VARIABLE):
        if not Path(chosen).is_file():
            raise SettingsError(VARIABLE, "names a file that is not there")
        return Path(chosen)
    for conf in (LAMBDA_FONTS, PROJECT_FONTS):
        if conf.is_file():
            return conf
    raise SettingsError(VARIABLE, "is not set and there are no fonts beside; run: make setup")


def replace_missing(text: str, missing: tuple[str, ...]) -> str:
    """Each missing character, with the joiners and selectors after it, as one U+FFFD."""
    if not missing:
        return text
    return re.sub(f"(?:[{re.escape(''.join(missing))}]{_JOINERS})+", REPLACEMENT, text)


def name_of(character: str) -> str:
    """``U+1F600 GRINNING FACE``"""
    name = unicodedata.name(character, "")
    return f"U+{ord(character):04X} {name}".rstrip()


def pango_version() -> str:
    version = pango.pango_version()
    return f"{version // 10_000}.{version // 100 % 100}.{version % 100}"


def harfbuzz_version() -> str:
    """Of the library that shapes text and, with its subsetter, writes the fonts."""
    version = ctypes.CDLL("libharfbuzz.so.0").hb_version_string
    version.restype = ctypes.c_char_p
    return str(version().decode())


def _folders(conf: Path) -> list[Path]:
    try:
        folders = parse(conf).iterfind(".//dir")
    except (OSError, ParseError, DefusedXmlException):
        raise SettingsError(VARIABLE, "names a file that is not a fontconfig file") from None
    return [Path(element.text) for element in folders if element.text]


def _cheapest_first(file: Path) -> tuple[bool, int]:
    """One weight of each family knows its characters; the four megabytes of Chinese come last."""
    is_heavier = any(weight in file.name for weight in ("Medium", "Bold"))
    return is_heavier, file.stat().st_size


def _characters_of(file: Path) -> frozenset[int]:
    with TTFont(file, lazy=True, fontNumber=0) as font:
        return frozenset(font.getBestCmap() or ())


def _has_shape(character: str) -> bool:
    """Controls, joiners, selectors and spaces take no glyph: HarfBuzz makes or hides them."""
    category = unicodedata.category(character)
    return category not in {"Cc", "Cf", "Zs", "Zl", "Zp"} and not (
        "\ufe00" <= character <= "\ufe0f" or "\U000e0100" <= character <= "\U000e01ef"
    )

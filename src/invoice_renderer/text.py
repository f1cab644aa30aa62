"""Text from outside, made safe to set: ``clean_text`` is the only way in.

A single hostile field can stop a layout engine (100 000 zero-width spaces take WeasyPrint over
90 seconds) or mislead a reader (a bidi override turns an amount around), so every text field is
capped and normalised before it reaches the page. What is removed has no shape on paper.
"""

from __future__ import annotations

import re
import unicodedata
from functools import lru_cache

RAW_FACTOR = 8  # raw text longer than this many times its limit is refused unread
RAW_ALLOWANCE = 256
REMEMBERED, REMEMBERED_CHARACTERS = 4_096, 64  # short texts, some 1 MB
COMBINING_MARKS_IN_A_ROW = 4  # enough for Vietnamese, Hebrew points and polytonic Greek

_CONTROL = re.compile(r"[\x00-\x08\x0e-\x1b\x7f\x80-\x84\x86-\x9f]")
_BIDI_CONTROL = re.compile("[\u202a-\u202e\u2066-\u2069\u206a-\u206f]")  # UAX #9, table 4
_TAG = re.compile("[\U000e0000-\U000e007f]")
_NOT_IN_XML = re.compile("[\ufff9-\ufffb\ufffe\uffff]")  # XMP metadata is XML 1.0
_ZERO_WIDTH = "\u00ad\u034f\u061c\u180e\u200b-\u200f\u2060-\u2064\ufeff"
_ZERO_WIDTH_RUN = re.compile(f"([{_ZERO_WIDTH}])[{_ZERO_WIDTH}]+")
_NOTHING_TO_SEE = re.compile(f"[ {_ZERO_WIDTH}]*")
_SPACE = re.compile(r"\s+")
_SURROGATE = re.compile("[\ud800-\udfff]")


class TextRefused(ValueError):
    """The text cannot be printed; the message says why, and never quotes it."""


def clean_text(raw: str, *, limit: int) -> str:
    """Normalise to NFC on one line; refuse lone surrogates and what exceeds ``limit`` characters.

    Control characters, bidi controls and tag characters are removed, white space is folded to
    single spaces, runs of zero-width characters to one, runs of combining marks to four. Text
    that has nothing else is empty.
    """
    if len(raw) <= REMEMBERED_CHARACTERS:
        return _clean_short(raw, limit)
    return _clean(raw, limit)


@lru_cache(maxsize=REMEMBERED)
def _clean_short(raw: str, limit: int) -> str:
    """Tokens come again and again; what was refused is not remembered, and refused anew."""
    return _clean(raw, limit)


def _clean(raw: str, limit: int) -> str:
    if len(raw) > RAW_FACTOR * limit + RAW_ALLOWANCE:
        raise TextRefused(f"is longer than {limit} characters")
    is_plain = raw.isascii() and raw.isprintable()
    text = " ".join(raw.split()) if is_plain else _clean_unicode(raw)
    if len(text) > limit:
        raise TextRefused(f"is longer than {limit} characters")
    return text


def _clean_unicode(raw: str) -> str:
    if _SURROGATE.search(raw):
        raise TextRefused("is not valid Unicode")
    text = raw
    for invisible in (_CONTROL, _BIDI_CONTROL, _TAG, _NOT_IN_XML):
        text = invisible.sub("", text)
    text = _ZERO_WIDTH_RUN.sub(r"\1", text)
    text = _SPACE.sub(" ", text).strip()
    if _NOTHING_TO_SEE.fullmatch(text):
        return ""
    # Normalising splits some marks in two, and dropping marks lets others join: hence twice.
    text = _cap_combining_marks(unicodedata.normalize("NFC", text))
    return unicodedata.normalize("NFC", text)


def _cap_combining_marks(text: str) -> str:
    kept: list[str] = []
    marks = 0
    for character in text:
        kind = unicodedata.category(character)
        if kind in {"Mn", "Me"}:
            marks += 1
        elif kind != "Cf":  # a zero-width character between marks does not part them
            marks = 0
        if kind not in {"Mn", "Me"} or marks <= COMBINING_MARKS_IN_A_ROW:
            kept.append(character)
    return "".join(kept)

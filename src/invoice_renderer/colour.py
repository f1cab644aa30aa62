"""Colours as ``#rrggbb``, and whether text in them can be read."""

from __future__ import annotations

import re

CONTRAST_FLOOR = 4.5  # WCAG 2.2, 1.4.3
WHITE = "#ffffff"
_COLOUR = re.compile(r"#([0-9a-fA-F]{2})([0-9a-fA-F]{2})([0-9a-fA-F]{2})")


def contrast(one: str, other: str = WHITE) -> float:
    """WCAG's ratio of two colours, from 1 to 21."""
    lighter, darker = sorted((_luminance(one), _luminance(other)), reverse=True)
    return (lighter + 0.05) / (darker + 0.05)


def channels_of(colour: str) -> tuple[int, int, int]:
    """Red, green and blue, each from 0 to 255."""
    match = _COLOUR.fullmatch(colour)
    if match is None:
        raise ValueError("a colour is #rrggbb")
    red, green, blue = (int(pair, 16) for pair in match.groups())
    return red, green, blue


def _luminance(colour: str) -> float:
    red, green, blue = (_linear(channel) for channel in channels_of(colour))
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def _linear(channel: int) -> float:
    part = channel / 255
    return part / 12.92 if part <= 0.04045 else float(((part + 0.055) / 1.055) ** 2.4)

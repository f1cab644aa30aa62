"""Approved pictures: small palette PNGs in ``pictures/approved``, compared pixel by pixel.

PDFium comes from PyPI, pinned, so the same PDF is the same picture on every machine. What can
differ is the PDF: another Pango or HarfBuzz places a letter some hundredths of a point elsewhere,
which makes the edge of a letter lighter or darker, by less than a quarter of the way from black to
white (and a palette of 64 colours adds a little). So a pixel counts as different only if one of its
channels is off by more than ``DIFFERENCE``; then a few stray ones are allowed. One digit for
another is some ten such pixels in this resolution.
"""

from __future__ import annotations

from pathlib import Path

from PIL import Image, ImageChops

FOLDER = Path(__file__).parent / "approved"
FAILED = Path(__file__).resolve().parents[1] / "out" / "pictures"
DPI = 60
MOST_PAGES = 3
PALETTE = 64  # colours
DIFFERENCE = 80  # of 255, in one channel
STRAY = 4  # pixels of a page
RED = (214, 30, 30)


def approve(name: str, picture: Image.Image) -> bool:
    """Write the picture, if it is another one; whether it was."""
    file = FOLDER / f"{name}.png"
    if file.exists() and different_pixels(picture, Image.open(file)) == 0:
        return False
    FOLDER.mkdir(exist_ok=True)
    small(picture).save(file, optimize=True)
    return True


def complaint(name: str, picture: Image.Image) -> str:
    """What is wrong with the picture, or nothing; then the two lie side by side in ``out/``."""
    file = FOLDER / f"{name}.png"
    if not file.exists():
        return f"{name} was never approved: look at it, then make approve"
    approved = Image.open(file)
    differing = different_pixels(picture, approved)
    if differing <= STRAY:
        return ""
    FAILED.mkdir(parents=True, exist_ok=True)
    shown = FAILED / f"{name}.png"
    side_by_side(approved, picture).save(shown)
    return f"{name} differs in {differing} pixels: see {shown}; if it is better, make approve"


def different_pixels(one: Image.Image, other: Image.Image) -> int:
    """How many are not the same to the eye; all of them where the sizes differ."""
    if one.size != other.size:
        return one.width * one.height
    return _mask(one, other).histogram()[255]


def side_by_side(approved: Image.Image, now: Image.Image) -> Image.Image:
    """As approved, as it is, and what differs in red on the faded page."""
    width = max(approved.width, now.width)
    sheet = Image.new("RGB", (3 * width + 20, max(approved.height, now.height)), "#888888")
    faded = Image.blend(now.convert("RGB"), Image.new("RGB", now.size, "white"), 0.75)
    if approved.size == now.size:
        faded.paste(RED, mask=_mask(approved, now))
    for place, picture in enumerate((approved, now, faded)):
        sheet.paste(picture.convert("RGB"), (place * (width + 10), 0))
    return sheet


def small(picture: Image.Image) -> Image.Image:
    """In a palette of its own: a fifth of the bytes."""
    return picture.convert("RGB").quantize(PALETTE, dither=Image.Dither.NONE)


def _mask(one: Image.Image, other: Image.Image) -> Image.Image:
    """White where a channel is off by more than the difference, else black."""
    bands = ImageChops.difference(one.convert("RGB"), other.convert("RGB")).split()
    worst = ImageChops.lighter(ImageChops.lighter(bands[0], bands[1]), bands[2])
    return worst.point([255 if level > DIFFERENCE else 0 for level in range(256)])

"""Every page of the gallery looks as it was approved."""

from __future__ import annotations

import pytest
from pictures.approved import (
    DIFFERENCE,
    DPI,
    FOLDER,
    MOST_PAGES,
    STRAY,
    complaint,
    different_pixels,
    side_by_side,
    small,
)
from pictures.looks import Look, looks, pages_of
from PIL import Image, ImageDraw

from pictures import approved

MOST_BYTES = 3_000_000
LOOKS = {look.name: look for look in looks()}


@pytest.mark.parametrize("name", LOOKS)
def test_a_page_looks_as_approved(name: str) -> None:
    """Else out/pictures has both, and what differs."""
    pictures = pages_of(LOOKS[name], dpi=DPI, most=MOST_PAGES)
    complaints = [complaint(page, picture) for page, picture in pictures.items()]
    assert [one for one in complaints if one] == []


def test_approved_pictures_are_small_and_all_of_something() -> None:
    files = list(FOLDER.glob("*.png"))
    assert sum(file.stat().st_size for file in files) < MOST_BYTES
    assert all(file.stem.rpartition("-")[0] in LOOKS for file in files)


def test_another_amount_is_seen() -> None:
    """One digit of the smallest text is more than a few stray pixels."""
    page = pages_of(Look("closed"), dpi=DPI, most=2)["closed-1"]
    changed = page.copy()
    box = (page.width - 60, page.height // 2, page.width - 42, page.height // 2 + 10)
    ImageDraw.Draw(changed).text(box[:2], "8", fill="#1b2430", font_size=8)
    assert different_pixels(page, small(changed)) > STRAY


def test_a_lighter_edge_is_not_seen() -> None:
    """As another version of Pango may draw it; nor is the palette of what was approved."""
    page = pages_of(Look("closed"), dpi=DPI, most=2)["closed-1"]
    lighter = page.point(lambda level: min(255, level + DIFFERENCE // 2))
    assert different_pixels(page, lighter) == 0
    assert different_pixels(page, small(page)) == 0


def test_a_difference_is_shown_side_by_side(
    tmp_path: object, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As approved, as it is, and the difference in red; the complaint says where it lies."""
    monkeypatch.setattr(approved, "FAILED", tmp_path)
    page = Image.open(FOLDER / "closed-1.png").convert("RGB")
    ImageDraw.Draw(page).rectangle((100, 100, 120, 120), fill="#000000")
    said = complaint("closed-1", page)
    assert "closed-1 differs in" in said
    shown = Image.open(f"{tmp_path}/closed-1.png")
    assert shown.width > 3 * page.width
    red = side_by_side(Image.new("RGB", (9, 9)), Image.new("RGB", (9, 9), "white"))
    assert red.getpixel((40, 4)) == approved.RED


def test_a_page_of_another_size_differs_in_every_pixel() -> None:
    assert different_pixels(Image.new("L", (3, 3)), Image.new("L", (3, 4))) == 9

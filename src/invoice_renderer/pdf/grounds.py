"""A box moved together with its ground, and with those of all that is in it.

Private to WeasyPrint: backgrounds are laid out once a page is done, in places of the page, and stay
there when a box is translated.
"""

from __future__ import annotations

from typing import Any

from invoice_renderer.pdf.lines import all_boxes


def lift(box: Any, height: float) -> None:
    """Move it up by so many CSS pixels."""
    box.translate(dy=-height)
    for each in all_boxes(box):
        if ground := each.background:
            layers = [_lifted(layer, height) for layer in ground.layers]
            each.background = ground._replace(layers=layers)


def _lifted(layer: Any, height: float) -> Any:
    """Without an image there is no area to position it in, but a word."""
    has_image = layer.image is not None
    return layer._replace(
        painting_area=_up(layer.painting_area, height),
        positioning_area=_up(layer.positioning_area, height) if has_image else "unused",
        clipped_boxes=[_up(one, height) for one in layer.clipped_boxes],
    )


def _up(area: Any, height: float) -> tuple[Any, ...]:
    """A rectangle, whose corners may follow."""
    x, y, *rest = area
    return (x, y - height, *rest)

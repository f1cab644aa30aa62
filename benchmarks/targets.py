"""What we want to reach: our time divided by a peer's, and what we must not exceed."""

from __future__ import annotations

TARGETS: dict[int, dict[str, float]] = {
    3: {"chromium": 0.6, "typst": 5, "platypus": 4, "naive": 0.3},
    50: {"chromium": 0.4, "typst": 2, "platypus": 3.5, "naive": 0.12},
    500: {"chromium": 0.35, "typst": 0.6, "platypus": 1.5, "naive": 0.04},
    5_000: {"chromium": 0.12, "typst": 0.2, "platypus": 0.3, "naive": 0.01},
    20_000: {"chromium": 0.05, "typst": 0.15, "platypus": 0.1},
}
"""By lines and peer: at most."""

AIMS: dict[int, dict[str, float]] = {
    3: {"typst": 1.5, "platypus": 1.0},
    50: {"typst": 1.0, "platypus": 1.5},
    500: {"platypus": 1.0},
}
"""What we would like beyond the target."""

PEAK_MEGABYTES = {20_000: 200, 100_000: 600}
GROWTH_EXPONENT = 1.05
GROWTH_LINES = (500, 50_000)
LEAK_KILOBYTES = 1.0
"""Of resident memory for each render, in a long row of them."""

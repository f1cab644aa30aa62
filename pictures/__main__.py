"""``python -m pictures approve`` or ``gallery``."""

from __future__ import annotations

import sys

from pictures.approved import DPI, FOLDER, MOST_PAGES, approve
from pictures.looks import looks, pages_of
from pictures.sheets import write_gallery


def main() -> int:
    commands = {"approve": _approve_all, "gallery": _draw_sheets}
    if len(sys.argv) != 2 or sys.argv[1] not in commands:
        print(__doc__, file=sys.stderr)
        return 2
    commands[sys.argv[1]]()
    return 0


def _draw_sheets() -> None:
    for path in write_gallery():
        print(f"{path.stat().st_size:>8} bytes  {path}")


def _approve_all() -> None:
    """Accept every page as it is now; a picture of what is no longer drawn goes."""
    kept: set[str] = set()
    for look in looks():
        for name, picture in pages_of(look, dpi=DPI, most=MOST_PAGES).items():
            kept.add(name)
            if approve(name, picture):
                print(f"approved {name}")
    for file in sorted(FOLDER.glob("*.png")):
        if file.stem not in kept:
            print(f"removed {file.stem}")
            file.unlink()


if __name__ == "__main__":
    sys.exit(main())

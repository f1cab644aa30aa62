"""A folder as a zip whose bytes depend on names and contents only.

Run by the pinned Python (``python3.13 archive.py FOLDER OUT.zip``), whose zlib is always the same.
With ``--after BASE.zip`` the entries follow those of a finished zip, which are not compressed anew.
"""

from __future__ import annotations

import argparse
import shutil
import zipfile
from pathlib import Path

EPOCH = (1980, 1, 1, 0, 0, 0)  # the earliest time that a zip can state
REGULAR_FILE = 0o100000
UNIX = 3


def write_zip(folder: Path, out: Path, after: Path | None = None) -> None:
    """Write every file of the folder, sorted by name."""
    if after:
        shutil.copyfile(after, out)
    with zipfile.ZipFile(out, "a" if after else "w") as archive:
        for path in sorted(folder.rglob("*"), key=lambda path: path.relative_to(folder).parts):
            if path.is_symlink():
                raise ValueError(f"{path} is a link: Lambda's archives hold files only")
            if path.is_file():
                _add(archive, path, path.relative_to(folder).as_posix())


def _add(archive: zipfile.ZipFile, path: Path, name: str) -> None:
    entry = zipfile.ZipInfo(name, EPOCH)
    entry.create_system = UNIX
    mode = 0o755 if ".so" in path.name else 0o644  # readable by Lambda's unprivileged user
    entry.external_attr = (REGULAR_FILE | mode) << 16
    archive.writestr(entry, path.read_bytes(), zipfile.ZIP_DEFLATED, compresslevel=9)


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("folder", type=Path)
    parser.add_argument("out", type=Path)
    parser.add_argument("--after", type=Path)
    given = parser.parse_args()
    write_zip(given.folder, given.out, given.after)

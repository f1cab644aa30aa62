"""Steps of the build whose result is kept: made twice and compared, then taken from the cache."""

from __future__ import annotations

import hashlib
import os
import shutil
from pathlib import Path
from typing import TYPE_CHECKING

from debian import PROJECT, sha256_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

CACHE = PROJECT / ".cache" / "build"
RECIPES = sorted(
    path for pattern in ("*.py", "*.toml") for path in Path(__file__).parent.glob(pattern)
)


class NotReproducibleError(Exception):
    """Two runs of one step gave different bytes."""


def kept(name: str, inputs: Iterable[Path | str], make: Callable[[Path], None]) -> Path:
    """The folder that ``make`` fills; from the cache where no input and no recipe has changed."""
    key = key_of([*RECIPES, *inputs])
    folder = CACHE / f"{name}-{key}"
    if folder.exists():
        return folder
    # The second folder has a longer name: a path that leaks into a file cannot go unseen.
    first, second = (CACHE / f".{name}-{os.getpid()}{suffix}" for suffix in ("", "-again"))
    try:
        for partial in (first, second):
            partial.mkdir(parents=True)
            make(partial)
        refuse_differences(first, second)
        for old in CACHE.glob(f"{name}-*"):
            shutil.rmtree(old)
        first.rename(folder)
    finally:
        for partial in (first, second):
            shutil.rmtree(partial, ignore_errors=True)
    return folder


def key_of(inputs: Iterable[Path | str]) -> str:
    """A name for exactly these inputs: files by place and content, strings as they are."""
    digest = hashlib.sha256()
    for value in inputs:
        text = value if isinstance(value, str) else f"{_place_of(value)} {sha256_of(value)}"
        digest.update(f"{text}\n".encode())
    return digest.hexdigest()[:16]


def _place_of(path: Path) -> str:
    """Within the project, wherever the project is: a moved file is another input."""
    return str(path.relative_to(PROJECT) if path.is_relative_to(PROJECT) else path)


def files_of(folder: Path) -> list[Path]:
    """Every file of a folder, relative to it, in one order everywhere."""
    return sorted(path.relative_to(folder) for path in folder.rglob("*") if not path.is_dir())


def refuse_differences(first: Path, second: Path) -> None:
    """The gate of reproducibility: the same names with the same bytes."""
    names = set(files_of(first)) | set(files_of(second))
    differ = [
        str(name)
        for name in sorted(names)
        if not ((first / name).is_file() and (second / name).is_file())
        or sha256_of(first / name) != sha256_of(second / name)
    ]
    if differ:
        raise NotReproducibleError(f"two runs of one step differ in: {', '.join(differ[:10])}")

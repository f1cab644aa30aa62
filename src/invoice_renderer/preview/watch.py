"""The folders that a proof is made from, watched for changes."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable
from pathlib import Path

from watchfiles import watch

QUIET_MILLISECONDS = 40
"""How long no more changes must come: an editor saves in two or three steps."""
MOST_MILLISECONDS = 300
PICTURES = frozenset({".svg", ".png"})

Told = Callable[[tuple[Path, ...]], None]


class Watch:
    """Tells ``changed`` which files were changed, from threads of its own, until it is stopped."""

    def __init__(self, changed: Told) -> None:
        self._changed = changed
        self._stop = threading.Event()

    def folder(self, folder: Path) -> None:
        """Everything below a folder."""
        self._start([folder], lambda _path: True, recursive=True)

    def files(self, files: Iterable[Path]) -> None:
        """Single files, and pictures that lie beside them, such as a profile's logo. An editor
        that saves puts a new file in the old one's place, so it is the folders that are watched.
        """
        named = {file.resolve() for file in files}
        folders = sorted({file.parent for file in named})
        self._start(folders, lambda path: path in named or path.suffix in PICTURES, recursive=False)

    def stop(self) -> None:
        self._stop.set()

    def _start(
        self, folders: list[Path], wanted: Callable[[Path], bool], *, recursive: bool
    ) -> None:
        if not folders:
            return
        keywords = {"folders": folders, "wanted": wanted, "recursive": recursive}
        threading.Thread(target=self._run, kwargs=keywords, daemon=True).start()

    def _run(self, *, folders: list[Path], wanted: Callable[[Path], bool], recursive: bool) -> None:
        for changes in watch(
            *folders,
            watch_filter=None,
            recursive=recursive,
            step=QUIET_MILLISECONDS,
            debounce=MOST_MILLISECONDS,
            stop_event=self._stop,
            raise_interrupt=False,
        ):
            changed = sorted({Path(path) for _, path in changes if wanted(Path(path))})
            if changed:
                self._changed(tuple(changed))

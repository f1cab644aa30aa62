"""How the demo runs and speaks: one line per step, handlers' output in a file, a clean end."""

from __future__ import annotations

import contextlib
import signal
import threading
import time
import traceback
from collections.abc import Callable, Iterator
from pathlib import Path
from types import FrameType

from rich.console import Console
from rich.markup import escape

STOPPED = "[yellow]Stopped; everything is cleaned up.[/]"
INTERRUPTED = 130  # 128 + SIGINT, as shells count
STEP_COLUMNS = 58


class DemoFailed(Exception):
    """A step did not do what it should; the message is one line for the reader."""


def expect(truth: bool, otherwise: str) -> None:  # noqa: FBT001  reads as a sentence
    if not truth:
        raise DemoFailed(otherwise)


def counted(count: int, thing: str) -> str:
    """``1 page``, ``2 pages``."""
    return f"{count} {thing}" if count == 1 else f"{count} {thing}s"


class Narrator:
    """Prints each step with its time, and the result."""

    def __init__(self, console: Console) -> None:
        self._console = console
        self._began = time.perf_counter()

    @contextlib.contextmanager
    def step(self, title: str) -> Iterator[Callable[[str], None]]:
        """``with step("POST") as note: note("201")``; nothing is printed where it fails."""
        notes: list[str] = []
        began = time.perf_counter()
        with self._console.status(escape(title)):
            yield notes.append
        seconds = time.perf_counter() - began
        shown = title if len(title) <= STEP_COLUMNS else title[: STEP_COLUMNS - 1] + "…"
        self._console.print(
            f"[green]✓[/] {escape(shown):<{STEP_COLUMNS}} [bold]{seconds:6.2f} s[/]"
            f"  [dim]{escape('; '.join(notes))}[/]",
            soft_wrap=True,
        )

    def conclude(self, *, path: Path, pages: int, size: int, sha256: str) -> None:
        seconds = time.perf_counter() - self._began
        self._console.print()
        for name, value in (
            ("path", str(path)),
            ("pages", str(pages)),
            ("bytes", f"{size:,}"),
            ("sha256", sha256),
            ("time", f"{seconds:.1f} s"),
        ):
            self._console.print(f"[bold]{name:<7}[/] {escape(value)}", soft_wrap=True)


def run_quietly(story: Callable[[], None], console: Console, *, log: Path) -> int:
    """Tell the story; the exit code. Handlers print JSON lines, which go to ``log``."""
    log.parent.mkdir(parents=True, exist_ok=True)
    with (
        log.open("w", encoding="utf-8", buffering=1) as lines,
        _interruptible() as interrupted,
        contextlib.redirect_stdout(lines),
        contextlib.redirect_stderr(lines),
    ):
        try:
            story()
        except KeyboardInterrupt:
            outcome, code = STOPPED, INTERRUPTED
        except DemoFailed as failure:
            outcome, code = _failure(str(failure), log), 1
        except Exception as error:  # noqa: BLE001  the stack goes to the log, a line to the reader
            traceback.print_exc(file=lines)
            outcome, code = _failure(f"{type(error).__name__}: {error}", log), 1
        else:
            outcome, code = "", 0
    if interrupted.is_set():  # whatever a library made of it: some catch even KeyboardInterrupt
        outcome, code = STOPPED, INTERRUPTED
    if not outcome:
        return code
    console.print(outcome, soft_wrap=True)
    return code


def _failure(what: str, log: Path) -> str:
    first_line = what.splitlines()[0] if what else "?"
    return f"[red]The demo failed:[/] {escape(first_line)} (handlers' log: {escape(str(log))})"


@contextlib.contextmanager
def _interruptible() -> Iterator[threading.Event]:
    """SIGTERM ends the story as Ctrl-C does, and a second Ctrl-C does not disturb the clean-up."""

    interrupted = threading.Event()

    def interrupt(_signal: int, _frame: FrameType | None) -> None:
        for which in (signal.SIGINT, signal.SIGTERM):
            signal.signal(which, signal.SIG_IGN)
        interrupted.set()
        raise KeyboardInterrupt

    before = [(which, signal.signal(which, interrupt)) for which in (signal.SIGINT, signal.SIGTERM)]
    try:
        yield interrupted
    finally:
        for which, handler in before:
            signal.signal(which, handler)

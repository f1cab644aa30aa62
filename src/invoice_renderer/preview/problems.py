"""An error as a file, a line, and the lines around it."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

from invoice_renderer.document import Draft
from invoice_renderer.errors import (
    AssetRefused,
    InvoiceError,
    InvoiceRendererError,
    ProfileMalformed,
    SettingsError,
    TemplateBroken,
)
from invoice_renderer.pdf.assets import SCHEME
from invoice_renderer.pdf.stylesheets import compose
from invoice_renderer.preview.proof import Problem, SourceLine

AROUND = 3
"""Lines shown before and after the one that is meant."""
SOURCES = ("*.html", "*.css")
_ASKED_FOR = re.compile(
    r"""(?:\s(?:src|data|srcset|poster)\s*=\s*["']([^"']+)["'])|(?:url\(\s*["']?([^"')]+))"""
    r"""|(?:@import\s+["']([^"']+)["'])""",
    re.IGNORECASE,
)
_LINE = re.compile(r"\bline (\d+)")
_FILE = re.compile(r"[\w./-]+\.(?:toml|po|css)\b")
_SETTING = re.compile(r"template ([\w-]+)")

Place = tuple[Path, int]


class Places:
    """Where the sources of a proof lie on the disk."""

    def __init__(self, *, templates: Path, profile: Path, invoice: Path | None) -> None:
        self._templates = templates
        self._profile = profile
        self._invoice = invoice

    def problem(self, error: InvoiceRendererError, draft: Draft | None) -> Problem:
        """The error, with as much of its place as can be found."""
        place = self._find(error, draft)
        if place is None:
            return Problem(error.code, error.detail)
        file, line = place
        return Problem(error.code, error.detail, str(file), line, _excerpt(file, line))

    def _find(self, error: InvoiceRendererError, draft: Draft | None) -> Place | None:
        match error:
            case TemplateBroken():
                return self._templates / error.template / error.file, error.line
            case ProfileMalformed():
                return self._profile, _line_of(self._profile, error.detail, error.path)
            case SettingsError():
                return self._find_template_file(error)
            case AssetRefused() if draft is not None:
                return next(self._find_refused(draft), None)
            case InvoiceError() if self._invoice is not None:
                return self._invoice, 0
        return None

    def _find_template_file(self, error: SettingsError) -> Place | None:
        """``template v1``, and somewhere in the sentence ``wording.toml`` and a line or a key."""
        template, file = _SETTING.fullmatch(error.setting), _FILE.search(error.detail)
        if template is None or file is None:
            return None
        path = self._templates / template[1] / file[0]
        key = error.detail.partition(f"{file[0]}: ")[2].partition(" ")[0]
        return path, _line_of(path, error.detail, key)

    def _find_refused(self, draft: Draft) -> Iterator[Place]:
        """The lines that ask for what is not an asset of the page."""
        own = {SCHEME + name for name in draft.assets}
        asked = _ASKED_FOR.findall(draft.html + compose(draft.style))
        for address in dict.fromkeys("".join(groups) for groups in asked):
            if address not in own:
                yield from self._find_text(address)

    def _find_text(self, text: str) -> Iterator[Place]:
        for pattern in SOURCES:
            for file in sorted(self._templates.rglob(pattern)):
                for number, line in enumerate(_lines(file), start=1):
                    if text in line:
                        yield file, number


def _line_of(file: Path, detail: str, key: str) -> int:
    """The line that a parser names, else the one where a key of a TOML file seems to be set."""
    if told := _LINE.search(detail):
        return int(told[1])
    steps, lines = re.findall(r"[A-Za-z_][\w-]*", key), _lines(file)
    for count in range(len(steps), 0, -1):  # the table that names most of the steps
        table = re.compile(r"\s*\[.*\b" + r"\b.*\b".join(steps[:count]) + r"\b.*\]")
        start = next((at for at, line in enumerate(lines, start=1) if table.match(line)), 0)
        if start:
            return _line_in_table(lines, start, steps[count:]) or start
    return _line_in_table(lines, 0, steps)


def _line_in_table(lines: list[str], start: int, keys: list[str]) -> int:
    for number, line in enumerate(lines[start:], start=start + 1):
        if line.startswith("["):
            break
        if any(re.match(rf'\s*"?{key}"?\s*[=:]', line) for key in keys):
            return number
    return 0


def _excerpt(file: Path, line: int) -> tuple[SourceLine, ...]:
    if not line:
        return ()
    lines = _lines(file)
    first, last = max(1, line - AROUND), min(len(lines), line + AROUND)
    return tuple(SourceLine(number, lines[number - 1]) for number in range(first, last + 1))


def _lines(file: Path) -> list[str]:
    try:
        return file.read_text("utf-8", errors="replace").splitlines()
    except OSError:
        return []

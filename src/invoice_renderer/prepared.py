"""Pages that were compiled before: by ``make build`` for Lambda, by this process for any language.

A compiled page of the archive lies beside the folder of templates, whose content names a template's
version. Jinja checks it against the page and against its own and Python's version, and compiles
where they differ.
"""

from __future__ import annotations

import io
from pathlib import Path

from jinja2 import BytecodeCache, Environment
from jinja2.bccache import Bucket

TASK = Path("/var/task")
FOLDER = "prepared"


class PreparedPages(BytecodeCache):
    """Jinja's cache of compiled pages, by their place; it reads files of the archive alone."""

    def __init__(self, task: Path = TASK) -> None:
        self._templates = task / "templates"
        self._prepared = task / FOLDER
        self._compiled: dict[str, bytes] = {}

    def get_cache_key(self, name: str, filename: str | None = None) -> str:
        """By the whole place: two folders can have templates of one name."""
        return filename or name

    def load_bytecode(self, bucket: Bucket) -> None:
        if code := self._compiled.get(bucket.key) or self._read(Path(bucket.key)):
            bucket.load_bytecode(io.BytesIO(code))

    def dump_bytecode(self, bucket: Bucket) -> None:
        self._compiled[bucket.key] = bucket.bytecode_to_string()

    def _read(self, page: Path) -> bytes:
        if not page.is_relative_to(self._templates):
            return b""
        prepared = self._prepared / page.relative_to(self._templates)
        return prepared.read_bytes() if prepared.is_file() else b""


def prepare_pages(environment: Environment, template: Path, into: Path, task: Path = TASK) -> None:
    """Compile the pages of a template for the place that they will have in an archive."""
    pages = PreparedPages(task)
    into.mkdir(parents=True, exist_ok=True)
    for page in sorted(template.glob("*.html")):
        source = page.read_text(encoding="utf-8")
        place = str(task / "templates" / template.name / page.name)
        bucket = pages.get_bucket(environment, page.name, place, source)
        bucket.code = environment.compile(source, page.name, place)
        (into / page.name).write_bytes(bucket.bytecode_to_string())

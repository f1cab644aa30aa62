"""What WeasyPrint logs while it draws: an error there is a hole in the page.

WeasyPrint goes on after a missing image or an unusable font and returns a damaged PDF as if all
were well, so the engine counts its error records. The records themselves quote the page and go
no further: neither to a log nor to a caller.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Iterator
from contextlib import contextmanager

_LOGGER = logging.getLogger("weasyprint")


class Complaints(logging.Handler):
    """The error records of one thread; another thread's render is not this one's business.

    Only their unformatted message is kept, for the arguments may be the page's own text. Where
    there is no page but a style sheet alone, ``quoting`` keeps it whole.
    """

    def __init__(self, *, quoting: bool = False) -> None:
        super().__init__(logging.WARNING)
        self._quoting = quoting
        self._thread = threading.get_ident()
        self.errors: list[str] = []
        self.warnings: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        """Keep what it says, with the errors or with the warnings."""
        if record.thread != self._thread:
            return
        kept = self.errors if record.levelno >= logging.ERROR else self.warnings
        kept.append(record.getMessage() if self._quoting else str(record.msg))


@contextmanager
def collected_complaints(*, quoting: bool = False) -> Iterator[Complaints]:
    """Collect what WeasyPrint says inside the block, in this thread."""
    complaints = Complaints(quoting=quoting)
    _LOGGER.addHandler(complaints)
    try:
        yield complaints
    finally:
        _LOGGER.removeHandler(complaints)


def keep_complaints_inside() -> None:
    """Whatever level the application logs at, complaints are heard here and nowhere else."""
    _LOGGER.setLevel(logging.WARNING)
    _LOGGER.propagate = False

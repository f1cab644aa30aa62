"""Python's collector of reference cycles, held while a document is made."""

from __future__ import annotations

import gc
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def garbage_held() -> Iterator[None]:
    """No collection inside (a tenth to a fifth of the time); one short after the outermost."""
    if not gc.isenabled():
        yield
        return
    gc.disable()
    try:
        yield
    finally:
        gc.enable()
        gc.collect(1)

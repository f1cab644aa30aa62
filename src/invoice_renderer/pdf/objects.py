"""What pydyf does not offer: an object looked up by its reference, and one written by hand."""

from __future__ import annotations

from typing import TypeGuard

import pydyf


class Verbatim(pydyf.Object):  # type: ignore[misc]  # pydyf is not typed
    """An object whose bytes are already known."""

    def __init__(self, content: bytes, number: int | None = None) -> None:
        super().__init__()
        self._content = content
        self.number = number

    @property
    def data(self) -> bytes:
        return self._content


def resolve(pdf: pydyf.PDF, reference: bytes) -> pydyf.Object:
    """The object behind ``b"12 0 R"``."""
    return pdf.objects[int(reference.split()[0])]


def is_reference(value: object) -> TypeGuard[bytes]:
    return isinstance(value, bytes) and value.endswith(b" 0 R")


def written(text: str) -> bytes:
    """A text string: ASCII as it is, anything else as UTF-16."""
    return bytes(pydyf.String(text).data)

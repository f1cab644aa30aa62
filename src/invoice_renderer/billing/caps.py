"""How much of an answer is taken: looked at while it comes, and again before it is parsed."""

from __future__ import annotations

from dataclasses import dataclass

from invoice_renderer.errors import InvoiceTooLarge

ANSWER_BYTES = 5_000_000
LINE_BYTES = 400  # a documented line has 210 with all of its fields
ANSWER_VALUES = 1_000_000  # each takes some 100 bytes of memory, however short its text is
LINE_VALUES = 20  # a documented line has 7


@dataclass(frozen=True, slots=True)
class Caps:
    """The limits of one answer, on the wire and unpacked."""

    max_bytes: int = ANSWER_BYTES
    max_values: int = ANSWER_VALUES

    @classmethod
    def for_lines(cls, lines: int) -> Caps:
        """Room for an invoice of so many lines, and for what comes beside them."""
        return cls(
            max_bytes=max(ANSWER_BYTES, lines * LINE_BYTES),
            max_values=ANSWER_VALUES + lines * LINE_VALUES,
        )

    def check(self, body: bytes) -> None:
        """Refuse a body of many tiny values, of which parsing would make gigabytes.

        :raises InvoiceTooLarge: more commas than values are taken. Those in texts count, too.
        """
        values = body.count(b",")
        if values > self.max_values:
            raise InvoiceTooLarge("values", values, self.max_values)

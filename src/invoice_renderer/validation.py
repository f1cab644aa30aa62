"""What is wrong with a document, in words that never quote its values."""

from __future__ import annotations

import re

from pydantic import ValidationError

_SUBJECT = re.compile(r"(?:Input|String|Value|Tuple|List|Dictionary) (?=should |must )")
# Pydantic says it in two ways, of a model and of a dataclass; we in one.
_LINE_SHAPE = ("a dictionary or an instance of", "a valid dictionary or instance of")


def first_problem(error: ValidationError, *, root: str) -> tuple[str, str]:
    """The path of the first bad field, as in ``invoice_items[2].amount``, and what is wrong."""
    first = error.errors(include_input=False, include_url=False, include_context=False)[0]
    path = ""
    for step in first["loc"]:
        path += f"[{step}]" if isinstance(step, int) else f".{step}" if path else str(step)
    if first["type"] == "missing":
        return path or root, "is missing"
    message = _SUBJECT.sub("", first["msg"].removeprefix("Value error, "), count=1)
    message = message.replace(*_LINE_SHAPE)
    return path or root, message[:1].lower() + message[1:]

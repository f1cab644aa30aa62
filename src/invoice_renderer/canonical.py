"""JSON with one spelling: sorted keys, no spaces, ASCII, amounts as strings.

A list of lines is written line by line into its place. Pydantic would make a dictionary of each
first, and a hundred thousand of those are a hundred megabytes.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import fields
from datetime import datetime
from decimal import Decimal
from functools import lru_cache
from operator import attrgetter
from typing import Any

from pydantic_core import to_jsonable_python

REMEMBERED = 4_096  # texts and moments; some 1 MB


def write_canonical(fields: Mapping[str, object], lines: Mapping[str, Sequence[Any]]) -> bytes:
    """One object of plain fields, and of lists of dataclasses of texts, amounts and moments."""
    texts = {name: write_json(value) for name, value in fields.items()}
    texts |= {name: f"[{','.join(_write_lines(some))}]" for name, some in lines.items()}
    return write_object(texts).encode()


def write_json(value: object) -> str:
    return json.dumps(value, sort_keys=True, separators=(",", ":"))


def write_object(texts: Mapping[str, str]) -> str:
    """An object of values that are JSON already."""
    return "{" + ",".join(f"{write_json(name)}:{texts[name]}" for name in sorted(texts)) + "}"


def _write_lines(lines: Sequence[Any]) -> Iterable[str]:
    if not lines:
        return ()
    names = sorted(field.name for field in fields(lines[0]))
    pattern = "{" + ",".join(f"{write_json(name)}:%s" for name in names) + "}"
    values_of = attrgetter(*names)
    return (pattern % tuple(map(_write_value, values_of(line))) for line in lines)


def _write_value(value: str | Decimal | datetime | None) -> str:
    if value is None:
        return "null"
    return f'"{value}"' if isinstance(value, Decimal) else _write_remembered(value)


@lru_cache(maxsize=REMEMBERED)
def _write_remembered(value: str | datetime) -> str:
    return write_json(to_jsonable_python(value))

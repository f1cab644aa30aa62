"""JSON with one spelling: sorted keys, no spaces, ASCII, amounts as strings.

A list of lines is written line by line into its place. Pydantic would make a dictionary of each
first, and a hundred thousand of those are a hundred megabytes.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import fields
from datetime import datetime
from decimal import Decimal
from functools import lru_cache
from operator import attrgetter
from typing import Any, get_args, get_type_hints

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
    """Field by field: what a field is decides how all of it is written."""
    if not lines:
        return ()
    kinds = get_type_hints(type(lines[0]))
    names = sorted(field.name for field in fields(lines[0]))
    columns = (map(_writer_of(kinds[name]), map(attrgetter(name), lines)) for name in names)
    pattern = "{" + ",".join(f"{write_json(name)}:%s" for name in names) + "}"
    return map(pattern.__mod__, zip(*columns, strict=True))


def _writer_of(kind: object) -> Callable[[Any], str]:
    is_amount = kind is Decimal or Decimal in get_args(kind)
    return _write_amount if is_amount else _write_remembered


def _write_amount(value: Decimal | None) -> str:
    return "null" if value is None else f'"{value!s}"'  # twice as fast as without the !s


@lru_cache(maxsize=REMEMBERED)
def _write_remembered(value: str | datetime | None) -> str:
    return write_json(to_jsonable_python(value))

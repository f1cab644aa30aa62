"""The shapes of values: what a template's expression can be, known without rendering.

A shape is a Python type: a dataclass of the view, ``str``, a tuple, ``X | None``. ``ANY`` is what
nothing is known about; asking it for anything is allowed.
"""

from __future__ import annotations

import types
from collections.abc import Iterable
from functools import cached_property, lru_cache
from typing import Any, Union, get_args, get_origin, get_type_hints

ANY: Any = Any
_KEEPING = frozenset("select reject list sort unique reverse rejectattr selectattr".split())
_TEXT_FILTERS = frozenset(
    "e escape upper lower title capitalize trim join replace format truncate default d string"
    " direction marked script_language bare_url center indent wordwrap striptags urlencode".split()
)
_NUMBER_FILTERS = frozenset({"length", "count", "int", "wordcount"})


def is_optional(shape: Any) -> bool:
    """Whether it may be ``None``."""
    return _is_union(shape) and type(None) in get_args(shape)


def present(shape: Any) -> Any:
    """The shape where it is not ``None``."""
    if not is_optional(shape):
        return shape
    rest = [one for one in get_args(shape) if one is not type(None)]
    return rest[0] if len(rest) == 1 else ANY


def element_of(shape: Any, index: object = None) -> Any:
    """What a loop over it gives, or the element at a known place."""
    origin, inner = get_origin(shape), get_args(shape)
    if not (isinstance(origin, type) and issubclass(origin, Iterable)) or not inner:
        return str if shape is str else ANY
    if origin is not tuple or inner[1:] == (Ellipsis,):
        return inner[0]
    if isinstance(index, int) and -len(inner) <= index < len(inner):
        return inner[index]
    return inner[0] if len(set(inner)) == 1 else ANY


def fields_of(shape: Any) -> dict[str, Any] | None:
    """The names that it has, with their shapes; ``None`` where anything goes."""
    if shape is ANY:
        return None
    if get_origin(shape) is not None:
        shape = get_origin(shape)
    return _fields(shape) if isinstance(shape, type) else None


def filtered(shape: Any, name: str) -> Any:
    """What a filter makes of it."""
    if name in _TEXT_FILTERS:
        return str
    if name in _NUMBER_FILTERS:
        return int
    if name in {"first", "last"}:
        return element_of(shape)
    return shape if name in _KEEPING else ANY


@lru_cache(maxsize=64)
def _fields(shape: type) -> dict[str, Any]:
    hints = {name: hint for name, hint in get_type_hints(shape).items() if name[:1] != "_"}
    for name in dir(shape):
        value = getattr(shape, name, None)
        getter = value.func if isinstance(value, cached_property) else getattr(value, "fget", None)
        if getter is not None:
            hints.setdefault(name, get_type_hints(getter).get("return", ANY))
    built_in = {name: ANY for name in dir(shape) if shape in {str, int, float, bool, tuple, list}}
    return {**{name: ANY for name in built_in if name[:1] != "_"}, **hints}


def _is_union(shape: Any) -> bool:
    return get_origin(shape) in {Union, types.UnionType}

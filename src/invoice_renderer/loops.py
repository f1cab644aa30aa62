"""Loops of a template that write rows of a table: their texts are kept, and the markup once.

``{% for line in lines %}<tr><td>{{ line.label }}</td></tr>{% endfor %}`` says of each line what it
said of the one before, but for the fields. Jinja would write it line by line, and whoever draws the
rows would take it apart again. Such a loop is found when the page is compiled, and only its texts
are kept; a loop that has anything else in it, or a field that is no plain text, is Jinja's as ever.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Sequence
from functools import lru_cache
from itertools import chain, pairwise
from operator import attrgetter
from typing import Any, Protocol, cast

from jinja2 import Environment, nodes
from jinja2.compiler import CodeGenerator, Frame
from jinja2.runtime import Context

from invoice_renderer.manuscript import MARK, Manuscript, Plan, Rows, fields_of

_DATA = re.compile(r'\sdata-[a-z-]+="$')
_FOUND = "rows of this page"  # no name that a template could say


class _NotPlain(Exception):
    """A loop with more in it than rows of fields."""


class RowGenerator(CodeGenerator):
    """Compiles loops of rows; each still has Jinja's own code, for lines that are not plain."""

    def visit_For(self, node: nodes.For, frame: Frame) -> None:  # noqa: N802  Jinja's name
        plan = plan_of(node)
        is_escaped = frame.eval_ctx.autoescape and not frame.eval_ctx.volatile
        if plan is None or not is_escaped:
            super().visit_For(node, frame)
            return
        mark = self.temporary_identifier()
        self.writeline(f"{mark} = environment.keep_rows(context, ", node)
        self.visit(node.iter, frame)
        self.write(f", {plan!r})")
        self.writeline(f"if {mark} is not None:")
        self.indent()
        self.simple_write(mark, frame)
        self.outdent()
        self.writeline("else:")
        self.indent()
        super().visit_For(node, frame)
        self.outdent()


class PageEnvironment(Environment):
    """Jinja's environment, in which a page can be rendered to a manuscript."""

    code_generator_class = RowGenerator

    def write(self, name: str, **variables: object) -> Manuscript:
        """The page of this name."""
        template = self.get_template(name)
        rows: list[Rows] = []
        page = Manuscript(template.render({**variables, _FOUND: rows}), rows)
        return page if page.is_sound else Manuscript(template.render(variables))

    @staticmethod
    def keep_rows(context: Context, lines: object, plan: Plan) -> str | None:
        """The mark of these rows; nothing where they are not plain, or nobody keeps them."""
        kept = context.get(_FOUND)
        if kept is None or not isinstance(lines, Sequence) or not lines:
            return None
        try:
            rows = _rows(lines, plan)
        except Exception:  # noqa: BLE001  the loop itself will say what, and where
            return None
        if rows is None:
            return None
        kept.append(rows)
        return f"{MARK}{len(kept) - 1}{MARK}"


class WrittenLines(Protocol):
    """Lines that can say their texts without being made one by one."""

    def texts_of(self, names: Sequence[str]) -> Iterable[tuple[str, ...]]:
        """Of every line its texts of these names."""

    def computed_of(self, place: int) -> object:
        """What has the other names, for one line."""


class MadeLines:
    """Any other lines."""

    def __init__(self, lines: Iterable[object]) -> None:
        self._lines = list(lines)

    def texts_of(self, names: Sequence[str]) -> Iterable[tuple[str, ...]]:
        return map(_reader(names), self._lines)

    def computed_of(self, place: int) -> object:
        return self._lines[place]


def _rows(lines: Sequence[object], plan: Plan) -> Rows | None:
    """Nothing where a field is not text as it is printed."""
    late = tuple(name for name in sorted(_carried(plan)) if _is_computed(lines[0], name))
    fields = tuple(name for name in fields_of(plan) if name not in late)
    if not fields:
        return None
    is_written = hasattr(lines, "texts_of")
    written = cast("WrittenLines", lines) if is_written else MadeLines(lines)
    texts = [*written.texts_of(fields)]
    ends = map(written.computed_of, (0, len(texts) - 1))
    if not all(map(_is_plain, chain(map(_reader(late), ends), zip(*texts, strict=True)))):
        return None
    return Rows(plan, fields, texts, late, written.computed_of)


def _is_computed(line: object, name: str) -> bool:
    return isinstance(getattr(type(line), name, None), property)


def _reader(names: Sequence[str]) -> Callable[[object], tuple[Any, ...]]:
    if len(names) > 1:
        return attrgetter(*names)
    return lambda line: tuple([getattr(line, name) for name in names])


def _is_plain(said: tuple[Any, ...]) -> bool:
    """Whether these are texts with nothing around them."""
    return [*map(type, said)].count(str) == len(said) and (*map(str.strip, said),) == said


@lru_cache(maxsize=64)
def _carried(plan: Plan) -> frozenset[str]:
    """Fields that are printed as the data of a tag alone: few of them are ever looked at."""
    as_data: set[str] = set()
    else_: set[str] = set()
    for before, item in pairwise(("", *plan)):
        if not isinstance(item, str):
            name, *parts = item
            is_data = not parts and isinstance(before, str) and _DATA.search(before)
            (as_data if is_data else else_).add(name)
            for part in parts:
                else_.update(fields_of(part))
    return frozenset(as_data - else_)


def plan_of(loop: nodes.For) -> Plan | None:
    """How a loop writes its rows; nothing where that is not all there is to it."""
    target = loop.target
    if loop.recursive or loop.test or loop.else_ or not isinstance(target, nodes.Name):
        return None
    try:
        plan = _joined(_plan(loop.body, target.name))
    except _NotPlain:
        return None
    is_row = plan and isinstance(plan[0], str) and isinstance(plan[-1], str)
    if not is_row or not fields_of(plan):
        return None
    first, last = str(plan[0]).lstrip(), str(plan[-1]).rstrip()
    return plan if first.startswith("<tr") and last.endswith("</tr>") else None


def _plan(body: Iterable[nodes.Node], target: str) -> Iterable[Any]:
    for node in body:
        if isinstance(node, nodes.Output):
            for item in node.nodes:
                if isinstance(item, nodes.TemplateData):
                    yield item.data
                else:
                    yield (_field(item, target),)
        elif isinstance(node, nodes.If) and not node.elif_:
            full, empty = (_joined(_plan(part, target)) for part in (node.body, node.else_))
            yield (_field(node.test, target), full, empty)
        else:
            raise _NotPlain


def _field(node: nodes.Node, target: str) -> str:
    if isinstance(node, nodes.Getattr) and node.node == nodes.Name(target, "load"):
        return node.attr
    raise _NotPlain


def _joined(items: Iterable[Any]) -> Plan:
    """Without markup that follows markup."""
    plan: list[Any] = []
    for item in items:
        if isinstance(item, str) and plan and isinstance(plan[-1], str):
            plan[-1] += item
        else:
            plan.append(item)
    return tuple(plan)

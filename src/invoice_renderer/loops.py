"""Loops of a template that write rows of a table: their texts are kept, and the markup once.

``{% for line in lines %}<tr><td>{{ line.label }}</td></tr>{% endfor %}`` says of each line what it
said of the one before, but for the fields. Jinja would write it line by line, and whoever draws the
rows would take it apart again. Such a loop is found when the page is compiled, and only its texts
are kept; a loop that has anything else in it, or a field that is no plain text, is Jinja's as ever.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from operator import attrgetter
from typing import Any

from jinja2 import Environment, nodes
from jinja2.compiler import CodeGenerator, Frame
from jinja2.runtime import Context

from invoice_renderer.manuscript import MARK, Manuscript, Plan, Rows, fields_of

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
            texts = _texts(lines, fields_of(plan))
        except Exception:  # noqa: BLE001  the loop itself will say what, and where
            return None
        if texts is None:
            return None
        kept.append(Rows(plan, texts))
        return f"{MARK}{len(kept) - 1}{MARK}"


def _texts(lines: Sequence[object], names: tuple[str, ...]) -> list[tuple[str, ...]] | None:
    """The fields of all lines; nothing where one is not text as it is printed."""
    fields = attrgetter(*names)
    one, count = len(names) == 1, len(names)
    texts = []
    for line in lines:
        found: Any = fields(line)
        said = (found,) if one else found
        if [*map(type, said)].count(str) != count or (*map(str.strip, said),) != said:
            return None
        texts.append(said)
    return texts


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

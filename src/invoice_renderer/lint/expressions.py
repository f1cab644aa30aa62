"""The shape of an expression: what is asked of a value must be there to be asked."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from difflib import get_close_matches
from types import GenericAlias
from typing import Any

from jinja2 import Environment, nodes

from invoice_renderer.lint.findings import Finding
from invoice_renderer.lint.shapes import (
    ANY,
    element_of,
    fields_of,
    filtered,
    is_optional,
    present,
)

MOST_CALLS = 6  # of macros inside each other; a template that needs more goes round in a circle
Scope = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Macro:
    """A macro, and what it sees besides what it is given."""

    node: nodes.Macro
    file: str
    scope: Scope


class Partial(dict[str, Any]):
    """What ``{% import %}`` brings: its macros and top-level values."""


class ExpressionReader:
    """Follows expressions; what is printed and what is not there is remembered."""

    def __init__(self, environment: Environment) -> None:
        self.environment = environment
        self.file = ""
        self.stack: list[str] = []
        self.proven: frozenset[str] = frozenset()
        """Paths that are there for certain, because an ``if`` asked."""
        self.is_printing = False
        self.printed: set[str] = set()
        """``ContactView.email`` for each field that reaches the page."""
        self.found: dict[Finding, None] = {}

    def read_macro(self, body: list[nodes.Node], scope: Scope) -> None:
        """A macro is read where it is called: then its arguments have shapes."""
        raise NotImplementedError

    def find(self, node: nodes.Node, rule: str, detail: str) -> None:
        self.found[Finding(self.file, node.lineno, rule, detail)] = None

    def shape(self, node: nodes.Node, scope: Scope) -> Any:
        handler = getattr(self, f"_of_{type(node).__name__.lower()}", None)
        if handler is not None:
            return handler(node, scope)
        for child in node.iter_child_nodes():
            self.shape(child, scope)
        return ANY

    def _of_name(self, node: nodes.Name, scope: Scope) -> Any:
        if node.name in scope:
            return scope[node.name]
        if node.name not in self.environment.globals:
            self.find(node, "unknown-variable", _unknown(node.name, "", scope))
        return ANY

    def _of_const(self, node: nodes.Const, _scope: Scope) -> Any:
        return type(node.value)

    def _of_getattr(self, node: nodes.Getattr, scope: Scope) -> Any:
        return self._member(node, node.attr, self.shape(node.node, scope))

    def _of_getitem(self, node: nodes.Getitem, scope: Scope) -> Any:
        base, index = self.shape(node.node, scope), constant_in(node.arg)
        self.shape(node.arg, scope)
        if isinstance(index, str):
            return self._member(node, index, base)
        return element_of(base, index)

    def _member(self, node: nodes.Getattr | nodes.Getitem, name: str, base: Any) -> Any:
        if isinstance(base, Partial):
            if name not in base:
                self.find(node, "unknown-variable", _unknown(name, "the partial", base))
            return base.get(name, ANY)
        path = path_of(node.node)
        if is_optional(base) and path not in self.proven:
            self.find(node, "maybe-missing", f"{path or 'The value'} may be missing here.")
        base = present(base)
        fields = fields_of(base)
        if fields is None:
            return ANY
        if name not in fields:
            self.find(node, "unknown-variable", _unknown(name, path or "This", fields))
            return ANY
        if self.is_printing:
            self.printed.add(f"{base.__name__}.{name}")
        return fields[name]

    def _of_filter(self, node: nodes.Filter, scope: Scope) -> Any:
        shape = self.shape(node.node, scope) if node.node is not None else str
        self._arguments(node, scope)
        return filtered(shape, node.name)

    def _of_condexpr(self, node: nodes.CondExpr, scope: Scope) -> Any:
        self.shape(node.test, scope)
        before = self.proven
        self.proven = before | frozenset(proven_by(node.test, truth=True))
        shape = self.shape(node.expr1, scope)
        self.proven = before | frozenset(proven_by(node.test, truth=False))
        if node.expr2 is not None:
            self.shape(node.expr2, scope)
        self.proven = before
        return shape

    def _of_and(self, node: nodes.And, scope: Scope) -> Any:
        self.shape(node.left, scope)
        before = self.proven
        self.proven = before | frozenset(proven_by(node.left, truth=True))
        shape = self.shape(node.right, scope)
        self.proven = before
        return shape

    def _of_list(self, node: nodes.List, scope: Scope) -> Any:
        shapes = [self.shape(item, scope) for item in node.items]
        return GenericAlias(list, shapes[0]) if len({str(one) for one in shapes}) == 1 else ANY

    def _of_call(self, node: nodes.Call, scope: Scope) -> Any:
        callee = self.shape(node.node, scope)
        given, named = self._arguments(node, scope)
        if not isinstance(callee, Macro):
            return ANY
        if self.stack.count(callee.file) < MOST_CALLS:
            self._call(callee, given, named)
        return str

    def _call(self, macro: Macro, given: list[Any], named: dict[str, Any]) -> None:
        names = [argument.name for argument in macro.node.args]
        defaults = dict.fromkeys(names, ANY)
        bound = {**defaults, **dict(zip(names, given, strict=False)), **named}
        outer, printing = self.file, self.is_printing
        self.file = macro.file
        self.stack.append(macro.file)
        self.is_printing = False
        self.read_macro(macro.node.body, {**macro.scope, "caller": ANY, "varargs": ANY, **bound})
        self.stack.pop()
        self.file, self.is_printing = outer, printing

    def _arguments(
        self, node: nodes.Call | nodes.Filter, scope: Scope
    ) -> tuple[list[Any], dict[str, Any]]:
        given = [self.shape(argument, scope) for argument in node.args]
        named = {str(pair.key): self.shape(pair.value, scope) for pair in node.kwargs}
        for more in (node.dyn_args, node.dyn_kwargs):
            if more is not None:
                self.shape(more, scope)
        return given, named


def bind(target: nodes.Node, shape: Any, scope: Scope) -> None:
    if isinstance(target, nodes.Name):
        scope[target.name] = shape
    elif isinstance(target, nodes.Tuple):
        for index, item in enumerate(target.items):
            bind(item, element_of(shape, index), scope)


def proven_by(test: nodes.Node, *, truth: bool) -> Iterator[str]:
    """The paths that are there for certain where the test came out so."""
    if isinstance(test, nodes.Not):
        yield from proven_by(test.node, truth=not truth)
    elif isinstance(test, nodes.And if truth else nodes.Or):
        yield from proven_by(test.left, truth=truth)
        yield from proven_by(test.right, truth=truth)
    elif truth and (path := path_of(test)):
        yield path


def path_of(node: nodes.Node) -> str:
    """``invoice.buyer``, else nothing."""
    if isinstance(node, nodes.Name):
        return node.name
    if isinstance(node, nodes.Getattr) and (base := path_of(node.node)):
        return f"{base}.{node.attr}"
    return ""


def constant_in(node: nodes.Node) -> Any:
    return node.value if isinstance(node, nodes.Const) else None


def _unknown(name: str, owner: str, known: Mapping[str, Any]) -> str:
    near = get_close_matches(name, known, n=1)
    hint = f" Is {near[0]} meant?" if near else ""
    where = f"{owner} has no {name}." if owner else f"There is no {name}."
    return where + hint

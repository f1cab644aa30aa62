"""What a template prints, checked against the view without rendering.

Every expression is followed through loops, partials and macros with the types of the view's
dataclasses, so a misspelt field is found on the page of an invoice that nobody has yet, and so is
a part of the view that may be missing and is used as if it were always there.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from jinja2 import TemplateNotFound, TemplateSyntaxError, nodes

from invoice_renderer.lint.expressions import (
    ExpressionReader,
    Macro,
    Partial,
    Scope,
    bind,
    constant_in,
    proven_by,
)
from invoice_renderer.lint.findings import Finding
from invoice_renderer.lint.shapes import ANY, element_of


class VariableReader(ExpressionReader):
    """One template, from its page on; ``findings`` and ``printed`` are the result."""

    @property
    def findings(self) -> tuple[Finding, ...]:
        return tuple(self.found)

    def read(self, page: str, given: Mapping[str, Any]) -> None:
        """Follow the page and all that it includes; ``given`` are its variables' types."""
        self._include(page, dict(given), at=None)

    # ------------------------------------------------------------------------- files

    def _include(self, name: str, scope: Scope, *, at: nodes.Node | None) -> None:
        if name in self.stack:
            return
        tree = self._parse(name, at)
        if tree is None:
            return
        outer, self.file = self.file, name
        self.stack.append(name)
        self._body(tree.body, scope)
        self.stack.pop()
        self.file = outer

    def _parse(self, name: str, at: nodes.Node | None) -> nodes.Template | None:
        loader = self.environment.loader
        try:
            source = loader.get_source(self.environment, name)[0] if loader else ""
            return self.environment.parse(source, name)
        except TemplateNotFound:
            if at is None:
                self.found[Finding(name, 0, "syntax", "The file is not there.")] = None
            else:
                self.find(at, "syntax", f"There is no {name} to include.")
        except TemplateSyntaxError:
            pass  # reported with the line, once for each file, where all files are read
        return None

    # ------------------------------------------------------------------------- statements

    def read_macro(self, body: list[nodes.Node], scope: Scope) -> None:
        self._body(body, scope)

    def _body(self, body: list[nodes.Node], scope: Scope) -> None:
        for node in body:
            self._statement(node, scope)

    def _statement(self, node: nodes.Node, scope: Scope) -> None:
        handler = getattr(self, f"_on_{type(node).__name__.lower()}", None)
        if handler is not None:
            handler(node, scope)
            return
        for child in node.iter_child_nodes():
            if isinstance(child, nodes.Expr):
                self.shape(child, scope)
            else:
                self._statement(child, scope)

    def _on_output(self, node: nodes.Output, scope: Scope) -> None:
        self.is_printing = True
        for each in node.nodes:
            self.shape(each, scope)
        self.is_printing = False

    def _on_if(self, node: nodes.If, scope: Scope) -> None:
        self.shape(node.test, scope)
        before = self.proven
        self.proven = before | frozenset(proven_by(node.test, truth=True))
        self._body(node.body, scope)
        self.proven = before | frozenset(proven_by(node.test, truth=False))
        for branch in node.elif_:
            self._statement(branch, scope)
        self._body(node.else_, scope)
        self.proven = before

    def _on_for(self, node: nodes.For, scope: Scope) -> None:
        each = element_of(self.shape(node.iter, scope))
        inner: Scope = {**scope, "loop": ANY}
        bind(node.target, each, inner)
        if node.test is not None:
            self.shape(node.test, inner)
        self._body(node.body, inner)
        self._body(node.else_, scope)

    def _on_assign(self, node: nodes.Assign, scope: Scope) -> None:
        bind(node.target, self.shape(node.node, scope), scope)

    def _on_assignblock(self, node: nodes.AssignBlock, scope: Scope) -> None:
        self._body(node.body, scope)
        bind(node.target, str, scope)

    def _on_with(self, node: nodes.With, scope: Scope) -> None:
        inner = dict(scope)
        for target, value in zip(node.targets, node.values, strict=True):
            bind(target, self.shape(value, scope), inner)
        self._body(node.body, inner)

    def _on_macro(self, node: nodes.Macro, scope: Scope) -> None:
        scope[node.name] = Macro(node, self.file, scope)

    def _on_callblock(self, node: nodes.CallBlock, scope: Scope) -> None:
        self.shape(node.call, {**scope, "caller": ANY})
        self._body(node.body, {**scope, **{name.name: ANY for name in node.args}})

    def _on_include(self, node: nodes.Include, scope: Scope) -> None:
        names = constant_in(node.template)
        for name in [names] if isinstance(names, str) else names or ():
            self._include(str(name), dict(scope), at=None if node.ignore_missing else node)

    def _on_import(self, node: nodes.Import, scope: Scope) -> None:
        scope[node.target] = self._partial(node, scope)

    def _on_fromimport(self, node: nodes.FromImport, scope: Scope) -> None:
        partial = self._partial(node, scope)
        for pair in node.names:
            name, own = pair if isinstance(pair, tuple) else (pair, pair)
            scope[own] = partial.get(name, ANY)

    def _partial(self, node: nodes.Import | nodes.FromImport, scope: Scope) -> Partial:
        name = constant_in(node.template)
        inner = dict(scope) if node.with_context else {}
        if isinstance(name, str):
            self._include(name, inner, at=node)
        return Partial({key: value for key, value in inner.items() if key not in scope})

    def _on_extends(self, node: nodes.Extends, scope: Scope) -> None:
        name = constant_in(node.template)
        if isinstance(name, str):
            self._include(name, dict(scope), at=node)

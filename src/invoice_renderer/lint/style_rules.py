"""What no style sheet may do: fetch, take in data, or fail to parse. And where a colour is set."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator
from typing import Any

import tinycss2
from tinycss2.color4 import parse_color

from invoice_renderer.lint.findings import Finding

ASSET = "asset:"
_JINJA = re.compile(r"\{\{|\{%")
_FETCHING_RULES = frozenset({"import", "font-face"})


def style_findings(name: str, css: str, *, assets: Collection[str]) -> Iterator[Finding]:
    """One sheet of a template."""
    for number, line in enumerate(css.splitlines(), 1):
        if _JINJA.search(line):
            yield Finding(name, number, "data-in-css", "A value is printed inside a style sheet.")
    if _JINJA.search(css):
        return  # what follows would be read as nonsense
    for node in nodes_of(css):
        if node.type == "error":
            yield Finding(name, node.source_line, "syntax", f"The style is broken: {node.message}.")
        elif node.type == "at-rule" and node.lower_at_keyword in _FETCHING_RULES:
            what = f"@{node.lower_at_keyword} fetches."
            yield Finding(name, node.source_line, "remote-url", what)
        elif address := _address_in(node):
            yield from _address(name, node.source_line, address, assets)


def lines_with_colour(css: str, colour: str) -> list[int]:
    """The lines on which text gets the colour, as ``#rrggbb``."""
    return [
        node.source_line
        for node in nodes_of(css)
        if node.type == "declaration"
        and node.lower_name == "color"
        and _spelt(node.value) == colour
    ]


def nodes_of(css: str) -> Iterator[Any]:
    """Every rule, declaration, token and error, from the outermost in."""
    for rule in tinycss2.parse_stylesheet(css, skip_comments=True, skip_whitespace=True):
        yield from _within(rule)


def _within(node: Any) -> Iterator[Any]:
    yield node
    if node.type in {"at-rule", "qualified-rule"} and node.content is not None:
        for each in tinycss2.parse_blocks_contents(
            node.content, skip_comments=True, skip_whitespace=True
        ):
            yield from _within(each)
    elif node.type == "declaration":
        for each in node.value:
            yield from _within(each)


def _address_in(node: Any) -> str | None:
    """What ``url()`` names."""
    if node.type == "url":
        return str(node.value)
    if node.type == "function" and node.lower_name in {"url", "src", "image-set"}:
        return next((str(one.value) for one in node.arguments if one.type == "string"), "")
    return None


def _address(name: str, line: int, address: str, assets: Collection[str]) -> Iterator[Finding]:
    if not address.startswith(ASSET):
        yield Finding(name, line, "remote-url", f"url({address[:60]}) is not an asset.")
    elif address.removeprefix(ASSET) not in assets:
        asset = address.removeprefix(ASSET)[:60]
        yield Finding(name, line, "missing-asset", f"assets/{asset} is not there.")


def _spelt(value: list[Any]) -> str:
    tokens = [token for token in value if token.type != "whitespace"]
    colour = parse_color(tokens[0]) if len(tokens) == 1 else None
    if colour is None or colour == "currentcolor":
        return ""
    parts = colour.to("srgb").coordinates
    return "#" + "".join(f"{round(part * 255):02x}" for part in parts)

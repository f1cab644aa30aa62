"""The HTML of a template without its Jinja: what is data becomes one mark, lines stay in place."""

from __future__ import annotations

from jinja2 import Environment

DATA = "\ue000"
"""Stands for whatever ``{{ … }}`` prints."""
_TEXT = {"data"}


def without_jinja(source: str, environment: Environment) -> str:
    """The same text, line for line, with a mark for each value and nothing for each tag.

    :raises TemplateSyntaxError: where Jinja cannot read it.
    """
    kept: list[str] = []
    line = 1
    for number, kind, value in environment.lex(source):
        text = DATA if kind == "variable_begin" else value if kind in _TEXT else ""
        if text:
            kept.append("\n" * (number - line))  # what was inside the tags before
            kept.append(text)
            line = max(line, number) + text.count("\n")
    return "".join(kept)

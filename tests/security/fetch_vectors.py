"""Every way we know in which a page can ask for something: 37 of them, with HTTP and files.

``{target}`` is an address that must not be asked. ``REFUSED``: the engine tries to fetch (on its
defaults it would succeed), or would put a link there that is not https, so the render fails.
``INERT``: WeasyPrint 70 never fetches it.
"""

from __future__ import annotations

from dataclasses import dataclass

REFUSED, INERT = "refused", "inert"


@dataclass(frozen=True)
class Vector:
    """Markup in the head and the body of a page, and what becomes of it."""

    name: str
    outcome: str
    body: str = ""
    head: str = ""


def _style(rule: str) -> str:
    return f"<style>{rule}</style>"


def _svg(content: str) -> str:
    names = 'xmlns="http://www.w3.org/2000/svg" xmlns:xlink="http://www.w3.org/1999/xlink"'
    return f"<svg {names}>{content}</svg>"


VECTORS = (
    # HTML elements
    Vector("img", REFUSED, '<img alt="x" src="{target}">'),
    Vector("img-in-link", REFUSED, '<a href="#"><img alt="x" src="{target}"></a>'),
    Vector("img-srcset", INERT, '<img alt="x" srcset="{target} 2x">'),
    Vector("embed", REFUSED, '<embed src="{target}">'),
    Vector("object", REFUSED, '<object data="{target}"></object>'),
    Vector("iframe", INERT, '<iframe src="{target}"></iframe>'),
    Vector("script", INERT, '<script src="{target}"></script>'),
    Vector("video", INERT, '<video src="{target}" poster="{target}"></video>'),
    Vector("form", INERT, '<form action="{target}"><input name="x"></form>'),
    Vector("background-attribute", INERT, '<table background="{target}"><tr><td>x</table>'),
    Vector("plain-link", REFUSED, '<a href="{target}">x</a>'),
    Vector("picture-img", REFUSED, '<picture><img alt="x" src="{target}"></picture>'),
    Vector("base-then-relative", REFUSED, '<img alt="x" src="x.png">', '<base href="{target}/">'),
    # links and attachments
    Vector("link-stylesheet", REFUSED, head='<link rel="stylesheet" href="{target}">'),
    Vector("link-icon", INERT, head='<link rel="icon" href="{target}">'),
    Vector("link-attachment", REFUSED, head='<link rel="attachment" href="{target}">'),
    Vector("a-attachment", REFUSED, '<a rel="attachment" href="{target}">x</a>'),
    Vector("meta-refresh", INERT, head='<meta http-equiv="refresh" content="0;url={target}">'),
    # CSS
    Vector("import", REFUSED, head=_style('@import "{target}";')),
    Vector("import-url", REFUSED, head=_style("@import url({target});")),
    Vector("import-layer", REFUSED, head=_style("@import url({target}) layer(x);")),
    Vector("font-face", REFUSED, head=_style("@font-face{{font-family:x;src:url({target})}}")),
    Vector("background-image", REFUSED, head=_style("body{{background:url({target})}}")),
    Vector("page-background", REFUSED, head=_style("@page{{background:url({target})}}")),
    Vector("list-style-image", REFUSED, '<ul style="list-style-image:url({target})"><li>x</ul>'),
    Vector("content-url", REFUSED, head=_style("body::before{{content:url({target})}}")),
    Vector(
        "marker-content", REFUSED, "<ul><li>x</ul>", _style("::marker{{content:url({target})}}")
    ),
    Vector("margin-box", REFUSED, head=_style("@page{{@top-left{{content:url({target})}}}}")),
    Vector(
        "border-image", REFUSED, head=_style("p{{border:9px solid;border-image:url({target}) 9}}")
    ),
    Vector("mask-border", REFUSED, head=_style("body{{mask-border-source:url({target})}}")),
    Vector("mask-image", INERT, head=_style("body{{mask-image:url({target})}}")),
    Vector("color-profile", REFUSED, head=_style("@color-profile --x{{src:url({target})}}")),
    Vector("style-attribute", REFUSED, '<p style="background-image:url({target})">x</p>'),
    # SVG
    Vector("svg-image", REFUSED, _svg('<image width="9" height="9" href="{target}"/>')),
    Vector("svg-xlink", REFUSED, _svg('<image width="9" height="9" xlink:href="{target}"/>')),
    Vector("svg-import", REFUSED, _svg('<style>@import "{target}";</style><rect/>')),
    Vector("svg-font-face", REFUSED, _svg(_style("@font-face{{font-family:x;src:url({target})}}"))),
)


def page_with(vector: Vector, target: str) -> str:
    """A whole page that asks for ``target`` in this way."""
    head, body = (part.format(target=target) for part in (vector.head, vector.body))
    return (
        f'<html lang="en"><head><title>x</title>{head}</head>'
        f"<body><p>still here</p>{body}</body></html>"
    )

"""The assets that a page may ask for, by the scheme ``asset:``; no network, no files.

WeasyPrint logs and swallows whatever a fetcher raises and goes on without the asset (only
inside an inline SVG even a ``BaseException`` is swallowed), so a refusal is remembered here, and
the engine looks at ``refused`` when the page is drawn.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import NoReturn
from urllib.request import OpenerDirector

from weasyprint.urls import URLFetcher, URLFetcherResponse

SCHEME = "asset:"
_SCHEME_OF = re.compile(r"([A-Za-z][A-Za-z0-9.+-]{0,15}):")


@dataclass(frozen=True, slots=True)
class Asset:
    """A bundled file: ``content`` bytes of ``media_type``."""

    content: bytes = field(repr=False)
    media_type: str


class AssetFetcher(URLFetcher):  # type: ignore[misc]  # WeasyPrint is not typed
    """Answers ``asset:<name>`` from a mapping; refuses the rest, and remembers how it was asked.

    A plain function would not do: WeasyPrint 70 requires a subclass of its own fetcher.
    """

    def __init__(self, assets: Mapping[str, Asset]) -> None:
        # Not URLFetcher.__init__: it installs handlers for http, https, ftp, file and data. An
        # opener without handlers can open nothing.
        OpenerDirector.__init__(self)
        self._fail_on_errors = False  # True raises a BaseException that callers do not expect
        self._assets = assets
        self.refused: list[str] = []
        """The scheme of each refused address: never the address, which may hold a secret."""

    def fetch(self, url: str, headers: object = None) -> URLFetcherResponse:  # noqa: ARG002
        """The asset; anything else is remembered and refused."""
        asset = self._assets.get(url.removeprefix(SCHEME)) if url.startswith(SCHEME) else None
        if asset is None:
            self._refuse(url)
        return URLFetcherResponse(url, asset.content, {"Content-Type": asset.media_type})

    def open(self, *_request: object, **_options: object) -> NoReturn:
        """Whatever urllib would do by itself is refused, too."""
        self._refuse("")

    def _refuse(self, url: str) -> NoReturn:
        scheme = _SCHEME_OF.match(url)
        self.refused.append(scheme[1].lower() if scheme else "relative")
        raise ValueError("not a bundled asset")

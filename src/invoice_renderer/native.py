"""WeasyPrint, imported quickly: its libraries by path, its bindings prepared, fontTools later.

WeasyPrint asks for each library under the names of every platform, and for each that is not there
cffi starts ``ldconfig``, a compiler and a linker: 24 processes. It has cffi parse 450 lines of C
declarations anew in every process, and imports all of fontTools, of which a page needs nothing
while HarfBuzz makes the subsets. :func:`quick_weasyprint` is in force while WeasyPrint is
imported; afterwards ``ctypes``, ``cffi`` and ``sys.modules`` are as they were.
"""

from __future__ import annotations

import ctypes.util
import hashlib
import importlib
import re
import sys
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path
from types import ModuleType, SimpleNamespace
from typing import Any

LAYER = Path("/opt/lib")
# The name that WeasyPrint asks for first, and the file.
LIBRARIES = {
    "libgobject-2.0-0": "libgobject-2.0.so.0",
    "libpango-1.0-0": "libpango-1.0.so.0",
    "libharfbuzz-0": "libharfbuzz.so.0",
    "libharfbuzz-subset-0": "libharfbuzz-subset.so.0",
    "libfontconfig-1": "libfontconfig.so.1",
    "libpangoft2-1.0-0": "libpangoft2-1.0.so.0",
}
BINDINGS = "weasyprint_bindings"
"""The module that ``make build`` generates from WeasyPrint's declarations; absent elsewhere."""
ON_CALL = ("fontTools.subset", "fontTools.varLib.instancer")
"""A seventh of the import. Only called, and only where HarfBuzz cannot do it."""


@contextmanager
def quick_weasyprint(layer: Path = LAYER, bindings: str = BINDINGS) -> Iterator[None]:
    """Import WeasyPrint in here. On other systems than Linux nothing is changed."""
    if sys.platform != "linux":
        yield
        return
    paths = library_paths(layer)
    with ExitStack() as scoped:
        scoped.enter_context(_replaced(ctypes.util, "find_library", paths.get))
        for name in ON_CALL:
            scoped.enter_context(_imported_as(name, _OnCall(name)))
        if prepared := _import_if_there(bindings):
            scoped.enter_context(_imported_as("cffi", _cffi_with(prepared, paths)))
        yield


def library_paths(layer: Path = LAYER) -> dict[str, str]:
    """Where each library is: in the layer, whose own ones a newer one of the system must not
    replace (``LD_LIBRARY_PATH`` of Lambda names ``/opt/lib`` last), else where the loader looks.
    """
    return {
        name: str(path) if (path := layer / file).is_file() else file
        for name, file in LIBRARIES.items()
    }


def mapped_libraries() -> dict[str, str]:
    """The file that this process has mapped for each of them, by its SONAME."""
    wanted, mapped = set(LIBRARIES.values()), {}
    with suppress(OSError):  # no /proc on other systems
        for line in Path("/proc/self/maps").read_text().splitlines():
            path = line.partition("/")[2]
            soname = re.sub(r"(\.so\.\d+)[.\d]*$", r"\1", path.rpartition("/")[2])
            if soname in wanted:
                mapped[soname] = f"/{path}"
    return mapped


def digest_of(declarations: str) -> str:
    """What prepared bindings are known by."""
    return hashlib.sha256(declarations.encode()).hexdigest()


# ----------------------------------------------------------------------------- bindings


def _cffi_with(prepared: ModuleType, paths: dict[str, str]) -> ModuleType:
    """A module ``cffi`` whose ``FFI`` knows the declarations already."""
    module = ModuleType("cffi")
    module.FFI = lambda: _ffi(prepared, paths)  # type: ignore[attr-defined]
    return module


def _ffi(prepared: ModuleType, paths: dict[str, str]) -> SimpleNamespace:
    """What ``cffi.FFI()`` gives: the prepared one, for the declarations that it was made from.

    Other declarations, of another WeasyPrint, are parsed by cffi itself. The methods are attributes
    of a plain object, so a call costs what it costs in cffi.
    """

    def cdef(declarations: str) -> None:
        if digest_of(declarations) != prepared.DECLARATIONS:
            del sys.modules["cffi"]  # the stand-in
            real = importlib.import_module("cffi").FFI()
            real.cdef(declarations)
            vars(ffi).update(_methods_of(real))

    def dlopen(name: str, flags: int = 0) -> object:
        if name not in paths:
            raise OSError(name)
        return prepared.ffi.dlopen(paths[name], flags)

    ffi = SimpleNamespace(**(_methods_of(prepared.ffi) | {"cdef": cdef, "dlopen": dlopen}))
    return ffi


def _methods_of(ffi: object) -> dict[str, Any]:
    return {name: getattr(ffi, name) for name in dir(ffi) if not name.startswith("_")}


# ----------------------------------------------------------------------------- later


class _OnCall(ModuleType):
    """Stands for a module of which names are taken now and called later, if ever."""

    def __getattr__(self, name: str) -> Callable[..., Any]:
        if name.startswith("__"):
            raise AttributeError(name)

        def call(*arguments: Any, **options: Any) -> Any:
            return getattr(importlib.import_module(self.__name__), name)(*arguments, **options)

        return call


# ----------------------------------------------------------------------------- scopes


@contextmanager
def _replaced(module: ModuleType, name: str, value: object) -> Iterator[None]:
    before = getattr(module, name)
    setattr(module, name, value)
    try:
        yield
    finally:
        setattr(module, name, before)


@contextmanager
def _imported_as(name: str, module: ModuleType) -> Iterator[None]:
    """``import name`` gives this module; one that is imported already stays."""
    if name in sys.modules:
        yield
        return
    sys.modules[name] = module
    try:
        yield
    finally:
        if sys.modules.get(name) is module:
            del sys.modules[name]


def _import_if_there(name: str) -> ModuleType | None:
    try:
        return importlib.import_module(name)
    except ModuleNotFoundError:
        return None

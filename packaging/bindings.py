"""Writes WeasyPrint's bindings as a module: ``bindings.py WHEELS OUT``.

Run by the pinned Python 3.13. WeasyPrint has cffi parse its C declarations whenever it is imported
(a sixth of a second); the module that cffi can generate from them needs neither that nor pycparser.
It names no architecture: the sizes of types are worked out where it runs. What becomes of it:
``invoice_renderer/native.py``.
"""

from __future__ import annotations

import ast
import hashlib
import sys
from pathlib import Path

NAME = "weasyprint_bindings"


def declarations_in(source: str) -> str:
    """What ``weasyprint/text/ffi.py`` hands to ``ffi.cdef``, which it does once."""
    (found,) = (
        node.args[0].value
        for node in ast.walk(ast.parse(source))
        if isinstance(node, ast.Call)
        and isinstance(node.func, ast.Attribute)
        and node.func.attr == "cdef"
        and isinstance(node.args[0], ast.Constant)
    )
    return str(found)


def write_bindings(source: Path, into: Path) -> None:
    """``weasyprint_bindings.py``, and in it the digest of the declarations that it stands for."""
    import cffi  # noqa: PLC0415  of the wheels, once they are on the path

    declarations = declarations_in(source.read_text("utf-8"))
    builder = cffi.FFI()
    builder.cdef(declarations)
    builder.set_source(NAME, None)
    builder.emit_python_code(str(into))
    digest = hashlib.sha256(declarations.encode()).hexdigest()
    with into.open("a") as module:
        module.write(f'DECLARATIONS = "{digest}"\n')


if __name__ == "__main__":
    sys.path.insert(0, sys.argv[1])
    write_bindings(Path(sys.argv[2]), Path(sys.argv[3]))

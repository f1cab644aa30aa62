"""WeasyPrint is imported without a subprocess, by path, and nothing is left as it was not."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from invoice_renderer import native
from invoice_renderer.native import LIBRARIES, digest_of, library_paths, quick_weasyprint

linux = pytest.mark.skipif(sys.platform != "linux", reason="on other systems nothing is changed")

WATCHED = """
import sys
seen = {"processes": 0, "opened": []}
def listen(event, arguments):
    if event in ("subprocess.Popen", "os.posix_spawn", "os.fork", "os.exec", "os.system"):
        seen["processes"] += 1
sys.addaudithook(listen)
import ctypes.util
before = ctypes.util.find_library
"""
LOOK = """
import json
print(json.dumps({
    "processes": seen["processes"],
    "restored": ctypes.util.find_library is before,
    "cffi": "cffi" in sys.modules,
    "cffi_is_real": hasattr(sys.modules.get("cffi"), "__file__"),
    "subset": hasattr(sys.modules.get("fontTools.subset"), "Subsetter"),
}))
"""


def python(*lines: str, path: Path | None = None) -> dict[str, object]:
    """What a fresh interpreter says, as JSON."""
    import json  # noqa: PLC0415

    added = f"sys.path.insert(0, {str(path)!r})" if path else ""
    done = subprocess.run(
        [sys.executable, "-c", "\n".join((WATCHED, added, *lines, LOOK))],
        capture_output=True,
        text=True,
        check=True,
    )
    return json.loads(done.stdout.splitlines()[-1])


def bindings(folder: Path, *, digest: str = "") -> Path:
    """What ``make build`` generates, made here; with another ``digest``, of other declarations."""
    import cffi  # noqa: PLC0415
    from weasyprint.text import ffi as source  # noqa: PLC0415

    text = Path(source.__file__).read_text("utf-8")
    declared = text.split("ffi.cdef('''", 1)[1].split("''')", 1)[0]
    builder = cffi.FFI()
    builder.cdef(declared)
    builder.set_source(native.BINDINGS, None)
    builder.emit_python_code(str(folder / f"{native.BINDINGS}.py"))
    with (folder / f"{native.BINDINGS}.py").open("a") as module:
        module.write(f"DECLARATIONS = {digest or digest_of(declared)!r}\n")
    return folder


QUICK = """
from invoice_renderer.native import quick_weasyprint
with quick_weasyprint():
    import weasyprint
"""
DRAW = """
assert weasyprint.HTML(string="<p>ffi fi").write_pdf().startswith(b"%PDF-")
"""


@linux
def test_no_process_is_started_to_find_a_library() -> None:
    told = python(QUICK)
    assert told["processes"] == 0
    assert told["restored"] is True


def test_the_entry_point_imports_it_that_way() -> None:
    assert python("import invoice_renderer.app")["processes"] == 0


@linux
def test_prepared_bindings_spare_cffi_and_draw_the_same(tmp_path: Path) -> None:
    told = python(QUICK, DRAW, path=bindings(tmp_path))
    assert told["cffi"] is False
    assert told["processes"] == 0


@linux
def test_bindings_of_another_weasyprint_give_way_to_cffi(tmp_path: Path) -> None:
    """An archive that was put together from two builds is slower to start, and works."""
    told = python(QUICK, DRAW, path=bindings(tmp_path, digest="of another"))
    assert told["processes"] == 0


@linux
def test_fonttools_subset_is_imported_when_it_is_called() -> None:
    assert python(QUICK, DRAW)["subset"] is False

    call = "weasyprint.pdf.fonts.subset.Options(retain_gids=True)"
    assert python(QUICK, call)["subset"] is True


@linux
def test_what_stood_in_is_gone_afterwards(tmp_path: Path) -> None:
    told = python(QUICK, "import cffi, fontTools.subset", path=bindings(tmp_path))
    assert told["cffi_is_real"] is True
    assert told["subset"] is True


@linux
def test_what_stood_in_is_gone_after_a_failure_too(tmp_path: Path) -> None:
    failing = """
try:
    with quick_weasyprint():
        raise ImportError
except ImportError:
    pass
import cffi, fontTools.subset
"""
    told = python("from invoice_renderer.native import quick_weasyprint", failing)
    assert told["restored"] is True
    assert told["cffi_is_real"] is True
    assert told["subset"] is True


def test_the_layer_is_preferred_and_by_absolute_path(tmp_path: Path) -> None:
    """In Lambda's search path the system's folders stand before the layer's."""
    (tmp_path / "libpango-1.0.so.0").touch()
    paths = library_paths(tmp_path)

    assert paths["libpango-1.0-0"] == str(tmp_path / "libpango-1.0.so.0")
    assert paths["libharfbuzz-0"] == "libharfbuzz.so.0"


def test_a_name_of_another_platform_is_found_nowhere(monkeypatch: pytest.MonkeyPatch) -> None:
    import ctypes.util  # noqa: PLC0415

    monkeypatch.setattr(sys, "platform", "linux")
    with quick_weasyprint():
        assert ctypes.util.find_library("pango-1.0") is None
        assert ctypes.util.find_library("libpango-1.0-0") is not None


def test_other_systems_find_libraries_their_own_way(monkeypatch: pytest.MonkeyPatch) -> None:
    import ctypes.util  # noqa: PLC0415

    before = ctypes.util.find_library
    monkeypatch.setattr(sys, "platform", "darwin")
    with quick_weasyprint():
        assert ctypes.util.find_library is before


@linux
def test_the_files_in_use_are_known() -> None:
    import weasyprint.text.ffi  # noqa: F401, PLC0415

    mapped = native.mapped_libraries()
    assert set(LIBRARIES.values()) == set(mapped)
    assert all(Path(file).is_file() for file in mapped.values())

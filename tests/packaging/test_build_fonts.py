"""The fonts of a developer machine."""

from __future__ import annotations

import hashlib
import subprocess
from pathlib import Path

import debian
import fonts
import pytest

PATH = "usr/share/fonts/One.ttf"


class Repository:
    """Stands for apt: one package, in the version that it is told to have."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self.downloads = 0
        self.font = b"a font"
        self.path = PATH
        self.version = "1"

    def package(self) -> Path:
        root = self._folder / f"root-{self.version}-{len(self.font)}"
        for name, content in (
            (self.path, self.font),
            ("usr/share/doc/fonts-one/copyright", b"licence"),
            ("DEBIAN/control", self._control().encode()),
        ):
            (root / name).parent.mkdir(parents=True, exist_ok=True)
            (root / name).write_bytes(content)
        built = root.with_suffix(".deb")
        quiet = ["dpkg-deb", "--build", "--root-owner-group", str(root), str(built)]
        subprocess.run(quiet, check=True, capture_output=True)
        return built

    def fetch(self, *_: str) -> Path:
        self.downloads += 1
        return self.package()

    def _control(self) -> str:
        fields = {
            "Package": "fonts-one",
            "Version": self.version,
            "Architecture": "all",
            "Maintainer": "nobody",
            "Description": "one",
        }
        return "".join(f"{key}: {value}\n" for key, value in fields.items())


@pytest.fixture
def repository(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Repository:
    apt = Repository(tmp_path)
    package = fonts.FontPackage(
        name="fonts-one",
        version="1",
        sha256=debian.sha256_of(apt.package()),
        licence="OFL-1.1",
        fonts=(fonts.Font(PATH, hashlib.sha256(apt.font).hexdigest(), "One", "base"),),
    )
    monkeypatch.setattr(fonts, "read_packages", lambda: (package,))
    monkeypatch.setattr(debian, "fetch_any_version", apt.fetch)
    return apt


def test_fonts_licences_and_configuration_are_put_into_the_folder(
    tmp_path: Path, repository: Repository
) -> None:
    fonts.install(tmp_path / "into")
    assert (tmp_path / "into/One.ttf").read_bytes() == repository.font
    assert (tmp_path / "into/licences/fonts-one.txt").read_text() == "licence"
    assert f"<dir>{tmp_path}/into</dir>" in (tmp_path / "into/fonts.conf").read_text()


def test_a_complete_folder_fetches_nothing(tmp_path: Path, repository: Repository) -> None:
    fonts.install(tmp_path / "into")
    fonts.install(tmp_path / "into")
    assert repository.downloads == 1


def test_a_damaged_font_is_put_right(tmp_path: Path, repository: Repository) -> None:
    fonts.install(tmp_path / "into")
    (tmp_path / "into/One.ttf").write_bytes(b"damaged")
    fonts.install(tmp_path / "into")
    assert (tmp_path / "into/One.ttf").read_bytes() == repository.font


def test_another_version_is_taken_with_a_warning(
    tmp_path: Path, repository: Repository, capsys: pytest.CaptureFixture[str]
) -> None:
    repository.version, repository.font = "2", b"a newer font"
    repository.path = "usr/share/fonts/moved/One.ttf"
    fonts.install(tmp_path / "into")
    assert (tmp_path / "into/One.ttf").read_bytes() == b"a newer font"
    assert "fonts-one is 2 here, 1 on Lambda" in capsys.readouterr().err


def test_the_layer_takes_no_other_version(tmp_path: Path, repository: Repository) -> None:
    repository.version, repository.font = "2", b"a newer font"
    with pytest.raises(debian.PackageError, match="fonts-one 1 is needed, apt has 2"):
        fonts.install(tmp_path / "into", exactly=True)


def test_without_the_package_the_command_to_run_is_printed(
    tmp_path: Path,
    repository: Repository,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    def unavailable(*_: str) -> Path:
        raise debian.PackageError("cannot download:\n    sudo apt-get update")

    monkeypatch.setattr(debian, "fetch_any_version", unavailable)
    monkeypatch.setattr("sys.argv", ["fonts.py", "--into", str(tmp_path / "into")])
    assert fonts.main() == 1
    assert "sudo apt-get update" in capsys.readouterr().err

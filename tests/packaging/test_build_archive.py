"""Zip files whose bytes depend on names and contents only."""

from __future__ import annotations

import os
import zipfile
from pathlib import Path

import pytest
import steps
from archive import write_zip


def a_folder(folder: Path, names: tuple[str, ...] = ("b/two.txt", "a.txt", "b/one.so.1")) -> Path:
    for name in names:
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(f"contents of {name}")
    return folder


def test_the_order_of_making_the_clock_and_the_modes_change_nothing(tmp_path: Path) -> None:
    first = a_folder(tmp_path / "first")
    second = a_folder(tmp_path / "second", ("b/one.so.1", "a.txt", "b/two.txt"))
    os.utime(second / "a.txt", (1, 1))
    (second / "a.txt").chmod(0o600)
    write_zip(first, tmp_path / "first.zip")
    write_zip(second, tmp_path / "second.zip")
    assert (tmp_path / "first.zip").read_bytes() == (tmp_path / "second.zip").read_bytes()


def test_everyone_can_read_what_lambda_unpacks(tmp_path: Path) -> None:
    write_zip(a_folder(tmp_path / "folder"), tmp_path / "out.zip")
    with zipfile.ZipFile(tmp_path / "out.zip") as archive:
        modes = {entry.filename: entry.external_attr >> 16 for entry in archive.infolist()}
    assert modes == {"a.txt": 0o100644, "b/one.so.1": 0o100755, "b/two.txt": 0o100644}


def test_entries_after_a_finished_archive_leave_it_as_it_is(tmp_path: Path) -> None:
    write_zip(a_folder(tmp_path / "base"), tmp_path / "base.zip")
    own = a_folder(tmp_path / "own", ("c.txt",))
    write_zip(own, tmp_path / "one.zip", after=tmp_path / "base.zip")
    write_zip(own, tmp_path / "two.zip", after=tmp_path / "base.zip")
    assert (tmp_path / "one.zip").read_bytes() == (tmp_path / "two.zip").read_bytes()
    with zipfile.ZipFile(tmp_path / "one.zip") as archive:
        assert archive.namelist() == ["a.txt", "b/one.so.1", "b/two.txt", "c.txt"]
        assert archive.testzip() is None


def test_a_link_is_refused(tmp_path: Path) -> None:
    folder = a_folder(tmp_path / "folder")
    (folder / "link").symlink_to("a.txt")
    with pytest.raises(ValueError, match="is a link"):
        write_zip(folder, tmp_path / "out.zip")


@pytest.fixture
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr(steps, "CACHE", tmp_path)
    return tmp_path


@pytest.mark.usefixtures("cache")
def test_a_step_is_made_twice_and_then_kept() -> None:
    made: list[Path] = []

    def make(into: Path) -> None:
        made.append(into)
        (into / "same").write_text("bytes")

    assert steps.kept("step", ["input"], make) == steps.kept("step", ["input"], make)
    assert len(made) == 2
    assert len({str(into) for into in made}) == 2


@pytest.mark.usefixtures("cache")
def test_a_step_is_made_anew_for_another_input() -> None:
    first = steps.kept("step", ["one"], lambda into: (into / "same").touch())
    second = steps.kept("step", ["two"], lambda into: (into / "same").touch())
    assert first != second
    assert not first.exists()


def test_a_moved_file_is_another_input(tmp_path: Path) -> None:
    first, second = tmp_path / "a/same.txt", tmp_path / "b/same.txt"
    for path in (first, second):
        path.parent.mkdir()
        path.write_text("same")
    assert steps.key_of([first]) == steps.key_of([first])
    assert steps.key_of([first]) != steps.key_of([second])


def test_a_step_that_gives_other_bytes_the_second_time_stops_the_build(cache: Path) -> None:
    with pytest.raises(steps.NotReproducibleError, match="path"):
        steps.kept("step", [], lambda into: (into / "path").write_text(str(into)) and None)
    assert list(cache.iterdir()) == []

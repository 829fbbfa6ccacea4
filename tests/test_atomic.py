"""Replacing files and folders whole: nothing half written is ever seen, and nothing is left behind."""

from __future__ import annotations

import errno
import os
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import pytest

from napari_trsmi import atomic
from napari_trsmi.atomic import recover, replacing
from napari_trsmi.errors import DataError

DEAD = 2**22 + 1  # above the largest process id


def write_folder(path: Path, text: str) -> None:
    path.mkdir()
    (path / "part").write_text(text)


def content(path: Path) -> str:
    return (path / "part").read_text() if path.is_dir() else path.read_text()


def test_a_file_is_replaced_and_nothing_else_is_left(tmp_path: Path) -> None:
    target = tmp_path / "x.h5ad"
    for text in ("old", "new"):
        with replacing(target) as temporary:
            temporary.write_text(text)
    assert target.read_text() == "new"
    assert os.listdir(tmp_path) == ["x.h5ad"]


@pytest.mark.parametrize("can_exchange", [True, False])
def test_a_folder_is_replaced_and_nothing_else_is_left(
    tmp_path: Path, can_exchange: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    if not can_exchange:
        monkeypatch.setattr(atomic, "_exchange", lambda first, second: False)
    target = tmp_path / "x.zarr"
    for text in ("old", "new"):
        with replacing(target) as temporary:
            write_folder(temporary, text)
    assert content(target) == "new"
    assert os.listdir(tmp_path) == ["x.zarr"]


@pytest.mark.parametrize("error", [ValueError("bad"), KeyboardInterrupt()])
def test_any_failure_leaves_the_old_file_and_no_temporary(tmp_path: Path, error: BaseException) -> None:
    target = tmp_path / "x.h5ad"
    target.write_text("old")

    def fail() -> None:
        with replacing(target) as temporary:
            temporary.write_text("half")
            raise error

    with pytest.raises(type(error)):
        fail()
    assert target.read_text() == "old"
    assert os.listdir(tmp_path) == ["x.h5ad"]


@pytest.mark.parametrize(
    ("number", "sentence"),
    [
        (errno.ENOSPC, "found it full"),
        (errno.EACCES, "Expected permission"),
        (errno.EROFS, "Expected permission"),
        (errno.ENOENT, "Expected the folder"),
        (errno.EIO, "the system refused"),
    ],
)
def test_what_the_system_refuses_becomes_one_sentence(tmp_path: Path, number: int, sentence: str) -> None:
    def fail() -> None:
        with replacing(tmp_path / "x.h5ad") as temporary:
            temporary.write_text("half")
            raise OSError(number, os.strerror(number))

    with pytest.raises(DataError, match=sentence):
        fail()
    assert os.listdir(tmp_path) == []


def test_a_missing_folder_is_named(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="Expected the folder"), replacing(tmp_path / "none" / "x.h5ad") as temporary:
        temporary.write_text("new")


@pytest.mark.skipif(sys.platform == "win32", reason="needs permissions as POSIX has them")
def test_a_folder_without_permission_is_refused_and_left_alone() -> None:
    with tempfile.TemporaryDirectory() as made:  # tmp_path lies in a folder that only its owner may enter
        folder = Path(made)
        (folder / "x.h5ad").write_text("old")
        folder.chmod(0o555)
        root = os.geteuid() == 0
        if root:  # whom no permission stops
            os.seteuid(65534)
        try:
            with pytest.raises(DataError, match="Expected permission"), replacing(folder / "x.h5ad") as temporary:
                temporary.write_text("new")
        finally:
            if root:
                os.seteuid(0)
            folder.chmod(0o755)
        assert (folder / "x.h5ad").read_text() == "old"
        assert os.listdir(folder) == ["x.h5ad"]


def test_leftovers_of_dead_writers_go_and_those_of_living_ones_stay(tmp_path: Path) -> None:
    target = tmp_path / "x.h5ad"
    dead = tmp_path / f".x.h5ad.{atomic._HOST}-{DEAD}-0123abcd.partial.h5ad"
    alive = tmp_path / f".x.h5ad.{atomic._HOST}-{os.getppid()}-0123abcd.partial.h5ad"
    elsewhere = tmp_path / f".x.h5ad.otherhost-{DEAD}-0123abcd.partial.h5ad"
    other = tmp_path / f".y.h5ad.{atomic._HOST}-{DEAD}-0123abcd.partial.h5ad"
    for path in (dead, alive, elsewhere, other):
        path.write_text("half")
    with replacing(target) as temporary:
        temporary.write_text("new")
    assert not dead.exists()
    assert alive.exists()
    assert elsewhere.exists()
    assert other.exists()
    two_days_ago = time.time() - 2 * 86_400
    os.utime(elsewhere, (two_days_ago, two_days_ago))
    recover(target)
    assert not elsewhere.exists()


def test_what_a_dead_writer_moved_away_is_restored(tmp_path: Path) -> None:
    target = tmp_path / "x.zarr"
    write_folder(tmp_path / f".x.zarr.{atomic._HOST}-{DEAD}-0123abcd.previous.zarr", "old")
    write_folder(tmp_path / f".x.zarr.{atomic._HOST}-{DEAD}-0123abcd.partial.zarr", "new")
    recover(target)
    assert content(target) == "old"
    assert os.listdir(tmp_path) == ["x.zarr"]


def test_a_link_is_written_through(tmp_path: Path) -> None:
    (tmp_path / "real").mkdir()
    link = tmp_path / "x.h5ad"
    try:
        link.symlink_to(tmp_path / "real" / "y.h5ad")
    except OSError:
        pytest.skip("no permission to make links here")
    with replacing(link) as temporary:
        temporary.write_text("new")
    assert link.is_symlink()
    assert (tmp_path / "real" / "y.h5ad").read_text() == "new"


WRITER = """
import sys
from pathlib import Path
from napari_trsmi import atomic
if sys.argv[2] == "slow":
    atomic._exchange = lambda first, second: False
target = Path(sys.argv[1])
for turn in range(10**9):
    with atomic.replacing(target) as temporary:
        if target.suffix == ".zarr":
            temporary.mkdir()
            for part in range(8):
                (temporary / str(part)).write_text(str(turn) * 1000)
        else:
            temporary.write_text((str(turn) + "\\n") * 10000)
    print("written", flush=True) if turn == 0 else None
"""


@pytest.mark.skipif(sys.platform == "win32", reason="needs SIGKILL")
@pytest.mark.parametrize(("name", "speed"), [("x.h5ad", "fast"), ("x.zarr", "fast"), ("x.zarr", "slow")])
def test_a_kill_at_any_moment_leaves_a_whole_file(tmp_path: Path, name: str, speed: str) -> None:
    target = tmp_path / name
    for moment in range(8):
        writer = subprocess.Popen(
            [sys.executable, "-c", WRITER, str(target), speed], stdout=subprocess.PIPE, cwd=Path(__file__).parents[2]
        )
        assert writer.stdout is not None
        writer.stdout.readline()
        time.sleep(0.05 + 0.0013 * moment)
        writer.send_signal(signal.SIGKILL)
        writer.communicate()
        if speed == "slow":
            recover(target)
        if name == "x.h5ad":
            lines = target.read_text().splitlines()
            assert (len(lines), len(set(lines))) == (10000, 1)
        else:
            parts = [(target / str(part)).read_text() for part in range(8)]
            assert len(set(parts)) == 1
    with replacing(target) as temporary:
        if name == "x.zarr":
            write_folder(temporary, "last")
        else:
            temporary.write_text("last")
    assert os.listdir(tmp_path) == [name]
    assert content(target) == "last"

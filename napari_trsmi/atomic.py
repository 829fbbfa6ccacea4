"""Replacing a file or a folder whole: a crash or a kill leaves the old one or the new one, never half of one.

The new content is written to a hidden sibling, flushed to the disk and renamed into place. A file takes one rename. A
folder is exchanged with the old one where the system can do that in one step; elsewhere the old folder is renamed
away first, and `recover` puts it back if the writer died between the two renames.
"""

from __future__ import annotations

import ctypes
import errno
import os
import platform
import re
import secrets
import shutil
import stat
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from napari_trsmi.errors import DataError

_HOST = re.sub(r"\W", "_", platform.node()) or "host"
_ONE_DAY = 86_400.0


@contextmanager
def replacing(path: str | Path, force: bool = False) -> Iterator[Path]:
    """Yield a temporary sibling of `path` to write a file or a folder to, then put it in place of `path`.

    Whatever goes wrong inside, the temporary is removed and `path` stays as it was. What is put in its place may be
    read and written by the same people as what was there.

    Parameters
    ----------
    force
        Also replace what may only be read.

    Raises
    ------
    DataError
        The folder is missing, there is no permission to write, the disk is full, or any other `OSError`.
    """
    path = Path(os.path.realpath(path))
    check_replaceable(path, force)
    recover(path)
    mark = _mark()
    temporary = path.with_name(f".{path.name}.{mark}.partial{path.suffix}")
    mode = _mode(path)
    try:
        if mode is not None and not path.is_dir():  # nobody else may read it meanwhile either
            os.close(os.open(temporary, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600))
        yield temporary
        _flush(temporary)
        if mode is not None:
            temporary.chmod(mode)
        if temporary.is_dir() and path.exists():
            _swap(temporary, path, path.with_name(f".{path.name}.{mark}.previous{path.suffix}"))
        else:
            os.replace(temporary, path)
        _flush_entry(path.parent)
    except OSError as error:
        raise DataError(explain(error, path)).saying(plainly(error, path)) from error
    finally:
        _remove(temporary)


def check_replaceable(path: str | Path, force: bool = False) -> None:
    """Raise `DataError` where something may be read at `path` but not written, unless it is to be replaced by force."""
    path = Path(os.path.realpath(path))
    mode = _mode(path)
    if mode is None or force:
        return
    if not mode & 0o222 or not os.access(path, os.W_OK):
        raise DataError(
            f"Expected something that may be replaced at {path}, found it read-only. Choose another name, or replace "
            "it with --force (force=True in Python)."
        )


def check_name(path: str | Path) -> None:
    """Raise `DataError` where the name of a file to write is longer than its folder takes."""
    path = Path(os.path.realpath(path))
    temporary = path.with_name(f".{path.name}.{_mark()}.previous{path.suffix}")
    try:
        os.stat(temporary)
    except OSError as error:
        if error.errno == errno.ENAMETOOLONG:
            raise DataError(explain(error, path)) from error


def recover(path: str | Path) -> None:
    """Clear up after writers of `path` that died: restore what they had moved away, remove what they left half done."""
    try:
        path = Path(os.path.realpath(path))
    except (OSError, ValueError):  # no path of this system's; whoever reads or writes it says so
        return
    for leftover in _leftovers(path, "previous"):
        if not path.exists():
            with suppress(OSError):
                leftover.rename(path)
        _remove(leftover)
    for leftover in _leftovers(path, "partial"):
        _remove(leftover)


def explain(error: OSError, path: Path) -> str:
    """Return one sentence on why `path` could not be written and what to do."""
    if error.errno in (errno.ENOSPC, errno.EDQUOT):
        return f"Expected room on the disk for {path}, found it full. Free some space or choose another folder."
    if error.errno in (errno.EACCES, errno.EPERM, errno.EROFS):
        return f"Expected permission to write {path}, found none. Change the permissions or choose another folder."
    if error.errno in (errno.ENOENT, errno.ENOTDIR):
        return f"Expected the folder {path.parent}, found none. Create it or choose another."
    if error.errno == errno.ENAMETOOLONG:
        return (
            f"Expected a name that its folder takes, found one of {len(path.name)} letters, {path.name[:30]}..., "
            "beside which nothing can be written. Choose a shorter one."
        )
    return f"Expected to write {path}, found that the system refused: {error}. Choose another place."


def plainly(error: OSError, path: Path) -> str:
    """Return the first words on why `path` could not be written."""
    if error.errno in (errno.ENOSPC, errno.EDQUOT):
        return f"The disk is full: {path.name} was not written."
    if error.errno in (errno.EACCES, errno.EPERM, errno.EROFS):
        return f"You may not write {path.name} there."
    if error.errno in (errno.ENOENT, errno.ENOTDIR):
        return "There is no such folder."
    return f"{path.name} could not be written."


def _mark() -> str:
    """Return what tells this writer's files from those of others, alive or dead."""
    return f"{_HOST}-{os.getpid()}-{secrets.token_hex(4)}"


def _mode(path: Path) -> int | None:
    """Return the permissions of what is at `path`, None where there is nothing."""
    try:
        return stat.S_IMODE(path.stat().st_mode)
    except OSError:
        return None


def _leftovers(path: Path, kind: str) -> list[Path]:
    """Siblings that dead writers of `path` left behind, newest first."""
    pattern = re.compile(rf"\.{re.escape(path.name)}\.(\w+)-(\d+)-[0-9a-f]{{8}}\.{kind}{re.escape(path.suffix)}")
    found = []
    with suppress(OSError):
        for sibling in path.parent.iterdir():
            match = pattern.fullmatch(sibling.name)
            if match:
                age = time.time() - sibling.stat().st_mtime
                if (match[1] == _HOST and not _is_alive(int(match[2]))) or age > _ONE_DAY:
                    found.append((age, sibling))
    return [sibling for _, sibling in sorted(found)]


def _is_alive(pid: int) -> bool:
    if os.name == "nt":
        return False  # there, a file that a living writer holds open cannot be removed anyway
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True


def _remove(path: Path) -> None:
    if path.is_dir() and not path.is_symlink():
        for folder, _, _ in os.walk(path):
            with suppress(OSError):
                os.chmod(folder, 0o700)  # what may only be read cannot be removed
        for _ in range(20):  # after a failure, zarr's other chunks may still be on their way
            shutil.rmtree(path, ignore_errors=True)
            time.sleep(0.01)
            if not path.exists():
                break
    else:
        with suppress(OSError):
            path.unlink(missing_ok=True)


def _flush(path: Path) -> None:
    """Make sure that everything under `path` is on the disk."""
    if not path.is_dir():
        with path.open("rb+") as file:
            os.fsync(file.fileno())
        return
    for folder, _, names in os.walk(path):
        for name in names:
            _flush(Path(folder) / name)
        _flush_entry(Path(folder))


def _flush_entry(folder: Path) -> None:
    """Make sure that the names in `folder` are on the disk."""
    if os.name == "nt":
        return  # folders cannot be opened there
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _swap(new: Path, path: Path, previous: Path) -> None:
    """Put the folder `new` at `path`; the old content ends up at `new` or is gone."""
    if _exchange(new, path):
        return
    path.rename(previous)
    try:
        new.rename(path)
    except BaseException:
        previous.rename(path)
        raise
    _remove(previous)


def _exchange(first: Path, second: Path) -> bool:
    """Exchange two names in one step; False where the system or the file system cannot."""
    if not sys.platform.startswith("linux"):
        return False
    try:
        renameat2 = ctypes.CDLL(None, use_errno=True).renameat2
    except (OSError, AttributeError):
        return False
    here, exchange = -100, 2  # AT_FDCWD, RENAME_EXCHANGE
    done: int = renameat2(here, os.fsencode(first), here, os.fsencode(second), ctypes.c_uint(exchange))
    return done == 0

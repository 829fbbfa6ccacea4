"""Guards around the reading of files: what may be opened at all, and one sentence for what a library raises."""

from __future__ import annotations

import logging
import stat
import sys
import warnings
from collections.abc import Callable, Hashable, Iterator
from contextlib import contextmanager, suppress
from contextvars import ContextVar
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
from typing import Any, TypeVar

from napari_trsmi.data.readers.plainly import cut_short, missing_piece
from napari_trsmi.errors import DataError, TrsmiError
from napari_trsmi.interrupt import Interrupted

log = logging.getLogger(__name__)
T = TypeVar("T")

_SPECIAL = (
    (stat.S_ISFIFO, "a pipe"),
    (stat.S_ISSOCK, "a socket"),
    (stat.S_ISCHR, "a device"),
    (stat.S_ISBLK, "a disk"),
)
_IN_USE = (11, 35)  # errno of a lock held by another program, on Linux and macOS
_IN_USE_ON_WINDOWS = (32, 33)
_KEPT: ContextVar[dict[Hashable, Any] | None] = ContextVar("kept", default=None)  # what was read, while that is of use


@contextmanager
def kept_open() -> Iterator[None]:
    """Keep what `once` reads, so that several sections are taken from a file that is read once."""
    token = _KEPT.set({})
    try:
        yield
    finally:
        _KEPT.reset(token)


def once(key: Hashable, read: Callable[[], T]) -> T:
    """Return what `read` returns; within `kept_open` it is called once for each key."""
    kept = _KEPT.get()
    if kept is None:
        return read()
    if key not in kept:
        kept[key] = read()
    found: T = kept[key]
    return found


@contextmanager
def reading(path: Path) -> Iterator[None]:
    """Turn whatever a library raises on a bad file into one `DataError`, and its warnings into log lines.

    Readers of damaged files raise nearly every kind of exception (KeyError, OSError, zlib.error, ...), so all are
    caught here, and only here; the original one stays attached as the cause.
    """
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        _know_filters()
        try:
            yield
        except (TrsmiError, Interrupted):
            raise
        except MemoryError as error:
            raise DataError(
                f"Expected enough memory for what {path} says it holds, found too little. It may be damaged: copy or "
                "write it again, or use a larger machine."
            ).saying(f"{path.name} does not fit into memory.") from error
        except Exception as error:
            if _is_lock(error):
                raise DataError(
                    f"Expected a file that may be opened at {path}, found it locked by another program. Close it there."
                ).saying(f"Another program holds {path.name}.") from error
            if (broken := _not_loaded(error)) is not None:
                name = (broken.name or "").partition(".")[0]
                which = f"the package {name}" if name else "a package that it needs"
                raise DataError(
                    f"Expected an installation that can read {path}, found one that cannot load {which} "
                    f"({type(broken).__name__}: {_reason(broken)}). The file may be sound: install {name or 'it'} "
                    "again (pip install --force-reinstall), or this program in a new environment."
                ).saying(f"This installation lacks {which}, or cannot load it.") from error
            if _lacks_filter(error):
                raise DataError(
                    f"Expected a file that HDF5 can unpack by itself at {path}, found one packed with a filter of its "
                    "own, as zstd is. Install hdf5plugin beside this program (pip install hdf5plugin), or write the "
                    "file again with compression='gzip'."
                ).saying(f"{path.name} is packed in a way that needs hdf5plugin.") from error
            plain = cut_short(path, error) or missing_piece(path, error) or f"{path.name} is damaged or not complete."
            raise DataError(
                f"Expected a complete file at {path}, found one that cannot be read "
                f"({type(error).__name__}: {_reason(error)}). It may be damaged or cut short: copy or write it again."
            ).saying(plain) from error
        finally:
            for warning in caught:
                log.debug("While reading %s: %s", path, warning.message)


def _know_filters() -> None:
    """Have HDF5 know the filters of hdf5plugin, where that is installed: importing it is enough."""
    if "hdf5plugin" not in sys.modules and find_spec("hdf5plugin") is not None:
        with suppress(Exception):  # one that does not fit the HDF5 here is as good as none
            import_module("hdf5plugin")


def _reason(error: BaseException) -> str:
    return (str(error).strip().splitlines() or [""])[0][:200]


def _not_loaded(error: BaseException | None) -> ImportError | None:
    """Return the error of a package that could not be loaded, which a library may have wrapped; None for others."""
    while error is not None and not isinstance(error, ImportError):
        error = error.__cause__
    return error


def _lacks_filter(error: BaseException) -> bool:
    """Return whether an error says that HDF5 knows no way to unpack what it reads."""
    text = str(error)
    return "can't open directory" in text or "required filter" in text or "filter plugin" in text


def _is_lock(error: BaseException) -> bool:
    """Return whether an error says that another program holds a file open for writing."""
    if getattr(error, "winerror", None) in _IN_USE_ON_WINDOWS:
        return True
    return isinstance(error, OSError) and (error.errno in _IN_USE or "unable to lock file" in str(error))


def check_readable(path: Path) -> None:
    """Raise `DataError` where `path` does not exist, may not be read, or is neither a file nor a folder."""
    try:
        mode = path.stat().st_mode
        what = next((name for is_such, name in _SPECIAL if is_such(mode)), None)
        if what is not None:
            problem = DataError(f"Expected a file or folder at {path}, found {what}. Choose a file on a disk.")
            raise problem.saying(f"{path.name} is {what}.")
        if stat.S_ISDIR(mode):
            next(path.iterdir(), None)
        else:
            with path.open("rb"):
                pass
    except FileNotFoundError:
        problem = DataError(f"Expected a file or folder at {path}, found nothing. Check the path.")
        raise problem.saying(f"There is no {path.name}.") from None
    except PermissionError as error:
        locked = _is_lock(error)
        plain = f"Another program holds {path.name}." if locked else f"You may not read {path.name}."
        found = "it locked. Close it in the other program." if locked else "no permission. Change its access."
        raise DataError(f"Expected a file that may be read at {path}, found {found}").saying(plain) from None
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or error
        problem = DataError(f"Expected a readable file at {path}, found {reason}. Check the path and the disk.")
        raise problem.saying(f"{path.name} cannot be read.") from None

"""The command line: ``trsmi fit``, ``view``, ``demo`` and the others; see `parse`."""

from __future__ import annotations

import errno
import logging
import os
import sys
import warnings
from collections.abc import Sequence
from pathlib import Path

import napari_trsmi
from napari_trsmi.atomic import explain
from napari_trsmi.cli.command import Command
from napari_trsmi.cli.parse import parse
from napari_trsmi.cli.progress import say
from napari_trsmi.errors import DataError, TrsmiError

REFUSED = 2  # exit code where the input, a setting or the command line cannot be used
INTERRUPTED = 130  # what shells expect after Ctrl-C


def main(argv: Sequence[str] | None = None) -> int:
    """Run ``trsmi`` and return its exit code: 0, 2 after one sentence on stderr, or 130 after Ctrl-C.

    Parameters
    ----------
    argv
        Words after ``trsmi``; those of this process where not given.

    Examples
    --------
    >>> main(["--version"])  # doctest: +ELLIPSIS
    trsmi ...
    0
    """
    argv = list(sys.argv[1:] if argv is None else argv)
    _open_streams()
    try:
        _check_folder()
        if argv == ["--version"]:
            print(f"trsmi {napari_trsmi.__version__}")
        else:
            _run(parse(argv))
        _flush()
    except SystemExit as end:  # help was shown, or the command line was refused with its own message
        return end.code if isinstance(end.code, int) else REFUSED
    except KeyboardInterrupt:
        return _fail("interrupted.", INTERRUPTED)
    except BrokenPipeError:  # the reader, such as `head`, has seen enough
        _flush()
    except TrsmiError as error:
        return _fail(str(error), REFUSED)
    except OSError as error:
        too_long = error.errno == errno.ENAMETOOLONG and error.filename is not None
        sentence = f"Expected the system to do as asked, found: {error}."
        return _fail(explain(error, Path(os.fsdecode(error.filename))) if too_long else sentence, REFUSED)
    except MemoryError:
        return _fail("Expected enough memory, found too little. Use fewer spots, features or neighbours.", REFUSED)
    return 0


def _run(command: Command) -> None:
    """Run a command; what libraries warn about is for those who asked for details."""
    with warnings.catch_warnings():
        if command.verbose:
            logging.basicConfig(level=logging.INFO, format="%(name)s: %(message)s", stream=sys.stderr)
        else:
            warnings.simplefilter("ignore")
        command.run()


def _check_folder() -> None:
    """Raise `DataError` where the folder that this runs in was removed: nothing that follows would work there."""
    try:
        Path.cwd()
    except FileNotFoundError:
        raise DataError("Expected a folder to work in, found that it was removed. Change to another one.") from None


def _open_streams() -> None:
    """Give closed streams a place: else the next file that is opened takes theirs, and is printed into."""
    for name in ("stdout", "stderr"):
        if getattr(sys, name) is None:
            setattr(sys, name, open(os.devnull, "w", encoding="utf-8"))  # noqa: SIM115


def _flush() -> None:
    """Print what is left; where it has nowhere to go, nothing more is tried: the work is done."""
    try:
        sys.stdout.flush()
    except OSError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def _fail(sentence: str, code: int) -> int:
    say(f"trsmi: {sentence}")
    return code

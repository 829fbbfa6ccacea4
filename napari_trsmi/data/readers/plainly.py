"""The first words about a file that cannot be read: what is the matter with it, as anybody would say it."""

from __future__ import annotations

import re
from pathlib import Path

_TRUNCATED = re.compile(r"truncated file: eof = (\d+), sblock->base_addr = (\d+), stored_eof = (\d+)")  # HDF5's words
_UNITS = ((1e9, "GB"), (1e6, "MB"), (1e3, "kB"))
_STARTS = (
    (b"%PDF", "a PDF document"),
    (b"\x89PNG", "a picture (PNG)"),
    (b"\xff\xd8\xff", "a picture (JPEG)"),
    (b"II*\x00", "a picture (TIFF)"),
    (b"MM\x00*", "a picture (TIFF)"),
    (b"II+\x00", "a picture (TIFF)"),
    (b"version https://git-lfs", "a note of where the file is (Git LFS), not the file"),
    (b"\x00\x05\x16\x07", "a note that macOS leaves beside a file (its name begins with ._), not the file"),
    (b"PAR1", "a table of another kind (Parquet)"),
    (b"RDX", "data of R"),
    (b"%%MatrixMarket", "a bare matrix (MatrixMarket)"),
)


def readable(name: str) -> str:
    r"""Return the name of a file as text that can be drawn and stored; names of older systems may be no UTF-8.

    Examples
    --------
    >>> readable("Gewebe \udce4") == "Gewebe \ufffd", readable("Gewebe ä")
    (True, 'Gewebe ä')
    """
    return name.encode("utf-8", "surrogateescape").decode("utf-8", "replace")


def kind_of(path: Path) -> str:
    """Return what a file is that is none of ours, such as ``"a web page"``; "" where that cannot be told."""
    with path.open("rb") as file:
        start = file.read(4096)
    for magic, what in _STARTS:
        if start.startswith(magic):
            return what
    lowered = start.lstrip(b"\xef\xbb\xbf \t\r\n").lower()
    if lowered.startswith((b"<!doctype html", b"<html")) or b"<html" in lowered[:500]:
        return "a web page"
    if lowered.startswith(b"<?xml"):
        return "an XML file"
    if b"\x00" in start:
        return ""
    try:
        lines = start.decode("utf-8", errors="strict" if len(start) < 4096 else "ignore").splitlines()
    except UnicodeDecodeError:
        return ""
    separators = [max(line.count(mark) for line in lines[:5]) for mark in (",", "\t", ";")] if lines else [0]
    return "a table in text (CSV)" if max(separators) else "text"


def other_content(path: Path) -> str:
    """Return the sentence about a file whose name promises something else; "" where nothing can be said."""
    what = kind_of(path)
    if not what:
        return ""
    way_out = ""
    if what == "a web page":
        way_out = " The server sent a page in place of the file: it may want a login, or the link was not the download."
    promised = path.suffix.lower() in (".h5ad", ".h5mu", ".h5", ".hdf5")
    return f"{path.name} is {what}{', whatever its name says' if promised else ''}.{way_out} "


def cut_short(path: Path, error: BaseException) -> str:
    """Return the sentence about a file of which the end is missing; "" where it is something else."""
    found = _TRUNCATED.search(str(error))
    if not found:
        return ""
    there, base, whole = (int(number) for number in found.groups())
    return f"{path.name} is not complete: it ends after {of(there, base + whole)}. "


def missing_piece(path: Path, error: BaseException) -> str:
    """Return the sentence about a folder of which a part is missing; "" where it is something else."""
    if not path.is_dir() or not isinstance(error, KeyError | FileNotFoundError):
        return ""
    name = str(getattr(error, "filename", None) or (error.args[0] if error.args else "")).replace(str(path), "")
    piece = re.split(r"[\n]", name.strip("/'\" "))[0][:80]
    return f"{path.name} is not complete: a piece of it is missing{f' ({piece})' if piece else ''}. "


def of(there: float, whole: float) -> str:
    """Return a size out of another in one unit.

    Examples
    --------
    >>> of(12e6, 40e6), of(39.96e6, 40e6), of(300, 900)
    ('12 of 40 MB', '39.96 of 40.00 MB', '300 of 900 bytes')
    >>> of(9_675_926, 9_675_936)
    '9,675,926 of 9,675,936 bytes'
    """
    size, unit = next(((size, unit) for size, unit in _UNITS if whole >= size), (1.0, "bytes"))
    digits = next((n for n in range(3) if f"{there / size:.{n}f}" != f"{whole / size:.{n}f}"), None)
    if digits is None:
        return f"{there:,.0f} of {whole:,.0f} bytes"
    return f"{there / size:.{digits}f} of {whole / size:.{digits}f} {unit}"

"""Text files of other programs, which may be gzipped: what they hold, how they end, what they are called."""

from __future__ import annotations

import gzip
import zlib
from pathlib import Path

_MAGIC = b"\x1f\x8b"


def start_of(path: Path, size: int = -1) -> bytes:
    """Return the first `size` bytes of what a file holds, all of it where not given; unpacked where it is gzipped.

    Raises
    ------
    OSError
        The file cannot be read, or what is packed is damaged.
    """
    try:
        with path.open("rb") as file:
            packed = file.read(2) == _MAGIC
        with gzip.open(path) if packed else path.open("rb") as content:
            return content.read(size)
    except (EOFError, zlib.error) as error:
        raise OSError(str(error)) from None


def text_of(content: bytes) -> str:
    """Return what a text file holds as text: of Unicode where it can be, else of Windows in western languages.

    Examples
    --------
    >>> [text_of("Größe".encode(name)) for name in ("utf-8-sig", "utf-16", "cp1252")]
    ['Größe', 'Größe', 'Größe']
    """
    if content.startswith((b"\xff\xfe", b"\xfe\xff")):  # as spreadsheets write what they call Unicode text
        return content.decode("utf-16", "replace")
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError:
        return content.decode("cp1252", "replace")


def ending_of(path: Path) -> str:
    """Return the ending in lower case, without ``.gz``.

    Examples
    --------
    >>> ending_of(Path("tumor.GeoJSON.gz")), ending_of(Path("groups.csv"))
    ('.geojson', '.csv')
    """
    return _unpacked(path).suffix.lower()


def title_of(path: Path) -> str:
    """Return what a file is called, without its ending.

    Examples
    --------
    >>> title_of(Path("tumor.geojson.gz")), title_of(Path("groups.csv"))
    ('tumor', 'groups')
    """
    return _unpacked(path).stem


def _unpacked(path: Path) -> Path:
    return path.with_suffix("") if path.suffix.lower() == ".gz" else path

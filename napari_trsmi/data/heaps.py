"""HDF5 files whose strings cannot be read without end.

The HDF5 library walks the heaps in which strings lie from entry to entry. Where part of a heap was zeroed, an entry has
no length, and the library stays there for ever, with Python's lock held. So the heaps are walked here first, which
takes about as long as reading the file from disk does. What looks odd may still be the leftover of an earlier edit of
the file: another process tries, which can be ended.
"""

from __future__ import annotations

import mmap
import struct
import subprocess
import sys
from pathlib import Path

from napari_trsmi.errors import DataError

_SIGNATURE = b"GCOL\x01\0\0\0"  # of a global heap collection, version 1
_HEADER = 16  # bytes before the first entry, and of the header of each entry
_SMALLEST = 4096
_ENTRY = struct.Struct("<HHIQ")  # index, references, reserved, length
_BYTES_PER_SECOND = 20e6
_SECONDS = 10.0
_PROBE = """
import sys, h5py
def read(name, part):
    dict(part.attrs)
    if isinstance(part, h5py.Dataset) and h5py.check_string_dtype(part.dtype):
        part[()]
with h5py.File(sys.argv[1], "r") as file:
    read("", file)
    file.visititems(read)
"""


def check_heaps(path: Path) -> None:
    """Raise `DataError` where reading the strings of an HDF5 file would not come to an end."""
    if not _looks_odd(path):
        return
    try:
        _probe(path)
    except (subprocess.SubprocessError, OSError) as error:
        raise DataError(
            f"Expected a complete file at {path}, found strings that cannot be read to their end. It is damaged: copy "
            "or write it again."
        ) from error


def _looks_odd(path: Path) -> bool:
    """Return whether a heap in the file has an entry without length, or one that reaches beyond the heap."""
    with path.open("rb") as file, mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as content:
        at = content.find(_SIGNATURE)
        while at >= 0:
            size = int.from_bytes(content[at + 8 : at + _HEADER], "little")
            if not _SMALLEST <= size <= len(content) - at:
                size = _HEADER
            elif not _is_walkable(content[at : at + size]):
                return True
            at = content.find(_SIGNATURE, at + size)
    return False


def _is_walkable(heap: bytes) -> bool:
    """Return whether the entries of a heap follow each other to its end."""
    at, end, unpack = _HEADER, len(heap) - _HEADER, _ENTRY.unpack_from
    while at <= end:
        index, _, _, length = unpack(heap, at)
        need = _HEADER + (length + 7 & ~7) if index else length  # the entry 0 is the free space, header included
        if need < _HEADER or at + need > len(heap):
            return False
        at += need
    return True


def _probe(path: Path) -> None:
    """Read all strings of a file in a process of its own; raises where that fails, dies or takes far too long."""
    if getattr(sys, "frozen", False) or not Path(sys.executable or "").stem.lower().startswith("python"):
        raise OSError("no Python to try it with")
    subprocess.run(
        [sys.executable, "-c", _PROBE, str(path)],
        check=True,
        timeout=_SECONDS + path.stat().st_size / _BYTES_PER_SECOND,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        creationflags=getattr(subprocess, "CREATE_NO_WINDOW", 0),
    )

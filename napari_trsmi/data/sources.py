"""Whether an input is still what was read: sizes and times of its files, and the SHA-256 of what is in them."""

from __future__ import annotations

import hashlib
import os
import re
from collections.abc import Iterable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from napari_trsmi.errors import DataError

_ZARR = (".zgroup", ".zarray", "zarr.json")
_PIXELS = ("images", "labels", "points")  # of SpatialData: large, and not what is analysed
_READ = re.compile(  # of the folders of Space Ranger, Xenium, CosMx, MERSCOPE and Stereo-seq
    r"matrix.*\.(h5|mtx|mtx\.gz)$|(barcodes|features|genes)\.tsv|\.geojson$|\.parquet$|^cells\.csv|\.xenium$|"
    r"(exprMat|metadata)_file\.csv|cell_by_gene\.csv|cell_metadata\.csv|\.gef$|\.h5ad$",
    re.I,
)
_UNREAD = re.compile(r"^transcripts|_boundaries\.", re.I)  # large, and not what is analysed
_DEEPEST = 4  # folders in folders: outs/binned_outputs/square_008um/spatial


@dataclass(frozen=True, slots=True)
class Mark:
    """What an input is known by.

    Attributes
    ----------
    sha256
        Of a file; of a folder, of the names and contents of the files in it that are read.
    stamp
        Hash of names, sizes and times of the same files, which takes no reading.
    """

    sha256: str
    stamp: str

    def fits(self, path: Path) -> bool:
        """Return whether the input at `path` is the one that has this mark."""
        try:
            return stamp(path) == self.stamp or sha256(path) == self.sha256
        except OSError:
            return False


def mark(path: Path) -> Mark | None:
    """Return the mark of an input, or None where it cannot be read."""
    try:
        return Mark(sha256(path), stamp(path))
    except OSError:
        return None


def stamps(paths: Iterable[Path]) -> dict[Path, str]:
    """Return {input: its stamp} of those that are there."""
    found = {}
    for path in paths:
        with suppress(OSError, ValueError):  # the reader will say what is wrong
            found[path] = stamp(path)
    return found


def marks_since(before: Mapping[Path, str], sources: Iterable[Path]) -> dict[Path, Mark]:
    """Return {input: its mark} of inputs that were read since their stamps were taken.

    Raises
    ------
    DataError
        One changed while it was read.
    """
    marks = {source: found for source in sources if (found := mark(source))}
    for source, found in marks.items():
        if before.get(source, found.stamp) != found.stamp:
            raise DataError(
                f"Expected {source} to stay as it is while it is read, found that it changed. Read it again."
            )
    return marks


def stamp(path: Path) -> str:
    """Return a hash of the names, sizes and times of the files of an input; raises `OSError`."""
    total = hashlib.sha256()
    for name, file in _files(path):
        status = file.stat()
        total.update(f"{name}\0{status.st_size}\0{status.st_mtime_ns}\n".encode("utf-8", "surrogateescape"))
    return total.hexdigest()


def sha256(path: str | Path) -> str:
    """Return the SHA-256 of a file, or of the names and contents of the files of a folder in a fixed order.

    Of a folder of Space Ranger or Xenium only counts, places and small pictures are taken, and of the pictures and
    points of a SpatialData only their names and sizes: the rest may be large and is not read.

    Raises
    ------
    OSError
        The path cannot be read.
    """
    path = Path(path)
    if not path.is_dir():
        with path.open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()
    total = hashlib.sha256()
    for name, file_path in _files(path):
        is_large = name.split("/", 1)[0] in _PIXELS
        content = str(file_path.stat().st_size) if is_large else sha256(file_path)
        total.update(f"{name}\0{content}\n".encode("utf-8", "surrogateescape"))
    return total.hexdigest()


def _files(path: Path) -> Iterator[tuple[str, Path]]:
    """Yield (name within the input, file) of the files of an input, in a fixed order."""
    if not path.is_dir():
        yield path.name, path
        return
    everything = _is_zarr(path)
    for folder, folders, names in os.walk(path):
        inside = Path(folder).relative_to(path)
        folders.sort()
        if not everything:
            folders[:] = [name for name in folders if len(inside.parts) < _DEEPEST and not _is_raw(name, folders)]
        for name in sorted(names):
            if everything or inside.name == "spatial" or (_is_read(name) and not _is_raw(name, names)):
                file = Path(folder) / name
                if file.is_file():
                    yield (inside / name).as_posix(), file


def _is_zarr(path: Path) -> bool:
    return path.suffix == ".zarr" or any((path / name).exists() for name in _ZARR)


def _is_read(name: str) -> bool:
    return _READ.search(name) is not None and _UNREAD.search(name) is None


def _is_raw(name: str, beside: list[str]) -> bool:
    """Return whether a matrix has all barcodes where one beside it has those under tissue."""
    return "raw_feature" in name and name.replace("raw_feature", "filtered_feature") in beside

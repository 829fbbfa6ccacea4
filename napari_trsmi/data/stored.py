"""Values of an HDF5 table that a copy takes as they are stored: compressed, and never in memory.

What is written beside them goes to the disk as it is made. The HDF5 library takes the whole process down with it when
a disk fills up under it; so it writes to an object of ours, which tells the library that all is well, and tells us.
"""

from __future__ import annotations

import io
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any

from napari_trsmi.data.libraries import MOVED_FROM
from napari_trsmi.interrupt import check

if TYPE_CHECKING:
    from anndata import AnnData
    from mudata import MuData

_COMPRESSED = {"compression": "gzip", "compression_opts": 1}
_SHUFFLED = {**_COMPRESSED, "shuffle": True}  # smaller than level 4 without shuffling, in half the time
_VALUES = ("array", "csr_matrix", "csc_matrix")  # the encodings of anndata
_HOLDERS = ("layers", "obsm", "varm", "obsp", "varp")


@dataclass(frozen=True)
class Kept:
    """Parts of an HDF5 file that are not read.

    Attributes
    ----------
    source
        The file.
    parts
        {where it goes in a copy: where it lies in the file}.
    """

    source: Path
    parts: Mapping[str, str] = field(default_factory=dict)

    def under(self, before: str) -> Kept:
        """Return the same parts to go under a group of the copy, such as ``"mod/rna"``."""
        return replace(self, parts={f"{before}/{name}": place for name, place in self.parts.items()})

    def put_into(self, file: Any) -> None:
        """Copy the parts into an open HDF5 file, compressed as they are."""
        import h5py

        with h5py.File(self.source, "r") as source:
            for name, place in self.parts.items():
                check()
                if name in file:
                    del file[name]
                source.copy(source[place], file, name)


def read_without_values(
    path: Path, ours: tuple[str, ...], graphs: bool = False
) -> tuple[AnnData | MuData, Kept] | None:
    """Return the table in an HDF5 file without its values, and these as parts to keep; None where it is an old file.

    Values are `X`, `raw`, and arrays of numbers and sparse matrices in ``layers``, ``obsm`` and the like, but for the
    coordinates and what is called as `ours` begin, in a MuData of the whole object. Of the latter ``obsp`` is left out
    unless `graphs` are asked for.
    """
    import anndata
    import h5py
    import mudata

    skeleton = io.BytesIO()
    with h5py.File(path, "r") as source:
        kind = str(source.attrs.get("encoding-type", "")).lower()
        if kind not in ("anndata", "mudata") or "raw.X" in source:
            return None
        kept: dict[str, str] = {}
        header = source.userblock_size
        with h5py.File(skeleton, "w", userblock_size=header) as target:
            _split(source, target, kept, ours, graphs)
            if "mod" in source:
                modalities = target.create_group("mod")
                modalities.attrs.update(source["mod"].attrs)
                for name, one in source["mod"].items():
                    _split(one, modalities.create_group(name), kept, (), graphs)
            if kind == "anndata":
                return anndata.io.read_elem(target), Kept(path, kept)
        skeleton.seek(0)
        with path.open("rb") as file:
            skeleton.write(file.read(header))
        with TemporaryDirectory() as folder:  # not every mudata reads from memory
            made = Path(folder) / "skeleton.h5mu"
            made.write_bytes(skeleton.getbuffer())
            return mudata.read_h5mu(made), Kept(path, kept)


def _split(source: Any, target: Any, kept: dict[str, str], ours: tuple[str, ...], graphs: bool) -> None:
    """Copy a stored table but for its values, which are noted in `kept`."""
    target.attrs.update(source.attrs)
    for name, part in source.items():
        place = part.name.strip("/")
        if name == "mod":
            continue
        if (name == "X" and _is_value(part)) or (name == "raw" and part.attrs.get("encoding-type") == "raw"):
            kept[place] = place
        elif name in _HOLDERS:
            holder = target.create_group(name)
            holder.attrs.update(part.attrs)
            for key, value in part.items():
                if ours and key.startswith(ours):
                    if graphs or name != "obsp":
                        source.copy(value, holder, key)
                elif key not in ("spatial", MOVED_FROM) and _is_value(value):
                    kept[f"{place}/{key}"] = f"{place}/{key}"
                else:
                    source.copy(value, holder, key)
        else:
            source.copy(part, target, name)


def _is_value(part: Any) -> bool:
    """Return whether a part is an array of numbers, or a sparse matrix."""
    if part.attrs.get("encoding-type") not in _VALUES:
        return False
    numbers = part if hasattr(part, "dtype") else part["data"]
    return numbers.dtype.kind in "iuf"


def put(group: Any, name: str, value: Any) -> None:
    """Write something that anndata can write into an open HDF5 file, compressed."""
    from anndata.experimental import write_dispatched

    write_dispatched(group, name, value, callback=_compressed, dataset_kwargs=_COMPRESSED)


def _compressed(write: Any, group: Any, name: str, value: Any, *, dataset_kwargs: Any, iospec: Any) -> None:
    check()
    numbers = iospec.encoding_type in _VALUES and value.ndim and value.dtype.kind in "biuf"
    write(group, name, value, dataset_kwargs=_SHUFFLED if numbers else dataset_kwargs)


class _Disk(io.RawIOBase):
    """A file that HDF5 can write to without ever hearing that the system refused; `error` is what it said."""

    def __init__(self, path: Path) -> None:
        super().__init__()
        self._file = path.open("wb+", buffering=0)
        self.error: OSError | None = None

    def seekable(self) -> bool:
        return True

    def readable(self) -> bool:
        return True

    def writable(self) -> bool:
        return True

    def seek(self, offset: int, whence: int = 0) -> int:
        return self._file.seek(offset, whence)

    def tell(self) -> int:
        return self._file.tell()

    def readinto(self, buffer: Any) -> int:
        """Read as much as is there; zeros stand for what could not be written."""
        view = memoryview(buffer)
        done = self._file.readinto(view) or 0
        if self.error is not None and done < len(view):
            view[done:] = bytes(len(view) - done)
            done = len(view)
        return done

    def write(self, content: Any) -> int:
        view = memoryview(content).cast("B")
        try:
            done = 0
            while self.error is None and done < len(view):
                done += self._file.write(view[done:])
        except OSError as error:
            self.error = error
        return len(view)

    def truncate(self, size: int | None = None) -> int:
        try:
            if self.error is None:
                self._file.truncate(size)
        except OSError as error:
            self.error = error
        return size or 0

    def close(self) -> None:
        self._file.close()
        super().close()


@contextmanager
def new_hdf5(path: Path, header: bytes = b"") -> Iterator[Any]:
    """Yield a new HDF5 file, which begins with a header where one is given.

    Raises
    ------
    OSError
        The system refuses: full disk, no permission.
    """
    import h5py

    disk = _Disk(path)
    try:
        with h5py.File(disk, "w", userblock_size=len(header)) as file:
            yield file
            if disk.error is not None:
                raise disk.error
        if header:
            disk.seek(0)
            disk.write(header)
    except Exception:
        if disk.error is None:
            raise
    finally:
        disk.close()
    if disk.error is not None:
        raise disk.error

"""Pictures of any size, which stay on disk: which files hold them, and their resolutions as arrays that read on demand.

What is read when a section opens is one small resolution; of the others only what the window shows.
"""

from __future__ import annotations

import weakref
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

from napari_trsmi.errors import DataError

LARGEST_OVERVIEW = 3000  # pixels on the longer side of what is read at once
_MOST_READ = 1 << 26  # pixels of a picture without smaller copies that are read all the same, thinned out
_COLORS = (3, 4)  # samples of a picture in colours


@dataclass(frozen=True)
class Pyramid:
    """A picture in several resolutions, on disk.

    Attributes
    ----------
    paths
        One TIFF or OME-Zarr with all channels, or several TIFF with one channel each.
    channels
        Names of the channels, as far as they are known.
    step
        Pixels of the small copy that was read per pixel of the finest resolution.
    colored
        Whether three or four channels of 8 bits are colours.
    """

    paths: tuple[Path, ...]
    channels: tuple[str, ...] = ()
    step: float = 1.0
    colored: bool = False

    def levels(self) -> list[Any]:
        """Return the resolutions, finest first: dask arrays (C, H, W), or (H, W, 3 or 4) uint8 for colours.

        Raises
        ------
        DataError
            A file is missing, damaged, or no picture of one plane.
        """
        import dask.array as da

        try:
            if len(self.paths) == 1:
                levels = _levels(self.paths[0])
                turn = self.colored and levels[0].dtype == np.uint8 and levels[0].shape[0] in _COLORS
                return [level.transpose(1, 2, 0) for level in levels] if turn else levels
            each = [_levels(path, alone=True) for path in self.paths]
        except DataError:
            raise
        except Exception as error:  # decoders raise nearly everything
            raise unreadable(error) from error
        n_levels = min(map(len, each))
        same = all(len({one[level].shape[1:] for one in each}) == 1 for level in range(n_levels))
        if not same:
            raise DataError("Expected channels of one size, found files of different sizes.")
        return [da.concatenate([one[level] for one in each]) for level in range(n_levels)]

    def overview(self) -> tuple[np.ndarray, Pyramid]:
        """Return a small copy, (H, W, C) and at most `LARGEST_OVERVIEW` a side, and the pyramid that knows its step.

        Raises
        ------
        DataError
            As `levels`; and where there is no small resolution of a large picture.
        """
        levels = self.levels()
        try:
            fitting = [level for level in levels if max(_size(level)) <= LARGEST_OVERVIEW]
            level = fitting[0] if fitting else levels[-1]
            height, width = _size(level)
            if not fitting and height * width > _MOST_READ:
                raise DataError(
                    f"Expected a picture with smaller copies of itself, found {height:,} x {width:,} pixels alone. "
                    "Write it as pyramid."
                )
            step = -(-max(height, width) // LARGEST_OVERVIEW)
            if is_colored(level):
                pixels = np.asarray(level[::step, ::step])
            else:
                pixels = np.moveaxis(np.asarray(level[:, ::step, ::step]), 0, 2)
        except DataError:
            raise
        except Exception as error:
            raise unreadable(error) from error
        return pixels, replace(self, step=width / _size(levels[0])[1] / step)


def is_colored(level: Any) -> bool:
    """Return whether a resolution is in colours, (H, W, 3 or 4), and not (C, H, W) channels."""
    return level.shape[2] in _COLORS and level.dtype == np.uint8


def unreadable(error: Exception) -> DataError:
    """Return the sentence on a picture that a library cannot read."""
    reason = (str(error).strip().splitlines() or [""])[0][:120]
    if "imagecodecs" in str(error):
        return DataError("Expected the package imagecodecs to unpack its pixels, found none. pip install imagecodecs.")
    return DataError(f"Expected a picture, found one that cannot be read ({type(error).__name__}: {reason}).")


def is_tiff(path: Path) -> bool:
    """Return whether a file is a TIFF by its name."""
    return path.suffix.lower() in (".tif", ".tiff", ".btf", ".svs")


def pixel_size_of(path: Path) -> float | None:
    """Return the width of a finest pixel of an OME-TIFF or OME-Zarr in micrometres, None where it does not say."""
    try:
        return _size_in_tiff(path) if path.is_file() else _size_in_zarr(path)
    except Exception:  # without it the picture can still be shown
        return None


def _size(level: Any) -> tuple[int, int]:
    return tuple(level.shape[:2] if is_colored(level) else level.shape[1:])


def _levels(path: Path, *, alone: bool = False) -> list[Any]:
    """Return the resolutions of one file; `alone` without the other files that an OME-TIFF says it belongs to."""
    if not path.exists():
        raise DataError(f"Expected a picture at {path}, found nothing.")
    return _tiff_levels(path, alone) if path.is_file() else _zarr_levels(path)


def _tiff_levels(path: Path, alone: bool) -> list[Any]:
    import dask.array as da
    import tifffile
    import zarr

    file = tifffile.TiffFile(path, is_ome=False if alone else None)
    open_file = _Open(file)
    if alone:
        page = file.pages[0]
        stores = [level.aszarr() for level in (page, *(page.pages or ()))]
        axes = page.axes
    else:
        series = file.series[0]
        stores, axes = [series.aszarr(level=level) for level in range(len(series.levels))], series.axes
    arrays = []
    for store in stores:
        store.open_file = open_file
        arrays.append(da.from_zarr(zarr.open_array(store, mode="r")))
    return [_arranged(array, axes, path) for array in arrays]


class _Open:
    """Closes a file once nothing refers to this any more, which all arrays of the file do."""

    def __init__(self, file: Any) -> None:
        weakref.finalize(self, file.close)


def _zarr_levels(path: Path) -> list[Any]:
    import dask.array as da

    group, multiscale = _multiscale(path)
    axes = "".join(axis["name"] if isinstance(axis, dict) else axis for axis in multiscale.get("axes", "tczyx"))
    arrays = [da.from_zarr(group[dataset["path"]]) for dataset in multiscale["datasets"]]
    return [_arranged(array, axes.upper(), path) for array in arrays]


def _multiscale(path: Path) -> tuple[Any, dict[str, Any]]:
    """Return a group of OME-Zarr, and what it says of its first picture."""
    import zarr

    group = zarr.open_group(str(path), mode="r")
    attributes: Any = dict(group.attrs)
    found = dict(attributes.get("ome", attributes)).get("multiscales")
    if not found:
        raise DataError(f"Expected a picture in OME-Zarr at {path}, found a folder of another kind.")
    return group, found[0]


def _arranged(array: Any, axes: str, path: Path) -> Any:
    """Return an array as (C, H, W), or (H, W, S) for colours; one plane of it where there are several in depth."""
    for axis in "TZQIR":  # times, planes, and what a file does not name
        while axis in axes and array.ndim > 2:
            place = axes.index(axis)
            array = array[(*[slice(None)] * place, array.shape[place] // 2)]
            axes = axes[:place] + axes[place + 1 :]
    if axes == "YX":
        return array[None]
    if axes == "YXS" and is_colored(array):
        return array
    if axes in ("YXS", "YXC"):
        return array.transpose(2, 0, 1)
    if axes == "SYX" and array.shape[0] in _COLORS and array.dtype == np.uint8:
        return array.transpose(1, 2, 0)
    if axes in ("CYX", "SYX"):
        return array
    raise DataError(f"Expected a picture of one plane at {path}, found axes {axes!r} of shape {array.shape}.")


def _size_in_tiff(path: Path) -> float | None:
    import tifffile

    with tifffile.TiffFile(path) as file:
        if file.ome_metadata is None:
            return None
        images = tifffile.xml2dict(file.ome_metadata)["OME"]["Image"]
        pixels = (images[0] if isinstance(images, list) else images)["Pixels"]
    per_unit = {"µm": 1.0, "um": 1.0, "nm": 1e-3, "mm": 1e3}.get(pixels.get("PhysicalSizeXUnit", "µm"))
    size = pixels.get("PhysicalSizeX")
    return None if size is None or per_unit is None else _positive(float(size) * per_unit)


def _size_in_zarr(path: Path) -> float | None:
    _, multiscale = _multiscale(path)
    axes = [axis for axis in multiscale["axes"]]
    column = next(place for place, axis in enumerate(axes) if axis["name"] == "x")
    per_unit = {"micrometer": 1.0, "nanometer": 1e-3, "millimeter": 1e3}.get(axes[column].get("unit", ""))
    steps = multiscale["datasets"][0]["coordinateTransformations"]
    scale = next(step["scale"][column] for step in steps if step["type"] == "scale")
    return None if per_unit is None else _positive(float(scale) * per_unit)


def _positive(value: float) -> float | None:
    return value if np.isfinite(value) and value > 0 else None

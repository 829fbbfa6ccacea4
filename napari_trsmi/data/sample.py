"""The small synthetic slice that comes with the package."""

from __future__ import annotations

from importlib.resources import files
from pathlib import Path

from napari_trsmi.errors import DataError

_NAME = "trsmi_slice.h5mu"


def sample_path() -> Path:
    """Return the path of the sample slice: 2,500 spots, `rna` and `adt`, a stained picture, the true domains.

    An installed package carries the file in ``napari_trsmi/sample_data``; a checkout keeps it in ``sample_data``.

    Raises
    ------
    DataError
        The file is in neither place.

    Examples
    --------
    >>> sample_path().name
    'trsmi_slice.h5mu'
    """
    package = Path(str(files("napari_trsmi")))
    places = (package / "sample_data" / _NAME, package.parent / "sample_data" / _NAME)
    for place in places:
        if place.is_file():
            return place
    raise DataError(f"Expected the sample at {places[0]} or {places[1]}, found neither. Install the package again.")

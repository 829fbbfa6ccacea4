"""Output folders of Space Ranger: counts, and the positions, images and scale factors beside them."""

from __future__ import annotations

import gzip
import json
from collections.abc import Iterator
from itertools import islice
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from napari_trsmi.data.libraries import positive
from napari_trsmi.data.readers.annotating import UNMAPPED
from napari_trsmi.data.readers.found import Found, Holder, combined, found_in_anndata
from napari_trsmi.data.readers.matrices import library_in, read_matrix
from napari_trsmi.data.readers.opening import reading
from napari_trsmi.data.readers.pictures import read_picture
from napari_trsmi.data.readers.positions import middles_of_cells, positions_of, read_positions
from napari_trsmi.data.readers.ranger_files import (
    IMAGES,
    RunFile,
    files_in,
    is_part_folder,
    of_sample,
    samples_in,
    without_kind,
)
from napari_trsmi.errors import ChoiceError, DataError

_PACKED = ("*spatial*.tar.gz", "*spatial*.zip", "*matri*.tar.gz", "*matri*.zip", "*.tar")


_MOST_FOLDERS = 1000  # looked into, so that a folder of anything is passed over quickly


class _Section(NamedTuple):
    """One matrix and what lies beside it."""

    folder: Path
    files: list[RunFile]
    sample: str
    matrix: Path

    def path(self, kind: str) -> Path | None:
        return of_sample(self.files, kind, self.sample)

    @property
    def is_placed(self) -> bool:
        return self.path("positions") is not None or self.path("cells") is not None


def is_space_ranger(folder: Path) -> bool:
    """Return whether a folder has files with the names that Space Ranger gives, also in ``outs`` or in its bins."""
    if not folder.is_dir():
        return False
    return any(file.kind not in IMAGES for outs in _outs(folder) for file in files_in(outs)) or bool(_sections(folder))


def from_space_ranger(folder: Path, library: str | None = None, *, alone: bool = True) -> Found:
    """Return the modalities, positions and images in a Space Ranger output folder.

    Names may have a prefix, as those of public archives do, files may be gzipped, and all may lie in one folder. The
    filtered matrix goes before the raw one. Cells of ``segmented_outputs`` lie in the middle of their polygons.

    Parameters
    ----------
    folder
        The folder of a run, its ``outs``, that of a bin size, or one above several of them.
    library
        Sample or bin size to take where there are several.
    alone
        Whether no other file was given, which might tell where the spots are.

    Raises
    ------
    ChoiceError
        There are several, and none was chosen.
    DataError
        Counts are missing or cannot be read, or so are positions, and it is alone.
    """
    with reading(folder):
        sections = _sections(folder)
        if not sections:
            raise DataError(_no_matrix(folder))
        if library in sections:
            return _found(sections[library], library, alone)
        bare = {without_kind(name) for name in sections}
        if len(sections) > 1 and len(bare) == 1 and library in (None, *bare):  # a matrix of each modality
            name = next(iter(bare)) or _run_name(folder)
            return combined({part: _found(section, name, alone) for part, section in sections.items()})
        if len(sections) > 1 and library is None:
            raise ChoiceError("sections", list(sections))
        if len(sections) > 1:
            raise DataError(f"Expected one of the sections {list(sections)}, found {library!r}. Choose one of them.")
        name, section = next(iter(sections.items()))
        return _found(section, library_in(section.matrix) or name, alone)


def run_of(part: Path) -> Path | None:
    """Return the folder of the run that a part of one lies in, its folder of a matrix or ``spatial``; None for others.

    So a run opens whichever of its folders was given.
    """
    outs = part.absolute().parent
    given = is_part_folder(part) and not part.name.lower().startswith("raw")  # that is another matrix than is taken
    whole = given and any(section.is_placed for section in _samples(outs).values())
    return outs if whole else None


def from_matrix(path: Path, *, alone: bool = True) -> Found:
    """Return the section whose matrix ``.h5`` was given, with what lies beside it.

    Parameters
    ----------
    alone
        Whether no other file was given, which might tell where the spots are.

    Raises
    ------
    DataError
        There are no positions beside it, and it is alone.
    """
    folder = path.absolute().parent
    with reading(path):
        files = files_in(folder)
        sample = next((file.sample for file in files if file.path.name == path.name), "")
        section = _Section(folder, files, sample, path)
        if not section.is_placed and not alone:
            return _found(section, library_in(path) or "", alone)
        if not section.is_placed:
            raise DataError(
                f"Expected the positions of the spots beside the matrix {path}, found none. Give the folder that "
                "Space Ranger calls outs, with the matrix in it."
            )
        found = _found(section, library_in(path) or _run_name(folder))
    found.notes.append(f"{path.name} holds counts alone: took the folder {folder.name}, in which it lies.")
    return found


def _sections(folder: Path) -> dict[str, _Section]:
    """Return {name: section} of the matrices in a folder, else of those in the folders in it."""
    for outs in _outs(folder):
        if found := _samples(outs):
            return found
    parents = [parent for outs in _outs(folder) for parent in (outs, outs / "binned_outputs") if parent.is_dir()]
    inner: dict[str, _Section] = {}
    subs = (sub for parent in parents for sub in sorted(islice(parent.iterdir(), _MOST_FOLDERS)) if sub.is_dir())
    for sub in subs:
        for outs in _outs(sub):
            found = {name: section for name, section in _samples(outs).items() if section.is_placed}
            inner |= found if len(found) == 1 else {f"{sub.name}/{name}": section for name, section in found.items()}
    return inner


def _outs(folder: Path) -> Iterator[Path]:
    """Yield a folder, and ``outs`` in it."""
    yield folder
    if (folder / "outs").is_dir():
        yield folder / "outs"


def _samples(folder: Path) -> dict[str, _Section]:
    """Return {name: section} of the matrices that lie in one folder; a lone one goes by the folder's name."""
    files = files_in(folder)
    samples = samples_in(files)
    named = {sample: matrix for sample in samples if (matrix := of_sample(files, "matrix", sample)) is not None}
    return {
        sample if sample and len(named) > 1 else _run_name(folder): _Section(folder, files, sample, matrix)
        for sample, matrix in named.items()
    }


def _run_name(folder: Path) -> str:
    folder = folder.absolute()
    return folder.parent.name if folder.name == "outs" else folder.name


def from_positions(path: Path) -> Found:
    """Return what a list of positions tells of spots whose counts lie elsewhere; there is no modality in it."""
    with reading(path):
        table = read_positions(path)
    places = table[["pxl_col_in_fullres", "pxl_row_in_fullres"]].to_numpy(np.float64)  # (x, y)
    holder = Holder(path.name, table, {"spatial": places}, {})
    return Found({}, [holder], notes=[f"Took the places of {len(table):,} barcodes from {path.name}."])


def _found(section: _Section, name: str, alone: bool = True) -> Found:
    """Return the counts of a section with positions, images and scale factors, in the form that squidpy keeps.

    Where it is not `alone`, counts without positions are all there is.
    """
    notes: list[str] = []
    table = read_matrix(section.matrix)
    if (unmapped := table.var_names.str.fullmatch(UNMAPPED)).any():
        notes.append(f"Left out {', '.join(table.var_names[unmapped])}: no features.")
        table = table[:, ~unmapped].copy()
    if not section.is_placed and not alone:
        found = found_in_anndata(table, name)
        found.notes += notes
        found.stored = {}
        return found
    factors = _factors(section, notes)
    if (positions := section.path("positions")) is not None:
        places, more = positions_of(positions, table.obs_names)
        table.obs = table.obs.join(places)
        table.obsm["spatial"] = places[["pxl_col_in_fullres", "pxl_row_in_fullres"]].to_numpy(np.float64)  # (x, y)
        notes += more
    elif (cells := section.path("cells")) is not None:
        table.obsm["spatial"], diameter = middles_of_cells(cells, table.obs_names)
        if positive({"scalefactors": factors}, "spot_diameter_fullres") is None:
            factors["spot_diameter_fullres"] = diameter
    else:
        raise DataError(
            f"Expected tissue_positions.csv in {section.folder}, found none. Choose a complete Space Ranger folder."
        )
    table.uns["spatial"] = {name: {"images": _images(section, factors, notes), "scalefactors": factors}}
    found = found_in_anndata(table, name)
    found.notes += notes
    found.stored = {}  # there is no table to write into
    return found


def _factors(section: _Section, notes: list[str]) -> dict[str, Any]:
    """Return the scale factors, none where they cannot be read, which is noted."""
    path = section.path("factors")
    if path is None:
        notes.append(f"Expected scalefactors_json.json in {section.folder}, found none: went on without image.")
        return {}
    try:
        with (gzip.open if path.suffix == ".gz" else open)(path, "rt", encoding="utf-8") as file:
            return dict(json.load(file))
    except (OSError, EOFError, ValueError, TypeError, RecursionError) as error:
        notes.append(f"{path.name} cannot be read ({type(error).__name__}): went on without image.")
        return {}


def _images(section: _Section, factors: dict[str, Any], notes: list[str]) -> dict[str, np.ndarray]:
    """Return {"hires", "lowres": pixels} of those that are there and can be read."""
    images = {}
    for key in IMAGES if factors else ():
        if (path := section.path(key)) is None:
            continue
        try:
            images[key] = read_picture(path)
        except DataError as error:
            notes.append(f"Left out the image {path.name}. {error}")
    return images


def _no_matrix(folder: Path) -> str:
    """Return the sentence on a folder without counts."""
    packed = [path.name for pattern in _PACKED for path in sorted(folder.glob(pattern))]
    way_out = "Choose the folder that Space Ranger calls outs, or one of its binned_outputs."
    if packed:
        way_out = f"Unpack {', '.join(packed[:3])} there."
    return f"Expected filtered_feature_bc_matrix (.h5 or folder) in {folder}, found none. {way_out}"

"""The tables a result is written into: the input read again, or tables built from the dataset."""

from __future__ import annotations

import warnings
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from napari_trsmi.data.annotate import OURS, find_rows
from napari_trsmi.data.stored import Kept, read_without_values
from napari_trsmi.data.study_tables import coords_as_read
from napari_trsmi.data.tables import layers_of, mudata_as_stored, mudata_of, read_table, table_kind
from napari_trsmi.errors import DataError

if TYPE_CHECKING:
    from anndata import AnnData
    from mudata import MuData

    from napari_trsmi.data.dataset import Dataset

_FEATURE_TYPES = {"rna": "Gene Expression", "protein": "Antibody Capture", "chromatin": "Peaks"}


@dataclass(frozen=True, slots=True)
class Copy:
    """A table to write a result into.

    Attributes
    ----------
    table
        The input read again, or what was analysed.
    rows
        {table in it: (N,) int row of each spot} as `annotate.annotate` takes it.
    notes
        Sentences a person should read: why it is not the input.
    kept
        Values of the input that the table lacks and the file is to have as they are stored.
    """

    table: AnnData | MuData
    rows: dict[str, np.ndarray]
    notes: tuple[str, ...] = ()
    kept: Kept | None = None


def copy_of_input(dataset: Dataset, suffix: str) -> Copy:
    """Return what the dataset came from, in the form that `suffix` asks for.

    One file of a fitting format is read again, with all that is in it; of an HDF5 file that is to become another the
    values are only named, to be copied as they are stored. Everything else (several files, a Space Ranger
    folder, data given in memory, another format than the input's, a file that changed or is gone) is built from the
    dataset's tables and holds the analysed spots.

    Parameters
    ----------
    dataset
        The analysed section.
    suffix
        ``".h5ad"`` for an AnnData, ``".h5mu"`` for a MuData, ``".zarr"`` for the kind that fits the dataset.
    """
    from anndata import AnnData
    from mudata import MuData

    several = len(dataset.modalities) > 1
    found, notes, kept = _read_source(dataset, suffix)
    if isinstance(found, MuData) and suffix != ".h5ad":
        return Copy(found, dataset.rows, kept=kept)
    if isinstance(found, AnnData) and (suffix != ".h5mu" or not several):
        if suffix != ".h5mu":
            return Copy(found, dataset.rows, kept=kept)
        name = next(iter(dataset.modalities))
        known = {key: dataset.rows[""] for key in ("", name) if "" in dataset.rows}
        return Copy(mudata_of({name: found}), known, kept=kept and kept.under(f"mod/{name}"))
    rows = np.arange(dataset.n_spots)
    if suffix == ".h5mu" or (several and suffix == ".zarr"):
        return Copy(*_mudata_of(dataset), notes)
    partly = [name for name, modality in dataset.modalities.items() if modality.measured is not None]
    if partly:
        zeros = f"The copy holds zeros where {', '.join(partly)} was not measured; an .h5mu leaves those spots out."
        notes = (*notes, zeros)
    return Copy(anndata_of(dataset), {"": rows}, notes)


def _mudata_of(dataset: Dataset) -> tuple[MuData, dict[str, np.ndarray]]:
    """Return a MuData whose modalities hold the spots at which they were measured, and the rows of the spots in it."""
    import pandas as pd

    tables, rows = {}, {}
    for name, modality in dataset.modalities.items():
        table, measured = own_table(dataset, name), modality.measured
        if measured is not None:
            table = table[measured].copy()
        tables[name] = table
        rows[name] = pd.Index(table.obs_names).get_indexer(dataset.obs_names)
    made = mudata_of(tables)
    rows[""] = pd.Index(made.obs_names).get_indexer(dataset.obs_names)
    if dataset.parts:
        coords = np.empty((dataset.n_spots, 2))
        coords[rows[""]] = coords_as_read(dataset)
        made.obsm["spatial"] = coords
    return made, rows


def changed(dataset: Dataset, source: Path) -> bool:
    """Return whether something else lies at the place of an input than what was read; also where nothing does."""
    known = dataset.marks.get(source)
    return known is not None and not known.fits(Path(source))


def anndata_of(dataset: Dataset) -> AnnData:
    """Return one AnnData with the features of all modalities side by side.

    With several modalities `X` is sparse, ``var["modality"]`` and ``var["feature_types"]`` tell the features apart,
    and features of the same name get their modality's name in front.
    """
    import anndata
    import pandas as pd
    from scipy import sparse

    tables = {name: own_table(dataset, name) for name in dataset.modalities}
    if len(tables) == 1:
        return next(iter(tables.values()))
    parts = []
    for name, table in tables.items():
        part = table.var.copy()
        part["modality"] = name
        if "feature_types" not in part:
            part["feature_types"] = _FEATURE_TYPES.get(dataset.modalities[name].kind, name)
        parts.append(part)
    var = pd.concat(parts)
    twice = var.index.duplicated(keep=False)
    var.index = pd.Index(np.where(twice, var["modality"] + ":" + var.index, var.index))
    joined = anndata.AnnData(
        X=sparse.hstack([sparse.csr_matrix(table.X) for table in tables.values()], format="csr"),
        obs=dataset.obs.copy(),
        var=var,
    )
    joined.obs_names = dataset.obs_names
    for table in reversed(tables.values()):  # the first modality wins where names meet
        joined.uns.update(table.uns)
        joined.obsm.update(table.obsm)
    return joined


def _read_source(dataset: Dataset, suffix: str) -> tuple[AnnData | MuData | None, tuple[str, ...], Kept | None]:
    """Return the one table file the dataset came from, and what of it was not read; or None and why."""
    if len(dataset.sources) != 1:
        return None, (), None
    source = Path(dataset.sources[0])
    instead = "the copy holds the analysed spots and features only, as they were read."
    if changed(dataset, dataset.sources[0]):
        what = "has changed since it was read" if source.exists() else "is gone"
        return None, (f"{source} {what}: {instead}",), None
    try:
        kept = None
        if (there := _without_values(dataset, source, suffix)) is not None:
            found, kept = there
        elif table_kind(source) in ("anndata", "mudata"):
            found = read_table(source)
        else:
            return None, (), None
    except (OSError, KeyError, ValueError, DataError) as error:
        return None, (f"{source} cannot be read again ({error}): {instead}",), None
    if not _holds(found, dataset):
        return None, (f"{source} no longer holds the analysed spots: {instead}",), None
    return found, (), kept


def _without_values(dataset: Dataset, source: Path, suffix: str) -> tuple[AnnData | MuData, Kept] | None:
    """Return the table in an HDF5 file without its values, where a copy can take these as they are stored.

    The file was checked when it was read, and has not changed since: it has the mark that it had then.
    """
    import h5py
    from mudata import MuData

    if suffix == ".zarr" or dataset.sources[0] not in dataset.marks or not source.is_file():
        return None
    if not h5py.is_hdf5(source):
        return None
    with warnings.catch_warnings(), mudata_as_stored():
        warnings.simplefilter("ignore")
        there = read_without_values(source, OURS)
    if there is None or (isinstance(there[0], MuData) and suffix == ".h5ad"):
        return None
    return there


def _holds(table: AnnData | MuData, dataset: Dataset) -> bool:
    """Return whether the analysed spots are where they were read, or at least in the table."""
    try:
        return bool((find_rows(dataset, table) >= 0).all())
    except DataError:
        return False


def own_table(dataset: Dataset, name: str) -> AnnData:
    """Return a modality's table, its own frames around the same arrays, with the coordinates of each section."""
    import anndata

    table = dataset.modalities[name].table
    made = anndata.AnnData(
        X=table.X,
        obs=table.obs.copy(),
        var=table.var.copy(),
        uns=dict(table.uns),
        obsm=dict(table.obsm),
        varm=dict(table.varm),
        layers=layers_of(table),
        obsp=dict(table.obsp),
        varp=dict(table.varp),
    )
    for column in dataset.obs.columns.difference(made.obs.columns):
        made.obs[column] = dataset.obs[column].array
    made.obs_names = dataset.obs_names
    made.obsm["spatial"] = np.asarray(coords_as_read(dataset), dtype=np.float64)
    return made

"""Results from files: with the section they were written into, spot by spot."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from napari_trsmi.data.dataset import Dataset
from napari_trsmi.data.result import Result
from napari_trsmi.errors import DataError
from napari_trsmi.sampling import are_all, taken

if TYPE_CHECKING:
    from napari_trsmi.data.saved import SavedResult


def restore(path: str | Path) -> Result:
    """Return the result in a file that `Result.write` made, names, colours and review of boundaries included.

    Boundary edges are found again; they carry no contrast, their segments do. Steps of the history carry no previews.

    Parameters
    ----------
    path
        A file that `Result.write` made.

    Raises
    ------
    DataError
        The file holds no saved result, or some of its spots can no longer be read.

    Examples
    --------
    >>> import napari_trsmi as nt
    >>> nt.restore(nt.sample_path())
    Traceback (most recent call last):
    napari_trsmi.errors.DataError: Expected a result in ...
    """
    return _result(*read_saved(path))


def restore_on(dataset: Dataset, path: str | Path) -> Result:
    """Return the result in a file as one of a section that is open: what else the file holds is not read.

    Parameters
    ----------
    dataset
        The section, or study, that the result is of; spots are found by their names.
    path
        A file that `Result.write` or `data.small_copy.write_small` made.

    Raises
    ------
    DataError
        The file holds no saved result, or one of other spots.
    """
    from napari_trsmi.data.saved import read_result

    saved = read_result(path)
    if unknown := [name for name in saved.modalities if name not in dataset.modalities]:
        raise DataError(
            f"Expected a result of the modalities {list(dataset.modalities)}, found {unknown[0]!r} in {path}. Open it "
            "as a section of its own."
        )
    modalities = {name: dataset.modalities[name] for name in saved.modalities}
    return _result(*_aligned(saved, replace(dataset, modalities=modalities), _named(saved, dataset)))


def _result(saved: SavedResult, dataset: Dataset) -> Result:
    """Return a saved result over the same spots as one of the dataset."""
    from napari_trsmi.domains.boundaries import find_boundaries
    from napari_trsmi.evidence import SUPPORT, edges_with_support
    from napari_trsmi.graphs import spatial_graph
    from napari_trsmi.reviews import known_segments

    partition, coords = saved.partition, dataset.coords
    spatial = spatial_graph(coords, saved.config.graph.k_spatial, dataset.section)
    boundaries, edges = known_segments(
        find_boundaries(saved.labels, spatial, coords, saved.posterior, section=dataset.section), saved.boundaries
    )
    if saved.cuts is not None:
        edges = edges_with_support(edges, saved.cuts, spatial)
        edges = edges.sort_values(["segment", SUPPORT, "i", "j"], ignore_index=True)  # as `evidence.with_support` does
    return Result(
        dataset=dataset,
        config=saved.config,
        partition=partition,
        embedding=saved.embedding,
        correspondences=saved.correspondences,
        modality_weights=saved.modality_weights,
        boundaries=boundaries,
        boundary_edges=edges,
        colors=saved.colors,
        domain_names=saved.names,
        cuts=saved.cuts,
        maps=saved.maps,
        predicted=saved.predicted,
        history=saved.history,
        scores=saved.provenance.get("scores", {}),
        provenance=saved.origin,
        state=saved.state,
    )


def holds_result(path: Path) -> bool:
    """Return whether the file has the record of a run; reads no data."""
    from napari_trsmi.data.annotate import RECORD

    if path.is_dir():
        return any(any(path.glob(f"{table}uns/{RECORD}")) for table in ("", "mod/*/", "tables/*/"))
    import h5py

    try:
        with h5py.File(path, "r") as file:
            tables = [file, *file.get("mod", {}).values()]
            return any(f"uns/{RECORD}" in table for table in tables)
    except OSError:  # `read` will say what is wrong with it
        return False


def read_saved(path: str | Path) -> tuple[SavedResult, Dataset]:
    """Return a saved result and the dataset in the same file, over the same spots in the same order.

    Raises
    ------
    DataError
        The file holds no saved result, or some of its spots can no longer be read.
    """
    from napari_trsmi.data.saved import read_result

    saved = read_result(path)
    dataset = _dataset_in(saved)
    return _aligned(saved, dataset, _spots_of(saved, dataset))


def _aligned(saved: SavedResult, dataset: Dataset, rows: np.ndarray) -> tuple[SavedResult, Dataset]:
    """Return a saved result with its spots in the order of the dataset, by the (N,) place of each in it."""
    from dataclasses import fields

    if (rows < 0).any() or len(rows) != len(saved.labels):
        raise DataError(
            f"Expected a domain for each of the {dataset.n_spots} spots that can be read from {saved.path}, found "
            f"{len(saved.labels)}. Run `trsmi fit` on the file instead."
        )
    per_spot = {
        f.name: taken(found, rows)
        for f in fields(saved)
        if isinstance(found := getattr(saved, f.name), np.ndarray) and len(found) == len(rows)
    }
    correspondences = saved.correspondences
    if not are_all(rows, len(rows)):
        correspondences = {pair: s[rows][:, rows] for pair, s in correspondences.items()}
    maps = {name: taken(values, rows) for name, values in saved.maps.items()}
    predicted = {name: taken(values, rows) for name, values in saved.predicted.items()}
    per_spot["obs_names"] = dataset.obs_names  # which are unique, whatever the file calls them
    dataset = replace(dataset, notes=(*dataset.notes, *saved.notes))
    return replace(saved, **per_spot, correspondences=correspondences, maps=maps, predicted=predicted), dataset


def _dataset_in(saved: SavedResult) -> Dataset:
    """Return the section, or the study, in the file of a saved result."""
    from napari_trsmi.data.readers import read
    from napari_trsmi.data.readers.several import read_again
    from napari_trsmi.data.study import renamed
    from napari_trsmi.data.study_tables import SECTION, as_saved
    from napari_trsmi.data.tables import zarr_kind

    known = saved.provenance
    how: dict[str, Any] = {
        "kinds": known.get("kinds") or saved.config.preprocess.kinds or None,
        "modalities": saved.modalities or None,
        "spots": known.get("spots", "common"),
    }
    if known.get("sections"):
        column = None if zarr_kind(saved.path) == "spatialdata" else SECTION
        sections = [{**section, "paths": [saved.path]} for section in known["sections"]]
        return as_saved(read_again(sections, column=column, **how), known.get("places", ()))
    library = known.get("library")
    if called := known.get("called"):
        how["modalities"] = [called.get(name, name) for name in saved.modalities]
        how["kinds"] = {called.get(name, name): kind for name, kind in (how["kinds"] or {}).items()}
    try:
        dataset = read(saved.path, library=library, **how)
    except DataError:  # a copy of the one section may not name it any more
        if library is None:
            raise
        dataset = read(saved.path, **how)
    return renamed(dataset, {own: name for name, own in called.items()}) if called else dataset


def _spots_of(saved: SavedResult, dataset: Dataset) -> np.ndarray:
    """Return (N,) int spot of the saved result for each of the dataset; -1 where it has none."""
    import pandas as pd

    if saved.table not in dataset.rows:
        return _named(saved, dataset)
    return np.asarray(pd.Index(saved.rows).get_indexer(dataset.rows[saved.table]), np.int64)


def _named(saved: SavedResult, dataset: Dataset) -> np.ndarray:
    """Return the same, by the names of the spots."""
    import pandas as pd

    names = pd.Index(saved.obs_names)
    if not names.is_unique:
        raise DataError(f"Expected spots of different names in {saved.path}, found one twice. Make obs_names unique.")
    return np.asarray(names.get_indexer(dataset.obs_names), np.int64)

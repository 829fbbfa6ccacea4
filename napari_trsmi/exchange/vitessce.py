"""A result for Vitessce: a view configuration, and the tables it shows as AnnData-Zarr beside it."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from napari_trsmi.atomic import replacing
from napari_trsmi.errors import DataError
from napari_trsmi.exchange.labels import by_section, labels_of

if TYPE_CHECKING:
    from anndata import AnnData

    from napari_trsmi.data.dataset import Dataset
    from napari_trsmi.data.result import Result
    from napari_trsmi.exchange.labels import Labels

VERSION = "1.0.17"  # of the schema
COMPONENTS = "X_trsmi_pca"  # the two directions in which the embedding varies most
_FEATURES = {"rna": "gene", "protein": "antibody", "chromatin": "peak", "precomputed": "component"}
_VALUES = {"rna": "expression", "protein": "intensity", "chromatin": "accessibility", "precomputed": "value"}


def write_vitessce(
    source: Result | Dataset, path: str | Path, columns: Sequence[str] | None = None
) -> tuple[Path, ...]:
    """Write a view configuration, and beside ``x.json`` a folder ``x.data`` with a table of each modality.

    Serve both from one place: addresses in the configuration are relative. Domains and columns are sets of spots in
    their colours, every feature can be chosen. Of a study there is one configuration for each section.

    Raises
    ------
    DataError
        Another ending than ``.json``, there is nothing to show, or a file cannot be written.
    """
    path = Path(path)
    if path.suffix != ".json":
        raise DataError(f"Expected a configuration ending in .json, found {path.name}. Change the ending.")
    labels_of(source, columns)  # before anything is written
    written: list[Path] = []
    for part, own in by_section(source, path):
        written += _write(part, own, columns)
    return tuple(written)


def _write(source: Result | Dataset, path: Path, columns: Sequence[str] | None) -> list[Path]:
    from napari_trsmi.data.result import Result
    from napari_trsmi.data.storable import make_storable
    from napari_trsmi.data.tables import write_table

    dataset = source.dataset if isinstance(source, Result) else source
    embedding = source.embedding if isinstance(source, Result) else None
    labels = labels_of(source, columns)
    folder = path.with_suffix(".data")
    with replacing(folder) as temporary:
        temporary.mkdir()
        for name in dataset.modalities:
            table = _table(dataset, name, labels, embedding)
            make_storable(table, ".zarr")
            write_table(table, temporary / f"{name}.zarr", ".zarr")
    with replacing(path) as temporary:
        made = configuration(dataset, labels, folder.name, with_embedding=embedding is not None)
        temporary.write_text(json.dumps(made, indent=2) + "\n", encoding="utf-8")
    return [path, folder]


def _table(dataset: Dataset, name: str, labels: list[Labels], embedding: np.ndarray | None) -> AnnData:
    import anndata
    import pandas as pd

    found = dataset.modalities[name].table
    obs = pd.DataFrame(index=pd.Index(dataset.obs_names))
    for one in labels:
        obs[one.title] = pd.Categorical.from_codes(one.codes, categories=list(one.names))
        for what, values in one.numbers.items():
            obs[what] = np.asarray(values, np.float32)
    made = anndata.AnnData(X=found.X, obs=obs, var=pd.DataFrame(index=found.var_names))
    made.obsm["spatial"] = np.asarray(dataset.coords, float)
    if embedding is not None:
        from sklearn.decomposition import PCA

        made.obsm[COMPONENTS] = PCA(2, svd_solver="covariance_eigh").fit_transform(embedding).astype(np.float32)
    return made


def configuration(dataset: Dataset, labels: list[Labels], folder: str, *, with_embedding: bool) -> dict[str, Any]:
    """Return the view configuration of a section whose tables lie in `folder` beside it."""
    from napari_trsmi.data.libraries import spacing

    first = next(iter(dataset.modalities))
    files = [_file(dataset, name, labels, folder, with_embedding) for name in dataset.modalities]
    sets: list[dict[str, Any]] = [
        {"path": [one.title, name], "color": [int(color[at : at + 2], 16) for at in (1, 3, 5)]}
        for one in labels
        for name, color in zip(one.names, one.colors, strict=True)
    ]
    kind = dataset.modalities[first].kind
    space: dict[str, dict[str, Any]] = {
        "dataset": {"A": "A"},
        "obsType": {"A": "spot"},
        "featureType": {"A": _FEATURES[kind]},
        "featureValueType": {"A": _VALUES[kind]},
        "obsColorEncoding": {"A": "cellSetSelection"},
        "obsSetColor": {"A": sets},
        "obsSetSelection": {"A": [one["path"] for one in sets if one["path"][0] == labels[0].title]},
        "spatialSpotRadius": {"A": round((dataset.spot_diameter or spacing(dataset.coords)) / 2, 3)},
    }
    shared = {key: "A" for key in space}
    views: list[dict[str, Any]] = [_view("spatialBeta", shared, 0, 0, 6, 12)]
    shared = {key: "A" for key in space if key != "spatialSpotRadius"}
    if with_embedding:
        space["embeddingType"] = {"A": "PCA"}
        views.append(_view("scatterplot", {**shared, "embeddingType": "A"}, 6, 0, 3, 6))
    views += [
        _view("obsSets", shared, 9, 0, 3, 6),
        _view("featureList", shared, 9, 6, 3, 6),
        _view("obsSetSizes", shared, 6, 6, 3, 6),
    ]
    return {
        "version": VERSION,
        "name": dataset.name,
        "description": f"{dataset.n_spots:,} spots of {dataset.name}",
        "datasets": [{"uid": "A", "name": dataset.name, "files": files}],
        "coordinationSpace": space,
        "layout": views,
        "initStrategy": "auto",
    }


def _file(dataset: Dataset, name: str, labels: list[Labels], folder: str, with_embedding: bool) -> dict[str, Any]:
    kind = dataset.modalities[name].kind
    options: dict[str, Any] = {
        "obsFeatureMatrix": {"path": "X"},
        "obsSpots": {"path": "obsm/spatial"},
        "obsSets": [{"name": one.title, "path": f"obs/{one.title}"} for one in labels],
    }
    if with_embedding:
        options["obsEmbedding"] = [{"path": f"obsm/{COMPONENTS}", "dims": [0, 1], "embeddingType": "PCA"}]
    return {
        "fileType": "anndata.zarr",
        "url": f"{folder}/{name}.zarr",
        "coordinationValues": {
            "obsType": "spot",
            "featureType": _FEATURES[kind],
            "featureValueType": _VALUES[kind],
        },
        "options": options,
    }


def _view(component: str, scopes: dict[str, Any], x: int, y: int, w: int, h: int) -> dict[str, Any]:
    return {"component": component, "coordinationScopes": scopes, "x": x, "y": y, "w": w, "h": h}
